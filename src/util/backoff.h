/* How long to wait after the n-th failure: twice as long each time, up to a most, with jitter. */
#ifndef PH_UTIL_BACKOFF_H
#define PH_UTIL_BACKOFF_H

#include "util/ctx.h"

struct ph_backoff {
    int64_t first_ms;
    int64_t most_ms;
};

/* Evenly between half of the time and all of it; failures counts from 1. */
int64_t ph_backoff_ms(const struct ph_random *random, const struct ph_backoff *backoff,
                      int64_t failures);

#endif
