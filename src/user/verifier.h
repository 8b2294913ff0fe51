/*
 * A password as the server keeps it: SRP salt and verifier (authentication.md 2.2).
 *
 * Pure: no store, no clock. x takes the pool's name and the stored Username, so neither may
 * change while the password stays.
 */
#ifndef PH_USER_VERIFIER_H
#define PH_USER_VERIFIER_H

#include "crypto/srp.h"
#include "store/users.h"

/*
 * Makes any 16 bytes a salt: the first becomes 0x10..0x7f, so that its hexadecimal form has no
 * leading zero and its sign bit is clear, where clients differ.
 */
void ph_salt_shape(uint8_t salt[PH_SALT_BYTES]);

/* The verifier for the salt that is already in *password. */
void ph_verifier_set(struct ph_arena *arena, const struct ph_srp_identity *identity,
                     struct ph_str text, struct ph_password *password);

/* Constant time over the verifiers. */
PH_MUST_USE bool ph_verifier_matches(struct ph_arena *arena, const struct ph_srp_identity *identity,
                                     struct ph_str text, const struct ph_password *password);

#endif
