/*
 * Counters and latency histograms per operation, written as Prometheus text (version 0.0.4).
 *
 * Counting is lock-free and may be done on any thread. Labels come from our own tables only,
 * never from input: their number is bounded and they name no user.
 */
#ifndef PH_UTIL_METRICS_H
#define PH_UTIL_METRICS_H

#include "util/buf.h"

struct ph_metrics;

/* names[count]: static names of operations, the label "operation". */
struct ph_metrics *ph_metrics_create(const char *const *names, size_t count);
void ph_metrics_destroy(struct ph_metrics *metrics); /* NULL is fine */

/*
 * Counts one answered request.
 *
 * operation   index into the names; one past the last or more counts as "unknown"
 * error       static name of the exception, NULL for success; the 47 first ones that occur in a
 *             process have a label of their own, others count as "other"
 */
void ph_metrics_count(struct ph_metrics *metrics, size_t operation, const char *error,
                      int64_t duration_ns);

/* What can be read at the moment of asking. */
struct ph_metrics_gauge {
    const char *name; /* "poolhouse_open_connections" */
    const char *help;
    int64_t value;
    bool counts; /* it only grows: a counter; else a gauge */
};

/* The whole page: process, gauges, operations that have been called at least once. */
struct ph_str ph_metrics_text(const struct ph_metrics *metrics, struct ph_arena *arena,
                              const struct ph_metrics_gauge *gauges, size_t gauge_count);

#endif
