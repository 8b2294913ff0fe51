/* X.509 certificates over our own keys (RFC 5280). */
#ifndef PH_CRYPTO_CERTIFICATE_H
#define PH_CRYPTO_CERTIFICATE_H

#include "crypto/rsa.h"

struct ph_certificate {
    struct ph_str common_name; /* of subject and issuer; 1 to 64 characters */
    struct ph_str serial;      /* big-endian, 1 to 20 bytes, the first bit is not set */
    int64_t not_before_s;      /* epoch seconds */
    int64_t not_after_s;
};

/*
 * A version 3 certificate for signatures, signed by its own key with RS256, as DER in the arena.
 * The same key and the same facts give the same bytes, so that nobody has to keep them. A failing
 * library ends the process.
 */
struct ph_str ph_certificate_self_signed(struct ph_arena *arena, const struct ph_rsa_key *key,
                                         const struct ph_certificate *facts);

#endif
