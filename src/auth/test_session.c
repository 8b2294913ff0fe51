#include "auth/session.h"

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

static const struct ph_pool POOL = { .id = PH_STR_INIT("eu-west-1_aaaaaaaaa"),
                                     .ref = { .id = PH_STR_INIT("eu-west-1_aaaaaaaaa"),
                                              .data_key = &KEY } };
static const struct ph_pool OTHER = { .id = PH_STR_INIT("eu-west-1_bbbbbbbbb"),
                                      .ref = { .id = PH_STR_INIT("eu-west-1_bbbbbbbbb"),
                                               .data_key = &OTHER_KEY } };

static const struct ph_session SESSION = {
    .challenge = PH_STR_INIT("NEW_PASSWORD_REQUIRED"),
    .client_id = PH_STR_INIT("client"),
    .sub = PH_STR_INIT("sub"),
    .name = PH_STR_INIT("ann@example.com"),
    .event_id = PH_STR_INIT("event"),
    .nonce = PH_STR_INIT("nonce"),
    .password = PH_STR_INIT("tag"),
    .device_key = PH_STR_INIT("eu-west-1_key"),
    .code = PH_STR_INIT("mac"),
    .proven = PH_PROVED_PASSWORD | PH_PROVED_MFA_SETUP,
    .choice = PH_CHOICE_SRP,
    .expires_ms = 1800000000456,
};

static void assert_same(const struct ph_session *back)
{
    assert_true(ph_str_eq(back->challenge, SESSION.challenge));
    assert_true(ph_str_eq(back->client_id, SESSION.client_id));
    assert_true(ph_str_eq(back->sub, SESSION.sub));
    assert_true(ph_str_eq(back->name, SESSION.name));
    assert_true(ph_str_eq(back->event_id, SESSION.event_id));
    assert_true(ph_str_eq(back->nonce, SESSION.nonce));
    assert_true(ph_str_eq(back->password, SESSION.password));
    assert_true(ph_str_eq(back->device_key, SESSION.device_key));
    assert_true(ph_str_eq(back->code, SESSION.code));
    assert_int_equal(back->proven, SESSION.proven);
    assert_int_equal(back->choice, SESSION.choice);
    assert_int_equal(back->expires_ms, SESSION.expires_ms);
}

static struct ph_srp_state some_srp(void)
{
    struct ph_srp_state srp;

    memset(&srp.a, 1, sizeof srp.a);
    memset(&srp.b, 2, sizeof srp.b);
    memset(srp.secret_b, 3, sizeof srp.secret_b);
    return srp;
}

static void a_session_comes_back_whole(void **state)
{
    const struct ph_str text = ph_session_seal(&ctx, &POOL, &SESSION);
    struct ph_session back;

    (void)state;
    assert_true(text.n >= 20 && text.n <= 2048);
    assert_true(ph_session_open(&ctx, &POOL, text, &back));
    assert_same(&back);
}

static void a_secret_block_comes_back_with_its_bytes(void **state)
{
    const struct ph_srp_state srp = some_srp();
    const struct ph_str text = ph_secret_block_seal(&ctx, &POOL, &SESSION, &srp);
    struct ph_srp_state srp_back;
    struct ph_session back;
    struct ph_str bytes;

    (void)state;
    assert_true(ph_secret_block_open(&ctx, &POOL, text, &back, &srp_back, &bytes));
    assert_same(&back);
    assert_memory_equal(&srp, &srp_back, sizeof srp);
    assert_int_equal(bytes.n,
                     text.n / 4 * 3 - (text.p[text.n - 1] == '=') - (text.p[text.n - 2] == '='));
}

static void another_pool_opens_neither(void **state)
{
    const struct ph_srp_state srp = some_srp();
    struct ph_srp_state srp_back;
    struct ph_session back;
    struct ph_str bytes;

    (void)state;
    assert_false(ph_session_open(&ctx, &OTHER, ph_session_seal(&ctx, &POOL, &SESSION), &back));
    assert_false(ph_secret_block_open(
        &ctx, &OTHER, ph_secret_block_seal(&ctx, &POOL, &SESSION, &srp), &back, &srp_back, &bytes));
}

/* A sealed text serves for what it was made for only. */
static void one_is_not_the_other(void **state)
{
    struct ph_str text = ph_session_seal(&ctx, &POOL, &SESSION);
    struct ph_srp_state srp_back;
    struct ph_session back;
    struct ph_str bytes;

    (void)state;
    while (text.n % 4 != 0) {
        text.n--;
    }
    assert_false(ph_secret_block_open(&ctx, &POOL, text, &back, &srp_back, &bytes));
}

static void a_session_names_its_pool(void **state)
{
    struct ph_str id;

    (void)state;
    assert_true(ph_session_pool_id(&ctx, ph_session_seal(&ctx, &POOL, &SESSION), &id));
    assert_true(ph_str_eq(id, POOL.id));
    assert_false(ph_session_pool_id(&ctx, PH_STR("eu-west-1_aaaaaaaaa"), &id));
    assert_false(ph_session_pool_id(&ctx, PH_STR("not a session"), &id));
}

static void a_text_changed_or_cut_anywhere_is_refused(void **state)
{
    const struct ph_str text = ph_session_seal(&ctx, &POOL, &SESSION);
    uint8_t *changed = ph_arena_alloc(&arena, text.n);
    struct ph_session back;

    (void)state;
    memcpy(changed, text.p, text.n);
    for (size_t i = 0; i < text.n; i++) {
        assert_false(ph_session_open(&ctx, &POOL, (struct ph_str){ text.p, i }, &back));
        changed[i] ^= 4;
        assert_false(ph_session_open(&ctx, &POOL, (struct ph_str){ changed, text.n }, &back));
        changed[i] ^= 4;
    }
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
        cmocka_unit_test(a_session_comes_back_whole),
        cmocka_unit_test(a_secret_block_comes_back_with_its_bytes),
        cmocka_unit_test(another_pool_opens_neither),
        cmocka_unit_test(one_is_not_the_other),
        cmocka_unit_test(a_session_names_its_pool),
        cmocka_unit_test(a_text_changed_or_cut_anywhere_is_refused),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, finish);
}
