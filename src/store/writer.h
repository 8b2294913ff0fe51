/*
 * The one writer thread with group commit. Included only inside store/.
 *
 * All jobs that wait when a commit ends run in the next transaction, each behind a mark of its
 * own, so that a failing one is undone alone. Who waits is woken after the commit is durable.
 *
 * On an engine of several writers only what nobody waits for comes here; the rest runs at once
 * (write_pool.h).
 */
#ifndef PH_STORE_WRITER_H
#define PH_STORE_WRITER_H

#include "store/driver/driver.h"
#include "util/blocking.h"
#include "util/log.h"

#include <pthread.h>

/* A transaction as a job sees it. */
struct ph_tx {
    const struct ph_driver *driver;
    struct ph_db *db;
    enum ph_verdict verdict; /* DONE while all goes well; CONFLICT: abandoned by the job */
    const char *why;         /* of our own; NULL: ask the driver */
};

typedef void ph_job_run(struct ph_tx *tx, void *arg);

struct ph_writer;
struct ph_write_pool;
struct ph_checkpointer;

struct ph_writer_options {
    const struct ph_driver *driver;
    struct ph_db *db;           /* stays the caller's; NULL with a pool */
    struct ph_write_pool *pool; /* stays the caller's; NULL on an engine with one writer */
    pthread_mutex_t *db_lock;   /* NULL: nobody else uses the connection */
    struct ph_checkpointer *checkpointer; /* outlives the writer; NULL: the writer does it alone */
    const struct ph_log *log;             /* lives longer than the writer */
};

struct ph_writer *ph_writer_create(const struct ph_writer_options *options);

/* Commits what is queued and ends the thread. NULL is fine. */
void ph_writer_destroy(struct ph_writer *writer);

/*
 * Runs the job and waits: DONE (durable), CONFLICT (abandoned), or a failure, logged. The job may
 * run again: then the size bytes at arg are put back as they were before.
 */
enum ph_verdict ph_writer_run(struct ph_writer *writer, const struct ph_blocking *blocking,
                              ph_job_run *run, void *arg, size_t size);

/* Waits until all that nobody waited for, up to now, is durable or has failed. */
void ph_writer_flush(struct ph_writer *writer, const struct ph_blocking *blocking);

/*
 * Runs the job with the next commit, without anybody waiting. arg is malloc'ed and now the
 * writer's. When too many of them wait already, the caller waits (or, with a full disk, the job
 * is dropped and logged).
 */
void ph_writer_later(struct ph_writer *writer, ph_job_run *run, void *arg);

/*
 * Runs the job between two transactions, when all that was queued before is committed, and waits.
 * The job has the connection, and no transaction. On an engine of several writers nothing runs:
 * BROKEN.
 */
enum ph_verdict ph_writer_alone(struct ph_writer *writer, const struct ph_blocking *blocking,
                                ph_job_run *run, void *arg);

/* FULL since a write found no space, AWAY since one found no server, until one succeeds: DONE. */
enum ph_verdict ph_writer_state(struct ph_writer *writer);

#endif
