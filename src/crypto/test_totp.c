/* RFC 6238, appendix B, for SHA-1: the last six of its eight digits. */
#include "crypto/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

static struct ph_arena arena;

static const struct {
    int64_t time;
    const char *code;
} VECTORS[] = {
    { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
    { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
};

static void codes_follow_the_vectors_of_rfc_6238(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        const struct ph_str code =
            ph_totp_code(&arena, PH_STR("12345678901234567890"), ph_totp_step(VECTORS[i].time));

        assert_string_equal(ph_cstr(&arena, code), VECTORS[i].code);
    }
}

static void a_step_lasts_thirty_seconds(void **state)
{
    (void)state;
    assert_int_equal(ph_totp_step(29), 0);
    assert_int_equal(ph_totp_step(30), 1);
    assert_int_equal(ph_totp_step(59), 1);
}

static int finish(void **state)
{
    (void)state;
    ph_arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_follow_the_vectors_of_rfc_6238),
        cmocka_unit_test(a_step_lasts_thirty_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, finish);
}
