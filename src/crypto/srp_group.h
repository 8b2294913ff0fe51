/*
 * Arithmetic in the SRP group: RFC 3526 group 15 (3072 bits) with g = 2.
 *
 * Numbers are big-endian byte strings of exactly PH_SRP_BYTES, and exponents of PH_SRP_EXPONENT.
 * Exponentiation with a secret exponent takes constant time. Thread-safe.
 */
#ifndef PH_CRYPTO_SRP_GROUP_H
#define PH_CRYPTO_SRP_GROUP_H

#include "crypto/secret.h"

enum { PH_SRP_BYTES = 384, PH_SRP_EXPONENT = 32 };

struct ph_srp_number {
    uint8_t bytes[PH_SRP_BYTES];
};

void ph_srp_number_wipe(struct ph_srp_number *n);

/* Once, before the first thread: builds the table of powers of g (some milliseconds). */
void ph_srp_group_start(void);

/* Reads unsigned big-endian bytes of any length up to 1024; false when longer. Reduced mod N. */
PH_MUST_USE bool ph_srp_number_read(struct ph_str bytes, struct ph_srp_number *out);

bool ph_srp_number_is_zero(const struct ph_srp_number *n);

/* g^e mod N by the table of fixed-base powers, constant time. */
void ph_srp_power_of_g(const uint8_t e[PH_SRP_EXPONENT], struct ph_srp_number *out);

/*
 * B = (k*v + g^b) mod N. b is unsigned big-endian; ours has PH_SRP_EXPONENT bytes and goes by the
 * table, recorded exchanges may have longer ones.
 */
void ph_srp_public_b(const struct ph_srp_number *v, struct ph_str b, struct ph_srp_number *out);

/* S = (A * v^u)^b mod N; u is public, b secret. */
void ph_srp_server_secret(const struct ph_srp_number *a, const struct ph_srp_number *v,
                          const uint8_t u[PH_SRP_EXPONENT], struct ph_str b,
                          struct ph_srp_number *out);

/* The client's half, for tests and the load generator: (B - k*g^x)^(a + u*x) mod N. */
void ph_srp_client_secret(const struct ph_srp_number *b, const uint8_t x[PH_SRP_EXPONENT],
                          const uint8_t u[PH_SRP_EXPONENT], const uint8_t a[PH_SRP_EXPONENT],
                          struct ph_srp_number *out);

/* BI(n) of authentication.md 2.1: minimal two's complement big-endian, so at most 385 bytes. */
struct ph_str ph_srp_bi(struct ph_arena *arena, struct ph_str unsigned_big_endian);

#endif
