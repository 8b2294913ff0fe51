/*
 * RSA-2048 keys and RS256 signatures (RFC 7518, 3.3).
 */
#ifndef PH_CRYPTO_RSA_H
#define PH_CRYPTO_RSA_H

#include "crypto/secret.h"

enum { PH_RSA_BYTES = 256 };

struct ph_rsa_key; /* a private key, loaded once and used by many threads */

/* Takes 50-200 ms of CPU. Never NULL. */
struct ph_rsa_key *ph_rsa_generate(void);

/* From PKCS #8 DER; NULL when it is not a 2048-bit RSA key. */
PH_MUST_USE struct ph_rsa_key *ph_rsa_load(struct ph_str pkcs8);
void ph_rsa_free(struct ph_rsa_key *key); /* NULL is fine */

/* The private key as PKCS #8 DER. A secret: seal it. */
struct ph_str ph_rsa_pkcs8(struct ph_arena *arena, const struct ph_rsa_key *key);

/* Modulus, 256 bytes big-endian. The exponent is always 65537. */
struct ph_str ph_rsa_modulus(struct ph_arena *arena, const struct ph_rsa_key *key);

/* RS256 over input. Thread-safe: one key serves all workers. A failing library ends the process. */
void ph_rsa_sign(const struct ph_rsa_key *key, struct ph_str input,
                 uint8_t signature[PH_RSA_BYTES]);

/* Verifies with the public half. */
PH_MUST_USE bool ph_rsa_verify(const struct ph_rsa_key *key, struct ph_str input,
                               struct ph_str signature);

#endif
