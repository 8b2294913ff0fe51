#include "fetch/bulkhead.h"

#include "util/arena.h"
#include "util/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { FAILURES_TO_OPEN = 5 };

struct ph_bulkhead {
    struct ph_bulkhead_options options;
    pthread_mutex_t lock; /* guards what follows, and all places */
    pthread_cond_t freed; /* a turn at some place */
    unsigned inside;
};

struct ph_bulkhead *ph_bulkhead_create(const struct ph_bulkhead_options *options)
{
    struct ph_bulkhead *bulkhead = calloc(1, sizeof *bulkhead);
    pthread_condattr_t monotonic;

    if (bulkhead == NULL) {
        ph_fatal("out of memory");
    }
    bulkhead->options = *options;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&bulkhead->lock, NULL);
    pthread_cond_init(&bulkhead->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return bulkhead;
}

void ph_bulkhead_destroy(struct ph_bulkhead *bulkhead)
{
    if (bulkhead == NULL) {
        return;
    }
    pthread_cond_destroy(&bulkhead->freed);
    pthread_mutex_destroy(&bulkhead->lock);
    free(bulkhead);
}

/* ---- with the lock held ---- */

/* While one place has all its turns taken, half of the share is left for the others. */
static bool is_full(const struct ph_bulkhead *bulkhead, const struct ph_bulkhead_place *place)
{
    const unsigned half = bulkhead->options.share / 2;

    return bulkhead->inside >= bulkhead->options.share ||
           place->inside >= (half > 0 ? half : bulkhead->options.share);
}

static bool is_open(const struct ph_bulkhead_place *place)
{
    return place->failures >= FAILURES_TO_OPEN &&
           (place->probing || ph_monotonic_ns() < place->open_until_ns);
}

/* It may have failed for the others meanwhile. */
static enum ph_turn wait_for_turn(struct ph_bulkhead *bulkhead,
                                  const struct ph_bulkhead_place *place, unsigned at_once)
{
    const int64_t end_ns = ph_monotonic_ns() + bulkhead->options.wait_ms * 1000000;
    const struct timespec end = { .tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000 };

    while (place->running >= at_once) {
        if (pthread_cond_timedwait(&bulkhead->freed, &bulkhead->lock, &end) == ETIMEDOUT) {
            return is_open(place) ? PH_TURN_BROKEN : PH_TURN_FULL;
        }
    }
    return is_open(place) ? PH_TURN_BROKEN : PH_TURN_TAKEN;
}

static enum ph_turn enter(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place,
                          unsigned at_once)
{
    enum ph_turn turn;

    if (is_open(place)) {
        return PH_TURN_BROKEN;
    }
    if (is_full(bulkhead, place)) {
        return PH_TURN_FULL;
    }
    bulkhead->inside++;
    place->inside++;
    turn = wait_for_turn(bulkhead, place, at_once);
    if (turn != PH_TURN_TAKEN) {
        bulkhead->inside--;
        place->inside--;
        return turn;
    }
    place->running++;
    place->probing = place->failures >= FAILURES_TO_OPEN;
    return PH_TURN_TAKEN;
}

/* ---- from outside ---- */

enum ph_turn ph_bulkhead_enter(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place,
                               unsigned at_once)
{
    enum ph_turn turn;

    pthread_mutex_lock(&bulkhead->lock);
    turn = enter(bulkhead, place, at_once);
    pthread_mutex_unlock(&bulkhead->lock);
    return turn;
}

void ph_bulkhead_leave(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place)
{
    pthread_mutex_lock(&bulkhead->lock);
    place->running--;
    place->inside--;
    bulkhead->inside--;
    place->probing = false;
    pthread_cond_broadcast(&bulkhead->freed);
    pthread_mutex_unlock(&bulkhead->lock);
}

void ph_bulkhead_well(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place)
{
    pthread_mutex_lock(&bulkhead->lock);
    place->failures = 0;
    pthread_mutex_unlock(&bulkhead->lock);
}

void ph_bulkhead_failed(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place)
{
    pthread_mutex_lock(&bulkhead->lock);
    place->failures++;
    place->open_until_ns = ph_monotonic_ns() + bulkhead->options.pause_ms * 1000000;
    pthread_mutex_unlock(&bulkhead->lock);
}

bool ph_bulkhead_is_broken(struct ph_bulkhead *bulkhead, const struct ph_bulkhead_place *place)
{
    bool broken;

    pthread_mutex_lock(&bulkhead->lock);
    broken = place->failures >= FAILURES_TO_OPEN;
    pthread_mutex_unlock(&bulkhead->lock);
    return broken;
}
