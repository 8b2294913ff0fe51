#include "crypto/random.h"

#include "crypto/secret.h"

#include <limits.h>
#include <openssl/rand.h>
#include <string.h>

/*
 * Ids and nonces are a few bytes each, and a call of the library costs more than the bytes: each
 * thread draws a stock. What was given out is wiped from it. The process never forks without
 * executing another program, so no two draw from the same stock.
 */
enum { STOCK = 512, SMALL = 64 };

static void draw(uint8_t *bytes, size_t n)
{
    if (n > INT_MAX || RAND_bytes(bytes, (int)n) != 1) {
        ph_fatal("no randomness from the system");
    }
}

static void fill(void *self, uint8_t *bytes, size_t n)
{
    static _Thread_local uint8_t stock[STOCK];
    static _Thread_local size_t left;

    (void)self;
    if (n > SMALL) {
        draw(bytes, n);
        return;
    }
    if (left < n) {
        draw(stock, sizeof stock);
        left = sizeof stock;
    }
    left -= n;
    memcpy(bytes, stock + left, n);
    ph_wipe(stock + left, n);
}

const struct ph_random ph_system_random = { fill, NULL };
