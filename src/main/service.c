#include "main/service_internal.h"

#include "api/handlers.h"
#include "control/control.h"
#include "crypto/random.h"
#include "deliver/analytics.h"
#include "deliver/logs.h"
#include "deliver/post.h"
#include "fetch/fetch.h"
#include "import/worker.h"
#include "limits/limits.h"
#include "main/data.h"
#include "main/master_key.h"
#include "main/notify.h"
#include "main/seeding.h"
#include "main/version.h"
#include "model/validate.h"
#include "origin/origin.h"
#include "pool/pool.h"
#include "protocol/key_service.h"
#include "store/nodes.h"
#include "trigger/codes.h"
#include "trigger/functions.h"
#include "trigger/sender.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SWEEP_SECONDS = 10,
    TOO_NEW = 0, /* instead of a signal: the tables have outgrown this server */
    WAITING_WORKERS = 48,
};

static bool is_not_draining(void *self, const char **why)
{
    const struct ph_service *service = self;

    *why = "the server is stopping";
    return !atomic_load(&service->draining);
}

/* More than usual where functions are waited for, or as many calls as the operator wants. */
static unsigned more_workers(const struct ph_settings *settings)
{
    return (settings->trigger_routes.n > 0 ? WAITING_WORKERS : 0) +
           2 * (unsigned)settings->leaving.at_once;
}

static bool start_workers(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_server_settings *s = &service->settings->server;

    service->workers = ph_workers_create(&(struct ph_workers_options){
        .threads = (unsigned)s->workers,
        .more_threads = more_workers(service->settings),
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

/* Where local functions find the key service that we are for them; absent: not. */
static struct ph_str key_service(struct ph_service *service)
{
    return ph_codes_form(service->settings) == PH_CODES_BY_OURSELVES
               ? PH_CONCAT(&service->arena, service->settings->public_url,
                           PH_STR(PH_KEY_SERVICE_PATH))
               : (struct ph_str){ 0 };
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
            .key_service = key_service(service),
            .credentials = { .access_key_id = s->aws_access_key_id,
                             .secret = s->aws_secret_key,
                             .session_token = s->aws_session_token },
            .fetch = service->fetch,
            .log = service->log,
        },
        why, why_size);
    return service->functions != NULL;
}

/* Always: which pools leave a service is in the database, and may be said while the server runs. */
static void start_origins(struct ph_service *service)
{
    const struct ph_leaving_settings *s = &service->settings->leaving;
    const unsigned threads = ph_workers_count(service->workers).threads;
    const unsigned quarter = threads / 4 > 0 ? threads / 4 : 1;
    const unsigned at_once = s->at_once > 0 ? (unsigned)s->at_once : quarter;

    service->origins = ph_origins_create(&(struct ph_origins_options){
        .fetch = service->fetch,
        .timeout_ms = s->timeout_ms,
        .pause_ms = s->pause_ms,
        .at_once = at_once,
        .share = 4 * at_once, /* of one service half: as many may wait as call */
        .refreshes_per_s = s->refreshes_per_s,
    });
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
                                        .program = PH_STR("poolhouse " PH_VERSION),
                                        .exclusive = true };
    const char *text = "";

    ph_data_place(&service->arena, s, &options);
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

    if (!ph_data_make_directory(s, why, why_size) ||
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
                                                 ph_control_clock(service->control),
                                                 &ph_system_random, service->log);
    }
}

/* Only where tests are: `serve` has none. */
static void init_control(struct ph_service *service)
{
    if (service->settings->mode == PH_MODE_DEV) {
        service->control = ph_control_create(&(struct ph_control_options){
            .settings = service->settings,
            .stopping = &service->draining,
            .waiters_max = ph_workers_count(service->workers).threads / 2,
        });
    }
}

/* A database in memory is empty before its seed. */
static bool apply_seed(struct ph_service *service, const struct ph_seed *seed, char *why,
                       size_t why_size)
{
    if (!ph_seeding_apply(&service->protocol.ctx, seed, why, why_size)) {
        return false;
    }
    ph_control_start(service->control, &service->protocol.ctx, seed, service->settings->memory);
    return true;
}

/* What every request of the API starts from. */
static void init_protocol(struct ph_service *service)
{
    init_control(service);
    start_analytics(service);
    service->pools = ph_pool_cache_create();
    service->limits = service->settings->server.rate_limits ? ph_limits_create() : NULL;
    service->outbox_waiters.stopping = &service->draining;
    service->outbox_waiters.max = ph_workers_count(service->workers).threads / 2;
    service->protocol = (struct ph_protocol){
        .handlers = ph_handlers,
        .ctx = { .clock = ph_control_clock(service->control),
                 .random = &ph_system_random,
                 .settings = service->settings,
                 .store = service->store,
                 .pools = service->pools,
                 .functions = service->functions,
                 .origins = service->origins,
                 .analytics = service->analytics,
                 .limits = service->limits,
                 .blocking = ph_workers_blocking(service->workers),
                 .log = service->log },
        .count = count_request,
        .count_self = service,
        .waiters = &service->outbox_waiters,
        .control = service->control,
    };
}

/* After init_protocol(): jobs that a crash has interrupted go on at once. */
static void start_imports(struct ph_service *service)
{
    service->importer = ph_importer_create(&service->protocol.ctx);
    service->protocol.ctx.importer = service->importer;
    service->uploads.ctx = service->protocol.ctx;
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
    service->health.gauges = ph_service_gauges;
    service->health.gauges_self = service;
    ph_health_add(&service->health, (struct ph_check){ "server", is_not_draining, service });
}

