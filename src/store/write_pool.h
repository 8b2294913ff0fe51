/*
 * Writing on an engine that takes several transactions at once: each job runs on a connection of
 * its own, in the thread that wants it. Included only inside store/.
 *
 * A job may run more than once, each time on its argument as it was given: after a deadlock, when
 * the server went away, when a lost commit turns out not to have happened. It happens once.
 */
#ifndef PH_STORE_WRITE_POOL_H
#define PH_STORE_WRITE_POOL_H

#include "store/driver/driver.h"
#include "util/log.h"

struct ph_tx;
struct ph_write_pool;

/* A job and its argument: size bytes at arg are put back before it runs again. */
struct ph_pooled_job {
    void (*run)(struct ph_tx *tx, void *arg);
    void *arg;
    size_t size;
};

/* db: a first connection, the pool's from now on. Target and log live longer than the pool. */
struct ph_write_pool *ph_write_pool_create(const struct ph_driver *driver,
                                           struct ph_db_target *target, struct ph_db *db,
                                           const struct ph_log *log);
void ph_write_pool_destroy(struct ph_write_pool *pool); /* NULL is fine */

/*
 * DONE (durable), CONFLICT (abandoned by the job), AWAY (there is no primary), LOST (it could not
 * be found out in time whether it happened), or another failure. Failures are logged.
 */
enum ph_verdict ph_write_pool_run(struct ph_write_pool *pool, const struct ph_pooled_job *job);

/* Runs all in one transaction; DONE, or nothing was kept and nothing is logged. */
enum ph_verdict ph_write_pool_run_all(struct ph_write_pool *pool, const struct ph_pooled_job *jobs,
                                      size_t count);

/* False since no primary was found. */
bool ph_write_pool_has_primary(struct ph_write_pool *pool);

#endif
