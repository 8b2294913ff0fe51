/*
 * Types of secrets. Declare them with PH_AUTO(ph_key_wipe), so that every return wipes.
 */
#ifndef PH_CRYPTO_SECRET_H
#define PH_CRYPTO_SECRET_H

#include "util/str.h"

enum { PH_KEY_BYTES = 32 };

/* A symmetric key: of a pool, of the master, derived for one purpose. */
struct ph_key {
    uint8_t bytes[PH_KEY_BYTES];
};

void ph_key_wipe(struct ph_key *key);

/* For structs of secrets of other modules: write the typed wipe with it. */
void ph_wipe(void *secret, size_t n);

/* Compares in a time that depends on the lengths only. */
PH_MUST_USE bool ph_equal_secret(struct ph_str a, struct ph_str b);

#endif
