#include "control/internal.h"

#include "util/blocking.h"

#include <time.h>

enum { WAIT_S = 5 };

void ph_door_init(struct ph_door *door)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&door->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&door->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void ph_door_finish(struct ph_door *door)
{
    pthread_cond_destroy(&door->changed);
    pthread_mutex_destroy(&door->lock);
}

void ph_door_enter(struct ph_door *door, const struct ph_blocking *blocking)
{
    bool waited = false;

    pthread_mutex_lock(&door->lock);
    while (door->closed) {
        if (!waited) {
            ph_blocking_begin(blocking);
            waited = true;
        }
        pthread_cond_wait(&door->changed, &door->lock);
    }
    door->inside++;
    pthread_mutex_unlock(&door->lock);
    if (waited) {
        ph_blocking_end(blocking);
    }
}

void ph_door_leave(struct ph_door *door)
{
    pthread_mutex_lock(&door->lock);
    door->inside--;
    if (door->inside == 0) {
        pthread_cond_broadcast(&door->changed);
    }
    pthread_mutex_unlock(&door->lock);
}

/* A function that asks the API back would wait for itself: so there is an end to it. */
bool ph_door_close(struct ph_door *door, const struct ph_blocking *blocking)
{
    struct timespec until;
    int result = 0;
    bool closed;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    ph_blocking_begin(blocking);
    pthread_mutex_lock(&door->lock);
    door->closed = true;
    while (door->inside > 0 && result == 0) {
        result = pthread_cond_timedwait(&door->changed, &door->lock, &until);
    }
    closed = door->inside == 0;
    if (!closed) {
        door->closed = false;
        pthread_cond_broadcast(&door->changed);
    }
    pthread_mutex_unlock(&door->lock);
    ph_blocking_end(blocking);
    return closed;
}

void ph_door_open(struct ph_door *door)
{
    pthread_mutex_lock(&door->lock);
    door->closed = false;
    pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
}
