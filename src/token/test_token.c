/* Tokens from issue to check, against a store in memory. */
#include "pool/test_support.h"

#include "model/messages.h"
#include "store/sign_in.h"
#include "token/access_token.h"
#include "token/jwt.h"
#include "token/token.h"

#include "util/encode.h"

#define SUB "0f1e2d3c-4b5a-4697-8877-665544332211"

static struct ph_signing_key_record new_key(struct test_pool *t, enum ph_key_use use,
                                            const char *kid)
{
    struct ph_rsa_key *key = ph_rsa_generate();
    const struct ph_signing_key_record record = { .kid = ph_str_from(kid),
                                                  .use = use,
                                                  .pkcs8 = ph_rsa_pkcs8(&t->arena, key),
                                                  .created_ms = 1,
                                                  .active_from_ms = 1,
                                                  .published_until_ms = INT64_MAX };

    ph_rsa_free(key);
    return record;
}

static void add_pool(struct test_pool *t)
{
    const struct ph_signing_key_record keys[] = {
        new_key(t, PH_KEY_ID_TOKEN, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        new_key(t, PH_KEY_ACCESS_TOKEN, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="),
    };
    enum ph_write_result result;
    struct json_t *settings;

    assert_ok(ph_pool_settings_create(&t->ctx, PH_STR("eu-west-1"), json(t, "{}"), &settings));
    const struct ph_pool_record record = { .id = PH_STR(POOL_ID),
                                           .name = PH_STR("a pool"),
                                           .settings = document(t, settings),
                                           .data_key = { { 7 } },
                                           .created_ms = 1,
                                           .modified_ms = 1 };
    assert_ok(ph_store_pool_insert(&t->ctx, &record, keys, 2, &result));
}

static void add_client(struct test_pool *t, const struct ph_pool *pool)
{
    enum ph_write_result result;
    struct json_t *settings;

    assert_ok(ph_client_settings_create(&t->ctx, pool, false, json(t, "{}"), &settings));
    const struct ph_client_record record = { .id = PH_STR("client"),
                                             .pool_id = PH_STR(POOL_ID),
                                             .name = PH_STR("a client"),
                                             .settings = document(t, settings),
                                             .created_ms = 1,
                                             .modified_ms = 1 };
    assert_ok(ph_store_client_insert(&t->ctx, &pool->ref, &record, &result));
}

static void save(struct test_pool *t, const struct ph_pool *pool, struct ph_user *user)
{
    const struct ph_alias name = { .kind = PH_ALIAS_USERNAME, .value = user->username };
    const struct ph_user_change change = { .user = user, .aliases = &name, .alias_count = 1 };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    assert_ok(ph_store_user_write(&t->ctx, &pool->ref, &change, &result, &taken));
    assert_int_equal(result, PH_USER_DONE);
}

/* A pool with keys, a client, a user, and the right to tokens. */
static struct ph_auth_granted grant(struct test_pool *t)
{
    struct ph_auth_granted granted = { .event_id = ph_new_uuid7(&t->ctx),
                                       .family = ph_new_uuid7(&t->ctx),
                                       .auth_time_ms = ph_now_ms(&t->ctx),
                                       .issued_ms = ph_now_ms(&t->ctx),
                                       .trigger_source = PH_STR("TokenGeneration_Authentication") };
    struct ph_user *user = ph_arena_new(&t->arena, struct ph_user);
    const struct ph_pool *pool;

    add_pool(t);
    assert_ok(ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool));
    add_client(t, pool);
    *user = (struct ph_user){ .sub = PH_STR(SUB),
                              .username = PH_STR("alice"),
                              .status = PH_USER_CONFIRMED,
                              .enabled = true };
    ph_attrs_set(&t->arena, &user->attrs, PH_STR("email"), PH_STR("a@b.example"));
    ph_attrs_set(&t->arena, &user->attrs, PH_STR("email_verified"), PH_STR("true"));
    save(t, pool, user);
    granted.user = user;
    assert_ok(ph_client_get(&t->ctx, (struct ph_str){ 0 }, PH_STR("client"), &granted.pool,
                            &granted.client));
    return granted;
}

static struct ph_tokens issue(struct test_pool *t, const struct ph_auth_granted *granted)
{
    struct ph_tokens tokens = { 0 };

    assert_ok(ph_tokens_issue(&t->ctx, granted, &tokens));
    return tokens;
}

static const struct json_t *claims_of(struct test_pool *t, struct ph_str token)
{
    struct ph_jwt jwt;
    struct ph_str text;

    assert_true(ph_jwt_split(&t->arena, token, &jwt));
    assert_true(ph_base64url_decode(&t->arena, jwt.claims, &text));
    return ph_json_parse(&t->arena, text);
}

static void the_id_token_carries_what_the_client_may_read(void **state)
{
    struct test_pool *t = *state;
    const struct ph_auth_granted granted = grant(t);
    const struct json_t *claims = claims_of(t, issue(t, &granted).id_token);

    assert_str(ph_json_get_str(claims, "iss"), "http://localhost:1/" POOL_ID);
    assert_str(ph_json_get_str(claims, "aud"), "client");
    assert_str(ph_json_get_str(claims, "token_use"), "id");
    assert_str(ph_json_get_str(claims, "cognito:username"), "alice");
    assert_str(ph_json_get_str(claims, "email"), "a@b.example");
    assert_int_equal(ph_json_kind(ph_json_get(claims, "email_verified")), PH_JSON_TRUE);
    assert_null(ph_json_get(claims, "scope"));
}

static void an_access_token_names_its_caller(void **state)
{
    struct test_pool *t = *state;
    const struct ph_auth_granted granted = grant(t);
    const struct ph_tokens tokens = issue(t, &granted);
    const struct json_t *claims = claims_of(t, tokens.access_token);

    assert_null(ph_json_get(claims, "aud"));
    assert_str(ph_json_get_str(claims, "scope"), "aws.cognito.signin.user.admin");
    assert_int_equal(tokens.expires_in_s, 3600);
    assert_ok(ph_access_token_verify(&t->ctx, tokens.access_token));
    assert_str(t->ctx.caller.sub, SUB);
    assert_str(t->ctx.caller.client_id, "client");
}

static void both_tokens_have_the_times_of_the_grant(void **state)
{
    struct test_pool *t = *state;
    struct ph_auth_granted granted = grant(t);
    struct ph_tokens tokens;

    granted.auth_time_ms -= 7000;
    granted.issued_ms -=
        5000; /* it took so long since: a clock that is read again says otherwise */
    tokens = issue(t, &granted);
    for (int i = 0; i < 2; i++) {
        const struct json_t *claims = claims_of(t, i == 0 ? tokens.id_token : tokens.access_token);

        assert_int_equal(ph_json_int(ph_json_get(claims, "auth_time")),
                         granted.auth_time_ms / 1000);
        assert_int_equal(ph_json_int(ph_json_get(claims, "iat")), granted.issued_ms / 1000);
        assert_int_equal(ph_json_int(ph_json_get(claims, "exp")), granted.issued_ms / 1000 + 3600);
    }
}

static void an_id_token_is_no_access_token(void **state)
{
    struct test_pool *t = *state;
    const struct ph_auth_granted granted = grant(t);

    assert_fails(ph_access_token_verify(&t->ctx, issue(t, &granted).id_token),
                 "NotAuthorizedException", PH_MSG_TOKEN_INVALID);
    assert_fails(ph_access_token_verify(&t->ctx, PH_STR("a.b.c")), "NotAuthorizedException",
                 PH_MSG_TOKEN_INVALID);
}

static void a_revoked_family_is_over(void **state)
{
    struct test_pool *t = *state;
    const struct ph_auth_granted granted = grant(t);
    const struct ph_tokens tokens = issue(t, &granted);

    assert_ok(ph_store_family_revoke(&t->ctx, PH_STR(POOL_ID), granted.family,
                                     ph_now_ms(&t->ctx) + 100000));
    assert_fails(ph_access_token_verify(&t->ctx, tokens.access_token), "NotAuthorizedException",
                 PH_MSG_TOKEN_REVOKED);
}

static void a_global_sign_out_ends_earlier_sign_ins_only(void **state)
{
    struct test_pool *t = *state;
    struct ph_auth_granted granted = grant(t);
    const struct ph_tokens before = issue(t, &granted);
    uint8_t later[PH_UUID_BYTES] = { 9 };

    assert_ok(
        ph_store_user_sign_out(&t->ctx, &granted.pool->ref, PH_STR(SUB), ph_now_ms(&t->ctx) + 1));
    assert_fails(ph_access_token_verify(&t->ctx, before.access_token), "NotAuthorizedException",
                 PH_MSG_TOKEN_REVOKED);
    ph_uuid7_set(later, ph_now_ms(&t->ctx) + 1000);
    granted.family = ph_uuid_text(&t->arena, later);
    assert_ok(ph_access_token_verify(&t->ctx, issue(t, &granted).access_token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_id_token_carries_what_the_client_may_read, open_pools,
                                        close_pools),
        cmocka_unit_test_setup_teardown(an_access_token_names_its_caller, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(both_tokens_have_the_times_of_the_grant, open_pools,
                                        close_pools),
        cmocka_unit_test_setup_teardown(an_id_token_is_no_access_token, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(a_revoked_family_is_over, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(a_global_sign_out_ends_earlier_sign_ins_only, open_pools,
                                        close_pools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
