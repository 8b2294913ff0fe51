/*
 * A thread that moves the write-ahead log into the database while the writer goes on committing
 * (SQLite: a passive checkpoint, https://sqlite.org/wal.html). Without it the writer would do all
 * of that at once and everybody who writes would wait. Included only inside store/.
 */
#ifndef PH_STORE_CHECKPOINT_H
#define PH_STORE_CHECKPOINT_H

#include "store/driver/driver.h"
#include "util/log.h"

struct ph_checkpointer;

/* For a file of an engine with one writer. The target and the log outlive it. */
struct ph_checkpointer *ph_checkpointer_create(const struct ph_driver *driver,
                                               struct ph_db_target *target,
                                               const struct ph_log *log);

/* Waits for what it is at. NULL is fine. */
void ph_checkpointer_destroy(struct ph_checkpointer *checkpointer);

/* The log has grown: moves what is in it. Does not wait. */
void ph_checkpointer_wake(struct ph_checkpointer *checkpointer);

#endif
