/*
 * Password hashes that were made elsewhere, as import jobs bring them (management.md 11): bcrypt,
 * scrypt, Argon2id and PBKDF2 with SHA-256. They are only ever read; no new ones are made.
 *
 *   BCRYPT         $2[abxy]$cost$ and 53 characters; cost 4 to 12
 *   SCRYPT         N$r$p$salt$hash, the last two in hexadecimal; N a power of two, 2 to 65536, r at
 *                  most 8, p 1
 *   ARGON2ID       $argon2id$v=19$m=KIB,t=N,p=1$salt$hash in base64 without padding; m 8 to 19456,
 *                  t at most 2
 *   PBKDF2_SHA256  $pbkdf2-sha256$iterations$salt$hash in base64, where '.' may stand for '+', with
 *                  or without padding; at most 600000 iterations
 *
 * Whoever brings a file also chooses what a sign-in costs: so the costs are bounded before anything
 * is computed. Thread-safe.
 */
#ifndef PH_CRYPTO_PASSWORD_HASH_H
#define PH_CRYPTO_PASSWORD_HASH_H

#include "util/str.h"

enum ph_hash_algorithm {
    PH_HASH_NONE,
    PH_HASH_BCRYPT,
    PH_HASH_SCRYPT,
    PH_HASH_ARGON2ID,
    PH_HASH_PBKDF2_SHA256,
};

enum { PH_HASH_TEXT_MAX = 1024, PH_HASH_BYTES_MAX = 128 };

/* As on the wire: "BCRYPT". The absent slice for PH_HASH_NONE. */
struct ph_str ph_hash_algorithm_name(enum ph_hash_algorithm algorithm);

/* PH_HASH_NONE for a text that names none. */
enum ph_hash_algorithm ph_hash_algorithm_of(struct ph_str name);

/* Which algorithm a hash is of, by its form; PH_HASH_NONE when it is malformed or too costly. */
enum ph_hash_algorithm ph_password_hash_kind(struct ph_arena *arena, struct ph_str hash);

/*
 * True when the hash is of this password. False for a hash that ph_password_hash_kind() does not
 * know. Takes as long as the costs in the hash say, for right and for wrong ones. bcrypt reads no
 * more than the first 72 bytes, as everywhere.
 */
PH_MUST_USE bool ph_password_hash_matches(struct ph_arena *arena, struct ph_str hash,
                                          struct ph_str password);

#endif
