/* All services that pools leave, and what is counted of them. */
#include "origin/internal.h"
#include "store/users.h"

#include <stdlib.h>

enum { COUNT_EACH_S = 60 };

struct ph_origins *ph_origins_create(const struct ph_origins_options *options)
{
    struct ph_origins *origins = calloc(1, sizeof *origins);
    pthread_condattr_t monotonic;

    if (origins == NULL) {
        ph_fatal("out of memory");
    }
    origins->options = *options;
    origins->bulkhead = ph_bulkhead_create(&(struct ph_bulkhead_options){
        .share = options->share,
        .wait_ms = options->timeout_ms,
        .pause_ms = options->pause_ms,
    });
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&origins->lock, NULL);
    pthread_cond_init(&origins->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return origins;
}

void ph_origins_destroy(struct ph_origins *origins)
{
    if (origins == NULL) {
        return;
    }
    ph_origin_free_places(origins->places);
    pthread_cond_destroy(&origins->done);
    pthread_mutex_destroy(&origins->lock);
    ph_bulkhead_destroy(origins->bulkhead);
    free(origins);
}

struct ph_origins_count ph_origins_count(struct ph_origins *origins)
{
    if (origins == NULL) {
        return (struct ph_origins_count){ 0 };
    }
    return (struct ph_origins_count){
        .waiting = atomic_load(&origins->waiting),
        .settled = atomic_load(&origins->settled),
        .asked = atomic_load(&origins->asked),
        .proven = atomic_load(&origins->proven),
        .refreshes = atomic_load(&origins->refreshes),
        .away = atomic_load(&origins->away),
        .down = ph_origin_down(origins),
    };
}

static bool is_time(struct ph_origins *origins)
{
    const int64_t now_ns = ph_monotonic_ns();
    bool due;

    pthread_mutex_lock(&origins->lock);
    due = origins->counted_ns == 0 ||
          now_ns - origins->counted_ns >= (int64_t)COUNT_EACH_S * 1000000000;
    origins->counted_ns = due ? now_ns : origins->counted_ns;
    pthread_mutex_unlock(&origins->lock);
    return due;
}

void ph_origins_sweep(struct ph_origins *origins, const struct ph_ctx *ctx)
{
    struct ph_arena arena = { 0 };
    struct ph_ctx own = *ctx;
    int64_t counts[PH_ORIGIN_COUNT];

    if (origins == NULL || !is_time(origins)) {
        return;
    }
    own.arena = &arena;
    own.blocking = NULL; /* it is no worker that counts */
    if (ph_store_user_origins(&own, counts).type == NULL) {
        atomic_store(&origins->waiting, counts[PH_ORIGIN_WAITING]);
        atomic_store(&origins->settled, counts[PH_ORIGIN_SETTLED]);
    }
    ph_arena_finish(&arena);
}
