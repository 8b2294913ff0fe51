/*
 * Connections for reading, handed out one call at a time. Included only inside store/.
 */
#ifndef PH_STORE_READERS_H
#define PH_STORE_READERS_H

#include "store/driver/driver.h"

#include <pthread.h>

struct ph_readers;

/* In memory everybody shares `shared`, the only connection. The target outlives the readers. */
struct ph_readers *ph_readers_create(const struct ph_driver *driver, struct ph_db_target *target,
                                     struct ph_db *shared);
void ph_readers_destroy(struct ph_readers *readers); /* NULL is fine */

/* NULL when a new connection was needed and could not be opened. */
struct ph_db *ph_readers_take(struct ph_readers *readers);
void ph_readers_give(struct ph_readers *readers, struct ph_db *db);

/* The lock of the shared connection; NULL when there is none. */
pthread_mutex_t *ph_readers_shared_lock(struct ph_readers *readers);

#endif
