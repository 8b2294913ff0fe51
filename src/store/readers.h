/*
 * Connections for reading, handed out one call at a time. Included only inside store/.
 */
#ifndef PH_STORE_READERS_H
#define PH_STORE_READERS_H

#include "store/driver/driver.h"

#include <pthread.h>

struct ph_readers;

/* path NULL: everybody shares `shared`, the only connection of a database in memory. */
struct ph_readers *ph_readers_create(const struct ph_driver *driver, const char *path,
                                     struct ph_db *shared);
void ph_readers_destroy(struct ph_readers *readers); /* NULL is fine */

/* NULL when a new connection was needed and could not be opened. */
struct ph_db *ph_readers_take(struct ph_readers *readers);
void ph_readers_give(struct ph_readers *readers, struct ph_db *db);

/* The lock of the shared connection; NULL when there is none. */
pthread_mutex_t *ph_readers_shared_lock(struct ph_readers *readers);

#endif
