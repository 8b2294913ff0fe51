#include "store/readers.h"

#include "util/memory.h"

#include <stdlib.h>

enum { KEPT = 64 }; /* idle connections; more are closed when they come back */

struct ph_readers {
    const struct ph_driver *driver;
    struct ph_db_target *target;
    struct ph_db *shared;
    pthread_mutex_t lock; /* of the list; of the connection itself when it is shared */
    struct ph_db *idle[KEPT];
    size_t count;
};

struct ph_readers *ph_readers_create(const struct ph_driver *driver, struct ph_db_target *target,
                                     struct ph_db *shared)
{
    struct ph_readers *readers = ph_heap_zeroed(1, sizeof *readers);

    readers->driver = driver;
    readers->target = target;
    readers->shared = target->path == NULL ? shared : NULL;
    pthread_mutex_init(&readers->lock, NULL);
    return readers;
}

void ph_readers_destroy(struct ph_readers *readers)
{
    if (readers == NULL) {
        return;
    }
    while (readers->count > 0) {
        readers->driver->close(readers->idle[--readers->count]);
    }
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}

struct ph_db *ph_readers_take(struct ph_readers *readers)
{
    struct ph_db *db = NULL;

    pthread_mutex_lock(&readers->lock);
    if (readers->shared != NULL) {
        return readers->shared; /* the lock stays taken until it is given back */
    }
    if (readers->count > 0) {
        db = readers->idle[--readers->count]; /* the latest one: its pages are warm */
    }
    pthread_mutex_unlock(&readers->lock);
    return db != NULL ? db : readers->driver->open(readers->target, PH_DB_READER, NULL, 0);
}

void ph_readers_give(struct ph_readers *readers, struct ph_db *db)
{
    bool kept = true;

    if (readers->shared != NULL) {
        pthread_mutex_unlock(&readers->lock);
        return;
    }
    pthread_mutex_lock(&readers->lock);
    if (readers->count < KEPT) {
        readers->idle[readers->count++] = db;
    } else {
        kept = false;
    }
    pthread_mutex_unlock(&readers->lock);
    if (!kept) {
        readers->driver->close(db);
    }
}

pthread_mutex_t *ph_readers_shared_lock(struct ph_readers *readers)
{
    return readers->shared != NULL ? &readers->lock : NULL;
}
