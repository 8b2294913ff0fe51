#include "http/internal.h"

#include "util/clock.h"
#include "util/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    /* Beside the head, the library keeps its list of fields and the reply's head in the pool. */
    POOL_BESIDE_HEAD = 8 * 1024,
    OPTIONS_MAX = 16,
};

/* The library's own words are for whoever debugs; they may quote what a stranger sent. */
PH_PRINTF(2, 0)
static void log_library(void *self, const char *format, va_list args)
{
    const struct ph_http_server *server = self;
    char text[256];

    vsnprintf(text, sizeof text, format, args);
    PH_LOG(&server->options.log, PH_DEBUG, "http_library",
           ph_f_str("text", ph_str_trim(ph_str_from(text))));
}

static char *terminated(struct ph_str s)
{
    return s.n == 0 ? NULL : ph_heap_cstr(s);
}

static void init_locks(struct ph_http_server *server)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&server->turn, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->drained, &monotonic);
    pthread_cond_init(&server->awake, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static struct MHD_Daemon *start_daemon(struct ph_http_server *server, int fd)
{
    const struct ph_http_options *o = &server->options;
    const bool tls = server->tls_certificate != NULL;
    const unsigned flags = (unsigned)MHD_USE_EPOLL | (unsigned)MHD_ALLOW_SUSPEND_RESUME |
                           (unsigned)MHD_USE_ERROR_LOG | (tls ? (unsigned)MHD_USE_TLS : 0);
    struct MHD_OptionItem items[OPTIONS_MAX] = {
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)(o->header_max + POOL_BESIDE_HEAD), NULL },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)o->connections_max, NULL },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)o->connections_per_address_max, NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_END, 0, NULL },
    };

    if (tls) {
        items[4] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_certificate };
        items[5] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key };
        items[6] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    }
    /* The logger comes first, so that it hears of the other options, too. */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, ph_http_call_continue, server, MHD_OPTION_EXTERNAL_LOGGER,
        log_library, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
        ph_http_call_begin, server, MHD_OPTION_NOTIFY_COMPLETED, ph_http_call_end, server,
        MHD_OPTION_NOTIFY_CONNECTION, ph_http_connection_notify, server, MHD_OPTION_ARRAY, items,
        MHD_OPTION_END);
}

static void server_free(struct ph_http_server *server)
{
    pthread_cond_destroy(&server->awake);
    pthread_cond_destroy(&server->drained);
    pthread_mutex_destroy(&server->lock);
    pthread_mutex_destroy(&server->turn);
    if (server->tls_key != NULL) {
        explicit_bzero(server->tls_key, strlen(server->tls_key));
    }
    free(server->tls_key);
    free(server->tls_certificate);
    free(server);
}

struct ph_http_server *ph_http_server_create(const struct ph_http_options *options,
                                             const struct ph_http_handler *handler,
                                             struct ph_workers *workers, char *why, size_t why_size)
{
    struct ph_http_server *server = ph_heap_zeroed(1, sizeof *server);

    server->options = *options;
    server->handler = *handler;
    server->workers = workers;
    server->tls_certificate = terminated(options->tls_certificate);
    server->tls_key = terminated(options->tls_key);
    init_locks(server);
    server->fd = options->socket > 0
                     ? ph_http_take_over(options->socket, &server->port, why, why_size)
                     : ph_http_listen(options->listen, &server->port, why, why_size);
    if (server->fd < 0) {
        server_free(server);
        return NULL;
    }
    return server;
}

/* What the library waits for with: one descriptor for all connections and the listening socket. */
static void let_workers_turn(struct ph_http_server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    ph_workers_add_source(
        server->workers,
        &(struct ph_source){ .fd = info->epoll_fd, .turn = ph_http_turn, .self = server });
}

bool ph_http_server_start(struct ph_http_server *server, char *why, size_t why_size)
{
    server->daemon = start_daemon(server, server->fd);
    if (server->daemon == NULL) {
        snprintf(why, why_size, "cannot start the HTTP server%s",
                 server->tls_certificate == NULL ? "" : " (is the TLS certificate and key right?)");
        return false;
    }
    if (!ph_http_guard_start(server)) {
        snprintf(why, why_size, "cannot start a thread");
        return false;
    }
    let_workers_turn(server);
    return true;
}

unsigned ph_http_server_port(const struct ph_http_server *server)
{
    return server->port;
}

unsigned ph_http_server_connections(struct ph_http_server *server)
{
    unsigned connections;

    pthread_mutex_lock(&server->lock);
    connections = server->connections;
    pthread_mutex_unlock(&server->lock);
    return connections;
}

/*
 * With the turn. Connections that the kernel has made and nobody has accepted yet: their clients
 * may have sent requests, and would be told that the connection was reset. Those of a socket that a
 * parent holds wait for the next server instead.
 */
static void accept_what_waits(struct ph_http_server *server)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int fd;

    if (server->options.socket > 0) {
        return;
    }
    while ((fd = accept4(server->fd, (struct sockaddr *)&from, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        (void)MHD_add_connection(server->daemon, fd, (struct sockaddr *)&from, size);
        size = sizeof from;
    }
}

void ph_http_server_quiesce(struct ph_http_server *server)
{
    bool already;

    pthread_mutex_lock(&server->lock);
    already = server->quiesced;
    server->quiesced = true;
    pthread_mutex_unlock(&server->lock);
    if (already) {
        return;
    }
    if (server->daemon != NULL) {
        pthread_mutex_lock(&server->turn);
        (void)MHD_quiesce_daemon(server->daemon); /* gives the socket back */
        accept_what_waits(server);
        pthread_mutex_unlock(&server->turn);
    }
    close(server->fd);
}

bool ph_http_server_drain(struct ph_http_server *server, int64_t wait_ms)
{
    const int64_t at_ns = ph_monotonic_ns() + wait_ms * 1000000;
    const struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };
    bool drained;

    pthread_mutex_lock(&server->lock);
    while (server->connections + server->calls > 0 &&
           pthread_cond_timedwait(&server->drained, &server->lock, &at) == 0) {
    }
    drained = server->calls == 0;
    pthread_mutex_unlock(&server->lock);
    return drained;
}

void ph_http_server_destroy(struct ph_http_server *server)
{
    if (server == NULL) {
        return;
    }
    ph_http_server_quiesce(server);
    ph_http_guard_stop(server);
    ph_workers_remove_source(server->workers, server);
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    server_free(server);
}
