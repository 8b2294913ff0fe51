#include "store/write_pool.h"

#include "store/writer.h"
#include "util/clock.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CONNECTIONS = 16,   /* more jobs wait for one to come back */
    TRIES = 6,          /* of a job that meets locks or deadlocks */
    PAUSE_MS = 4,       /* before the second try; doubled each time, and half of it at random */
    LOOK_MS = 100,      /* between two searches for a primary */
    PATIENCE_MS = 1500, /* a primary that went away may be back within this */
    LONGEST_MS = 15000, /* then whoever waits is told that nobody knows */
};

struct ph_write_pool {
    const struct ph_driver *driver;
    struct ph_db_target *target;
    const struct ph_log *log;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct ph_db *idle[CONNECTIONS];
    size_t idle_count;
    size_t open_count; /* idle, lent, or being opened */
    bool looking;      /* while there is no primary, one thread looks for it */
    int64_t away_ns;   /* since when there is none; 0: there is */
    int64_t look_ns;   /* nobody looks before */
};

static int64_t after_ms(int64_t from_ns, int64_t ms)
{
    return from_ns + ms * INT64_C(1000000);
}

struct ph_write_pool *ph_write_pool_create(const struct ph_driver *driver,
                                           struct ph_db_target *target, struct ph_db *db,
                                           const struct ph_log *log)
{
    struct ph_write_pool *pool = ph_heap_zeroed(1, sizeof *pool);
    pthread_condattr_t monotonic;

    pool->driver = driver;
    pool->target = target;
    pool->log = log;
    pool->idle[0] = db;
    pool->idle_count = 1;
    pool->open_count = 1;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return pool;
}

