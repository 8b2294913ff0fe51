#include "http/workers.h"

#include "util/clock.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LEAST_THREADS = 16, THREADS_PER_CORE = 4, STACK_BYTES = 2 * 1024 * 1024 };

/* What the one worker does that looks after the sources while it has no job. */
enum watch {
    WATCH_NONE,  /* there is no such worker */
    WATCH_WAITS, /* it waits for a source */
    WATCH_TURNS, /* a source was ready: it will look at the queue presently */
};

struct thread {
    pthread_t id;
    struct ph_workers *pool;
    struct ph_worker worker;
};

struct ph_workers {
    struct ph_workers_options options;
    struct ph_blocking blocking;
    struct ph_sources sources;
    struct thread *threads;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;  /* there is something to do and a free place, or the end has come */
    pthread_cond_t ended; /* a thread has ended */
    enum watch watch;
    unsigned asleep; /* wait for `work` */
    unsigned woken;  /* of these: have been called, but do not run yet */
    struct ph_job *first;
    struct ph_job **last;
    size_t queued;
    unsigned started;
    unsigned alive;
    unsigned running;
    unsigned blocked;
    bool stopping;
};

static void push(struct ph_workers *workers, struct ph_job *job)
{
    job->next = NULL;
    *workers->last = job;
    workers->last = &job->next;
    workers->queued++;
}

static struct ph_job *pop(struct ph_workers *workers)
{
    struct ph_job *job = workers->first;

    workers->first = job->next;
    if (workers->first == NULL) {
        workers->last = &workers->first;
    }
    workers->queued--;
    return job;
}

static bool has_place(const struct ph_workers *workers)
{
    return workers->running < workers->options.running;
}

/* A job that nobody is about to take. */
static bool job_waits(const struct ph_workers *workers)
{
    return workers->first != NULL && workers->watch != WATCH_TURNS;
}

/*
 * With the lock held: calls one worker when there is something to do that nobody is about to do.
 * Whoever was called takes one thing and calls the next.
 */
static void wake_one(struct ph_workers *workers)
{
    if (!has_place(workers) || workers->woken > 0 ||
        !(job_waits(workers) || workers->watch == WATCH_NONE)) {
        return;
    }
    if (workers->asleep > 0) {
        workers->woken++;
        pthread_cond_signal(&workers->work);
    } else if (workers->watch == WATCH_WAITS) {
        ph_sources_wake(&workers->sources); /* all others are in a bracket */
    }
}

static void fall_asleep(struct ph_workers *workers)
{
    workers->asleep++;
    pthread_cond_wait(&workers->work, &workers->lock);
    workers->asleep--;
    if (workers->woken > 0) {
        workers->woken--;
    }
}

/* With the lock held, which is left meanwhile. Nobody else watches, and there is no job. */
static void keep_watch(struct ph_workers *workers)
{
    workers->watch = WATCH_WAITS;
    pthread_mutex_unlock(&workers->lock);
    ph_sources_wait(&workers->sources);
    pthread_mutex_lock(&workers->lock);
    workers->watch = WATCH_TURNS;
    pthread_mutex_unlock(&workers->lock);
    ph_sources_turn(&workers->sources);
    pthread_mutex_lock(&workers->lock);
    workers->watch = WATCH_NONE;
}

/* With the lock held; NULL when the pool ends. */
static struct ph_job *next_job(struct ph_workers *workers)
{
    for (;;) {
        if (workers->first != NULL && has_place(workers)) {
            return pop(workers);
        }
        if (workers->first == NULL && workers->stopping) {
            return NULL;
        }
        if (workers->watch == WATCH_NONE && has_place(workers)) {
            keep_watch(workers);
        } else {
            fall_asleep(workers);
        }
    }
}

static void run(struct ph_workers *workers, struct ph_job *job, struct ph_worker *worker)
{
    const int64_t waited_ns = ph_monotonic_ns() - job->queued_ns;
    const bool late = waited_ns > workers->options.wait_ms * 1000000;

    job->run(job, worker, late ? PH_JOB_LATE : PH_JOB_RUN);
    ph_arena_reset(&worker->arena);
}

static void *work(void *self)
{
    struct thread *thread = self;
    struct ph_workers *workers = thread->pool;
    struct ph_job *job;

    pthread_mutex_lock(&workers->lock);
    while ((job = next_job(workers)) != NULL) {
        workers->running++;
        wake_one(workers);
        pthread_mutex_unlock(&workers->lock);
        run(workers, job, &thread->worker);
        ph_sources_turn(&workers->sources); /* the answer leaves, and more jobs may come */
        pthread_mutex_lock(&workers->lock);
        workers->running--;
    }
    workers->alive--;
    pthread_cond_broadcast(&workers->work); /* the others see the end, too */
    pthread_cond_signal(&workers->ended);
    pthread_mutex_unlock(&workers->lock);
    ph_arena_finish(&thread->worker.arena);
    return NULL;
}

