/*
 * The worker pool: many threads, few of them running.
 *
 * Work costs CPU (signing, modular exponentiation) or waits (a commit, another server). There are
 * `threads` workers, of which only `running` (the number of cores) work at once; whoever waits
 * says so with the blocking bracket, and another worker takes its place meanwhile. Leaving the
 * bracket does not wait, so that for a moment there may be more running than cores.
 *
 * Where jobs come from (the connections of a server) is looked after by the workers themselves:
 * each does it after its job, which sends the answer and brings new jobs, and one that has no job
 * waits until there is something to do. As long as all places are taken no thread wakes another.
 *
 * The queue is bounded: a job that does not fit is refused at once, one that has waited too long
 * is told so when its turn comes.
 */
#ifndef PH_HTTP_WORKERS_H
#define PH_HTTP_WORKERS_H

#include "http/sources.h"
#include "util/arena.h"
#include "util/blocking.h"
#include "util/err.h"

#include <stdbool.h>
#include <stdint.h>

struct ph_workers;

/* What a job may use while it runs on this thread. */
struct ph_worker {
    struct ph_arena arena; /* reset after each job */
    unsigned index;        /* 0 to threads - 1 */
};

enum ph_job_verdict {
    PH_JOB_RUN,
    PH_JOB_LATE, /* it waited in the queue for longer than it may: answer without working */
};

/* Embedded in what it is about; belongs to the pool between submit and the call of run. */
struct ph_job {
    void (*run)(struct ph_job *job, struct ph_worker *worker, enum ph_job_verdict verdict);
    struct ph_job *next;
    int64_t queued_ns;
};

struct ph_workers_options {
    unsigned threads; /* 0: 4 for each core, at least 16, and more_threads */
    unsigned more_threads;
    unsigned running; /* 0: the number of cores */
    size_t queue_max; /* jobs that wait */
    int64_t wait_ms;  /* how long a job may wait for its turn */
};

struct ph_workers_counts {
    size_t queued;
    unsigned threads;
    unsigned running; /* at work, not in a bracket */
    unsigned blocked; /* in a bracket */
};

/* NULL when the threads cannot be made. */
PH_MUST_USE struct ph_workers *ph_workers_create(const struct ph_workers_options *options);

/* The source is copied; it must be removed before what it is about goes. */
void ph_workers_add_source(struct ph_workers *workers, const struct ph_source *source);

/* Of the source with this self; when it returns, no worker uses it any more. */
void ph_workers_remove_source(struct ph_workers *workers, const void *self);

/* False when the queue is full or the pool is stopping: the job was not taken. Any thread. */
PH_MUST_USE bool ph_workers_submit(struct ph_workers *workers, struct ph_job *job);

/* For workers of this pool only; a bracket must not be nested. */
void ph_workers_block_begin(struct ph_workers *workers);
void ph_workers_block_end(struct ph_workers *workers);

/* The bracket as lower layers see it; lives as long as the pool. */
const struct ph_blocking *ph_workers_blocking(const struct ph_workers *workers);

struct ph_workers_counts ph_workers_count(struct ph_workers *workers);

/*
 * Takes no more jobs, finishes what is queued and ends the threads. Waits at most `wait_ms`;
 * false when jobs were still running then: the pool must not be destroyed.
 */
PH_MUST_USE bool ph_workers_stop(struct ph_workers *workers, int64_t wait_ms);

/* After ph_workers_stop() has returned true. NULL is fine. */
void ph_workers_destroy(struct ph_workers *workers);

#endif
