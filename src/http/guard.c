/*
 * Connections and their deadlines. The library's own timeout starts anew with every byte, so that
 * a sender who trickles bytes could hold a connection for ever; and it does not know which part of
 * a request it waits for. A thread of our own looks at every connection about once a second and
 * shuts down the socket of one that is late; the library then sees the end of the stream.
 *
 * It also has a turn of the library when nobody else has had one for a tick: all workers may be in
 * long work, and slow readers still get the rest of their replies.
 */
#include "http/internal.h"

#include "util/clock.h"
#include "util/memory.h"

#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum {
    TICK_MS = 100,
    TICKS_PER_ROUND = 10, /* each connection is looked at once in so many ticks */
    LEAST_PER_TICK = 64,
    CROWD = 500,
};

static const int64_t NS_PER_MS = 1000000;

static void link_last(struct ph_http_server *server, struct ph_http_connection *c)
{
    c->next = NULL;
    c->previous = server->last;
    if (server->last != NULL) {
        server->last->next = c;
    } else {
        server->first = c;
    }
    server->last = c;
}

static void take_out(struct ph_http_server *server, struct ph_http_connection *c)
{
    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        server->first = c->next;
    }
    if (c->next != NULL) {
        c->next->previous = c->previous;
    } else {
        server->last = c->previous;
    }
}

/* Bytes that the kernel has received on this connection since it was made. */
static uint64_t bytes_received(int fd)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return 0;
    }
    return info.tcpi_bytes_received;
}

static void enter(struct ph_http_connection *c, enum ph_http_phase phase)
{
    c->phase = phase;
    c->since_ns = ph_monotonic_ns();
    if (phase == PH_PHASE_IDLE) {
        c->bytes_at_idle = bytes_received(c->fd);
    }
}

void ph_http_connection_enter(struct ph_http_server *server, struct ph_http_connection *c,
                              enum ph_http_phase phase)
{
    pthread_mutex_lock(&server->lock);
    if (c->phase != PH_PHASE_CUT) {
        enter(c, phase);
    }
    pthread_mutex_unlock(&server->lock);
}

static struct ph_http_connection *opened(struct ph_http_server *server,
                                         struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ph_http_connection *c = ph_heap_zeroed(1, sizeof *c);

    c->fd = info == NULL ? -1 : info->connect_fd;
    c->since_ns = ph_monotonic_ns();
    pthread_mutex_lock(&server->lock);
    link_last(server, c);
    if (server->connections++ == 0) {
        pthread_cond_signal(&server->awake); /* the guard sleeps while there is none */
    }
    pthread_mutex_unlock(&server->lock);
    return c;
}

static void closed(struct ph_http_server *server, struct ph_http_connection *c)
{
    pthread_mutex_lock(&server->lock);
    take_out(server, c);
    server->connections--;
    if (server->connections == 0 && server->quiesced) {
        pthread_cond_broadcast(&server->drained);
    }
    pthread_mutex_unlock(&server->lock);
    free(c);
}

/* The library closes the descriptor after CLOSED: until then it cannot be another connection's. */
void ph_http_connection_notify(void *self, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = opened(self, connection);
    } else if (*context != NULL) {
        struct ph_http_server *server = self;

        closed(server, *context);
        *context = NULL;
        server->again = true; /* there may be room for another one, which the library looks for */
    }
}

struct ph_http_connection *ph_http_connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

static int64_t allowed_ms(const struct ph_http_options *options, enum ph_http_phase phase)
{
    switch (phase) {
    case PH_PHASE_HEAD:
        return options->head_ms;
    case PH_PHASE_BODY:
        return options->body_ms;
    case PH_PHASE_WRITE:
        return options->write_ms;
    case PH_PHASE_IDLE:
        return options->idle_ms;
    case PH_PHASE_WORK:
    case PH_PHASE_CUT:
        break;
    }
    return INT64_MAX / NS_PER_MS;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Before the end: a request that is on its way is awaited, an idle client is not. */
static int64_t allowed_at_the_end_ms(const struct ph_http_options *options,
                                     enum ph_http_phase phase)
{
    switch (phase) {
    case PH_PHASE_IDLE:
        return least(options->idle_ms, options->last_ms);
    case PH_PHASE_HEAD:
        return least(options->head_ms, 2 * options->last_ms);
    case PH_PHASE_BODY:
        return least(options->body_ms, 2 * options->last_ms);
    case PH_PHASE_WRITE:
    case PH_PHASE_WORK:
    case PH_PHASE_CUT:
        break;
    }
    return allowed_ms(options, phase);
}

static void inspect(struct ph_http_server *server, struct ph_http_connection *c)
{
    int64_t allowed;

    /* The library says nothing before the first line is whole; the kernel knows of its bytes. */
    if (c->phase == PH_PHASE_IDLE && bytes_received(c->fd) != c->bytes_at_idle) {
        enter(c, PH_PHASE_HEAD);
    }
    allowed = server->quiesced ? allowed_at_the_end_ms(&server->options, c->phase)
                               : allowed_ms(&server->options, c->phase);
    if (ph_monotonic_ns() - c->since_ns > allowed * NS_PER_MS) {
        c->phase = PH_PHASE_CUT;
        shutdown(c->fd, SHUT_RDWR);
    }
}

/* A part of all connections at a time, so that nobody waits long for the lock. */
static void inspect_some(struct ph_http_server *server)
{
    unsigned n = server->connections / TICKS_PER_ROUND + LEAST_PER_TICK;

    if (n > server->connections || server->quiesced) {
        n = server->connections;
    }
    for (; n > 0; n--) {
        struct ph_http_connection *c = server->first;

        inspect(server, c);
        take_out(server, c);
        link_last(server, c);
    }
}

static void wait_for_tick(struct ph_http_server *server)
{
    const int64_t at_ns = ph_monotonic_ns() + TICK_MS * NS_PER_MS;
    const struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };

    if (server->connections == 0) {
        pthread_cond_wait(&server->awake, &server->lock);
        return;
    }
    (void)pthread_cond_timedwait(&server->awake, &server->lock, &at);
}

/* After a crowd has left: the allocator would keep the memory of its buffers. */
static void give_memory_back(struct ph_http_server *server)
{
    if (server->connections > server->most_connections) {
        server->most_connections = server->connections;
    }
    if (server->most_connections < CROWD || server->connections > server->most_connections / 2) {
        return;
    }
    server->most_connections = server->connections;
    pthread_mutex_unlock(&server->lock);
    malloc_trim(0);
    pthread_mutex_lock(&server->lock);
}

static void turn_if_needed(struct ph_http_server *server)
{
    if (atomic_exchange(&server->turned, false)) {
        return;
    }
    pthread_mutex_unlock(&server->lock);
    while (ph_http_turn(server)) {
    }
    pthread_mutex_lock(&server->lock);
}

static void *guard(void *self)
{
    struct ph_http_server *server = self;

    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        wait_for_tick(server);
        inspect_some(server);
        turn_if_needed(server);
        give_memory_back(server);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

bool ph_http_guard_start(struct ph_http_server *server)
{
    server->guarded = pthread_create(&server->guard, NULL, guard, server) == 0;
    return server->guarded;
}

void ph_http_guard_stop(struct ph_http_server *server)
{
    if (!server->guarded) {
        return;
    }
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_signal(&server->awake);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->guard, NULL);
    server->guarded = false;
}
