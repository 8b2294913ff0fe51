#include "crypto/srp_group.h"

#include "util/memory.h"

#include <openssl/bn.h>
#include <pthread.h>
#include <string.h>

/*
 * Powers of g for fixed-base exponentiation: POWERS[w][i] = g^(i * 64^w), in Montgomery form. An
 * exponent of 256 bits then costs 43 multiplications and no squaring. About one megabyte.
 */
enum { WINDOW_BITS = 6, WINDOW_SIZE = 1 << WINDOW_BITS, WINDOWS = 256 / WINDOW_BITS + 1 };

struct entry {
    uint64_t limbs[PH_SRP_BYTES / 8]; /* little-endian bytes of the number */
};

static struct {
    BIGNUM *n;
    BIGNUM *k; /* H(BI(N) || BI(g)), authentication.md 2.1 */
    BN_MONT_CTX *mont;
    struct entry (*powers)[WINDOW_SIZE];
} group;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* authentication.md 2.1; the unit test derives it again from N and g. */
static const char K_HEX[] = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6";

static void must(int result)
{
    if (result != 1) {
        ph_fatal("big number arithmetic failed");
    }
}

static BIGNUM *got(BIGNUM *n)
{
    if (n == NULL) {
        ph_fatal("big number arithmetic failed");
    }
    return n;
}

static void free_ctx(BN_CTX **ctx)
{
    BN_CTX_free(*ctx); /* clears what it lent */
}

static void free_bn(BIGNUM **n)
{
    BN_clear_free(*n);
}

static BN_CTX *ctx_new(void)
{
    BN_CTX *ctx = BN_CTX_new();

    if (ctx == NULL) {
        ph_fatal("out of memory");
    }
    return ctx;
}

static BIGNUM *bn_new(void)
{
    return got(BN_new());
}

static BIGNUM *read_number(const struct ph_srp_number *n)
{
    return got(BN_bin2bn(n->bytes, PH_SRP_BYTES, NULL));
}

/* Exponents are secret unless said otherwise. */
static BIGNUM *read_exponent(struct ph_str e)
{
    BIGNUM *n = got(BN_bin2bn(e.p, (int)e.n, NULL));

    BN_set_flags(n, BN_FLG_CONSTTIME);
    return n;
}

static void write_number(const BIGNUM *n, struct ph_srp_number *out)
{
    if (BN_bn2binpad(n, out->bytes, PH_SRP_BYTES) != PH_SRP_BYTES) {
        ph_fatal("number larger than the group");
    }
}

static void entry_write(const BIGNUM *n, struct entry *entry)
{
    uint8_t bytes[PH_SRP_BYTES];

    if (BN_bn2lebinpad(n, bytes, PH_SRP_BYTES) != PH_SRP_BYTES) {
        ph_fatal("number larger than the group");
    }
    memcpy(entry->limbs, bytes, sizeof bytes);
}

/* One row: base^0, base^1, ... ; base becomes base^64, the next row's base. */
static void fill_row(struct entry row[WINDOW_SIZE], BIGNUM *base, BN_CTX *ctx)
{
    PH_AUTO(free_bn) BIGNUM *power = bn_new();

    must(BN_to_montgomery(power, BN_value_one(), group.mont, ctx));
    for (size_t i = 0; i < WINDOW_SIZE; i++) {
        entry_write(power, &row[i]);
        must(BN_mod_mul_montgomery(power, power, base, group.mont, ctx));
    }
    if (BN_copy(base, power) == NULL) {
        ph_fatal("big number arithmetic failed");
    }
}

static void start(void)
{
    PH_AUTO(free_ctx) BN_CTX *ctx = ctx_new();
    PH_AUTO(free_bn) BIGNUM *base = bn_new();

    group.n = got(BN_get_rfc3526_prime_3072(NULL));
    must(BN_hex2bn(&group.k, K_HEX) == (int)sizeof K_HEX - 1);
    group.mont = BN_MONT_CTX_new();
    group.powers = ph_heap_zeroed(WINDOWS, sizeof *group.powers);
    if (group.mont == NULL) {
        ph_fatal("out of memory");
    }
    must(BN_MONT_CTX_set(group.mont, group.n, ctx));
    must(BN_set_word(base, 2));
    must(BN_to_montgomery(base, base, group.mont, ctx));
    for (size_t w = 0; w < WINDOWS; w++) {
        fill_row(group.powers[w], base, ctx);
    }
}

