/* The vector arithmetic against the library's, where the CPU has it. */
#include "crypto/srp_ifma.h"

#include <openssl/bn.h>
#include <openssl/rand.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

enum { EXPONENT_MAX = 128 };

static struct ph_ifma_group group;
static BIGNUM *n;
static BN_CTX *ctx;

static int set_up(void **state)
{
    struct ph_srp_number modulus, r2, g = { .bytes = { [PH_SRP_BYTES - 1] = 2 } };
    BIGNUM *rr = BN_new();

    (void)state;
    if (!ph_ifma_available()) {
        return 0;
    }
    ctx = BN_CTX_new();
    n = BN_get_rfc3526_prime_3072(NULL);
    assert_int_equal(BN_lshift(rr, BN_value_one(), 2 * PH_IFMA_R_BITS), 1);
    assert_int_equal(BN_mod(rr, rr, n, ctx), 1);
    assert_int_equal(BN_bn2binpad(n, modulus.bytes, PH_SRP_BYTES), PH_SRP_BYTES);
    assert_int_equal(BN_bn2binpad(rr, r2.bytes, PH_SRP_BYTES), PH_SRP_BYTES);
    ph_ifma_group_init(&group, &modulus, &r2, &g);
    BN_free(rr);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(group.powers);
    BN_free(n);
    BN_CTX_free(ctx);
    return 0;
}

static void assert_power(const struct ph_srp_number *base, struct ph_str e)
{
    BIGNUM *b = BN_bin2bn(base->bytes, PH_SRP_BYTES, NULL);
    BIGNUM *exponent = BN_bin2bn(e.p, (int)e.n, NULL);
    struct ph_srp_number expected, got;

    assert_int_equal(BN_mod_exp(b, b, exponent, n, ctx), 1);
    assert_int_equal(BN_bn2binpad(b, expected.bytes, PH_SRP_BYTES), PH_SRP_BYTES);
    ph_ifma_power(&group, base, e, &got);
    assert_memory_equal(got.bytes, expected.bytes, PH_SRP_BYTES);
    BN_free(exponent);
    BN_free(b);
}

static void assert_powers(const struct ph_srp_number *base)
{
    static const uint8_t edges[] = { 0x00, 0x01, 0x10, 0x80, 0xff };
    uint8_t e[EXPONENT_MAX];

    for (size_t i = 0; i < sizeof edges; i++) {
        memset(e, edges[i], sizeof e);
        assert_power(base, (struct ph_str){ e, 1 });
        assert_power(base, (struct ph_str){ e, PH_SRP_EXPONENT });
        assert_power(base, (struct ph_str){ e, EXPONENT_MAX });
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(RAND_bytes(e, sizeof e), 1);
        assert_power(base, (struct ph_str){ e, PH_SRP_EXPONENT });
    }
}

static void powers_are_those_of_the_library(void **state)
{
    struct ph_srp_number base;

    (void)state;
    if (!ph_ifma_available()) {
        skip();
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(RAND_bytes(base.bytes, sizeof base.bytes), 1);
        base.bytes[0] &= 0x7f; /* below n */
        assert_powers(&base);
    }
}

static void powers_of_the_smallest_and_largest_bases_are_right(void **state)
{
    struct ph_srp_number base;
    BIGNUM *largest;

    (void)state;
    if (!ph_ifma_available()) {
        skip();
    }
    largest = BN_dup(n);
    for (BN_ULONG below = 1; below <= 2; below++) {
        assert_int_equal(BN_sub_word(largest, 1), 1);
        assert_int_equal(BN_bn2binpad(largest, base.bytes, PH_SRP_BYTES), PH_SRP_BYTES);
        assert_powers(&base);
    }
    for (uint8_t small = 0; small <= 2; small++) {
        base = (struct ph_srp_number){ .bytes = { [PH_SRP_BYTES - 1] = small } };
        assert_powers(&base);
    }
    BN_free(largest);
}

static void powers_of_g_are_those_of_any_base(void **state)
{
    const struct ph_srp_number g = { .bytes = { [PH_SRP_BYTES - 1] = 2 } };
    struct ph_srp_number expected, got;
    uint8_t e[PH_SRP_EXPONENT];

    (void)state;
    if (!ph_ifma_available()) {
        skip();
    }
    for (int i = 0; i < 100; i++) {
        if (i < 2) {
            memset(e, i == 0 ? 0x00 : 0xff, sizeof e);
        } else {
            assert_int_equal(RAND_bytes(e, sizeof e), 1);
        }
        ph_ifma_power(&group, &g, (struct ph_str){ e, sizeof e }, &expected);
        ph_ifma_power_of_g(&group, e, &got);
        assert_memory_equal(got.bytes, expected.bytes, PH_SRP_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_are_those_of_the_library),
        cmocka_unit_test(powers_of_the_smallest_and_largest_bases_are_right),
        cmocka_unit_test(powers_of_g_are_those_of_any_base),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
