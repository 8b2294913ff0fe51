#include "token/refresh_token.h"

#include "crypto/random.h"
#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

static struct ph_arena arena;
static const struct ph_key KEY = { { 1 } }, OTHER_KEY = { { 2 } };

static struct ph_ctx ctx = { .arena = &arena,
                             .clock = &ph_system_clock,
                             .random = &ph_system_random };

static struct ph_pool pool_with(struct ph_str id, const struct ph_key *key)
{
    return (struct ph_pool){ .id = id, .ref = { .id = id, .data_key = key } };
}

static const struct ph_refresh_token TOKEN = {
    .pool_id = PH_STR_INIT("eu-west-1_aaaaaaaaa"),
    .client_id = PH_STR_INIT("client"),
    .sub = PH_STR_INIT("sub"),
    .family = PH_STR_INIT("family"),
    .generation = 3,
    .auth_time_ms = 1700000000123,
    .expires_ms = 1800000000456,
};

static void what_was_sealed_comes_back(void **state)
{
    const struct ph_pool pool = pool_with(TOKEN.pool_id, &KEY);
    struct ph_refresh_token back = { 0 };

    (void)state;
    assert_true(
        ph_refresh_token_open(&ctx, &pool, ph_refresh_token_seal(&ctx, &pool, &TOKEN), &back));
    assert_true(ph_str_eq(back.client_id, TOKEN.client_id));
    assert_true(ph_str_eq(back.sub, TOKEN.sub));
    assert_true(ph_str_eq(back.family, TOKEN.family));
    assert_int_equal(back.device_key.n, 0);
    assert_int_equal(back.generation, 3);
    assert_int_equal(back.auth_time_ms, TOKEN.auth_time_ms);
    assert_int_equal(back.expires_ms, TOKEN.expires_ms);
}

static void it_looks_like_a_compact_jwe(void **state)
{
    const struct ph_pool pool = pool_with(TOKEN.pool_id, &KEY);
    struct ph_str text = ph_refresh_token_seal(&ctx, &pool, &TOKEN);
    size_t parts = 1;

    (void)state;
    assert_true(text.n < 2048);
    assert_true(ph_str_starts(text, PH_STR("eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIi")));
    while (ph_str_cut(text, '.', NULL, &text)) {
        parts++;
    }
    assert_int_equal(parts, 5);
}

static void another_pool_does_not_open_it(void **state)
{
    const struct ph_pool pool = pool_with(TOKEN.pool_id, &KEY);
    const struct ph_pool other_key = pool_with(TOKEN.pool_id, &OTHER_KEY);
    const struct ph_pool other_id = pool_with(PH_STR("eu-west-1_bbbbbbbbb"), &KEY);
    const struct ph_str text = ph_refresh_token_seal(&ctx, &pool, &TOKEN);
    struct ph_refresh_token back;

    (void)state;
    assert_false(ph_refresh_token_open(&ctx, &other_key, text, &back));
    assert_false(ph_refresh_token_open(&ctx, &other_id, text, &back));
}

static void a_token_cut_anywhere_is_refused(void **state)
{
    const struct ph_pool pool = pool_with(TOKEN.pool_id, &KEY);
    const struct ph_str text = ph_refresh_token_seal(&ctx, &pool, &TOKEN);
    const size_t last_part = 16; /* carries nothing */
    struct ph_refresh_token back;

    (void)state;
    for (size_t n = 0; n < text.n - last_part; n++) {
        assert_false(ph_refresh_token_open(&ctx, &pool, (struct ph_str){ text.p, n }, &back));
    }
    assert_false(ph_refresh_token_open(&ctx, &pool, PH_STR("a.b.c.d.e"), &back));
    assert_false(
        ph_refresh_token_open(&ctx, &pool, ph_strf(&arena, "%.*s.x", PH_FMT(text)), &back));
}

static int start(void **state)
{
    (void)state;
    ph_json_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_comes_back),
        cmocka_unit_test(it_looks_like_a_compact_jwe),
        cmocka_unit_test(another_pool_does_not_open_it),
        cmocka_unit_test(a_token_cut_anywhere_is_refused),
    };
    const int failed = cmocka_run_group_tests(tests, start, NULL);

    ph_arena_finish(&arena);
    return failed;
}
