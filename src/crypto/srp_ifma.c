#include "crypto/srp_ifma.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define FAST __attribute__((target("avx512f,avx512ifma")))

enum {
    LIMB_BITS = 52,
    LIMBS = PH_IFMA_R_BITS / LIMB_BITS,
    VECTORS = PH_IFMA_LIMBS / 8,
    WINDOWS = PH_SRP_EXPONENT * 2, /* of four bits */
};

static const uint64_t LIMB_MASK = (UINT64_C(1) << LIMB_BITS) - 1;

bool ph_ifma_available(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512ifma");
}

/* ---- bytes and limbs ---- */

static void read_bytes(const struct ph_srp_number *in, struct ph_ifma_number *out)
{
    *out = (struct ph_ifma_number){ 0 };
    for (size_t i = 0; i < PH_SRP_BYTES; i++) { /* i counts from the least significant byte */
        const size_t limb = i * 8 / LIMB_BITS, shift = i * 8 % LIMB_BITS;
        const uint64_t byte = in->bytes[PH_SRP_BYTES - 1 - i];

        out->limbs[limb] |= byte << shift & LIMB_MASK;
        out->limbs[limb + 1] |= shift > LIMB_BITS - 8 ? byte >> (LIMB_BITS - shift) : 0;
    }
}

static void write_bytes(const struct ph_ifma_number *in, struct ph_srp_number *out)
{
    for (size_t i = 0; i < PH_SRP_BYTES; i++) {
        const size_t limb = i * 8 / LIMB_BITS, shift = i * 8 % LIMB_BITS;
        uint64_t byte = in->limbs[limb] >> shift;

        byte |= shift > LIMB_BITS - 8 ? in->limbs[limb + 1] << (LIMB_BITS - shift) : 0;
        out->bytes[PH_SRP_BYTES - 1 - i] = (uint8_t)byte;
    }
}

/* Limbs with up to 64 bits become limbs of 52. */
static void carry(struct ph_ifma_number *n)
{
    uint64_t over = 0;

    for (size_t i = 0; i < LIMBS; i++) {
        over += n->limbs[i];
        n->limbs[i] = over & LIMB_MASK;
        over >>= LIMB_BITS;
    }
}

/* n - m when that is not negative, else n. */
static void subtract_once(struct ph_ifma_number *n, const struct ph_ifma_number *m)
{
    struct ph_ifma_number less = { 0 };
    uint64_t borrow = 0, keep;

    for (size_t i = 0; i < LIMBS; i++) {
        const uint64_t d = n->limbs[i] - m->limbs[i] - borrow;

        less.limbs[i] = d & LIMB_MASK;
        borrow = d >> 63;
    }
    keep = -borrow;
    for (size_t i = 0; i < LIMBS; i++) {
        n->limbs[i] = (n->limbs[i] & keep) | (less.limbs[i] & ~keep);
    }
    explicit_bzero(&less, sizeof less);
}

/* ---- multiplication ---- */

/*
 * Almost Montgomery multiplication (Gueron 2012): out = a * b / R mod n, below 2n when a and b are.
 * The sum moves down by one limb for each limb of b; its lanes take at most 4 * 60 products of 52
 * bits, so that carries wait until the end.
 */
FAST static void multiply(const struct ph_ifma_group *group, const struct ph_ifma_number *a,
                          const struct ph_ifma_number *b, struct ph_ifma_number *out)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i sum[VECTORS + 1], x[VECTORS], n[VECTORS];

    for (size_t v = 0; v < VECTORS; v++) {
        sum[v] = zero;
        x[v] = _mm512_load_si512(&a->limbs[8 * v]);
        n[v] = _mm512_load_si512(&group->n.limbs[8 * v]);
    }
    sum[VECTORS] = zero;
    for (size_t i = 0; i < LIMBS; i++) {
        const __m512i y = _mm512_set1_epi64((long long)b->limbs[i]);
        __m512i q;
        uint64_t low;

#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; v++) {
            sum[v] = _mm512_madd52lo_epu64(sum[v], x[v], y);
        }
        low = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(sum[0]));
        q = _mm512_set1_epi64((long long)(low * group->k0 & LIMB_MASK));
#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; v++) {
            sum[v] = _mm512_madd52lo_epu64(sum[v], n[v], q);
        }
        low = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(sum[0])) >> LIMB_BITS;
#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; v++) {
            sum[v] = _mm512_alignr_epi64(sum[v + 1], sum[v], 1);
        }
        sum[0] = _mm512_add_epi64(sum[0], _mm512_maskz_set1_epi64(1, (long long)low));
#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; v++) {
            sum[v] = _mm512_madd52hi_epu64(sum[v], x[v], y);
            sum[v] = _mm512_madd52hi_epu64(sum[v], n[v], q);
        }
    }
    for (size_t v = 0; v < VECTORS; v++) {
        _mm512_store_si512(&out->limbs[8 * v], sum[v]);
    }
    carry(out);
}

static void to_montgomery(const struct ph_ifma_group *group, const struct ph_srp_number *in,
                          struct ph_ifma_number *out)
{
    read_bytes(in, out);
    multiply(group, out, &group->rr, out);
}

