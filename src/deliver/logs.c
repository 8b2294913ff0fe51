#include "deliver/logs.h"

#include "crypto/hash.h"
#include "deliver/log_target.h"
#include "util/backoff.h"
#include "util/blocking.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS ((int64_t)1000000)

enum {
    TARGETS_MAX = 32,
    LANES_MAX = 64, /* that are looked at in one round */
    BATCH = 200,
    LOOK_MS = 100,
    EMPTY_ROUNDS = 50, /* after which what was counted as waiting must have failed to be stored */
    LEASE_SPARE_MS = 5 * 1000, /* of a lane, after the longest sending of a batch */
    DAY_MS = 24 * 3600 * 1000,
};

static const struct ph_backoff BETWEEN_TRIES = { .first_ms = 1000, .most_ms = 60 * 1000 };
static const struct ph_blocking NOT_A_WORKER = { NULL, NULL, NULL };

static const struct {
    const char *name;  /* in configurations and in the queue */
    const char *event; /* in events */
    const char *level;
} SOURCES[PH_LOG_SOURCES] = {
    [PH_LOG_NOTIFICATIONS] = { "userNotification", "USER_NOTIFICATION", "ERROR" },
    [PH_LOG_AUTH_EVENTS] = { "userAuthEvents", "USER_AUTH_EVENTS", "INFO" },
};

/* A lane whose last batch was put off. */
struct pause {
    struct ph_digest lane;
    int64_t failures;
    int64_t until_ns; /* on the monotonic clock */
};

/* One target and its thread. */
struct line {
    struct ph_logs *logs;
    struct ph_log_target target;
    atomic_int_fast64_t waiting;
    atomic_bool down;
    int64_t failures; /* in a row, of reaching it at all */
    unsigned empty_rounds;
    struct pause pauses[LANES_MAX]; /* the next one replaces the oldest */
    size_t next_pause;
    pthread_t thread;
};

struct ph_logs {
    struct ph_ctx ctx;
    struct ph_fetch *fetch;
    struct ph_arena arena;
    struct line *lines;
    size_t line_count;
    size_t running;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    atomic_int_fast64_t sent, dropped;
};

/* --- waiting --- */

static bool wait_ms(struct ph_logs *logs, int64_t ms)
{
    const int64_t at_ns = ph_monotonic_ns() + ms * NS_PER_MS;
    const struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };
    bool goes_on;

    pthread_mutex_lock(&logs->lock);
    while (!logs->stopping && ph_monotonic_ns() < at_ns) {
        (void)pthread_cond_timedwait(&logs->changed, &logs->lock, &at);
    }
    goes_on = !logs->stopping;
    pthread_mutex_unlock(&logs->lock);
    return goes_on;
}

static bool is_stopping(struct ph_logs *logs)
{
    bool stopping;

    pthread_mutex_lock(&logs->lock);
    stopping = logs->stopping;
    pthread_mutex_unlock(&logs->lock);
    return stopping;
}

/* --- pauses --- */

static struct ph_digest digest_of(const struct ph_log_lane *lane)
{
    struct ph_digest digest;

    PH_SHA256(&digest, lane->arn, PH_STR("\n"), lane->pool_id, PH_STR("\n"), lane->source);
    return digest;
}

static struct pause *find_pause(struct line *line, const struct ph_log_lane *lane)
{
    const struct ph_digest wanted = digest_of(lane);

    for (size_t i = 0; i < LANES_MAX; i++) {
        if (line->pauses[i].failures > 0 &&
            ph_str_eq(ph_digest_str(&line->pauses[i].lane), ph_digest_str(&wanted))) {
            return &line->pauses[i];
        }
    }
    return NULL;
}

static void put_off(struct line *line, const struct ph_ctx *ctx, const struct ph_log_lane *lane)
{
    struct pause *pause = find_pause(line, lane);

    if (pause == NULL) {
        pause = &line->pauses[line->next_pause++ % LANES_MAX];
        *pause = (struct pause){ .lane = digest_of(lane) };
    }
    pause->failures++;
    pause->until_ns =
        ph_monotonic_ns() + ph_backoff_ms(ctx->random, &BETWEEN_TRIES, pause->failures) * NS_PER_MS;
}

static bool is_paused(struct line *line, const struct ph_log_lane *lane)
{
    const struct pause *pause = find_pause(line, lane);

    return pause != NULL && ph_monotonic_ns() < pause->until_ns;
}

static void forget_pause(struct line *line, const struct ph_log_lane *lane)
{
    struct pause *pause = find_pause(line, lane);

    if (pause != NULL) {
        pause->failures = 0;
    }
}

/* --- one batch --- */

