/* How a user has signed in: the claim amr, and the level that it is worth (authentication.md 1.10).
 */
#ifndef PH_TOKEN_METHODS_H
#define PH_TOKEN_METHODS_H

#include "util/json.h"

/* Bits; the numbers are in sealed texts. */
enum ph_method {
    PH_METHOD_PASSWORD = 1,
    PH_METHOD_TOTP = 2,
    PH_METHOD_SMS = 4,
    PH_METHOD_EMAIL = 8,
    PH_METHOD_PLATFORM_KEY = 16, /* a passkey of the device itself */
    PH_METHOD_ROAMING_KEY = 32,
};

/* 1 to 4: the highest level that these methods satisfy; 0: none. */
unsigned ph_methods_level(unsigned methods);

/* The claim: their values, and "mfa" when there are two. */
struct json_t *ph_methods_claim(struct ph_arena *arena, unsigned methods);

/* The other way; what is none of ours is passed over. */
unsigned ph_methods_read(const struct json_t *claim);

#endif