/* Multiplying by one leaves at most n itself. */
static void from_montgomery(const struct ph_ifma_group *group, struct ph_ifma_number *in,
                            struct ph_srp_number *out)
{
    const struct ph_ifma_number one = { { 1 } };

    multiply(group, in, &one, in);
    subtract_once(in, &group->n);
    write_bytes(in, out);
    explicit_bzero(in, sizeof *in);
}

static void set_one(const struct ph_ifma_group *group, struct ph_ifma_number *out)
{
    const struct ph_ifma_number one = { { 1 } };

    multiply(group, &one, &group->rr, out);
}

/* ---- powers ---- */

/* All entries are read, so that the cache learns nothing of the index. */
FAST static void choose(const struct ph_ifma_number row[16], unsigned index,
                        struct ph_ifma_number *out)
{
    __m512i chosen[VECTORS];

    for (size_t v = 0; v < VECTORS; v++) {
        chosen[v] = _mm512_setzero_si512();
    }
    for (unsigned i = 0; i < 16; i++) {
        const __m512i mask = _mm512_set1_epi64(-(long long)(((i ^ index) - 1U) >> 31));

#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; v++) {
            const __m512i entry = _mm512_load_si512(&row[i].limbs[8 * v]);

            chosen[v] = _mm512_or_si512(chosen[v], _mm512_and_si512(entry, mask));
        }
    }
    for (size_t v = 0; v < VECTORS; v++) {
        _mm512_store_si512(&out->limbs[8 * v], chosen[v]);
    }
}

/* base^0 to base^15 */
static void fill_row(const struct ph_ifma_group *group, const struct ph_ifma_number *base,
                     struct ph_ifma_number row[16])
{
    set_one(group, &row[0]);
    for (size_t i = 1; i < 16; i++) {
        multiply(group, &row[i - 1], base, &row[i]);
    }
}

/* Four bits of a big-endian number, counted from the most significant. */
static unsigned nibble(const uint8_t *e, size_t w)
{
    return w % 2 == 0 ? e[w / 2] >> 4 : e[w / 2] & 15;
}

static uint64_t negative_inverse(uint64_t n)
{
    uint64_t x = n; /* right to three bits; each step doubles them */

    for (int i = 0; i < 5; i++) {
        x *= 2 - n * x;
    }
    return -x & LIMB_MASK;
}

void ph_ifma_group_init(struct ph_ifma_group *group, const struct ph_srp_number *n,
                        const struct ph_srp_number *rr, const struct ph_srp_number *g)
{
    struct ph_ifma_number base;

    read_bytes(n, &group->n);
    read_bytes(rr, &group->rr);
    group->k0 = negative_inverse(group->n.limbs[0]);
    group->powers = aligned_alloc(64, WINDOWS * sizeof *group->powers);
    if (group->powers == NULL) {
        ph_fatal("out of memory");
    }
    to_montgomery(group, g, &base);
    for (size_t w = 0; w < WINDOWS; w++) {
        fill_row(group, &base, group->powers[w]);
        multiply(group, &group->powers[w][15], &base, &base);
    }
}

void ph_ifma_power_of_g(const struct ph_ifma_group *group, const uint8_t e[PH_SRP_EXPONENT],
                        struct ph_srp_number *out)
{
    struct ph_ifma_number power, factor;

    choose(group->powers[0], nibble(e, WINDOWS - 1), &power);
    for (size_t w = 1; w < WINDOWS; w++) {
        choose(group->powers[w], nibble(e, WINDOWS - 1 - w), &factor);
        multiply(group, &power, &factor, &power);
    }
    from_montgomery(group, &power, out);
    explicit_bzero(&factor, sizeof factor);
}

void ph_ifma_power(const struct ph_ifma_group *group, const struct ph_srp_number *base,
                   struct ph_str e, struct ph_srp_number *out)
{
    struct ph_ifma_number row[16], power, factor;

    to_montgomery(group, base, &factor);
    fill_row(group, &factor, row);
    set_one(group, &power);
    for (size_t w = 0; w < 2 * e.n; w++) {
        for (int i = 0; w > 0 && i < 4; i++) {
            multiply(group, &power, &power, &power);
        }
        choose(row, nibble(e.p, w), &factor);
        multiply(group, &power, &factor, &power);
    }
    from_montgomery(group, &power, out);
    explicit_bzero(row, sizeof row);
    explicit_bzero(&factor, sizeof factor);
}

#else

bool ph_ifma_available(void)
{
    return false;
}

void ph_ifma_group_init(struct ph_ifma_group *group, const struct ph_srp_number *n,
                        const struct ph_srp_number *rr, const struct ph_srp_number *g)
{
    (void)group, (void)n, (void)rr, (void)g;
}

void ph_ifma_power_of_g(const struct ph_ifma_group *group, const uint8_t e[PH_SRP_EXPONENT],
                        struct ph_srp_number *out)
{
    (void)group, (void)e, (void)out;
    ph_fatal("no AVX-512 here");
}

void ph_ifma_power(const struct ph_ifma_group *group, const struct ph_srp_number *base,
                   struct ph_str e, struct ph_srp_number *out)
{
    (void)group, (void)base, (void)e, (void)out;
    ph_fatal("no AVX-512 here");
}

#endif
