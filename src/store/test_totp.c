#include "store/totp.h"

#include "store/sign_in.h"
#include "store/test_support.h"

#define SECRET PH_STR("12345678901234567890")

static struct test_store *t;
static struct ph_user *user;

static int create(void **state)
{
    (void)state;
    t = test_store_create(true);
    user = test_user(&t->ctx, 1);
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    test_store_destroy(t);
    return 0;
}

static struct ph_totp found(void)
{
    struct ph_totp totp;

    assert_ok(ph_store_totp_find(&t->ctx, &TEST_POOL, user->sub, &totp));
    return totp;
}

static enum ph_user_write change(const struct ph_totp_change *totp)
{
    const struct ph_user_change changed = { .user = user, .totp = totp };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    assert_ok(ph_store_user_write(&t->ctx, &TEST_POOL, &changed, &result, &taken));
    return result;
}

static bool use(const struct ph_totp *totp, int64_t step)
{
    bool first;

    assert_ok(ph_store_totp_use(&t->ctx, &TEST_POOL, user->sub, totp, step, &first));
    return first;
}

static void verify_secret(struct ph_str secret, int64_t step)
{
    struct ph_totp_change verified = { .step = step, .device_name = PH_STR("phone") };

    assert_ok(ph_store_totp_associate(&t->ctx, &TEST_POOL, user->sub, secret));
    verified.totp = found();
    assert_int_equal(change(&verified), PH_USER_DONE);
}

static void verify(int64_t step)
{
    verify_secret(SECRET, step);
}

static void a_secret_waits_until_it_is_verified(void **state)
{
    (void)state;
    assert_null(found().pending.p);
    assert_ok(ph_store_totp_associate(&t->ctx, &TEST_POOL, user->sub, SECRET));
    assert_true(ph_str_eq(found().pending, SECRET));
    assert_null(found().secret.p);
    verify(7);
    assert_true(ph_str_eq(found().secret, SECRET));
    assert_null(found().pending.p);
    assert_str(found().device_name, "phone");
}

static void the_secret_is_not_in_the_row(void **state)
{
    (void)state;
    verify(7);
    assert_true(found().secret_row.n > SECRET.n);
    assert_false(ph_str_contains(found().secret_row, SECRET));
}

static void only_the_secret_that_was_judged_is_verified(void **state)
{
    struct ph_totp_change verified = { .step = 7 };

    (void)state;
    assert_ok(ph_store_totp_associate(&t->ctx, &TEST_POOL, user->sub, SECRET));
    verified.totp = found();
    assert_ok(ph_store_totp_associate(&t->ctx, &TEST_POOL, user->sub, PH_STR("another")));
    assert_int_equal(change(&verified), PH_USER_CONFLICT);
    assert_null(found().secret.p);
}

static void a_step_is_used_once_also_the_first_one(void **state)
{
    struct ph_totp totp;

    (void)state;
    verify(7);
    totp = found();
    assert_false(use(&totp, 7));
    assert_true(use(&totp, 9));
    assert_true(use(&totp, 8));
    assert_false(use(&totp, 8));
    assert_false(use(&totp, 9));
}

static void a_replaced_secret_uses_nothing(void **state)
{
    struct ph_totp before;

    (void)state;
    verify(7);
    before = found();
    verify_secret(PH_STR("another"), 8);
    assert_false(use(&before, 9));
}

static void a_removed_token_is_gone_with_its_steps(void **state)
{
    const struct ph_totp_change removed = { .remove = true };
    struct ph_totp totp;

    (void)state;
    verify(7);
    totp = found();
    assert_int_equal(change(&removed), PH_USER_DONE);
    assert_null(found().secret.p);
    assert_false(use(&totp, 9));
}

static void a_user_who_is_gone_gets_no_token(void **state)
{
    bool existed;

    (void)state;
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, user->sub, &existed));
    assert_ok(ph_store_totp_associate(&t->ctx, &TEST_POOL, user->sub, SECRET));
    assert_null(found().pending.p);
}

static void what_a_user_has_switched_on_comes_back(void **state)
{
    struct ph_user *back;

    (void)state;
    user->mfa_on = 5;
    user->mfa_preferred = 4;
    user->has_totp = true;
    assert_int_equal(change(NULL), PH_USER_DONE);
    back = test_find(&t->ctx, user->sub);
    assert_int_equal(back->mfa_on, 5);
    assert_int_equal(back->mfa_preferred, 4);
    assert_true(back->has_totp);
}

static void a_nonce_is_known_to_be_spent(void **state)
{
    bool answer = true;

    (void)state;
    assert_ok(ph_store_is_spent(&t->ctx, PH_STR("nonce"), &answer));
    assert_false(answer);
    assert_ok(ph_store_spend(&t->ctx, PH_STR("nonce"), t->now_ms + 1000, &answer));
    assert_true(answer);
    assert_ok(ph_store_is_spent(&t->ctx, PH_STR("nonce"), &answer));
    assert_true(answer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_secret_waits_until_it_is_verified),
        TEST(the_secret_is_not_in_the_row),
        TEST(only_the_secret_that_was_judged_is_verified),
        TEST(a_step_is_used_once_also_the_first_one),
        TEST(a_replaced_secret_uses_nothing),
        TEST(a_removed_token_is_gone_with_its_steps),
        TEST(a_user_who_is_gone_gets_no_token),
        TEST(what_a_user_has_switched_on_comes_back),
        TEST(a_nonce_is_known_to_be_spent),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
