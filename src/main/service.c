#include "main/service.h"

#include "api/handlers.h"
#include "crypto/random.h"
#include "deliver/analytics.h"
#include "deliver/post.h"
#include "fetch/fetch.h"
#include "limits/limits.h"
#include "main/data.h"
#include "main/health.h"
#include "main/isolate.h"
#include "main/master_key.h"
#include "main/notify.h"
#include "model/validate.h"
#include "pool/pool.h"
#include "protocol/dispatch.h"
#include "store/store.h"
#include "trigger/functions.h"
#include "util/clock.h"
#include "util/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PEM_MAX = 256 * 1024,
    OTHER_FILES = 256, /* descriptors beside connections */
    SWEEP_SECONDS = 10,
    WAITING_WORKERS = 48, /* more than usual where functions are waited for */
};

struct ph_service {
    const struct ph_settings *settings;
    struct ph_log_sink sink;
    struct ph_log log;
    struct ph_arena arena; /* for the life of the service */
    struct ph_metrics *metrics;
    struct ph_workers *workers;
    struct ph_store *store;
    struct ph_pool_cache *pools;
    struct ph_limits *limits; /* NULL: not enforced */
    struct ph_post *post;
    struct ph_analytics *analytics; /* NULL: no endpoint */
    struct ph_fetch *fetch;
    struct ph_functions *functions; /* NULL: none are configured */
    struct ph_health health;
    struct ph_outbox_waiters outbox_waiters;
    struct ph_protocol protocol;
    struct ph_http_server *api;
    struct ph_http_server *admin; /* NULL: the API's listener answers for it */
    atomic_bool draining;
    bool stuck; /* requests were in work when the drain ended */
};

static void handle_api(void *self, struct ph_worker *worker, const struct ph_http_request *request,
                       struct ph_http_reply *reply)
{
    struct ph_service *service = self;

    if (service->settings->server.admin_listen.n == 0 &&
        ph_health_handle(&service->health, &worker->arena, request, reply)) {
        return;
    }
    ph_protocol_handle(&service->protocol, &worker->arena, request, reply);
}

static void handle_admin(void *self, struct ph_worker *worker,
                         const struct ph_http_request *request, struct ph_http_reply *reply)
{
    const struct ph_service *service = self;

    if (!ph_health_handle(&service->health, &worker->arena, request, reply)) {
        reply->status = 404;
        reply->content_type = PH_STR("text/plain");
        reply->body = PH_STR("Here are /healthz, /readyz and /metrics.\n");
    }
}

static bool is_not_draining(void *self, const char **why)
{
    const struct ph_service *service = self;

    *why = "the server is stopping";
    return !atomic_load(&service->draining);
}

static size_t fill_gauges(void *self, struct ph_metrics_gauge *gauges)
{
    struct ph_service *service = self;
    const struct ph_workers_counts workers = ph_workers_count(service->workers);
    const struct ph_post_count post = ph_post_count(service->post);
    const struct ph_analytics_count events = ph_analytics_count(service->analytics);
    const struct ph_metrics_gauge now[] = {
        { "poolhouse_open_connections", "Open connections to the API.",
          ph_http_server_connections(service->api), false },
        { "poolhouse_queue_depth", "Requests that wait for a worker.", (int64_t)workers.queued,
          false },
        { "poolhouse_workers", "Worker threads.", workers.threads, false },
        { "poolhouse_workers_running", "Workers at work.", workers.running, false },
        { "poolhouse_workers_blocked", "Workers that wait for a commit or another server.",
          workers.blocked, false },
        { "poolhouse_outbox_waiting", "Messages that have not left yet.", post.outbox.waiting,
          false },
        { "poolhouse_outbox_oldest_seconds", "Age of the message that waits for longest.",
          post.oldest_s, false },
        { "poolhouse_outbox_expired_total", "Messages given up after a day.", post.expired, true },
        { "poolhouse_mail_relay_down", "1 while the mail relay cannot be reached.", post.mail.down,
          false },
        { "poolhouse_mail_sent_total", "E-mails that the relay has taken.", post.mail.sent, true },
        { "poolhouse_mail_put_off_total", "E-mails that were put off, each time.",
          post.mail.put_off, true },
        { "poolhouse_mail_failed_total", "E-mails that the relay has refused for good.",
          post.mail.failed, true },
        { "poolhouse_sms_endpoint_down", "1 while it cannot be reached.", post.sms.down, false },
        { "poolhouse_sms_sent_total", "Text messages that were taken.", post.sms.sent, true },
        { "poolhouse_sms_put_off_total", "Text messages that were put off, each time.",
          post.sms.put_off, true },
        { "poolhouse_sms_failed_total", "Text messages that were refused for good.",
          post.sms.failed, true },
        { "poolhouse_analytics_waiting", "Events that wait for the endpoint.", events.waiting,
          false },
        { "poolhouse_analytics_sent_total", "Events that the endpoint has taken.", events.sent,
          true },
        { "poolhouse_analytics_dropped_total", "Events that were dropped.", events.dropped, true },
    };

    _Static_assert(sizeof now / sizeof now[0] <= PH_GAUGES_MAX, "make room for the gauges");
    memcpy(gauges, now, sizeof now);
    return sizeof now / sizeof now[0];
}

