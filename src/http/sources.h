/*
 * Where jobs come from: descriptors that become readable, and what is to be done then. The workers
 * of a pool look after all of them in turn (workers.c); nobody else includes this but for the type.
 */
#ifndef PH_HTTP_SOURCES_H
#define PH_HTTP_SOURCES_H

#include "util/err.h"

#include <pthread.h>
#include <stdbool.h>

enum { PH_SOURCES_MAX = 4 };

struct ph_source {
    int fd; /* readable (poll) when there is something to do */

    /*
     * Does what there is without waiting, and submits the jobs that come of it. Any thread, several
     * at once. True when it has left something that no readiness of fd will tell of.
     */
    bool (*turn)(void *self);
    void *self;
};

struct ph_sources_slot {
    struct ph_source source;
    bool taken;
    bool leaving;
    unsigned users; /* threads that may be in turn or wait for fd */
};

struct ph_sources {
    int wake_fd; /* an eventfd: ends a wait, or the next one */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t unused;
    struct ph_sources_slot slots[PH_SOURCES_MAX];
};

/* False when there is no descriptor left. */
PH_MUST_USE bool ph_sources_init(struct ph_sources *sources);
void ph_sources_finish(struct ph_sources *sources);

/* There is room for PH_SOURCES_MAX of them; more are a mistake of ours. */
void ph_sources_add(struct ph_sources *sources, const struct ph_source *source);

/* When it returns, nobody uses the source with this self any more. */
void ph_sources_remove(struct ph_sources *sources, const void *self);

/* One turn of each. */
void ph_sources_turn(struct ph_sources *sources);

/* Until a source is readable or a turn has left something. */
void ph_sources_wait(struct ph_sources *sources);

/* Ends the wait, or the next one when nobody waits. Any thread. */
void ph_sources_wake(struct ph_sources *sources);

#endif
