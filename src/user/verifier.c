/* Salts and verifiers of passwords. */
#include "user/verifier.h"

#include <string.h>

enum { SALT_FIRST_MIN = 0x10, SALT_FIRST_COUNT = 0x70 };

void ph_salt_shape(uint8_t salt[PH_SALT_BYTES])
{
    salt[0] = (uint8_t)(SALT_FIRST_MIN + salt[0] % SALT_FIRST_COUNT);
}

void ph_verifier_set(struct ph_arena *arena, const struct ph_srp_identity *identity,
                     struct ph_str text, struct ph_password *password)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number verifier = { 0 };
    const struct ph_str salt = { password->salt, sizeof password->salt };

    _Static_assert(sizeof verifier.bytes == PH_VERIFIER_BYTES, "a verifier is a group element");
    ph_srp_verifier(arena, identity, text, salt, &verifier);
    memcpy(password->verifier, verifier.bytes, sizeof password->verifier);
}

bool ph_verifier_matches(struct ph_arena *arena, const struct ph_srp_identity *identity,
                         struct ph_str text, const struct ph_password *password)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number verifier = { 0 };
    const struct ph_str salt = { password->salt, sizeof password->salt };
    const struct ph_str stored = { password->verifier, sizeof password->verifier };

    ph_srp_verifier(arena, identity, text, salt, &verifier);
    return ph_equal_secret((struct ph_str){ verifier.bytes, sizeof verifier.bytes }, stored);
}
