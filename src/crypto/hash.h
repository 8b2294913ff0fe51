/*
 * SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869).
 *
 * These cannot fail on valid arguments; a failing library ends the process.
 */
#ifndef PH_CRYPTO_HASH_H
#define PH_CRYPTO_HASH_H

#include "crypto/secret.h"

enum { PH_SHA256_BYTES = 32 };

struct ph_digest {
    uint8_t bytes[PH_SHA256_BYTES];
};

/* The digest as a slice; holds as long as the digest. */
static inline struct ph_str ph_digest_str(const struct ph_digest *digest)
{
    return (struct ph_str){ digest->bytes, sizeof digest->bytes };
}

/* Over the parts one after the other, count of them. */
void ph_sha256(const struct ph_str *parts, size_t count, struct ph_digest *out);
void ph_hmac_sha256(struct ph_str key, const struct ph_str *parts, size_t count,
                    struct ph_digest *out);

/* PH_SHA256(&out, a, b, c) hashes a || b || c. */
#define PH_SHA256(out, ...)                                                                        \
    ph_sha256((const struct ph_str[]){ __VA_ARGS__ },                                              \
              sizeof((const struct ph_str[]){ __VA_ARGS__ }) / sizeof(struct ph_str), (out))
#define PH_HMAC(key, out, ...)                                                                     \
    ph_hmac_sha256((key), (const struct ph_str[]){ __VA_ARGS__ },                                  \
                   sizeof((const struct ph_str[]){ __VA_ARGS__ }) / sizeof(struct ph_str), (out))

/* out->n is the wanted length, at most 255 * 32 bytes; out->p is written. */
void ph_hkdf_sha256(struct ph_str ikm, struct ph_str salt, struct ph_str info, uint8_t *out,
                    size_t n);

/* A key for one purpose, derived from another: HKDF with the purpose as info. */
void ph_key_derive(const struct ph_key *from, struct ph_str purpose, struct ph_key *out);

#endif
