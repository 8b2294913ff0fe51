/*
 * Sealed strings: AES-256-GCM (NIST SP 800-38D) with the purpose as associated data.
 *
 * Form: version byte 1, 12-byte random nonce, ciphertext, 16-byte tag. What was sealed for one
 * purpose, row or column does not open for another.
 */
#ifndef PH_CRYPTO_SEAL_H
#define PH_CRYPTO_SEAL_H

#include "crypto/secret.h"

enum { PH_SEAL_OVERHEAD = 1 + 12 + 16 };

/* The nonce comes from the system's random source. */
struct ph_str ph_seal(struct ph_arena *arena, const struct ph_key *key, struct ph_str purpose,
                      struct ph_str plain);

/* False when it was not sealed with this key for this purpose, or was changed; *plain untouched. */
PH_MUST_USE bool ph_open(struct ph_arena *arena, const struct ph_key *key, struct ph_str purpose,
                         struct ph_str sealed, struct ph_str *plain);

#endif
