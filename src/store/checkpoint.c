#include "store/checkpoint.h"

#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>

struct ph_checkpointer {
    const struct ph_driver *driver;
    struct ph_db_target *target;
    const struct ph_log *log;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool wanted;
    bool stopping;
};

/* What does not succeed is left to the next time, or to the writer. */
static void checkpoint(const struct ph_checkpointer *c, struct ph_db *db)
{
    const enum ph_verdict verdict = c->driver->checkpoint(db);

    if (verdict == PH_DB_LOST) {
        ph_fatal("the disk failed while the log was moved into the database; what was acknowledged "
                 "is safe, restart me");
    }
    if (verdict == PH_DB_BROKEN) {
        PH_LOG(c->log, PH_WARN, "store_checkpoint_failed",
               ph_f_text("reason", c->driver->message(db)));
    }
}

static void *move_logs(void *self)
{
    struct ph_checkpointer *c = self;
    struct ph_db *db = NULL;

    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        if (!c->wanted) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        c->wanted = false;
        pthread_mutex_unlock(&c->lock);
        if (db == NULL) {
            db = c->driver->open(c->target, PH_DB_READER, NULL, 0);
        }
        if (db != NULL) {
            checkpoint(c, db);
        }
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    c->driver->close(db);
    return NULL;
}

struct ph_checkpointer *ph_checkpointer_create(const struct ph_driver *driver,
                                               struct ph_db_target *target,
                                               const struct ph_log *log)
{
    struct ph_checkpointer *c = ph_heap_zeroed(1, sizeof *c);

    c->driver = driver;
    c->target = target;
    c->log = log;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    if (pthread_create(&c->thread, NULL, move_logs, c) != 0) {
        ph_fatal("the checkpoint thread could not be started");
    }
    return c;
}

void ph_checkpointer_destroy(struct ph_checkpointer *c)
{
    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void ph_checkpointer_wake(struct ph_checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    c->wanted = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}
