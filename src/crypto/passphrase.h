/*
 * A key under a passphrase: scrypt (RFC 7914) makes a key of the passphrase, which seals the other.
 *
 * Form of the text: "scrypt:LN:R:P:SALT:SEALED", the cost as in RFC 7914 (N is 2 to the power LN),
 * salt and sealed key in base64. About 128 MiB and half a second for each try.
 */
#ifndef PH_CRYPTO_PASSPHRASE_H
#define PH_CRYPTO_PASSPHRASE_H

#include "crypto/secret.h"

/* Shorter ones are guessed whatever the cost. */
enum { PH_PASSPHRASE_MIN = 12, PH_PASSPHRASE_MAX = 1024 };

struct ph_wrapped_key {
    int64_t ln, r, p;
    struct ph_str salt;
    struct ph_str sealed;
};

struct ph_str ph_passphrase_wrap(struct ph_arena *arena, struct ph_str passphrase,
                                 const struct ph_key *key);

/* False when it is no such text, or asks for more than 1 GiB or a long time; *out untouched. */
PH_MUST_USE bool ph_wrapped_key_parse(struct ph_arena *arena, struct ph_str text,
                                      struct ph_wrapped_key *out);

/* False when the passphrase is another one; *key untouched. */
PH_MUST_USE bool ph_passphrase_unwrap(struct ph_arena *arena, struct ph_str passphrase,
                                      const struct ph_wrapped_key *wrapped, struct ph_key *key);

#endif
