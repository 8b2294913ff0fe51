#include "store/writer.h"

#include "store/checkpoint.h"
#include "store/write_pool.h"
#include "util/memory.h"

#include <stdlib.h>
#include <time.h>

enum {
    BATCH_MAX = 512,      /* jobs in one transaction */
    LATER_MAX = 65536,    /* jobs that wait with nobody waiting for them */
    LATER_DELAY_MS = 10,  /* how long such a job waits for company */
    FULL_DELAY_MS = 1000, /* between tries while the disk is full */
    IDLE_MS = 50,         /* without jobs: time for housekeeping */
    BEGIN_TRIES = 3,      /* each as long as the driver waits for another process */
};

struct job {
    ph_job_run *run;
    void *arg;
    struct job *next;
    enum ph_verdict verdict;
    bool awaited;
    bool alone;           /* outside of transactions */
    bool finished;        /* of an awaited job: its caller may go on */
    pthread_cond_t woken; /* of an awaited job */
};

struct queue {
    struct job *first;
    struct job *last;
    size_t count;
};

struct ph_writer {
    struct ph_writer_options with;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t work;
    struct queue awaited;
    struct queue later;
    int64_t later_due_ns; /* when the first of `later` has waited long enough */
    bool stopping;
    enum ph_verdict state; /* FULL or AWAY: what the last write met; DONE: it was made */
    bool tidied;           /* since the last commit */
};

static void push(struct queue *queue, struct job *job)
{
    job->next = NULL;
    if (queue->last == NULL) {
        queue->first = job;
    } else {
        queue->last->next = job;
    }
    queue->last = job;
    queue->count++;
}

static struct job *pop(struct queue *queue)
{
    struct job *job = queue->first;

    if (job == NULL) {
        return NULL;
    }
    queue->first = job->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    queue->count--;
    return job;
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void wait_until(struct ph_writer *w, int64_t due_ns)
{
    const struct timespec t = { .tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000 };

    pthread_cond_timedwait(&w->work, &w->lock, &t);
}

/* --- one batch, without the lock of the queues --- */

static void log_failure(struct ph_writer *w, const char *event, const char *why)
{
    PH_LOG(w->with.log, PH_ERROR, event,
           ph_f_text("why", why != NULL ? why : w->with.driver->message(w->with.db)));
}

/* An engine that lost a write would go on as if nothing had happened: its recovery must run. */
static void die_when_lost(enum ph_verdict verdict)
{
    if (verdict == PH_DB_LOST) {
        ph_fatal("the disk failed while committing; what was acknowledged is safe, restart me");
    }
}

static void run_job(struct ph_writer *w, struct job *job)
{
    struct ph_tx tx = { .driver = w->with.driver, .db = w->with.db };

    tx.verdict = tx.driver->mark(tx.db);
    if (tx.verdict == PH_DB_DONE) {
        job->run(&tx, job->arg);
    }
    die_when_lost(tx.verdict);
    if (tx.verdict != PH_DB_DONE && tx.verdict != PH_DB_CONFLICT) {
        log_failure(w, "store_write_failed", tx.why);
    }
    job->verdict = tx.verdict;
    if (tx.driver->in_transaction(tx.db) &&
        tx.driver->unmark(tx.db, tx.verdict == PH_DB_DONE) != PH_DB_DONE) {
        tx.driver->rollback(tx.db); /* seen by the caller: no transaction any more */
    }
}

static enum ph_verdict begin(struct ph_writer *w)
{
    enum ph_verdict verdict = PH_DB_RETRY;

    for (int i = 0; i < BEGIN_TRIES && verdict == PH_DB_RETRY; i++) {
        verdict = w->with.driver->begin(w->with.db);
    }
    return verdict;
}

/* Runs all jobs and commits. Other than DONE: nothing of the batch was kept. */
static enum ph_verdict transact(struct ph_writer *w, const struct queue *batch)
{
    const struct ph_driver *driver = w->with.driver;
    enum ph_verdict verdict = begin(w);

    for (struct job *job = batch->first; job != NULL && verdict == PH_DB_DONE; job = job->next) {
        run_job(w, job);
        if (!driver->in_transaction(w->with.db)) {
            verdict = job->verdict == PH_DB_FULL ? PH_DB_FULL : PH_DB_BROKEN;
        }
    }
    if (verdict == PH_DB_DONE) {
        verdict = driver->commit(w->with.db);
    }
    die_when_lost(verdict);
    if (verdict != PH_DB_DONE) {
        log_failure(w, "store_commit_failed", NULL);
        driver->rollback(w->with.db);
    }
    return verdict;
}

static enum ph_verdict run_alone(struct ph_writer *w, struct job *job)
{
    struct ph_tx tx = { .driver = w->with.driver, .db = w->with.db };

