/*
 * Waits: a worker that waits for a commit or another server says so, and another one may run
 * meanwhile. Without an implementation (tests, commands) both are NULL and nothing happens.
 * A wait stands between ph_blocking_begin() and ph_blocking_end().
 */
#ifndef PH_UTIL_BLOCKING_H
#define PH_UTIL_BLOCKING_H

#include <stddef.h>

struct ph_blocking {
    void (*begin)(void *self);
    void (*end)(void *self); /* does not wait */
    void *self;
};

/* NULL is fine. */
static inline void ph_blocking_begin(const struct ph_blocking *blocking)
{
    if (blocking != NULL && blocking->begin != NULL) {
        blocking->begin(blocking->self);
    }
}

static inline void ph_blocking_end(const struct ph_blocking *blocking)
{
    if (blocking != NULL && blocking->end != NULL) {
        blocking->end(blocking->self);
    }
}

#endif