/* In every thread that is made later, too: only ph_service_run() takes these signals. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void raise_file_limit(const struct ph_service *service)
{
    const rlim_t wanted = (rlim_t)service->settings->server.max_connections + (rlim_t)OTHER_FILES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted) {
        limit.rlim_max = wanted; /* root may */
    }
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    PH_LOG(&service->log, PH_WARN, "file_limit",
           ph_f_text("text", "fewer open files are allowed than max_connections needs"),
           ph_f_int("wanted", (int64_t)wanted), ph_f_int("allowed", (int64_t)limit.rlim_cur));
}

static bool read_pem(struct ph_service *service, struct ph_str name, struct ph_str *pem, char *why,
                     size_t why_size)
{
    const char *path = ph_cstr(&service->arena, name);
    uint8_t *text;
    ssize_t n;
    int fd;

    if (name.n == 0) {
        return true;
    }
    fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, why_size, "cannot read %.*s: %s", PH_FMT(name), strerror(errno));
        return false;
    }
    text = ph_arena_alloc(&service->arena, PEM_MAX);
    n = read(fd, text, PEM_MAX);
    close(fd);
    if (n <= 0) {
        snprintf(why, why_size, "cannot read %.*s", PH_FMT(name));
        return false;
    }
    *pem = (struct ph_str){ text, (size_t)n };
    return true;
}

static struct ph_http_options http_options(const struct ph_service *service)
{
    const struct ph_server_settings *s = &service->settings->server;

    return (struct ph_http_options){
        .listen = s->listen,
        .header_max = (size_t)s->max_head,
        .body_max = (size_t)s->max_body,
        .connections_max = (unsigned)s->max_connections,
        .connections_per_address_max = (unsigned)s->max_connections_per_address,
        .head_ms = s->head_timeout_ms,
        .body_ms = s->body_timeout_ms,
        .write_ms = s->write_timeout_ms,
        .idle_ms = s->idle_timeout_ms,
        .log = service->log,
    };
}

/* Before there are threads. What the kernel lacks is said, and the server starts all the same. */
static bool isolate(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_settings *s = service->settings;
    const bool runs_programs = ph_functions_run_here(s->trigger_routes);
    struct ph_isolated done;

    if (!s->server.isolate) {
        return true;
    }
    if (!s->memory && !ph_data_make_directory(s, why, why_size)) {
        return false;
    }
    done = ph_isolate(&(struct ph_isolation){
        .data = s->memory ? NULL : ph_cstr(&service->arena, s->data),
        .runs_programs = runs_programs,
    });
    if (!done.syscalls || (!done.files && !runs_programs)) {
        PH_LOG(&service->log, PH_WARN, "not_isolated",
               ph_f_text("text", "this kernel does not offer all of seccomp and Landlock: let "
                                 "systemd or a container confine the server"));
    }
    return true;
}

static bool start_workers(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_server_settings *s = &service->settings->server;

    service->workers = ph_workers_create(&(struct ph_workers_options){
        .threads = (unsigned)s->workers,
        .more_threads = service->settings->trigger_routes.n > 0 ? WAITING_WORKERS : 0,
        .queue_max = (size_t)s->queue,
        .wait_ms = s->queue_wait_ms,
    });
    if (service->workers == NULL) {
        snprintf(why, why_size, "cannot start the worker threads");
    }
    return service->workers != NULL;
}

/* Workers for the ordinary, and those that functions may keep waiting. */
static unsigned waiting_share(const struct ph_service *service)
{
    const unsigned threads = ph_workers_count(service->workers).threads;

    return service->settings->server.workers == 0 ? WAITING_WORKERS
                                                  : (threads > 1 ? threads / 2 : 1);
}

static bool start_functions(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_settings *s = service->settings;
    const unsigned share = waiting_share(service);
    const unsigned quarter = ph_workers_count(service->workers).threads / 4;

    if (s->trigger_routes.n == 0) {
        return true;
    }
    service->functions = ph_functions_create(
        &(struct ph_functions_options){
            .routes = s->trigger_routes,
            .timeout_ms = s->trigger_timeout_ms,
            .pause_ms = s->trigger_pause_ms,
            .at_once = s->trigger_at_once > 0 ? (unsigned)s->trigger_at_once : quarter + 1,
            .share = share,
            .credentials = { .access_key_id = s->aws_access_key_id,
                             .secret = s->aws_secret_key,
                             .session_token = s->aws_session_token },
            .fetch = service->fetch,
            .log = service->log,
        },
        why, why_size);
    return service->functions != NULL;
}