static bool start(struct ph_workers *workers)
{
    pthread_attr_t attributes;
    bool ok = true;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_mutex_lock(&workers->lock); /* alive is set before the first thread ends */
    while (ok && workers->started < workers->options.threads) {
        struct thread *thread = &workers->threads[workers->started];

        thread->pool = workers;
        thread->worker.index = workers->started;
        ok = pthread_create(&thread->id, &attributes, work, thread) == 0;
        workers->started += ok;
    }
    workers->alive = workers->started;
    pthread_mutex_unlock(&workers->lock);
    pthread_attr_destroy(&attributes);
    return ok;
}

static void begin(void *self)
{
    ph_workers_block_begin(self);
}

static void end(void *self)
{
    ph_workers_block_end(self);
}

static unsigned cores(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (unsigned)n : 1;
}

static void fill_defaults(struct ph_workers_options *options)
{
    if (options->running == 0) {
        options->running = cores();
    }
    if (options->threads == 0) {
        options->threads = THREADS_PER_CORE * options->running;
        options->threads = options->threads < LEAST_THREADS ? LEAST_THREADS : options->threads;
        options->threads += options->more_threads;
    }
}

static void init_conditions(struct ph_workers *workers)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->work, NULL);
    pthread_cond_init(&workers->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void destroy_parts(struct ph_workers *workers)
{
    pthread_cond_destroy(&workers->ended);
    pthread_cond_destroy(&workers->work);
    pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
    free(workers);
}

struct ph_workers *ph_workers_create(const struct ph_workers_options *options)
{
    struct ph_workers *workers = ph_heap_zeroed(1, sizeof *workers);

    workers->options = *options;
    fill_defaults(&workers->options);
    workers->blocking = (struct ph_blocking){ begin, end, workers };
    workers->last = &workers->first;
    workers->threads = ph_heap_zeroed(workers->options.threads, sizeof *workers->threads);
    init_conditions(workers);
    if (!ph_sources_init(&workers->sources)) {
        destroy_parts(workers);
        return NULL;
    }
    if (!start(workers)) {
        if (ph_workers_stop(workers, 1000)) {
            ph_workers_destroy(workers);
        }
        return NULL;
    }
    return workers;
}

void ph_workers_add_source(struct ph_workers *workers, const struct ph_source *source)
{
    ph_sources_add(&workers->sources, source);
}

void ph_workers_remove_source(struct ph_workers *workers, const void *self)
{
    ph_sources_remove(&workers->sources, self);
}

bool ph_workers_submit(struct ph_workers *workers, struct ph_job *job)
{
    bool taken;

    job->queued_ns = ph_monotonic_ns();
    pthread_mutex_lock(&workers->lock);
    taken = !workers->stopping && workers->queued < workers->options.queue_max;
    if (taken) {
        push(workers, job);
        wake_one(workers);
    }
    pthread_mutex_unlock(&workers->lock);
    return taken;
}

void ph_workers_block_begin(struct ph_workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->running--;
    workers->blocked++;
    wake_one(workers);
    pthread_mutex_unlock(&workers->lock);
}

void ph_workers_block_end(struct ph_workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->running++;
    workers->blocked--;
    pthread_mutex_unlock(&workers->lock);
}

const struct ph_blocking *ph_workers_blocking(const struct ph_workers *workers)
{
    return &workers->blocking;
}

struct ph_workers_counts ph_workers_count(struct ph_workers *workers)
{
    struct ph_workers_counts counts;

    pthread_mutex_lock(&workers->lock);
    counts = (struct ph_workers_counts){ .queued = workers->queued,
                                         .threads = workers->started,
                                         .running = workers->running,
                                         .blocked = workers->blocked };
    pthread_mutex_unlock(&workers->lock);
    return counts;
}

static struct timespec deadline_in(int64_t wait_ms)
{
    const int64_t at_ns = ph_monotonic_ns() + wait_ms * 1000000;

    return (struct timespec){ .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };
}

bool ph_workers_stop(struct ph_workers *workers, int64_t wait_ms)
{
    const struct timespec deadline = deadline_in(wait_ms);
    bool ended;

    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->work);
    ph_sources_wake(&workers->sources);
    while (workers->alive > 0 &&
           pthread_cond_timedwait(&workers->ended, &workers->lock, &deadline) == 0) {
    }
    ended = workers->alive == 0;
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; ended && i < workers->started; i++) {
        pthread_join(workers->threads[i].id, NULL);
    }
    workers->started = ended ? 0 : workers->started;
    return ended;
}

void ph_workers_destroy(struct ph_workers *workers)
{
    if (workers == NULL) {
        return;
    }
    ph_sources_finish(&workers->sources);
    destroy_parts(workers);
}