static void start_post(struct ph_service *service)
{
    const struct ph_settings *s = service->settings;
    struct ph_carrier calls;

    if (service->functions == NULL) {
        service->post = ph_post_create(&service->protocol.ctx, service->fetch, NULL);
        return;
    }
    service->codes = ph_codes_create(s, service->fetch);
    service->sender = ph_sender_create(service->functions, service->codes, s->trigger_timeout_ms);
    calls = ph_sender_carrier(service->sender);
    service->post = ph_post_create(&service->protocol.ctx, service->fetch, &calls);
}

struct ph_service *ph_service_create(const struct ph_settings *settings, const struct ph_seed *seed,
                                     char *why, size_t why_size)
{
    struct ph_service *service = ph_heap_zeroed(1, sizeof *service);

    service->settings = settings;
    service->sink = (struct ph_log_sink){ .fd = STDERR_FILENO,
                                          .least = settings->log_level,
                                          .format = settings->log_format };
    service->log = (struct ph_log){ .sink = &service->sink };
    ph_json_start();
    ph_validate_start();
    ph_process_block_signals();
    ph_process_raise_file_limit(service);
    ph_process_lock_memory(service);
    init_health(service);
    service->fetch = ph_fetch_create();
    if (!ph_sockets_take(&service->sockets, why, why_size) ||
        !ph_process_isolate(service, why, why_size) || !start_workers(service, why, why_size) ||
        !start_functions(service, why, why_size) || !open_store(service, why, why_size)) {
        ph_service_destroy(service);
        return NULL;
    }
    start_origins(service);
    init_protocol(service);
    if (!ph_logs_create(&service->protocol.ctx, service->fetch, &service->logs, why, why_size)) {
        ph_service_destroy(service);
        return NULL;
    }
    service->protocol.ctx.logs = service->logs;
    start_post(service);
    start_imports(service);
    if (!apply_seed(service, seed, why, why_size) || !ph_listen_api(service, why, why_size) ||
        !ph_listen_admin(service, why, why_size) || !ph_listeners_start(service, why, why_size)) {
        ph_service_destroy(service);
        return NULL;
    }
    return service;
}

/* About once a second. False when the tables have become too new for this server. */
static bool look_after(struct ph_service *service, unsigned second)
{
    const struct ph_clock *clock = service->protocol.ctx.clock;
    const int64_t now_ms = clock->now_ms(clock->self);
    const int64_t system_ms = ph_system_clock.now_ms(ph_system_clock.self);
    struct ph_pool_cache *pools = service->protocol.ctx.pools;
    int64_t data_keys;

    if (second % SWEEP_SECONDS == 0) {
        ph_store_sweep(service->store, ph_store_forget_until_ms(service->store, now_ms));
        ph_post_sweep(service->post);
        ph_logs_sweep(service->logs);
        ph_origins_sweep(service->origins, &service->protocol.ctx);
        ph_notify("WATCHDOG=1");
        ph_store_beat(service->store, system_ms);
    }
    if (!ph_store_watch(service->store, system_ms, &data_keys)) {
        return false;
    }
    ph_store_uses_data_keys(service->store, ph_pool_cache_renew(pools, data_keys), system_ms);
    return true;
}

/* Between signals the main thread looks after the store, and tells systemd that it still can. */
static int wait_for_signal(struct ph_service *service)
{
    const struct timespec pause = { .tv_sec = 1 };
    unsigned seconds = 0;
    sigset_t set;
    int which;

    ph_process_end_signals(&set);
    while ((which = sigtimedwait(&set, NULL, &pause)) < 0) {
        if (errno != EAGAIN) {
            continue;
        }
        if (!look_after(service, ++seconds)) {
            return TOO_NEW;
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
    const bool drained =
        drain_requests(service, deadline_ns) &&
        ph_importer_stop(service->importer, left_ms(deadline_ns) + 1000); /* it goes on later */

    ph_post_stop(service->post, left_ms(deadline_ns));
    ph_logs_stop(service->logs);
    if (drained) { /* else workers may still offer events */
        ph_analytics_destroy(service->analytics, left_ms(deadline_ns));
        service->analytics = NULL;
    }
    return drained;
}

enum ph_service_end ph_service_run(struct ph_service *service)
{
    int which;

    PH_LOG(&service->log, PH_INFO, "ready",
           ph_f_str("listen", service->sockets.api > 0 ? PH_STR("socket of our parent")
                                                       : service->settings->server.listen),
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
    return service->stuck     ? PH_SERVICE_STUCK
           : which == TOO_NEW ? PH_SERVICE_OUTGROWN
                              : PH_SERVICE_STOPPED;
}

void ph_service_destroy(struct ph_service *service)
{
    if (service == NULL || service->stuck) {
        return;
    }
    if ((service->workers != NULL && !ph_workers_stop(service->workers, 1000)) ||
        !ph_importer_stop(service->importer, 1000)) {
        return;
    }
    ph_http_server_destroy(service->admin);
    ph_http_server_destroy(service->api);
    ph_importer_destroy(service->importer);
    ph_post_stop(service->post, 0);
    ph_post_destroy(service->post);
    ph_logs_destroy(service->logs);
    ph_analytics_destroy(service->analytics, 0);
    ph_sender_destroy(service->sender);
    ph_codes_destroy(service->codes);
    ph_functions_destroy(service->functions);
    ph_origins_destroy(service->origins);
    ph_fetch_destroy(service->fetch);
    ph_limits_destroy(service->limits);
    ph_control_destroy(service->control);
    ph_pool_cache_destroy(service->pools);
    ph_store_close(service->store);
    ph_workers_destroy(service->workers);
    ph_metrics_destroy(service->metrics);
    ph_arena_finish(&service->arena);
    free(service);
}