static bool listen_admin(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_http_handler handler = { .self = service, .handle = handle_admin };
    struct ph_http_options options = http_options(service);

    if (service->settings->server.admin_listen.n == 0) {
        return true;
    }
    options.listen = service->settings->server.admin_listen;
    service->admin = ph_http_server_create(&options, &handler, service->workers, why, why_size);
    return service->admin != NULL;
}

static bool listen_api(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_http_handler handler = { .self = service, .handle = handle_api };
    struct ph_http_options options = http_options(service);

    if (!read_pem(service, service->settings->server.tls_cert, &options.tls_certificate, why,
                  why_size) ||
        !read_pem(service, service->settings->server.tls_key, &options.tls_key, why, why_size)) {
        return false;
    }
    service->api = ph_http_server_create(&options, &handler, service->workers, why, why_size);
    return service->api != NULL;
}

/* Both at last: from here on handlers run and use all of the service. */
static bool start_listeners(struct ph_service *service, char *why, size_t why_size)
{
    return ph_http_server_start(service->api, why, why_size) &&
           (service->admin == NULL || ph_http_server_start(service->admin, why, why_size));
}

static void count_request(void *self, size_t op, const char *error, int64_t duration_ns)
{
    struct ph_service *service = self;

    ph_metrics_count(service->metrics, op, error, duration_ns);
}

static bool is_store_ready(void *self, const char **why)
{
    const struct ph_service *service = self;

    return ph_store_is_ready(service->store, why);
}

static bool open_store_with(struct ph_service *service, const struct ph_key *key, char *why,
                            size_t why_size)
{
    const struct ph_settings *s = service->settings;
    struct ph_store_options options = { .master_key = key,
                                        .blocking = ph_workers_blocking(service->workers),
                                        .log = service->log,
                                        .exclusive = true };
    const char *text = "";

    if (!s->memory) {
        options.path = ph_data_file(&service->arena, s);
    }
    if (!ph_store_open(&options, &service->store, &text)) {
        snprintf(why, why_size, "%s", text);
        return false;
    }
    ph_health_add(&service->health, (struct ph_check){ "store", is_store_ready, service });
    return true;
}

static bool open_store(struct ph_service *service, char *why, size_t why_size)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    const struct ph_settings *s = service->settings;
    bool made;

    if ((!s->memory && !ph_data_make_directory(s, why, why_size)) ||
        !ph_master_key_load(s, &key, &made, why, why_size)) {
        return false;
    }
    if (made) {
        PH_LOG(&service->log, PH_WARN, "master_key_made",
               ph_f_text("text", "back up master.key apart from the database: nothing opens "
                                 "without it"),
               ph_f_str("directory", s->data));
    }
    return open_store_with(service, &key, why, why_size);
}

static void start_analytics(struct ph_service *service)
{
    if (service->settings->analytics.endpoint.n > 0) {
        service->analytics = ph_analytics_create(service->settings, service->fetch,
                                                 &ph_system_clock, &ph_system_random, service->log);
    }
}

/* What every request of the API starts from. */
static void init_protocol(struct ph_service *service)
{
    start_analytics(service);
    service->pools = ph_pool_cache_create();
    service->limits = service->settings->server.rate_limits ? ph_limits_create() : NULL;
    service->outbox_waiters.stopping = &service->draining;
    service->outbox_waiters.max = ph_workers_count(service->workers).threads / 2;
    service->protocol = (struct ph_protocol){
        .handlers = ph_handlers,
        .ctx = { .clock = &ph_system_clock,
                 .random = &ph_system_random,
                 .settings = service->settings,
                 .store = service->store,
                 .pools = service->pools,
                 .functions = service->functions,
                 .analytics = service->analytics,
                 .limits = service->limits,
                 .blocking = ph_workers_blocking(service->workers),
                 .log = service->log },
        .count = count_request,
        .count_self = service,
        .waiters = &service->outbox_waiters,
    };
}

static struct ph_metrics *create_metrics(struct ph_arena *arena)
{
    const char **names = ph_arena_array(arena, PH_OP_COUNT, const char *);

    for (size_t i = 0; i < PH_OP_COUNT; i++) {
        names[i] = ph_operations[i].name;
    }
    return ph_metrics_create(names, PH_OP_COUNT);
}

static void init_health(struct ph_service *service)
{
    service->metrics = create_metrics(&service->arena);
    service->health.metrics = service->metrics;
    service->health.gauges = fill_gauges;
    service->health.gauges_self = service;
    ph_health_add(&service->health, (struct ph_check){ "server", is_not_draining, service });
}