void ph_srp_group_start(void)
{
    pthread_once(&once, start);
}

void ph_srp_number_wipe(struct ph_srp_number *n)
{
    explicit_bzero(n->bytes, sizeof n->bytes);
}

bool ph_srp_number_read(struct ph_str bytes, struct ph_srp_number *out)
{
    PH_AUTO(free_ctx) BN_CTX *ctx = NULL;
    PH_AUTO(free_bn) BIGNUM *n = NULL;

    if (bytes.n > 1024) {
        return false;
    }
    ph_srp_group_start();
    ctx = ctx_new();
    n = got(BN_bin2bn(bytes.p, (int)bytes.n, NULL));
    must(BN_mod(n, n, group.n, ctx));
    write_number(n, out);
    return true;
}

bool ph_srp_number_is_zero(const struct ph_srp_number *n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < sizeof n->bytes; i++) {
        any |= n->bytes[i];
    }
    return any == 0;
}

/* The six bits of e that belong to window w, counted from the least significant. */
static unsigned window_of(const uint8_t e[PH_SRP_EXPONENT], size_t w)
{
    const size_t bit = w * WINDOW_BITS;
    const size_t byte = PH_SRP_EXPONENT - 1 - bit / 8;
    const unsigned low = e[byte];
    const unsigned high = byte > 0 ? e[byte - 1] : 0;

    return (high << 8 | low) >> bit % 8 & (WINDOW_SIZE - 1);
}

/* All 64 entries are read, so that the cache learns nothing of the index. */
static void select_entry(const struct entry row[WINDOW_SIZE], unsigned index, struct entry *out)
{
    *out = (struct entry){ 0 };
    for (unsigned i = 0; i < WINDOW_SIZE; i++) {
        const uint64_t difference = i ^ index;
        const uint64_t mask = (difference - 1) >> 63 ? UINT64_MAX : 0;

        for (size_t j = 0; j < PH_SRP_BYTES / 8; j++) {
            out->limbs[j] |= row[i].limbs[j] & mask;
        }
    }
}

/* g^e in Montgomery form, into result. */
static void power_of_g(const uint8_t e[PH_SRP_EXPONENT], BIGNUM *result, BN_CTX *ctx)
{
    PH_AUTO(free_bn) BIGNUM *factor = bn_new();
    uint8_t bytes[PH_SRP_BYTES];
    struct entry entry;

    ph_srp_group_start();
    for (size_t w = 0; w < WINDOWS; w++) {
        select_entry(group.powers[w], window_of(e, w), &entry);
        memcpy(bytes, entry.limbs, sizeof bytes);
        if (w == 0) {
            got(BN_lebin2bn(bytes, PH_SRP_BYTES, result));
            continue;
        }
        got(BN_lebin2bn(bytes, PH_SRP_BYTES, factor));
        must(BN_mod_mul_montgomery(result, result, factor, group.mont, ctx));
    }
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(&entry, sizeof entry);
}

void ph_srp_power_of_g(const uint8_t e[PH_SRP_EXPONENT], struct ph_srp_number *out)
{
    PH_AUTO(free_ctx) BN_CTX *ctx = ctx_new();
    PH_AUTO(free_bn) BIGNUM *power = bn_new();

    power_of_g(e, power, ctx);
    must(BN_from_montgomery(power, power, group.mont, ctx));
    write_number(power, out);
}

/* g^e for an exponent longer than the table reaches. */
static void long_power_of_g(struct ph_str e, BIGNUM *result, BN_CTX *ctx)
{
    PH_AUTO(free_bn) BIGNUM *exponent = read_exponent(e);

    must(BN_set_word(result, 2));
    must(BN_mod_exp_mont_consttime(result, result, exponent, group.n, ctx, group.mont));
}

