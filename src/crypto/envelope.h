/*
 * Messages of the AWS Encryption SDK, as its libraries read them: message format version 1,
 * algorithm 0x0378 (AES-256-GCM, HKDF with SHA-384, ECDSA on P-384), one frame. It is what the
 * service makes of codes for custom senders.
 *
 * Pure but for the system's random source. A failing library ends the process.
 * Follows: "AWS Encryption SDK message format reference".
 */
#ifndef PH_CRYPTO_ENVELOPE_H
#define PH_CRYPTO_ENVELOPE_H

#include "crypto/secret.h"

struct evp_pkey_st; /* OpenSSL's */

/* Signs one message. Its public key is part of the message's encryption context. */
struct ph_envelope_signer {
    struct evp_pkey_st *key;
    struct ph_str public_key; /* base64 of the compressed point */
};

void ph_envelope_signer_new(struct ph_arena *arena, struct ph_envelope_signer *signer);
void ph_envelope_signer_free(struct ph_envelope_signer *signer); /* for PH_AUTO */

#define PH_ENVELOPE_PUBLIC_KEY "aws-crypto-public-key"

struct ph_envelope_pair {
    struct ph_str name, value;
};

/* What the message is made with. */
struct ph_envelope {
    const struct ph_envelope_pair *context; /* sorted by name; one is the signer's public key */
    size_t context_count;
    struct ph_str provider; /* "aws-kms" */
    struct ph_str key_id;   /* ARN of the key that the data key is wrapped by */
    struct ph_str wrapped;  /* the data key, as that service gave it */
    const struct ph_key *data_key;
};

enum { PH_ENVELOPE_PLAIN_MAX = 4096 };

/* False when the plain text is longer than that, or a part of the envelope than 65,535 bytes. */
PH_MUST_USE bool ph_envelope_seal(struct ph_arena *arena, const struct ph_envelope_signer *signer,
                                  const struct ph_envelope *envelope, struct ph_str plain,
                                  struct ph_str *message);

#endif