    job->run(&tx, job->arg);
    die_when_lost(tx.verdict);
    if (tx.verdict != PH_DB_DONE) {
        log_failure(w, "store_write_failed", tx.why);
    }
    return tx.verdict;
}

/* All at once; when that fails, one by one, so that a failing one is undone alone. */
static enum ph_verdict run_in_pool(struct ph_writer *w, const struct queue *batch)
{
    struct ph_pooled_job jobs[BATCH_MAX];
    size_t count = 0;
    enum ph_verdict verdict;

    for (struct job *job = batch->first; job != NULL; job = job->next) {
        jobs[count++] = (struct ph_pooled_job){ .run = job->run, .arg = job->arg };
    }
    verdict = ph_write_pool_run_all(w->with.pool, jobs, count);
    if (verdict != PH_DB_RETRY && verdict != PH_DB_CONFLICT && verdict != PH_DB_BROKEN) {
        return verdict; /* it will not go better one by one */
    }
    for (struct job *job = batch->first; job != NULL; job = job->next) {
        job->verdict = ph_write_pool_run(
            w->with.pool, &(struct ph_pooled_job){ .run = job->run, .arg = job->arg });
    }
    return PH_DB_DONE;
}

static enum ph_verdict run_batch(struct ph_writer *w, const struct queue *batch)
{
    enum ph_verdict verdict;

    if (w->with.pool != NULL) {
        return run_in_pool(w, batch);
    }
    if (w->with.db_lock != NULL) {
        pthread_mutex_lock(w->with.db_lock);
    }
    verdict = batch->first->alone ? run_alone(w, batch->first) : transact(w, batch);
    if (verdict == PH_DB_DONE) {
        die_when_lost(w->with.driver->tidy(w->with.db, false));
        if (w->with.checkpointer != NULL && w->with.driver->log_has_grown(w->with.db)) {
            ph_checkpointer_wake(w->with.checkpointer);
        }
    }
    if (w->with.db_lock != NULL) {
        pthread_mutex_unlock(w->with.db_lock);
    }
    return verdict;
}

/* --- the thread, holding the lock except while a batch runs --- */

static void free_job(struct job *job)
{
    free(job->arg);
    free(job);
}

/* What nobody waits for is tried again after a full disk, as long as there is room. */
static void finish_unawaited(struct ph_writer *w, struct job *job)
{
    const bool again =
        job->verdict == PH_DB_FULL || job->verdict == PH_DB_RETRY || job->verdict == PH_DB_AWAY;

    if (again && !w->stopping && w->later.count < LATER_MAX) {
        push(&w->later, job);
        w->later_due_ns = now_ns() + (int64_t)FULL_DELAY_MS * 1000000;
        return;
    }
    free_job(job);
}

/* With the lock held. */
static void note_state(struct ph_writer *w, enum ph_verdict verdict)
{
    if (verdict == PH_DB_FULL || verdict == PH_DB_AWAY || verdict == PH_DB_DONE) {
        w->state = verdict;
    }
}

static void finish_batch(struct ph_writer *w, struct queue *batch, enum ph_verdict verdict)
{
    struct job *job;

    while ((job = pop(batch)) != NULL) {
        if (verdict != PH_DB_DONE) {
            job->verdict = verdict;
        }
        note_state(w, job->verdict);
        if (job->awaited) {
            job->finished = true;
            pthread_cond_signal(&job->woken); /* the job is its caller's from here on */
        } else {
            finish_unawaited(w, job);
        }
    }
}

/* A job that wants to be alone waits for the next batch unless it is the first. */
static void take_from(struct queue *queue, struct queue *batch)
{
    while (queue->first != NULL && batch->count < BATCH_MAX &&
           !(batch->count > 0 && (queue->first->alone || batch->first->alone))) {
        push(batch, pop(queue));
    }
}

static void take_batch(struct ph_writer *w, struct queue *batch)
{
    *batch = (struct queue){ 0 };
    take_from(&w->awaited, batch);
    take_from(&w->later, batch);
}

static bool is_due(const struct ph_writer *w)
{
    if (w->awaited.count > 0) {
        return true;
    }
    return w->later.count > 0 && (w->stopping || now_ns() >= w->later_due_ns);
}

/* Checkpoints the log when nothing has come for a while. */
static void tidy(struct ph_writer *w)
{
    w->tidied = true;
    if (w->with.pool != NULL) {
        return;
    }
    pthread_mutex_unlock(&w->lock);
    if (w->with.db_lock != NULL) {
        pthread_mutex_lock(w->with.db_lock);
    }
    die_when_lost(w->with.driver->tidy(w->with.db, true));
    if (w->with.db_lock != NULL) {
        pthread_mutex_unlock(w->with.db_lock);
    }
    pthread_mutex_lock(&w->lock);
}

static void wait_for_work(struct ph_writer *w)
{
    const int64_t idle_from_ns = now_ns() + (int64_t)IDLE_MS * 1000000;

    while (!is_due(w) && !w->stopping) {
        if (w->later.count > 0) {
            wait_until(w, w->later_due_ns);
        } else if (w->tidied) {
            pthread_cond_wait(&w->work, &w->lock);
        } else if (now_ns() < idle_from_ns) {
            wait_until(w, idle_from_ns);
        } else {
            tidy(w);
        }
    }
}

static void *write_jobs(void *self)
{
    struct ph_writer *w = self;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        struct queue batch;
        enum ph_verdict verdict;

        wait_for_work(w);
        take_batch(w, &batch);
        if (batch.count == 0) {
            break; /* stopping, and nothing left */
        }
        pthread_mutex_unlock(&w->lock);
        verdict = run_batch(w, &batch);
        pthread_mutex_lock(&w->lock);
        w->tidied = false;
        finish_batch(w, &batch, verdict);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* --- for the callers --- */

struct ph_writer *ph_writer_create(const struct ph_writer_options *options)
{
    struct ph_writer *w = ph_heap_zeroed(1, sizeof *w);
    pthread_condattr_t monotonic;

    w->with = *options;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&w->thread, NULL, write_jobs, w) != 0) {
        ph_fatal("the writer thread could not be started");
    }
    return w;
}