/* Nothing of the events and no word of the other side. */
static void tell(const struct ph_ctx *ctx, const struct ph_log_lane *lane, enum ph_carried carried,
                 size_t count, const struct ph_carry_report *report)
{
    PH_LOG(&ctx->log, carried == PH_CARRY_REFUSED ? PH_ERROR : PH_WARN,
           carried == PH_CARRY_REFUSED ? "logs_refused" : "logs_put_off",
           ph_f_str("pool", lane->pool_id), ph_f_str("source", lane->source),
           ph_f_int("count", (int64_t)count), ph_f_int("code", report->code),
           ph_f_text("why", report->why));
}

/* Some of them may be counted at another process: never below nothing. */
static void count_gone(struct line *line, int64_t count)
{
    int_fast64_t waiting = atomic_load(&line->waiting);
    int_fast64_t left;

    do {
        left = waiting > count ? waiting - count : 0;
    } while (!atomic_compare_exchange_weak(&line->waiting, &waiting, left));
}

/* True when the events are gone from the queue. */
static bool end_batch(struct line *line, struct ph_ctx *ctx, const struct ph_log_event *events,
                      size_t count, enum ph_carried carried)
{
    atomic_int_fast64_t *counter = carried == PH_CARRIED ? &line->logs->sent : &line->logs->dropped;

    if (ph_store_log_delete(ctx, events, count).type != NULL) {
        return false; /* logged; they go again */
    }
    atomic_fetch_add(counter, (int64_t)count);
    count_gone(line, (int64_t)count);
    return true;
}

/* PH_CARRIED: there may be more. */
static enum ph_carried take_batch(struct line *line, struct ph_ctx *ctx,
                                  const struct ph_log_lane *lane)
{
    struct ph_carry_report report = { .why = "" };
    struct ph_log_event *events;
    enum ph_carried carried;
    bool leased;
    size_t count;

    if (ph_store_log_lease(ctx, lane, ctx->settings->logs.timeout_ms + LEASE_SPARE_MS, &leased)
                .type != NULL ||
        !leased) {
        return PH_CARRY_LATER;
    }
    if (ph_store_log_batch(ctx, lane, BATCH, &events, &count).type != NULL || count == 0) {
        return PH_CARRY_LATER;
    }
    carried = ph_log_target_carry(&line->target, ctx, line->logs->fetch, events, count, &report);
    if (carried == PH_CARRIED || carried == PH_CARRY_REFUSED) {
        forget_pause(line, lane);
        if (!end_batch(line, ctx, events, count, carried)) {
            put_off(line, ctx, lane);
        }
    } else if (carried == PH_CARRY_LATER) {
        put_off(line, ctx, lane);
    }
    if (carried != PH_CARRIED) { /* another process may reach what this one does not */
        (void)ph_store_log_release(ctx, lane).type; /* logged; the lease ends by itself */
    }
    if (carried != PH_CARRIED && (carried != PH_CARRY_NO_RELAY || !atomic_load(&line->down))) {
        tell(ctx, lane, carried, count, &report);
    }
    return carried;
}

/* --- rounds --- */

/* Once around all lanes; true when some batch left. */
static bool go_round(struct line *line, struct ph_ctx *ctx)
{
    struct ph_log_lane *lanes;
    size_t count;
    bool any = false;

    if (ph_store_log_lanes(ctx, line->target.pattern, LANES_MAX, &lanes, &count).type != NULL) {
        return false;
    }
    line->empty_rounds = count == 0 ? line->empty_rounds + 1 : 0;
    for (size_t i = 0; i < count && !is_stopping(line->logs); i++) {
        enum ph_carried carried;

        if (is_paused(line, &lanes[i])) {
            continue;
        }
        carried = take_batch(line, ctx, &lanes[i]);
        if (carried == PH_CARRY_NO_RELAY) {
            line->failures++;
            atomic_store(&line->down, true);
            return any;
        }
        line->failures = 0;
        atomic_store(&line->down, false);
        any = any || carried == PH_CARRIED;
    }
    return any;
}

static int64_t pause_after(struct line *line, const struct ph_ctx *ctx, bool any)
{
    if (line->failures > 0) {
        return ph_backoff_ms(ctx->random, &BETWEEN_TRIES, line->failures);
    }
    if (line->empty_rounds >= EMPTY_ROUNDS) {
        line->empty_rounds = 0;
        atomic_store(&line->waiting, 0);
    }
    return any ? 0 : LOOK_MS;
}

