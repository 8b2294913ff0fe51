/*
 * The SRP protocol core (authentication.md section 2): bytes and state in, bytes and state out.
 *
 * No store, no clock, no socket. The same functions serve users (pool := the part of the pool id
 * after '_', user_id := the stored Username) and devices (pool := DeviceGroupKey, user_id :=
 * DeviceKey). Thread-safe.
 */
#ifndef PH_CRYPTO_SRP_H
#define PH_CRYPTO_SRP_H

#include "crypto/hash.h"
#include "crypto/srp_group.h"

struct ph_srp_identity {
    struct ph_str pool_name;
    struct ph_str user_id;
};

enum { PH_SRP_HEX_MAX = 2048, PH_SRP_CLAIM_KEY_BYTES = 16 };

/* The key that proves a password: a secret. */
struct ph_srp_claim_key {
    uint8_t bytes[PH_SRP_CLAIM_KEY_BYTES];
};

void ph_srp_claim_key_wipe(struct ph_srp_claim_key *key);

/* x = H( BI(salt) || H(pool_name || user_id || ":" || password) ) */
void ph_srp_x(struct ph_arena *arena, const struct ph_srp_identity *identity,
              struct ph_str password, struct ph_str salt, uint8_t x[PH_SRP_EXPONENT]);

/* v = g^x: what the server keeps of a password. */
void ph_srp_verifier(struct ph_arena *arena, const struct ph_srp_identity *identity,
                     struct ph_str password, struct ph_str salt, struct ph_srp_number *verifier);

/* u = H( BI(A) || BI(B) ) */
void ph_srp_u(struct ph_arena *arena, const struct ph_srp_number *a, const struct ph_srp_number *b,
              uint8_t u[PH_SRP_EXPONENT]);

/* The key of both sides from the common secret S: HKDF, "Caldera Derived Key", 16 bytes. */
void ph_srp_key_from_secret(struct ph_arena *arena, const uint8_t u[PH_SRP_EXPONENT],
                            const struct ph_srp_number *secret, struct ph_srp_claim_key *key);

/* The server's key. False when A mod N or u is zero, which no honest client sends. */
PH_MUST_USE bool ph_srp_server_key(struct ph_arena *arena, const struct ph_srp_number *a,
                                   const struct ph_srp_number *b,
                                   const struct ph_srp_number *verifier, struct ph_str secret_b,
                                   struct ph_srp_claim_key *key);

/* PASSWORD_CLAIM_SIGNATURE before base64: HMAC over pool_name, user_id, block, timestamp. */
void ph_srp_claim(const struct ph_srp_claim_key *key, const struct ph_srp_identity *identity,
                  struct ph_str secret_block, struct ph_str timestamp, struct ph_digest *claim);

/*
 * SRP_A as clients send it: hexadecimal of either case, odd or even length, padded or not, at
 * most PH_SRP_HEX_MAX digits. False otherwise. The number is reduced mod N.
 */
PH_MUST_USE bool ph_srp_read_hex(struct ph_arena *arena, struct ph_str hex,
                                 struct ph_srp_number *out);

/* Minimal lower-case hexadecimal without leading zero digits ("0" for zero). */
struct ph_str ph_srp_hex(struct ph_arena *arena, struct ph_str big_endian);

/*
 * "Sat Jan 3 04:05:06 UTC 2026" (EEE MMM d HH:mm:ss 'UTC' yyyy). A padded day and GMT are
 * tolerated: old clients send them. False when it is no such time.
 */
PH_MUST_USE bool ph_srp_timestamp(struct ph_str text, int64_t *epoch_s);

#endif
