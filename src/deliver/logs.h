/*
 * The logs of pools (management.md 10): messages that were not delivered, and what users did.
 * They go where the operator has mapped the ARN that the pool's LogDeliveryConfiguration names
 * (log_target.h); nowhere while it is not mapped.
 *
 * Whoever writes an event waits for nothing: it enters a queue in the store with the next commit,
 * and is dropped with a count when that is full. Each target has a thread that takes batches from
 * the queue. What was put off comes back after a second, then after twice as long each time, up to
 * a minute; other lanes of the same target go on, unless it cannot be reached at all. Events that
 * have waited for a day are dropped.
 */
#ifndef PH_DELIVER_LOGS_H
#define PH_DELIVER_LOGS_H

#include "pool/pool.h"

struct ph_fetch;
struct ph_logs;

/*
 * ctx: clock, random, settings, store, log; it and fetch outlive the logs. *logs stays NULL when
 * the settings name no targets. False: `why` says what is wrong with them.
 */
PH_MUST_USE bool ph_logs_create(const struct ph_ctx *ctx, struct ph_fetch *fetch,
                                struct ph_logs **logs, char *why, size_t why_size);

/* The directories that file targets are in, for whoever confines the process before. */
const char *const *ph_logs_directories(struct ph_arena *arena, const struct ph_settings *settings,
                                       size_t *count);

/* Whether events of this source go anywhere: before one is made. */
bool ph_logs_wants(const struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_log_source source);

/* Writes an event; `message` is what the source says. Secrets have no place in it. */
void ph_logs_write(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_log_source source,
                   struct json_t *message);

/* Every few seconds, from one thread. NULL is fine. */
void ph_logs_sweep(struct ph_logs *logs);

struct ph_logs_count {
    int64_t waiting, sent, dropped; /* dropped: queue full, a day old, or refused for good */
    int64_t down;                   /* targets that cannot be reached */
};

struct ph_logs_count ph_logs_count(struct ph_logs *logs); /* NULL is fine */

/* Ends the threads when what they are sending is through; the rest goes after the next start. */
void ph_logs_stop(struct ph_logs *logs);
void ph_logs_destroy(struct ph_logs *logs); /* stops first; NULL is fine */

#endif