static void *run(void *self)
{
    struct line *line = self;
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = line->logs->ctx;
    int64_t pause_ms = 0;

    ctx.arena = &arena;
    while (wait_ms(line->logs, pause_ms)) {
        if (atomic_load(&line->waiting) > 0) {
            pause_ms = pause_after(line, &ctx, go_round(line, &ctx));
        } else {
            pause_ms = LOOK_MS;
        }
        ph_arena_reset(&arena);
    }
    ph_arena_finish(&arena);
    return NULL;
}

/* --- writing --- */

/* The first target that fits; NULL: the ARN is not mapped. */
static struct line *line_of(const struct ph_logs *logs, struct ph_str arn)
{
    for (size_t i = 0; arn.n > 0 && i < logs->line_count; i++) {
        if (ph_log_target_fits(&logs->lines[i].target, arn)) {
            return &logs->lines[i];
        }
    }
    return NULL;
}

/* Users' doings are the business of threat protection only, as on the service. */
bool ph_logs_wants(const struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_log_source source)
{
    return ctx->logs != NULL && (source != PH_LOG_AUTH_EVENTS || pool->threat_protection) &&
           line_of(ctx->logs, pool->log_arns[source]) != NULL;
}

static struct ph_str body_of(struct ph_ctx *ctx, const struct ph_pool *pool,
                             enum ph_log_source source, struct json_t *message, int64_t now_ms)
{
    struct json_t *event = ph_json_object(ctx->arena), *where = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, event, "eventTimestamp",
                    ph_strf(ctx->arena, "%lld", (long long)now_ms));
    ph_json_set_str(ctx->arena, event, "eventSource", ph_str_from(SOURCES[source].event));
    ph_json_set_str(ctx->arena, event, "logLevel", ph_str_from(SOURCES[source].level));
    ph_json_set(ctx->arena, event, "message", message);
    ph_json_set_str(ctx->arena, where, "userPoolId", pool->id);
    ph_json_set(ctx->arena, event, "logSourceId", where);
    return ph_json_text(ctx->arena, event, PH_JSON_INSERTION);
}

static int64_t waiting_in_all(const struct ph_logs *logs)
{
    int64_t waiting = 0;

    for (size_t i = 0; i < logs->line_count; i++) {
        waiting += atomic_load(&logs->lines[i].waiting);
    }
    return waiting;
}

void ph_logs_write(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_log_source source,
                   struct json_t *message)
{
    const struct ph_str arn = pool->log_arns[source];
    const int64_t now_ms = ph_now_ms(ctx);
    struct line *line;

    if (!ph_logs_wants(ctx, pool, source)) {
        return;
    }
    line = line_of(ctx->logs, arn);
    if (waiting_in_all(ctx->logs) >= ctx->settings->logs.queue) {
        atomic_fetch_add(&ctx->logs->dropped, 1);
        return;
    }
    const struct ph_log_event event = {
        .lane = { .target = line->target.pattern,
                  .arn = arn,
                  .pool_id = pool->id,
                  .source = ph_str_from(SOURCES[source].name) },
        .id = ph_new_uuid7(ctx),
        .body = body_of(ctx, pool, source, message, now_ms),
        .created_ms = now_ms,
    };
    atomic_fetch_add(&line->waiting, 1);
    ph_store_log_append(ctx, &event);
}

/* --- life --- */

/* The pattern names the queue of a target. */
static bool is_new(const struct ph_logs *logs, struct ph_str pattern)
{
    for (size_t i = 0; i < logs->line_count; i++) {
        if (ph_str_eq(logs->lines[i].target.pattern, pattern)) {
            return false;
        }
    }
    return true;
}

static bool read_targets(struct ph_logs *logs, char *why, size_t why_size)
{
    struct ph_str rest = logs->ctx.settings->logs.targets, text;
    const char *wrong = "";

    logs->lines = ph_arena_array(&logs->arena, TARGETS_MAX, struct line);
    while (ph_str_line(&rest, &text)) {
        struct line *line = &logs->lines[logs->line_count];

        if (logs->line_count == TARGETS_MAX ||
            !ph_log_target_parse(&logs->arena, text, &line->target, &wrong)) {
            snprintf(why, why_size, "log_delivery.target: %s",
                     logs->line_count == TARGETS_MAX ? "too many" : wrong);
            return false;
        }
        if (!is_new(logs, line->target.pattern)) {
            snprintf(why, why_size, "log_delivery.target: \"%.*s\" is given twice",
                     PH_FMT(line->target.pattern));
            return false;
        }
        line->logs = logs;
        logs->line_count++;
    }
    return true;
}

static struct ph_str directory_of(struct ph_str path)
{
    size_t n = path.n;

    while (n > 0 && path.p[n - 1] != '/') {
        n--;
    }
    return n == 0 ? PH_STR(".") : (struct ph_str){ path.p, n };
}

