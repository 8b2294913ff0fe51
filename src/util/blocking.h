/*
 * Waits: a worker that waits for a commit or another server says so, and another one may run
 * meanwhile. Without an implementation (tests, commands) both are NULL and nothing happens.
 */
#ifndef PH_UTIL_BLOCKING_H
#define PH_UTIL_BLOCKING_H

struct ph_blocking {
    void (*begin)(void *self);
    void (*end)(void *self); /* does not wait */
    void *self;
};

#endif
