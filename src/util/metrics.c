#include "util/metrics.h"

#include "util/clock.h"
#include "util/memory.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    ERRORS_MAX = 48, /* [0] is "other" */
    BOUNDS = 14,
    TEXT_MAX = 8 * 1024 * 1024,
};

static const int64_t BOUND_NS[BOUNDS] = {
    500000,    1000000,   2500000,   5000000,    10000000,   25000000,   50000000,
    100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};
static const char *const BOUND_TEXT[BOUNDS] = {
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
    "0.1",    "0.25",  "0.5",    "1",     "2.5",  "5",     "10",
};

struct operation {
    _Atomic uint64_t ok;
    _Atomic uint64_t errors[ERRORS_MAX];
    _Atomic uint64_t buckets[BOUNDS + 1]; /* the last: longer than every bound */
    _Atomic uint64_t sum_ns;
};

struct ph_metrics {
    const char *const *names;
    size_t count;
    int64_t started_s;
    _Atomic(const char *) errors[ERRORS_MAX];
    struct operation operations[]; /* count of them, and "unknown" */
};

struct ph_metrics *ph_metrics_create(const char *const *names, size_t count)
{
    struct ph_metrics *metrics =
        ph_heap_zeroed(1, sizeof *metrics + (count + 1) * sizeof metrics->operations[0]);

    metrics->names = names;
    metrics->count = count;
    metrics->started_s = ph_system_clock.now_ms(ph_system_clock.self) / 1000;
    atomic_store(&metrics->errors[0], "other");
    return metrics;
}

void ph_metrics_destroy(struct ph_metrics *metrics)
{
    free(metrics);
}

/* Names are claimed in the order of their first use and stay. */
static size_t error_slot(struct ph_metrics *metrics, const char *name)
{
    for (size_t i = 1; i < ERRORS_MAX; i++) {
        const char *there = NULL;

        if (atomic_compare_exchange_strong(&metrics->errors[i], &there, name) || there == name ||
            strcmp(there, name) == 0) {
            return i;
        }
    }
    return 0;
}

static size_t bucket_of(int64_t duration_ns)
{
    size_t i = 0;

    while (i < BOUNDS && duration_ns > BOUND_NS[i]) {
        i++;
    }
    return i;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void ph_metrics_count(struct ph_metrics *metrics, size_t operation, const char *error,
                      int64_t duration_ns)
{
    const size_t index = operation < metrics->count ? operation : metrics->count;
    struct operation *o = &metrics->operations[index];

    if (duration_ns < 0) {
        duration_ns = 0;
    }
    if (error == NULL) {
        add(&o->ok, 1);
    } else {
        add(&o->errors[error_slot(metrics, error)], 1);
    }
    add(&o->buckets[bucket_of(duration_ns)], 1);
    add(&o->sum_ns, (uint64_t)duration_ns);
}

static const char *name_of(const struct ph_metrics *metrics, size_t operation)
{
    return operation < metrics->count ? metrics->names[operation] : "unknown";
}

static void add_head(struct ph_buf *out, const char *name, const char *type, const char *help)
{
    ph_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_requests(struct ph_buf *out, const struct ph_metrics *metrics)
{
    add_head(out, "poolhouse_requests_total", "counter",
             "Answered requests by operation and error (empty: success).");
    for (size_t i = 0; i <= metrics->count; i++) {
        const struct operation *o = &metrics->operations[i];
        const uint64_t ok = get(&o->ok);

        if (ok > 0) {
            ph_buf_addf(out, "poolhouse_requests_total{operation=\"%s\",error=\"\"} %" PRIu64 "\n",
                        name_of(metrics, i), ok);
        }
        for (size_t e = 0; e < ERRORS_MAX; e++) {
            const uint64_t n = get(&o->errors[e]);

            if (n > 0) {
                ph_buf_addf(out,
                            "poolhouse_requests_total{operation=\"%s\",error=\"%s\"} %" PRIu64 "\n",
                            name_of(metrics, i), atomic_load(&metrics->errors[e]), n);
            }
        }
    }
}

/* Prometheus wants cumulative buckets; the last one and the count are made of the same sum. */
static void add_histogram(struct ph_buf *out, const char *name, const struct operation *o)
{
    uint64_t cumulative = 0;

    for (size_t b = 0; b <= BOUNDS; b++) {
        cumulative += get(&o->buckets[b]);
        ph_buf_addf(out,
                    "poolhouse_request_duration_seconds_bucket{operation=\"%s\",le=\"%s\"} %" PRIu64
                    "\n",
                    name, b < BOUNDS ? BOUND_TEXT[b] : "+Inf", cumulative);
    }
    ph_buf_addf(out, "poolhouse_request_duration_seconds_sum{operation=\"%s\"} %.6f\n", name,
                (double)get(&o->sum_ns) / 1e9);
    ph_buf_addf(out, "poolhouse_request_duration_seconds_count{operation=\"%s\"} %" PRIu64 "\n",
                name, cumulative);
}

static bool was_called(const struct operation *o)
{
    for (size_t b = 0; b <= BOUNDS; b++) {
        if (get(&o->buckets[b]) > 0) {
            return true;
        }
    }
    return false;
}

static void add_durations(struct ph_buf *out, const struct ph_metrics *metrics)
{
    add_head(out, "poolhouse_request_duration_seconds", "histogram",
             "Time from the whole request to its reply.");
    for (size_t i = 0; i <= metrics->count; i++) {
        if (was_called(&metrics->operations[i])) {
            add_histogram(out, name_of(metrics, i), &metrics->operations[i]);
        }
    }
}

static int64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    char line[128] = ""; /* "total resident shared ...", in pages */
    struct ph_str resident, rest;
    int64_t pages = 0;

    if (f == NULL) {
        return 0;
    }
    if (fgets(line, sizeof line, f) != NULL && ph_str_cut(ph_str_from(line), ' ', NULL, &rest)) {
        ph_str_cut(rest, ' ', &resident, NULL);
        (void)ph_str_to_int(resident, 0, INT64_MAX / 65536, &pages);
    }
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
    struct rusage usage = { 0 };

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void add_process(struct ph_buf *out, const struct ph_metrics *metrics)
{
    add_head(out, "process_start_time_seconds", "gauge", "Start of the process, epoch seconds.");
    ph_buf_addf(out, "process_start_time_seconds %" PRId64 "\n", metrics->started_s);
    add_head(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
    ph_buf_addf(out, "process_resident_memory_bytes %" PRId64 "\n", resident_bytes());
    add_head(out, "process_cpu_seconds_total", "counter", "User and system CPU time.");
    ph_buf_addf(out, "process_cpu_seconds_total %.3f\n", cpu_seconds());
}

struct ph_str ph_metrics_text(const struct ph_metrics *metrics, struct ph_arena *arena,
                              const struct ph_metrics_gauge *gauges, size_t gauge_count)
{
    struct ph_buf out;

    ph_buf_init(&out, arena, TEXT_MAX);
    add_process(&out, metrics);
    for (size_t i = 0; i < gauge_count; i++) {
        add_head(&out, gauges[i].name, gauges[i].counts ? "counter" : "gauge", gauges[i].help);
        ph_buf_addf(&out, "%s %" PRId64 "\n", gauges[i].name, gauges[i].value);
    }
    add_requests(&out, metrics);
    add_durations(&out, metrics);
    return ph_buf_str(&out);
}
