/*
 * Powers in the SRP group on CPUs with AVX-512 IFMA, about four times as fast as the library's
 * general arithmetic for numbers of this size. srp_group.c chooses; elsewhere the library does it.
 *
 * Everything is constant-time: no branch and no address depends on a number or an exponent.
 */
#ifndef PH_CRYPTO_SRP_IFMA_H
#define PH_CRYPTO_SRP_IFMA_H

#include "crypto/srp_group.h"

/*
 * 52 bits each, the least significant first; the last four are zero. In Montgomery form with
 * R = 2^3120, and below twice the modulus.
 */
enum { PH_IFMA_LIMBS = 64, PH_IFMA_R_BITS = 3120 };

struct ph_ifma_number {
    _Alignas(64) uint64_t limbs[PH_IFMA_LIMBS];
};

struct ph_ifma_group {
    struct ph_ifma_number n;  /* the modulus, odd, below 2^3072; not in Montgomery form */
    struct ph_ifma_number rr; /* R^2 mod n, not in Montgomery form */
    uint64_t k0;              /* -1/n mod 2^52 */
    struct ph_ifma_number (*powers)[16]; /* [w][i] = g^(i * 16^w) */
};

/* Whether this CPU and system can do it. */
bool ph_ifma_available(void);

/*
 * n and rr (R^2 mod n) big-endian. Builds the table of powers of g: half a megabyte, about a
 * millisecond. The group is kept until the process ends.
 */
void ph_ifma_group_init(struct ph_ifma_group *group, const struct ph_srp_number *n,
                        const struct ph_srp_number *rr, const struct ph_srp_number *g);

/* g^e mod n */
void ph_ifma_power_of_g(const struct ph_ifma_group *group, const uint8_t e[PH_SRP_EXPONENT],
                        struct ph_srp_number *out);

/* base^e mod n; e is big-endian, and only its length is not a secret. */
void ph_ifma_power(const struct ph_ifma_group *group, const struct ph_srp_number *base,
                   struct ph_str e, struct ph_srp_number *out);

#endif
