#include "crypto/random.h"

#include <limits.h>
#include <openssl/rand.h>

static void fill(void *self, uint8_t *bytes, size_t n)
{
    (void)self;
    if (n > INT_MAX || RAND_bytes(bytes, (int)n) != 1) {
        ph_fatal("no randomness from the system");
    }
}

const struct ph_random ph_system_random = { fill, NULL };
