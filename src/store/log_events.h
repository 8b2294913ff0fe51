/*
 * Events on their way to the log targets of the operator (deliver/logs.h). They wait here in lanes:
 * what goes to one ARN, from one source of one pool, goes in order and together.
 */
#ifndef PH_STORE_LOG_EVENTS_H
#define PH_STORE_LOG_EVENTS_H

#include "store/store.h"

struct ph_log_lane {
    struct ph_str target; /* the pattern of the operator's target */
    struct ph_str arn;
    struct ph_str pool_id;
    struct ph_str source; /* "userAuthEvents" */
};

struct ph_log_event {
    struct ph_log_lane lane;
    struct ph_str id; /* UUID version 7 */
    struct ph_str body;
    int64_t created_ms;
};

/* With the next commit, unawaited. */
void ph_store_log_append(struct ph_ctx *ctx, const struct ph_log_event *event);

/* The lanes of a target, the one whose event waits for longest first. */
PH_MUST_USE struct ph_err ph_store_log_lanes(struct ph_ctx *ctx, struct ph_str target, size_t limit,
                                             struct ph_log_lane **lanes, size_t *count);

/* The first events of a lane. */
PH_MUST_USE struct ph_err ph_store_log_batch(struct ph_ctx *ctx, const struct ph_log_lane *lane,
                                             size_t limit, struct ph_log_event **events,
                                             size_t *count);

/*
 * Before the events of a lane are read and sent: no other process does, for length_ms from now.
 * *leased is false while another one may. Always true where one process has the store.
 */
PH_MUST_USE struct ph_err ph_store_log_lease(struct ph_ctx *ctx, const struct ph_log_lane *lane,
                                             int64_t length_ms, bool *leased);

/* Others may take the lane at once; NULL: all lanes of this process. */
PH_MUST_USE struct ph_err ph_store_log_release(struct ph_ctx *ctx, const struct ph_log_lane *lane);

/* They have left, or never will. */
PH_MUST_USE struct ph_err ph_store_log_delete(struct ph_ctx *ctx, const struct ph_log_event *events,
                                              size_t count);

/* Deletes those that were made before, some thousand at most; *count is their number. */
PH_MUST_USE struct ph_err ph_store_log_expire(struct ph_ctx *ctx, int64_t before_ms,
                                              int64_t *count);

/* How many of a target wait. */
PH_MUST_USE struct ph_err ph_store_log_count(struct ph_ctx *ctx, struct ph_str target,
                                             int64_t *count);

#endif
