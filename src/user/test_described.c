/* Users as another service describes them. */
#include "pool/test_support.h"
#include "user/described.h"
#include "user/identity.h"

#define SUB "127c4f4c-b2d2-426f-b954-88aaa8155adc"

static const struct json_t *described(struct test_pool *t, const char *attributes, const char *more)
{
    return json(t,
                ph_textf(&t->arena,
                         "{'Username':'Ann','Attributes':[{'Name':'sub','Value':'" SUB "'}%s]%s}",
                         attributes, more));
}

static struct ph_err read_as(struct test_pool *t, const char *attributes, const char *more,
                             enum ph_described_attributes how, struct ph_user **user)
{
    const struct ph_pool *pool;
    const struct ph_err err = ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool);

    if (err.type != NULL) {
        pool = make_pool(t, "{'UsernameConfiguration':{'CaseSensitive':false},'Schema':["
                            "{'Name':'tier','AttributeDataType':'Number','Mutable':false}]}");
    }
    return ph_user_described(&t->ctx, pool, described(t, attributes, more), how, user);
}

static struct ph_user *read(struct test_pool *t, const char *attributes, const char *more)
{
    struct ph_user *user = NULL;

    assert_ok(read_as(t, attributes, more, PH_DESCRIBED_STRICT, &user));
    return user;
}

static void ids_states_and_dates_are_kept(void **state)
{
    struct test_pool *t = *state;
    const struct ph_user *user =
        read(t, ",{'Name':'custom:tier','Value':'3'},{'Name':'cognito:x','Value':'y'}",
             ",'Enabled':false,'UserStatus':'RESET_REQUIRED',"
             "'UserCreateDate':'2026-01-02T03:03:05.678000+01:00',"
             "'UserLastModifiedDate':1767322985.25");

    assert_str(user->sub, SUB);
    assert_str(user->username, "ann"); /* folded as the pool folds names */
    assert_int_equal(user->status, PH_USER_RESET_REQUIRED);
    assert_false(user->enabled);
    assert_int_equal(user->created_ms, 1767319385678);
    assert_int_equal(user->modified_ms, 1767322985250);
    assert_int_equal(user->origin, PH_ORIGIN_WAITING);
    assert_null(user->password);
    assert_str(ph_attrs_get(&user->attrs, PH_STR("custom:tier")), "3");
    assert_int_equal(user->attrs.count, 1);
}

static void what_get_user_does_not_tell_is_usual(void **state)
{
    struct test_pool *t = *state;
    const struct ph_user *user = read(t, "", "");

    assert_true(user->enabled);
    assert_int_equal(user->status, PH_USER_CONFIRMED);
    assert_true(user->created_ms > 0);
}

static void users_of_other_providers_do_not_wait(void **state)
{
    struct test_pool *t = *state;
    const struct ph_user *user =
        read(t, ",{'Name':'identities','Value':'[]'}", ",'UserStatus':'EXTERNAL_PROVIDER'");

    assert_int_equal(user->origin, PH_ORIGIN_SETTLED);
    assert_str(ph_attrs_get(&user->attrs, PH_STR("identities")), "[]");
}

static void second_factors_need_their_address(void **state)
{
    struct test_pool *t = *state;
    const struct ph_user *user =
        read(t, ",{'Name':'email','Value':'a@b.example'}",
             ",'UserMFASettingList':['SMS_MFA','EMAIL_OTP','SOFTWARE_TOKEN_MFA'],"
             "'PreferredMfaSetting':'EMAIL_OTP'");

    assert_int_equal(user->mfa_on, PH_MFA_EMAIL);
    assert_int_equal(user->mfa_preferred, PH_MFA_EMAIL);
    assert_true(user->enrols);
}

static void what_the_schema_does_not_know_is_refused_or_left_out(void **state)
{
    struct test_pool *t = *state;
    const char *attributes = ",{'Name':'email_verified','Value':'true'},"
                             "{'Name':'custom:other','Value':'x'},{'Name':'custom:tier',"
                             "'Value':'no number'},{'Name':'email','Value':'a@b.example'}";
    struct ph_user *user = NULL;

    assert_non_null(read_as(t, attributes, "", PH_DESCRIBED_STRICT, &user).type);
    assert_ok(read_as(t, attributes, "", PH_DESCRIBED_LENIENT, &user));
    assert_int_equal(user->attrs.count, 2);
    assert_str(ph_attrs_get(&user->attrs, PH_STR("email_verified")), "true");
}

static void what_is_no_user_is_refused(void **state)
{
    static const char *const OTHERS[] = {
        "{}",
        "[]",
        "{'Username':'a'}",
        "{'Username':'a','Attributes':[{'Name':'sub','Value':'1'}]}",
        "{'Attributes':[{'Name':'sub','Value':'" SUB "'}]}",
        "{'Username':'a','UserStatus':'ODD','Attributes':[{'Name':'sub','Value':'" SUB "'}]}",
    };
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct ph_user *user;

    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        assert_non_null(
            ph_user_described(&t->ctx, pool, json(t, OTHERS[i]), PH_DESCRIBED_LENIENT, &user).type);
    }
}

static void only_who_waits_is_described_anew(void **state)
{
    struct test_pool *t = *state;
    struct ph_user *known = read(t, "", ",'UserLastModifiedDate':100");
    struct ph_user *later = read(t, "", ",'UserLastModifiedDate':101"), *newer;

    known->revision = 4;
    newer = ph_user_described_anew(&t->ctx, known, later);
    assert_int_equal(newer->revision, 4);
    assert_null(ph_user_described_anew(&t->ctx, later, later));
    known->origin = PH_ORIGIN_SETTLED;
    assert_null(ph_user_described_anew(&t->ctx, known, later));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids_states_and_dates_are_kept),
        TEST(what_get_user_does_not_tell_is_usual),
        TEST(users_of_other_providers_do_not_wait),
        TEST(second_factors_need_their_address),
        TEST(what_the_schema_does_not_know_is_refused_or_left_out),
        TEST(what_is_no_user_is_refused),
        TEST(only_who_waits_is_described_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
