#include "deliver/courier.h"

#include "deliver/logs.h"
#include "util/backoff.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS ((int64_t)1000000)

enum {
    LOOK_MS = 100,          /* how often an empty outbox is looked at */
    TROUBLE_MS = 1000,      /* the store does not answer as it should */
    CLAIM_SPARE_MS = 60000, /* beyond the longest that a carrier takes */
    MARK_TRIES = 30,
    DAY_MS = 24 * 3600 * 1000,
};

static const struct ph_backoff OF_MESSAGE = { .first_ms = 15 * 1000, .most_ms = 3600 * 1000 };
static const struct ph_backoff OF_RELAY = { .first_ms = 1000, .most_ms = 60 * 1000 };

struct ph_courier {
    struct ph_courier_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    bool looking; /* one thread asks the store, without the lock: a disk may take its time */
    unsigned under_way;
    unsigned running;       /* threads */
    int64_t relay_failures; /* in a row; 0: it is well */
    int64_t look_ns;        /* the outbox is not looked at before, on the monotonic clock */
    int64_t relay_pause_ns; /* nothing before, on the monotonic clock */
    struct ph_courier_count count;
    atomic_bool abort;
    pthread_t *threads;
};

/* --- waiting, with the lock held --- */

static void wait_until(struct ph_courier *courier, int64_t at_ns)
{
    const struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };

    (void)pthread_cond_timedwait(&courier->changed, &courier->lock, &at);
}

static void wait_ms(struct ph_courier *courier, int64_t ms)
{
    wait_until(courier, ph_monotonic_ns() + ms * NS_PER_MS);
}

/* --- which message --- */

static int64_t since(const struct ph_courier *courier, const struct ph_ctx *ctx)
{
    const int64_t a_day_ago = ph_now_ms(ctx) - DAY_MS;

    return courier->options.since_ms > a_day_ago ? courier->options.since_ms : a_day_ago;
}

/* NULL when there is none: nobody looks again for a moment. */
static struct ph_claim *look(struct ph_courier *courier, struct ph_ctx *ctx)
{
    const struct ph_claim_wish wish = {
        .medium = courier->options.carrier.medium,
        .since_ms = since(courier, ctx),
        .claimed_until = ph_now_ms(ctx) + courier->options.carrier.longest_ms + CLAIM_SPARE_MS,
    };
    struct ph_claim *claim = NULL;
    bool trouble;

    courier->looking = true;
    pthread_mutex_unlock(&courier->lock);
    trouble = ph_store_outbox_claim(ctx, &wish, &claim).type != NULL;
    pthread_mutex_lock(&courier->lock);
    courier->looking = false;
    pthread_cond_broadcast(&courier->changed);
    if (claim == NULL) {
        courier->look_ns = ph_monotonic_ns() + (trouble ? TROUBLE_MS : LOOK_MS) * NS_PER_MS;
    }
    return claim;
}

/* While the relay is away, one message finds out whether it is back. */
static bool must_wait(struct ph_courier *courier)
{
    const bool down = courier->relay_failures > 0;
    const int64_t at_ns = down && courier->relay_pause_ns > courier->look_ns
                              ? courier->relay_pause_ns
                              : courier->look_ns;

    if (courier->looking || (down && courier->under_way > 0)) {
        wait_ms(courier, TROUBLE_MS);
        return true;
    }
    if (ph_monotonic_ns() < at_ns) {
        wait_until(courier, at_ns);
        return true;
    }
    return false;
}

/* NULL when the courier stops. */
static struct ph_claim *next(struct ph_courier *courier, struct ph_ctx *ctx)
{
    struct ph_claim *claim = NULL;

    pthread_mutex_lock(&courier->lock);
    while (claim == NULL && !courier->stopping) {
        if (!must_wait(courier)) {
            claim = look(courier, ctx);
        }
    }
    if (claim != NULL) {
        courier->under_way++;
    }
    pthread_mutex_unlock(&courier->lock);
    return claim;
}

/* --- what became of it --- */