void ph_writer_destroy(struct ph_writer *w)
{
    if (w == NULL) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* Waits for the commit. */
static enum ph_verdict run_queued(struct ph_writer *w, struct job *job, struct queue *queue)
{
    pthread_cond_init(&job->woken, NULL);
    pthread_mutex_lock(&w->lock);
    push(queue, job);
    if (queue == &w->later) {
        w->later_due_ns = 0; /* at once */
    }
    pthread_cond_signal(&w->work);
    while (!job->finished) {
        pthread_cond_wait(&job->woken, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&job->woken);
    return job->verdict;
}

static enum ph_verdict run_at_once(struct ph_writer *w, const struct ph_pooled_job *job)
{
    const enum ph_verdict verdict = ph_write_pool_run(w->with.pool, job);

    pthread_mutex_lock(&w->lock);
    note_state(w, verdict);
    pthread_mutex_unlock(&w->lock);
    return verdict;
}

enum ph_verdict ph_writer_run(struct ph_writer *w, const struct ph_blocking *blocking,
                              ph_job_run *run, void *arg, size_t size)
{
    enum ph_verdict verdict;

    ph_blocking_begin(blocking);
    if (w->with.pool != NULL) {
        verdict = run_at_once(w, &(struct ph_pooled_job){ .run = run, .arg = arg, .size = size });
    } else {
        verdict =
            run_queued(w, &(struct job){ .run = run, .arg = arg, .awaited = true }, &w->awaited);
    }
    ph_blocking_end(blocking);
    return verdict;
}

static void do_nothing(struct ph_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
}

/* Who is waited for takes along what waits in the queue. */
void ph_writer_flush(struct ph_writer *w, const struct ph_blocking *blocking)
{
    ph_blocking_begin(blocking);
    (void)run_queued(w, &(struct job){ .run = do_nothing, .awaited = true }, &w->awaited);
    ph_blocking_end(blocking);
}

/* At the end of what nobody waits for: by then all that came before is done. */
enum ph_verdict ph_writer_alone(struct ph_writer *w, const struct ph_blocking *blocking,
                                ph_job_run *run, void *arg)
{
    struct job job = { .run = run, .arg = arg, .awaited = true, .alone = true };
    enum ph_verdict verdict;

    if (w->with.pool != NULL) {
        return PH_DB_BROKEN; /* nobody is ever alone there */
    }
    ph_blocking_begin(blocking);
    verdict = run_queued(w, &job, &w->later);
    ph_blocking_end(blocking);
    return verdict;
}

/* False when there is no room. Only the first job needs to wake the writer: it starts the delay. */
static bool queue_later(struct ph_writer *w, struct job *job)
{
    if (w->later.count >= LATER_MAX) {
        return false;
    }
    push(&w->later, job);
    if (w->later.count == 1) {
        w->later_due_ns = now_ns() + (int64_t)LATER_DELAY_MS * 1000000;
        pthread_cond_signal(&w->work);
    }
    return true;
}

void ph_writer_later(struct ph_writer *w, ph_job_run *run, void *arg)
{
    struct job *job = ph_heap_zeroed(1, sizeof *job);
    enum ph_verdict state;
    bool queued;

    job->run = run;
    job->arg = arg;
    pthread_mutex_lock(&w->lock);
    queued = queue_later(w, job);
    state = w->state;
    pthread_mutex_unlock(&w->lock);
    if (queued) {
        return;
    }
    if (state != PH_DB_DONE) {
        PH_LOG(w->with.log, PH_ERROR, "store_event_dropped",
               ph_f_text("why", state == PH_DB_FULL ? "the disk is full" : "no primary"));
    } else {
        (void)ph_writer_run(w, NULL, run, arg, 0);
    }
    free_job(job);
}

enum ph_verdict ph_writer_state(struct ph_writer *w)
{
    enum ph_verdict state;

    pthread_mutex_lock(&w->lock);
    state = w->state;
    pthread_mutex_unlock(&w->lock);
    return state;
}
