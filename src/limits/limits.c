#include "limits/limits.h"

#include "model/exceptions.h"
#include "store/limits.h"
#include "util/clock.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>

enum { FRESH_MS = 1000, RESPONSES_FACTOR = 3 };

#define SECOND_NS 1000000000LL

/* Requests that may come now, in nanoseconds of the rate: a request costs a second by the rate. */
struct bucket {
    int64_t saved_ns;
    int64_t at_ns; /* 0: never used, which is full */
};

struct ph_limits {
    pthread_mutex_t lock;
    struct bucket buckets[PH_CATEGORY_COUNT];
    struct bucket responses; /* to challenges, beside UserAuthentication */
    int64_t values[PH_CATEGORY_COUNT];
    int64_t read_ms; /* of the monotonic clock; 0: not yet */
};

struct ph_limits *ph_limits_create(void)
{
    struct ph_limits *limits = ph_heap_zeroed(1, sizeof *limits);

    if (pthread_mutex_init(&limits->lock, NULL) != 0) {
        ph_fatal("out of memory");
    }
    return limits;
}

void ph_limits_destroy(struct ph_limits *limits)
{
    if (limits != NULL) {
        pthread_mutex_destroy(&limits->lock);
        free(limits);
    }
}

/* --- values --- */

static struct ph_err read_values(struct ph_ctx *ctx, int64_t values[PH_CATEGORY_COUNT])
{
    struct ph_limit_record *records;
    size_t count;

    PH_TRY(ph_store_limits_list(ctx, &records, &count));
    for (int i = 0; i < PH_CATEGORY_COUNT; i++) {
        values[i] = ph_categories[i].free_rps;
    }
    for (size_t i = 0; i < count; i++) {
        values[ph_category_named(records[i].name)] = records[i].value;
    }
    return PH_OK;
}

struct ph_err ph_limit_get(struct ph_ctx *ctx, enum ph_category category, int64_t *value)
{
    int64_t values[PH_CATEGORY_COUNT];

    PH_TRY(read_values(ctx, values));
    *value = values[category];
    return PH_OK;
}

struct ph_err ph_limit_set(struct ph_ctx *ctx, enum ph_category category, int64_t value)
{
    const struct ph_limit_record record = { ph_categories[category].name, value };

    PH_TRY(ph_store_limit_put(ctx, &record));
    if (ctx->limits != NULL) {
        pthread_mutex_lock(&ctx->limits->lock);
        ctx->limits->values[category] = value;
        pthread_mutex_unlock(&ctx->limits->lock);
    }
    return PH_OK;
}

/* One request of all looks again: the others go on with what is known. */
static bool is_stale(struct ph_limits *limits, int64_t now_ms)
{
    bool stale;

    pthread_mutex_lock(&limits->lock);
    stale = limits->read_ms == 0 || now_ms - limits->read_ms >= FRESH_MS;
    if (stale && limits->read_ms != 0) {
        limits->read_ms = now_ms;
    }
    pthread_mutex_unlock(&limits->lock);
    return stale;
}

static struct ph_err refresh(struct ph_ctx *ctx, int64_t now_ms)
{
    int64_t values[PH_CATEGORY_COUNT];

    PH_TRY(read_values(ctx, values));
    pthread_mutex_lock(&ctx->limits->lock);
    for (int i = 0; i < PH_CATEGORY_COUNT; i++) {
        ctx->limits->values[i] = values[i];
    }
    ctx->limits->read_ms = now_ms;
    pthread_mutex_unlock(&ctx->limits->lock);
    return PH_OK;
}

/* --- counting --- */

/* At `rps` requests per second each of them costs its share of a second; a full second is saved. */
static bool take(struct bucket *b, int64_t rps, int64_t now_ns)
{
    const int64_t cost_ns = SECOND_NS / rps;
    const int64_t passed_ns = now_ns - b->at_ns;

    b->saved_ns =
        b->at_ns == 0 || passed_ns > SECOND_NS - b->saved_ns ? SECOND_NS : b->saved_ns + passed_ns;
    b->at_ns = now_ns;
    if (b->saved_ns < cost_ns) {
        return false;
    }
    b->saved_ns -= cost_ns;
    return true;
}

static bool is_response(enum ph_op op)
{
    return op == OP_RespondToAuthChallenge || op == OP_AdminRespondToAuthChallenge;
}

static bool take_of(struct ph_limits *limits, enum ph_op op, int64_t now_ns)
{
    const enum ph_category category = ph_category_of(op);
    int64_t rps;
    bool taken;

    pthread_mutex_lock(&limits->lock);
    rps = limits->values[category];
    taken = is_response(op) && take(&limits->responses, RESPONSES_FACTOR * rps, now_ns);
    taken = taken || take(&limits->buckets[category], rps, now_ns);
    pthread_mutex_unlock(&limits->lock);
    return taken;
}

struct ph_err ph_limits_take(struct ph_ctx *ctx, enum ph_op op)
{
    const int64_t now_ns = ph_monotonic_ns();

    if (ctx->limits == NULL || ph_category_of(op) == PH_CATEGORY_NONE) {
        return PH_OK;
    }
    if (is_stale(ctx->limits, now_ns / 1000000)) {
        PH_TRY(refresh(ctx, now_ns / 1000000));
    }
    return take_of(ctx->limits, op, now_ns) ? PH_OK
                                            : PH_FAIL(TooManyRequestsException, "Rate exceeded");
}
