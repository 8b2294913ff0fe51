/*
 * JSON Web Tokens: compact JWS (RFC 7515, 7519) with RS256 (RFC 7518, 3.3) and nothing else.
 *
 * Reading follows RFC 8725: the algorithm is ours and never the header's choice, no key comes from
 * the token, and nothing of the claims is seen before the signature holds. Only tokens of our own
 * are read, so the header may have no member but "kid" and "alg".
 */
#ifndef PH_TOKEN_JWT_H
#define PH_TOKEN_JWT_H

#include "crypto/rsa.h"
#include "util/json.h"

enum {
    PH_JWT_MAX = 64 * 1024,  /* characters of a token; longer ones are refused undecoded */
    PH_JWT_HEADER_MAX = 256, /* characters of its first part */
    PH_JWT_KID_CHARS = 44,   /* standard base64 of 32 bytes */
};

/* A token taken apart, and not to be believed yet. */
struct ph_jwt {
    struct ph_str kid;       /* PH_JWT_KID_CHARS; says which key to verify with */
    struct ph_str input;     /* what is signed: header, dot and claims; points into the text */
    struct ph_str claims;    /* still encoded; points into the text */
    struct ph_str signature; /* PH_RSA_BYTES */
};

/* The signed token: header {"kid":...,"alg":"RS256"}, claims in their order of insertion. */
struct ph_str ph_jwt_sign(struct ph_arena *arena, const struct ph_rsa_key *key, struct ph_str kid,
                          const struct json_t *claims);

/* False when the text cannot be a token of ours; *jwt untouched. */
PH_MUST_USE bool ph_jwt_split(struct ph_arena *arena, struct ph_str text, struct ph_jwt *jwt);

/*
 * The claims, an object, once the signature by `key` holds; NULL when it does not. The key is the
 * one that the caller keeps under jwt->kid. Expiry, issuer and use are the caller's to check.
 */
PH_MUST_USE struct json_t *ph_jwt_claims(struct ph_arena *arena, const struct ph_jwt *jwt,
                                         const struct ph_rsa_key *key);

/* The public half as JSON Web Key (RFC 7517), an object for the "keys" of a JWKS. */
struct json_t *ph_jwk(struct ph_arena *arena, const struct ph_rsa_key *key, struct ph_str kid);

#endif
