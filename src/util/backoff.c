#include "util/backoff.h"

#include <string.h>

static int64_t doubled(const struct ph_backoff *backoff, int64_t failures)
{
    int64_t wait = backoff->first_ms;

    while (--failures > 0 && wait < backoff->most_ms) {
        wait *= 2;
    }
    return wait < backoff->most_ms ? wait : backoff->most_ms;
}

/* Those that failed together shall not come back together. */
int64_t ph_backoff_ms(const struct ph_random *random, const struct ph_backoff *backoff,
                      int64_t failures)
{
    const int64_t half = doubled(backoff, failures) / 2;
    uint8_t bytes[4];
    uint32_t n;

    random->fill(random->self, bytes, sizeof bytes);
    memcpy(&n, bytes, sizeof n);
    return half + (int64_t)(n % (uint64_t)(half + 1));
}