static struct ph_err mark(const struct ph_courier *courier, struct ph_ctx *ctx,
                          const struct ph_claim *claim, enum ph_carried carried)
{
    const bool keeps = courier->options.keeps;
    const int64_t now_ms = ph_now_ms(ctx);
    int64_t due_ms;

    switch (carried) {
    case PH_CARRIED:
        return keeps ? ph_store_outbox_keep(ctx, claim) : ph_store_outbox_delete(ctx, claim);
    case PH_CARRY_REFUSED:
        return keeps ? ph_store_outbox_keep(ctx, claim) : ph_store_outbox_fail(ctx, claim);
    case PH_CARRY_NO_RELAY:
        return ph_store_outbox_put_off(ctx, claim, now_ms, claim->refusals);
    case PH_CARRY_LATER:
        break;
    }
    due_ms = now_ms + ph_backoff_ms(ctx->random, &OF_MESSAGE, claim->refusals + 1);
    return ph_store_outbox_put_off(ctx, claim, due_ms, claim->refusals + 1);
}

/* What is not written down is sent again: that is worth some patience with a full disk. */
static void write_down(struct ph_courier *courier, struct ph_ctx *ctx, const struct ph_claim *claim,
                       enum ph_carried carried)
{
    for (int i = 0; i < MARK_TRIES && mark(courier, ctx, claim, carried).type != NULL; i++) {
        pthread_mutex_lock(&courier->lock);
        wait_ms(courier, TROUBLE_MS);
        pthread_mutex_unlock(&courier->lock);
    }
}

/* Ids and codes of replies; no address and no word of the message or of the relay. */
static void tell(const struct ph_courier *courier, struct ph_ctx *ctx, const struct ph_claim *claim,
                 enum ph_carried carried, const struct ph_carry_report *report)
{
    static const struct {
        const char *event;
        enum ph_level level;
    } EVENTS[] = {
        [PH_CARRIED] = { "message_sent", PH_INFO },
        [PH_CARRY_LATER] = { "message_put_off", PH_WARN },
        [PH_CARRY_REFUSED] = { "message_failed", PH_ERROR },
        [PH_CARRY_NO_RELAY] = { "message_waits", PH_DEBUG },
    };

    PH_LOG(&ctx->log, EVENTS[carried].level, EVENTS[carried].event,
           ph_f_str("message", claim->message.id), ph_f_str("pool", claim->message.pool_id),
           ph_f_text("by", courier->options.carrier.name), ph_f_int("claim", claim->number),
           ph_f_int("code", report->code), ph_f_text("why", report->why));
}

/* For the owner of the pool: which kind of message, and why; not to whom. */
static void log_error(const struct ph_courier *courier, struct ph_ctx *ctx,
                      const struct ph_claim *claim, enum ph_carried carried,
                      const struct ph_carry_report *report)
{
    const struct ph_pool *pool = NULL;
    struct json_t *message;

    if (ctx->logs == NULL || (carried != PH_CARRY_LATER && carried != PH_CARRY_REFUSED) ||
        ph_pool_find(ctx, claim->message.pool_id, &pool).type != NULL || pool == NULL) {
        return;
    }
    message = ph_json_object(ctx->arena);
    ph_json_set_str(
        ctx->arena, message, "details",
        ph_strf(ctx->arena, "%s message (%.*s, id %.*s) was %s: code %d%s%s",
                courier->options.carrier.medium == PH_MEDIUM_SMS ? "SMS" : "EMAIL",
                PH_FMT(claim->message.reason), PH_FMT(claim->message.id),
                carried == PH_CARRY_LATER ? "put off and will be tried again" : "refused",
                report->code, report->why[0] == '\0' ? "" : ", ", report->why));
    ph_logs_write(ctx, pool, PH_LOG_NOTIFICATIONS, message);
}

static void tell_relay(const struct ph_courier *courier, const struct ph_ctx *ctx, bool down,
                       const struct ph_carry_report *report)
{
    PH_LOG(&ctx->log, down ? PH_WARN : PH_INFO, down ? "relay_down" : "relay_up",
           ph_f_text("which", courier->options.carrier.name), ph_f_int("code", report->code),
           ph_f_text("why", report->why));
}

