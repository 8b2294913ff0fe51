/*
 * Bulkheads and breakers around calls of other servers: what hangs, dies or is slow takes nothing
 * from those who do not need it.
 *
 * Each place (a function, a service) has so many calls at once; more wait for their turn, no longer
 * than so. All places together never hold more than a share of the workers, and one place no more
 * than half of it. A place that has failed often in a row is broken: calls are refused at once for
 * a while, then one of them may find out whether it is well again. Thread-safe.
 */
#ifndef PH_FETCH_BULKHEAD_H
#define PH_FETCH_BULKHEAD_H

#include <stdbool.h>
#include <stdint.h>

struct ph_bulkhead;

struct ph_bulkhead_options {
    unsigned share;   /* callers that may be inside, calling or waiting for their turn */
    int64_t wait_ms;  /* for a turn */
    int64_t pause_ms; /* how long a breaker stays open */
};

/* Starts zeroed; belongs to one bulkhead, which guards it. */
struct ph_bulkhead_place {
    unsigned running;
    unsigned inside;       /* running, or waiting for their turn */
    unsigned failures;     /* in a row */
    int64_t open_until_ns; /* of the breaker */
    bool probing;          /* the one call that may find out whether it is well again */
};

struct ph_bulkhead *ph_bulkhead_create(const struct ph_bulkhead_options *options);
void ph_bulkhead_destroy(struct ph_bulkhead *bulkhead); /* nobody is inside; NULL is fine */

enum ph_turn { PH_TURN_TAKEN, PH_TURN_FULL, PH_TURN_BROKEN };

/* Waits for a turn, of which there are `at_once`. Whoever has TAKEN one leaves again. */
enum ph_turn ph_bulkhead_enter(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place,
                               unsigned at_once);
void ph_bulkhead_leave(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place);

/* After a call. Only what costs time counts as a failure: a refusal comes at once. */
void ph_bulkhead_well(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place);
void ph_bulkhead_failed(struct ph_bulkhead *bulkhead, struct ph_bulkhead_place *place);

/* Whether it has failed so often that there is no use in trying again. */
bool ph_bulkhead_is_broken(struct ph_bulkhead *bulkhead, const struct ph_bulkhead_place *place);

#endif
