#include "passkey/passkey.h"

#include "pool/test_support.h"
#include "support/authenticator.h"
#include "util/clock.h"

static int64_t now_ms;

static int64_t read_clock(void *self)
{
    (void)self;
    return now_ms;
}

static const struct ph_clock CLOCK = { .now_ms = read_clock };
static const struct ph_client CLIENT = { .id = PH_STR_INIT("client") },
                              OTHER_CLIENT = { .id = PH_STR_INIT("other") };
static struct ph_user user = { .sub = PH_STR_INIT("00000000-0000-4000-8000-000000000001"),
                               .username = PH_STR_INIT("ann"),
                               .status = PH_USER_CONFIRMED,
                               .enabled = true };
static struct authenticator phone;

static int start(void **state)
{
    struct test_pool *t;

    now_ms = 1800000000000;
    (void)open_pools(state);
    t = *state;
    t->ctx.clock = &CLOCK;
    phone = authenticator_new(&t->arena);
    return 0;
}

static int finish(void **state)
{
    authenticator_free(&phone);
    return close_pools(state);
}

#define WITH_PASSKEYS                                                                              \
    "{'Policies': {'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'WEB_AUTHN']}}}"

static struct ph_passkey_owner owner_in(struct test_pool *t, struct ph_pool *pool)
{
    const struct ph_user_change change = { .user = &user };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    *pool = *make_pool(t, WITH_PASSKEYS);
    pool->web_authn.relying_party = PH_STR("example.com");
    user.revision = 0;
    assert_ok(ph_store_user_write(&t->ctx, &pool->ref, &change, &result, &taken));
    assert_int_equal(result, PH_USER_DONE);
    return (struct ph_passkey_owner){ .pool = pool, .client = &CLIENT, .user = &user };
}

static struct ph_str challenge_for(struct test_pool *t, const struct ph_passkey_owner *owner)
{
    struct json_t *options;

    assert_ok(ph_passkey_start(&t->ctx, owner, &options));
    return ph_json_get_str(options, "challenge");
}

static struct ph_err complete(struct test_pool *t, const struct ph_passkey_owner *owner,
                              struct ph_str challenge)
{
    const struct ph_str text = authenticator_create(&phone, "packed", challenge);

    return ph_passkey_complete(&t->ctx, owner, ph_json_parse(&t->arena, text));
}

static void assert_type(struct ph_err err, const char *name)
{
    assert_non_null(err.type);
    assert_string_equal(err.type->name, name);
}

static void a_challenge_is_for_one_user_one_client_and_five_minutes(void **state)
{
    struct test_pool *t = *state;
    struct ph_pool pool;
    const struct ph_passkey_owner owner = owner_in(t, &pool);
    struct ph_passkey_owner other = owner;
    struct ph_user somebody = user;
    struct ph_str challenge = challenge_for(t, &owner);

    other.client = &OTHER_CLIENT;
    assert_type(complete(t, &other, challenge), "WebAuthnClientMismatchException");
    other = owner;
    somebody.sub = PH_STR("00000000-0000-4000-8000-000000000002");
    other.user = &somebody;
    assert_type(complete(t, &other, challenge), "WebAuthnChallengeNotFoundException");
    now_ms += 5 * 60 * 1000;
    assert_type(complete(t, &owner, challenge), "WebAuthnChallengeNotFoundException");
    now_ms--;
    assert_ok(complete(t, &owner, challenge));
    assert_type(complete(t, &owner, challenge), "WebAuthnChallengeNotFoundException");
}

static void a_passkey_is_registered_once(void **state)
{
    struct test_pool *t = *state;
    struct ph_pool pool;
    const struct ph_passkey_owner owner = owner_in(t, &pool);

    assert_ok(complete(t, &owner, challenge_for(t, &owner)));
    assert_fails(complete(t, &owner, challenge_for(t, &owner)), "InvalidParameterException",
                 "The passkey is registered already.");
}

static void pools_must_want_passkeys(void **state)
{
    struct test_pool *t = *state;
    struct ph_pool pool;
    const struct ph_passkey_owner owner = owner_in(t, &pool);
    struct json_t *options;

    pool.web_authn.relying_party = (struct ph_str){ 0 };
    assert_type(ph_passkey_start(&t->ctx, &owner, &options),
                "WebAuthnConfigurationMissingException");
    pool.first_factors = PH_FACTOR_PASSWORD;
    assert_type(ph_passkey_start(&t->ctx, &owner, &options), "WebAuthnNotEnabledException");
}

static bool judged(struct test_pool *t, const struct ph_pool *pool, struct ph_str handle,
                   struct ph_passkey_use *use)
{
    const struct ph_str challenge = PH_STR("Y2hhbGxlbmdl");
    bool right = false;

    assert_ok(ph_passkey_judge(&t->ctx, pool, &user, challenge,
                               authenticator_get(&phone, challenge, handle), use, &right));
    return right;
}

static void an_assertion_is_judged_by_all_that_is_known(void **state)
{
    struct test_pool *t = *state;
    struct ph_pool pool;
    const struct ph_passkey_owner owner = owner_in(t, &pool);
    struct ph_passkey_use use;
    bool used = false;

    phone.count = 1;
    assert_false(judged(t, &pool, user.sub, &use)); /* not registered yet */
    assert_ok(complete(t, &owner, challenge_for(t, &owner)));
    assert_false(judged(t, &pool, user.sub, &use)); /* the count has not moved */
    phone.count = 2;
    assert_true(judged(t, &pool, user.sub, &use));
    assert_int_equal(use.sign_count, 2);
    assert_false(judged(t, &pool, PH_STR("somebody"), &use));
    pool.mfa = PH_MFA_ON;
    assert_false(judged(t, &pool, user.sub, &use));
    pool.web_authn.is_multi_factor = true;
    assert_true(judged(t, &pool, user.sub, &use));
    assert_ok(ph_store_passkey_use(&t->ctx, &pool.ref, user.sub, use.id, use.sign_count, use.flags,
                                   &used));
    assert_true(used);
    assert_false(judged(t, &pool, user.sub, &use));
}

static void another_relying_party_knows_none_of_them(void **state)
{
    struct test_pool *t = *state;
    struct ph_pool pool;
    const struct ph_passkey_owner owner = owner_in(t, &pool);
    struct ph_passkey_use use;
    bool exists = false;

    assert_ok(complete(t, &owner, challenge_for(t, &owner)));
    assert_ok(ph_passkey_exists(&t->ctx, &pool, &user, &exists));
    assert_true(exists);
    pool.web_authn.relying_party = PH_STR("app.example.com");
    assert_ok(ph_passkey_exists(&t->ctx, &pool, &user, &exists));
    assert_false(exists);
    phone.party = "app.example.com";
    assert_false(judged(t, &pool, user.sub, &use));
}

int main(void)
{
#define WITH_POOLS(test) cmocka_unit_test_setup_teardown(test, start, finish)
    const struct CMUnitTest tests[] = {
        WITH_POOLS(a_challenge_is_for_one_user_one_client_and_five_minutes),
        WITH_POOLS(a_passkey_is_registered_once),
        WITH_POOLS(pools_must_want_passkeys),
        WITH_POOLS(an_assertion_is_judged_by_all_that_is_known),
        WITH_POOLS(another_relying_party_knows_none_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