struct ph_service *ph_service_create(const struct ph_settings *settings, char *why, size_t why_size)
{
    struct ph_service *service = calloc(1, sizeof *service);

    if (service == NULL) {
        ph_fatal("out of memory");
    }
    service->settings = settings;
    service->sink = (struct ph_log_sink){ .fd = STDERR_FILENO,
                                          .least = settings->log_level,
                                          .format = settings->log_format };
    service->log = (struct ph_log){ .sink = &service->sink };
    ph_json_start();
    ph_validate_start();
    block_signals();
    raise_file_limit(service);
    init_health(service);
    service->fetch = ph_fetch_create();
    if (!isolate(service, why, why_size) || !start_workers(service, why, why_size) ||
        !start_functions(service, why, why_size) || !open_store(service, why, why_size)) {
        ph_service_destroy(service);
        return NULL;
    }
    init_protocol(service);
    service->post = ph_post_create(&service->protocol.ctx, service->fetch);
    if (!listen_api(service, why, why_size) || !listen_admin(service, why, why_size) ||
        !start_listeners(service, why, why_size)) {
        ph_service_destroy(service);
        return NULL;
    }
    return service;
}

/* Between signals the main thread sweeps what has expired, and tells systemd that it still can. */
static int wait_for_signal(struct ph_service *service)
{
    const struct timespec pause = { .tv_sec = SWEEP_SECONDS };
    sigset_t set;
    int which;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    while ((which = sigtimedwait(&set, NULL, &pause)) < 0) {
        if (errno == EAGAIN) {
            const int64_t now_ms = ph_system_clock.now_ms(ph_system_clock.self);

            ph_store_sweep(service->store, ph_store_forget_until_ms(service->store, now_ms));
            ph_post_sweep(service->post);
            ph_notify("WATCHDOG=1");
        }
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* the next one ends the process */
    return which;
}

static int64_t left_ms(int64_t deadline_ns)
{
    const int64_t left = (deadline_ns - ph_monotonic_ns()) / 1000000;

    return left > 0 ? left : 0;
}

/* First the listeners, then what is in work; the admin listener answers to the end. */
static bool drain_requests(struct ph_service *service, int64_t deadline_ns)
{
    atomic_store(&service->draining, true);
    ph_notify("STOPPING=1");
    ph_http_server_quiesce(service->api);
    if (!ph_http_server_drain(service->api, left_ms(deadline_ns))) {
        return false;
    }
    if (service->admin != NULL) {
        ph_http_server_quiesce(service->admin);
        if (!ph_http_server_drain(service->admin, left_ms(deadline_ns))) {
            return false;
        }
    }
    return ph_workers_stop(service->workers, left_ms(deadline_ns) + 1000);
}

/* Deliveries at last: their time is what the requests have left of it. */
static bool drain(struct ph_service *service)
{
    const int64_t deadline_ns =
        ph_monotonic_ns() + service->settings->server.drain_timeout_ms * 1000000;
    const bool drained = drain_requests(service, deadline_ns);

    ph_post_stop(service->post, left_ms(deadline_ns));
    if (drained) { /* else workers may still offer events */
        ph_analytics_destroy(service->analytics, left_ms(deadline_ns));
        service->analytics = NULL;
    }
    return drained;
}

bool ph_service_run(struct ph_service *service)
{
    int which;

    PH_LOG(&service->log, PH_INFO, "ready", ph_f_str("listen", service->settings->server.listen),
           ph_f_str("url", service->settings->public_url));
    ph_notify("READY=1");
    which = wait_for_signal(service);
    PH_LOG(&service->log, PH_INFO, "stopping", ph_f_int("signal", which));
    service->stuck = !drain(service);
    if (service->stuck) {
        ph_functions_kill(service->functions); /* those that hang would stay behind */
    }
    PH_LOG(&service->log, service->stuck ? PH_ERROR : PH_INFO, "stopped",
           ph_f_text("how", service->stuck ? "requests were still in work" : "in order"));
    return !service->stuck;
}

void ph_service_destroy(struct ph_service *service)
{
    if (service == NULL || service->stuck) {
        return;
    }
    if (service->workers != NULL && !ph_workers_stop(service->workers, 1000)) {
        return;
    }
    ph_http_server_destroy(service->admin);
    ph_http_server_destroy(service->api);
    ph_post_stop(service->post, 0);
    ph_post_destroy(service->post);
    ph_analytics_destroy(service->analytics, 0);
    ph_functions_destroy(service->functions);
    ph_fetch_destroy(service->fetch);
    ph_limits_destroy(service->limits);
    ph_pool_cache_destroy(service->pools);
    ph_store_close(service->store);
    ph_workers_destroy(service->workers);
    ph_metrics_destroy(service->metrics);
    ph_arena_finish(&service->arena);
    free(service);
}