void ph_write_pool_destroy(struct ph_write_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    while (pool->idle_count > 0) {
        pool->driver->close(pool->idle[--pool->idle_count]);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* --- lending connections --- */

static void log_primary(struct ph_write_pool *pool, bool there, const char *why)
{
    PH_LOG(pool->log, there ? PH_WARN : PH_ERROR, there ? "primary_found" : "primary_away",
           ph_f_text("why", why));
}

/* With the lock held; it is let go while the server is asked. */
static struct ph_db *open_one(struct ph_write_pool *pool)
{
    char why[256] = "";
    struct ph_db *db;

    pool->open_count++;
    pool->looking = pool->away_ns != 0;
    pthread_mutex_unlock(&pool->lock);
    db = pool->driver->open(pool->target, PH_DB_WRITER, why, sizeof why);
    pthread_mutex_lock(&pool->lock);
    pool->looking = false;
    if (db == NULL) {
        pool->open_count--;
        pool->look_ns = after_ms(ph_monotonic_ns(), LOOK_MS);
        if (pool->away_ns == 0) {
            pool->away_ns = ph_monotonic_ns();
            log_primary(pool, false, why);
        }
    } else if (pool->away_ns != 0) {
        pool->away_ns = 0;
        log_primary(pool, true, "writes go on");
    }
    pthread_cond_broadcast(&pool->changed);
    return db;
}

/* With the lock held. */
static void wait_until(struct ph_write_pool *pool, int64_t due_ns)
{
    const struct timespec t = { .tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000 };

    pthread_cond_timedwait(&pool->changed, &pool->lock, &t);
}

/* With the lock held: while there is no primary, only the first to come when it is time looks. */
static bool may_open(const struct ph_write_pool *pool)
{
    return pool->open_count < CONNECTIONS &&
           (pool->away_ns == 0 || (!pool->looking && ph_monotonic_ns() >= pool->look_ns));
}

/* With the lock held: nobody waits for long when the primary has been away for long. */
static bool is_hopeless(const struct ph_write_pool *pool, int64_t deadline_ns)
{
    const int64_t now_ns = ph_monotonic_ns();

    return now_ns >= deadline_ns ||
           (pool->away_ns != 0 && now_ns >= after_ms(pool->away_ns, PATIENCE_MS));
}

/* NULL when there is no primary, or no connection came back in time. */
static struct ph_db *take(struct ph_write_pool *pool, int64_t deadline_ns)
{
    struct ph_db *db = NULL;

    pthread_mutex_lock(&pool->lock);
    while (db == NULL) {
        if (pool->idle_count > 0) {
            db = pool->idle[--pool->idle_count];
        } else if (may_open(pool)) {
            db = open_one(pool);
        } else if (!is_hopeless(pool, deadline_ns)) {
            wait_until(pool, after_ms(ph_monotonic_ns(), LOOK_MS / 4));
            continue;
        }
        if (db == NULL && is_hopeless(pool, deadline_ns)) {
            break;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return db;
}

static void give(struct ph_write_pool *pool, struct ph_db *db)
{
    const bool well = pool->driver->is_well(db);

    pthread_mutex_lock(&pool->lock);
    if (well) {
        pool->idle[pool->idle_count++] = db;
    } else {
        pool->open_count--;
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    if (!well) {
        pool->driver->close(db);
    }
}

/* --- one transaction --- */

/* Other than DONE: nothing was kept, but for LOST. */
static enum ph_verdict run_jobs(struct ph_write_pool *pool, struct ph_db *db,
                                const struct ph_pooled_job *jobs, size_t count, const char **why)
{
    const struct ph_driver *driver = pool->driver;
    struct ph_tx tx = { .driver = driver, .db = db };

    tx.verdict = driver->begin(db);
    for (size_t i = 0; i < count && tx.verdict == PH_DB_DONE; i++) {
        jobs[i].run(&tx, jobs[i].arg);
    }
    if (tx.verdict == PH_DB_DONE) {
        tx.verdict = driver->commit(db);
    }
    *why = tx.why != NULL ? tx.why : driver->message(db);
    if (tx.verdict != PH_DB_DONE) {
        driver->rollback(db);
    }
    return tx.verdict;
}

/* Until it is known what became of the commit, or nobody waits any more. */
static enum ph_verdict settle(struct ph_write_pool *pool, struct ph_db *db, int64_t deadline_ns)
{
    const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
    enum ph_verdict verdict;

    while ((verdict = pool->driver->settle(db)) == PH_DB_LOST && ph_monotonic_ns() < deadline_ns) {
        nanosleep(&pause, NULL);
    }
    PH_LOG(pool->log, verdict == PH_DB_LOST ? PH_ERROR : PH_WARN, "store_commit_unknown",
           ph_f_text("found", verdict == PH_DB_DONE   ? "it is kept"
                              : verdict == PH_DB_LOST ? "nothing in time"
                                                      : "it did not happen"));
    return verdict;
}

/* --- until it has happened --- */

static void pause_before(int tries)
{
    int64_t ms = (int64_t)PAUSE_MS << tries;

    ms = ms / 2 + ph_monotonic_ns() / 1024 % (ms / 2);
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

static bool tries_again(enum ph_verdict verdict, int *tries, int64_t deadline_ns)
{
    if (ph_monotonic_ns() >= deadline_ns) {
        return false;
    }
    if (verdict == PH_DB_RETRY) {
        pause_before(*tries);
        return ++*tries < TRIES;
    }
    return verdict == PH_DB_AWAY;
}

static enum ph_verdict run_until_done(struct ph_write_pool *pool, const struct ph_pooled_job *job,
                                      const void *as_given)
{
    const int64_t deadline_ns = after_ms(ph_monotonic_ns(), LONGEST_MS);
    enum ph_verdict verdict = PH_DB_DONE;
    const char *why = "";
    int tries = 0;

    do {
        struct ph_db *db = take(pool, deadline_ns);

        if (db == NULL) {
            return PH_DB_AWAY; /* logged when it began */
        }
        if (as_given != NULL) {
            memcpy(job->arg, as_given, job->size);
        }
        verdict = run_jobs(pool, db, job, 1, &why);
        if (verdict == PH_DB_LOST) {
            verdict = settle(pool, db, deadline_ns);
        }
        if (verdict != PH_DB_DONE && verdict != PH_DB_CONFLICT && verdict != PH_DB_AWAY) {
            PH_LOG(pool->log, verdict == PH_DB_RETRY ? PH_WARN : PH_ERROR, "store_write_failed",
                   ph_f_text("why", why), ph_f_int("try", tries + 1));
        }
        give(pool, db);
    } while (tries_again(verdict, &tries, deadline_ns));
    return verdict;
}

enum ph_verdict ph_write_pool_run(struct ph_write_pool *pool, const struct ph_pooled_job *job)
{
    enum ph_verdict verdict;
    void *as_given = NULL;

    if (job->size > 0) {
        as_given = ph_heap_alloc(job->size);
        memcpy(as_given, job->arg, job->size);
    }
    verdict = run_until_done(pool, job, as_given);
    free(as_given);
    return verdict;
}

enum ph_verdict ph_write_pool_run_all(struct ph_write_pool *pool, const struct ph_pooled_job *jobs,
                                      size_t count)
{
    const int64_t deadline_ns = after_ms(ph_monotonic_ns(), LONGEST_MS);
    struct ph_db *db = take(pool, deadline_ns);
    enum ph_verdict verdict = PH_DB_AWAY;
    const char *why;

    if (db != NULL) {
        verdict = run_jobs(pool, db, jobs, count, &why);
        if (verdict == PH_DB_LOST) {
            verdict = settle(pool, db, deadline_ns);
        }
        give(pool, db);
    }
    return verdict;
}

bool ph_write_pool_has_primary(struct ph_write_pool *pool)
{
    bool there;

    pthread_mutex_lock(&pool->lock);
    there = pool->away_ns == 0;
    pthread_mutex_unlock(&pool->lock);
    return there;
}