void ph_srp_public_b(const struct ph_srp_number *v, struct ph_str b, struct ph_srp_number *out)
{
    PH_AUTO(free_ctx) BN_CTX *ctx = ctx_new();
    PH_AUTO(free_bn) BIGNUM *sum = read_number(v);
    PH_AUTO(free_bn) BIGNUM *power = bn_new();

    if (b.n == PH_SRP_EXPONENT) {
        power_of_g(b.p, power, ctx);
        must(BN_from_montgomery(power, power, group.mont, ctx));
    } else {
        ph_srp_group_start();
        long_power_of_g(b, power, ctx);
    }
    must(BN_mod_mul(sum, sum, group.k, group.n, ctx));
    must(BN_mod_add(sum, sum, power, group.n, ctx));
    write_number(sum, out);
}

void ph_srp_server_secret(const struct ph_srp_number *a, const struct ph_srp_number *v,
                          const uint8_t u[PH_SRP_EXPONENT], struct ph_str b,
                          struct ph_srp_number *out)
{
    PH_AUTO(free_ctx) BN_CTX *ctx = NULL;
    PH_AUTO(free_bn) BIGNUM *base = read_number(v);
    PH_AUTO(free_bn) BIGNUM *public_a = read_number(a);
    PH_AUTO(free_bn) BIGNUM *public_u = got(BN_bin2bn(u, PH_SRP_EXPONENT, NULL));
    PH_AUTO(free_bn) BIGNUM *secret_b = read_exponent(b);

    ph_srp_group_start();
    ctx = ctx_new();
    must(BN_mod_exp_mont(base, base, public_u, group.n, ctx, group.mont));
    must(BN_mod_mul(base, base, public_a, group.n, ctx));
    must(BN_mod_exp_mont_consttime(base, base, secret_b, group.n, ctx, group.mont));
    write_number(base, out);
}

void ph_srp_client_secret(const struct ph_srp_number *b, const uint8_t x[PH_SRP_EXPONENT],
                          const uint8_t u[PH_SRP_EXPONENT], const uint8_t a[PH_SRP_EXPONENT],
                          struct ph_srp_number *out)
{
    PH_AUTO(free_ctx) BN_CTX *ctx = ctx_new();
    PH_AUTO(free_bn) BIGNUM *base = read_number(b);
    PH_AUTO(free_bn) BIGNUM *power = bn_new();
    PH_AUTO(free_bn) BIGNUM *exponent = read_exponent((struct ph_str){ x, PH_SRP_EXPONENT });
    PH_AUTO(free_bn) BIGNUM *public_u = got(BN_bin2bn(u, PH_SRP_EXPONENT, NULL));
    PH_AUTO(free_bn) BIGNUM *secret_a = read_exponent((struct ph_str){ a, PH_SRP_EXPONENT });

    power_of_g(x, power, ctx);
    must(BN_from_montgomery(power, power, group.mont, ctx));
    must(BN_mod_mul(power, power, group.k, group.n, ctx));
    must(BN_mod_sub(base, base, power, group.n, ctx));
    must(BN_mul(exponent, exponent, public_u, ctx));
    must(BN_add(exponent, exponent, secret_a));
    BN_set_flags(exponent, BN_FLG_CONSTTIME);
    must(BN_mod_exp_mont_consttime(base, base, exponent, group.n, ctx, group.mont));
    write_number(base, out);
}

struct ph_str ph_srp_bi(struct ph_arena *arena, struct ph_str unsigned_big_endian)
{
    struct ph_str s = unsigned_big_endian;
    uint8_t *out;

    while (s.n > 0 && s.p[0] == 0) {
        s = ph_str_skip(s, 1);
    }
    if (s.n > 0 && s.p[0] < 0x80) {
        return s;
    }
    out = ph_arena_alloc(arena, s.n + 1); /* the sign byte is zero already */
    if (s.n > 0) {
        memcpy(out + 1, s.p, s.n);
    }
    return (struct ph_str){ out, s.n + 1 };
}