static void count(struct ph_courier_count *n, enum ph_carried carried)
{
    n->sent += carried == PH_CARRIED;
    n->put_off += carried == PH_CARRY_LATER;
    n->failed += carried == PH_CARRY_REFUSED;
}

static void note(struct ph_courier *courier, const struct ph_ctx *ctx, enum ph_carried carried,
                 const struct ph_carry_report *report)
{
    const bool down = carried == PH_CARRY_NO_RELAY;
    int64_t pause_ms;

    pthread_mutex_lock(&courier->lock);
    courier->under_way--;
    count(&courier->count, carried);
    if (down != (courier->relay_failures > 0) && !atomic_load(&courier->abort)) {
        tell_relay(courier, ctx, down, report);
    }
    courier->relay_failures = down ? courier->relay_failures + 1 : 0;
    courier->count.down = down;
    if (down) {
        pause_ms = ph_backoff_ms(ctx->random, &OF_RELAY, courier->relay_failures);
        courier->relay_pause_ns = ph_monotonic_ns() + pause_ms * NS_PER_MS;
    }
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->lock);
}

/* --- threads --- */

static void deliver(struct ph_courier *courier, struct ph_ctx *ctx, void *line,
                    const struct ph_claim *claim)
{
    struct ph_carry_report report = { .why = "" };
    const enum ph_carried carried =
        courier->options.carrier.carry(line, ctx, &claim->message, &report);

    write_down(courier, ctx, claim, carried);
    log_error(courier, ctx, claim, carried, &report);
    tell(courier, ctx, claim, carried, &report);
    note(courier, ctx, carried, &report);
}

static void *run(void *self)
{
    struct ph_courier *courier = self;
    const struct ph_carrier *carrier = &courier->options.carrier;
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = courier->options.ctx;
    void *line = carrier->open(carrier->self, &courier->abort);
    const struct ph_claim *claim;

    ctx.arena = &arena;
    while ((claim = next(courier, &ctx)) != NULL) {
        deliver(courier, &ctx, line, claim);
        ph_arena_reset(&arena);
    }
    carrier->close(line);
    ph_arena_finish(&arena);
    pthread_mutex_lock(&courier->lock);
    courier->running--;
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->lock);
    return NULL;
}

struct ph_courier *ph_courier_create(const struct ph_courier_options *options)
{
    struct ph_courier *courier = ph_heap_zeroed(1, sizeof *courier);
    pthread_condattr_t attributes;

    courier->threads = ph_heap_zeroed(options->carrier.lines, sizeof *courier->threads);
    courier->options = *options;
    pthread_mutex_init(&courier->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&courier->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    courier->running = options->carrier.lines;
    for (unsigned i = 0; i < options->carrier.lines; i++) {
        if (pthread_create(&courier->threads[i], NULL, run, courier) != 0) {
            ph_fatal("no thread for deliveries");
        }
    }
    return courier;
}

struct ph_courier_count ph_courier_count(struct ph_courier *courier)
{
    struct ph_courier_count now;

    pthread_mutex_lock(&courier->lock);
    now = courier->count;
    pthread_mutex_unlock(&courier->lock);
    return now;
}

void ph_courier_stop(struct ph_courier *courier, int64_t wait)
{
    const int64_t deadline_ns = ph_monotonic_ns() + wait * NS_PER_MS;

    pthread_mutex_lock(&courier->lock);
    courier->stopping = true;
    pthread_cond_broadcast(&courier->changed);
    while (courier->running > 0 && ph_monotonic_ns() < deadline_ns) {
        wait_until(courier, deadline_ns);
    }
    pthread_mutex_unlock(&courier->lock);
    atomic_store(&courier->abort, true);
    for (unsigned i = 0; i < courier->options.carrier.lines; i++) {
        pthread_join(courier->threads[i], NULL);
    }
}

void ph_courier_destroy(struct ph_courier *courier)
{
    if (courier != NULL) {
        pthread_cond_destroy(&courier->changed);
        pthread_mutex_destroy(&courier->lock);
        free(courier->threads);
        free(courier);
    }
}
