/* Which second factor is asked for, and what may be preferred. */
#include "mfa/factors.h"
#include "mfa/preferences.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

static struct ph_arena arena;
static struct ph_ctx ctx = { .arena = &arena };
static struct ph_pool pool;
static struct ph_user user;

enum { ALL = PH_MFA_SMS | PH_MFA_TOTP | PH_MFA_EMAIL };

static int setup(void **state)
{
    (void)state;
    pool = (struct ph_pool){ .mfa = PH_MFA_OPTIONAL, .mfa_factors = ALL };
    user = (struct ph_user){ .has_totp = true, .mfa_on = ALL };
    ph_attrs_set(&arena, &user.attrs, PH_STR("phone_number"), PH_STR("+15551234567"));
    ph_attrs_set(&arena, &user.attrs, PH_STR("email"), PH_STR("a@b.example"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ph_arena_finish(&arena);
    return 0;
}

static void assert_plan(enum ph_mfa_next next, unsigned factors)
{
    const struct ph_mfa_plan plan = ph_mfa_plan(&pool, &user);

    assert_int_equal(plan.next, next);
    assert_int_equal(plan.factors, factors);
}

static void a_pool_without_mfa_asks_for_nothing(void **state)
{
    (void)state;
    pool.mfa = PH_MFA_OFF;
    assert_plan(PH_MFA_NEXT_NONE, 0);
}

/* Who had an authenticator app at the service that the pool leaves. */
static void who_must_enrol_goes_on_only_with_an_app_or_another_factor(void **state)
{
    (void)state;
    user.enrols = true;
    assert_plan(PH_MFA_NEXT_SELECT, ALL); /* he has an app by now */
    user.has_totp = false;
    user.mfa_on = PH_MFA_SMS;
    assert_plan(PH_MFA_NEXT_ASK, PH_MFA_SMS);
    user.mfa_on = 0;
    assert_plan(PH_MFA_NEXT_SETUP, PH_MFA_TOTP);
    pool.mfa_factors = PH_MFA_SMS;
    assert_plan(PH_MFA_NEXT_NONE, 0);
    pool = (struct ph_pool){ .mfa = PH_MFA_OFF, .mfa_factors = ALL };
    assert_plan(PH_MFA_NEXT_NONE, 0);
}

static void of_several_the_preferred_one_is_asked_for(void **state)
{
    (void)state;
    assert_plan(PH_MFA_NEXT_SELECT, ALL);
    user.mfa_preferred = PH_MFA_EMAIL;
    assert_plan(PH_MFA_NEXT_ASK, PH_MFA_EMAIL);
    ph_attrs_remove(&user.attrs, PH_STR("email"));
    assert_plan(PH_MFA_NEXT_SELECT, PH_MFA_SMS | PH_MFA_TOTP);
    ph_attrs_remove(&user.attrs, PH_STR("phone_number"));
    assert_plan(PH_MFA_NEXT_ASK, PH_MFA_TOTP);
}

static void optional_mfa_asks_for_what_is_switched_on(void **state)
{
    (void)state;
    user.mfa_on = PH_MFA_SMS;
    assert_plan(PH_MFA_NEXT_ASK, PH_MFA_SMS);
    user.mfa_on = 0;
    assert_plan(PH_MFA_NEXT_NONE, 0);
}

static void required_mfa_asks_for_what_there_is(void **state)
{
    (void)state;
    pool.mfa = PH_MFA_ON;
    user.mfa_on = 0;
    user.has_totp = false;
    ph_attrs_remove(&user.attrs, PH_STR("email"));
    assert_plan(PH_MFA_NEXT_ASK, PH_MFA_SMS);
    ph_attrs_remove(&user.attrs, PH_STR("phone_number"));
    assert_plan(PH_MFA_NEXT_SETUP, ALL);
}

static void a_factor_that_the_pool_lacks_is_not_asked_for_but_tokens_go_on(void **state)
{
    (void)state;
    pool.mfa_factors = PH_MFA_EMAIL;
    assert_plan(PH_MFA_NEXT_SELECT, PH_MFA_EMAIL | PH_MFA_TOTP);
    pool.mfa_factors = 0;
    assert_plan(PH_MFA_NEXT_ASK, PH_MFA_TOTP);
}

static const struct ph_mfa_wish SAYS_NOTHING = { .says_enabled = false };
static const struct ph_mfa_wish ON = { .says_enabled = true, .enabled = true };
static const struct ph_mfa_wish OFF = { .says_enabled = true };
static const struct ph_mfa_wish PREFERRED = { true, true, true, true };
static const struct ph_mfa_wish NOT_PREFERRED = { true, true, true, false };
static const struct ph_mfa_wish OFF_BUT_PREFERRED = { true, false, true, true };

static struct ph_err prefer(struct ph_mfa_wish sms, struct ph_mfa_wish totp,
                            struct ph_mfa_wish email)
{
    const struct ph_mfa_wish wishes[] = { sms, totp, email };

    return ph_mfa_prefer(&ctx, &pool, &user, wishes);
}

static void assert_refused(struct ph_err err, const char *text)
{
    assert_non_null(err.type);
    assert_string_equal(err.type->name, "InvalidParameterException");
    assert_string_equal(err.message, text);
}

static void what_is_not_said_stays(void **state)
{
    (void)state;
    user.mfa_preferred = PH_MFA_SMS;
    assert_null(prefer(SAYS_NOTHING, SAYS_NOTHING, OFF).type);
    assert_int_equal(user.mfa_on, PH_MFA_SMS | PH_MFA_TOTP);
    assert_null(prefer(ON, SAYS_NOTHING, SAYS_NOTHING).type);
    assert_int_equal(user.mfa_preferred, PH_MFA_SMS);
}

static void a_preference_moves_and_goes_with_its_factor(void **state)
{
    (void)state;
    assert_null(prefer(PREFERRED, SAYS_NOTHING, SAYS_NOTHING).type);
    assert_null(prefer(SAYS_NOTHING, PREFERRED, SAYS_NOTHING).type);
    assert_int_equal(user.mfa_preferred, PH_MFA_TOTP);
    assert_null(prefer(SAYS_NOTHING, NOT_PREFERRED, SAYS_NOTHING).type);
    assert_int_equal(user.mfa_preferred, 0);
    assert_null(prefer(SAYS_NOTHING, SAYS_NOTHING, PREFERRED).type);
    assert_null(prefer(SAYS_NOTHING, SAYS_NOTHING, OFF).type);
    assert_int_equal(user.mfa_preferred, 0);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    assert_refused(prefer(PREFERRED, PREFERRED, SAYS_NOTHING),
                   "Only one MFA method can be preferred");
    assert_refused(prefer(OFF_BUT_PREFERRED, SAYS_NOTHING, SAYS_NOTHING),
                   "A factor that is not enabled cannot be preferred");
}

static void a_factor_needs_an_address_and_the_pool(void **state)
{
    (void)state;
    user.mfa_on = 0;
    ph_attrs_remove(&user.attrs, PH_STR("phone_number"));
    assert_refused(prefer(ON, SAYS_NOTHING, SAYS_NOTHING),
                   "User does not have delivery config set to turn on SMS_MFA");
    pool.mfa_factors = PH_MFA_SMS;
    assert_refused(prefer(SAYS_NOTHING, SAYS_NOTHING, ON),
                   "EMAIL_OTP is not enabled for the user pool");
}

static void email_mfa_means_email_otp(void **state)
{
    (void)state;
    assert_int_equal(ph_mfa_kind_named(PH_STR("EMAIL_MFA"))->bit, PH_MFA_EMAIL);
    assert_int_equal(ph_mfa_kind_named(PH_STR("SOFTWARE_TOKEN_MFA"))->bit, PH_MFA_TOTP);
    assert_null(ph_mfa_kind_named(PH_STR("WEB_AUTHN")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pool_without_mfa_asks_for_nothing),
        TEST(of_several_the_preferred_one_is_asked_for),
        TEST(who_must_enrol_goes_on_only_with_an_app_or_another_factor),
        TEST(optional_mfa_asks_for_what_is_switched_on),
        TEST(required_mfa_asks_for_what_there_is),
        TEST(a_factor_that_the_pool_lacks_is_not_asked_for_but_tokens_go_on),
        TEST(what_is_not_said_stays),
        TEST(a_preference_moves_and_goes_with_its_factor),
        TEST(contradictions_are_refused),
        TEST(a_factor_needs_an_address_and_the_pool),
        TEST(email_mfa_means_email_otp),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