const char *const *ph_logs_directories(struct ph_arena *arena, const struct ph_settings *settings,
                                       size_t *count)
{
    const char **directories = ph_arena_array(arena, TARGETS_MAX, const char *);
    struct ph_str rest = settings->logs.targets, text;
    struct ph_log_target target;
    const char *why;

    *count = 0;
    while (*count < TARGETS_MAX && ph_str_line(&rest, &text)) {
        const char *directory = NULL;

        if (ph_log_target_parse(arena, text, &target, &why) && target.kind == PH_LOG_TO_FILE) {
            directory = ph_cstr(arena, directory_of(target.address));
        }
        if (directory != NULL) {
            directories[(*count)++] = directory;
        }
    }
    return directories;
}

/* What waits from before the last stop, or was left by another process. */
static void find_waiting(struct line *line)
{
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = line->logs->ctx;
    int64_t waiting = 0;

    ctx.arena = &arena;
    (void)ph_store_log_count(&ctx, line->target.pattern, &waiting).type; /* logged */
    ph_arena_finish(&arena);
    atomic_fetch_add(&line->waiting, waiting);
}

static void start_line(struct ph_logs *logs, struct line *line)
{
    find_waiting(line);
    if (pthread_create(&line->thread, NULL, run, line) != 0) {
        ph_fatal("no thread for logs");
    }
    logs->running++;
}

bool ph_logs_create(const struct ph_ctx *ctx, struct ph_fetch *fetch, struct ph_logs **created,
                    char *why, size_t why_size)
{
    struct ph_logs *logs;
    pthread_condattr_t attributes;

    *created = NULL;
    if (ctx->settings->logs.targets.n == 0) {
        return true;
    }
    logs = ph_heap_zeroed(1, sizeof *logs);
    logs->ctx = *ctx;
    logs->ctx.blocking = &NOT_A_WORKER;
    logs->fetch = fetch;
    pthread_mutex_init(&logs->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&logs->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!read_targets(logs, why, why_size)) {
        ph_logs_destroy(logs);
        return false;
    }
    for (size_t i = 0; i < logs->line_count; i++) {
        start_line(logs, &logs->lines[i]);
    }
    *created = logs;
    return true;
}

void ph_logs_sweep(struct ph_logs *logs)
{
    struct ph_arena arena = { 0 };
    int64_t expired = 0;

    if (logs == NULL) {
        return;
    }
    struct ph_ctx ctx = logs->ctx;
    ctx.arena = &arena;
    (void)ph_store_log_expire(&ctx, ph_store_forget_until_ms(ctx.store, ph_now_ms(&ctx)) - DAY_MS,
                              &expired)
        .type; /* logged; the next one tries */
    if (expired > 0) {
        atomic_fetch_add(&logs->dropped, expired);
        PH_LOG(&ctx.log, PH_ERROR, "logs_expired", ph_f_int("count", expired),
               ph_f_text("text", "they could not be delivered for a day"));
    }
    ph_arena_finish(&arena);
    for (size_t i = 0; i < logs->line_count; i++) {
        if (atomic_load(&logs->lines[i].waiting) == 0) {
            find_waiting(&logs->lines[i]);
        }
    }
}

struct ph_logs_count ph_logs_count(struct ph_logs *logs)
{
    struct ph_logs_count now = { 0 };

    if (logs != NULL) {
        now.waiting = waiting_in_all(logs);
        now.sent = atomic_load(&logs->sent);
        now.dropped = atomic_load(&logs->dropped);
        for (size_t i = 0; i < logs->line_count; i++) {
            now.down += atomic_load(&logs->lines[i].down);
        }
    }
    return now;
}

void ph_logs_stop(struct ph_logs *logs)
{
    bool release = false;

    if (logs == NULL) {
        return;
    }
    pthread_mutex_lock(&logs->lock);
    logs->stopping = true;
    pthread_cond_broadcast(&logs->changed);
    pthread_mutex_unlock(&logs->lock);
    while (logs->running > 0) {
        pthread_join(logs->lines[--logs->running].thread, NULL);
        release = logs->running == 0;
    }
    if (release) {
        struct ph_arena arena = { 0 };
        struct ph_ctx ctx = logs->ctx;

        ctx.arena = &arena;
        (void)ph_store_log_release(&ctx, NULL).type; /* logged; the leases end by themselves */
        ph_arena_finish(&arena);
    }
}

void ph_logs_destroy(struct ph_logs *logs)
{
    if (logs != NULL) {
        ph_logs_stop(logs);
        pthread_cond_destroy(&logs->changed);
        pthread_mutex_destroy(&logs->lock);
        ph_arena_finish(&logs->arena);
        free(logs);
    }
}
