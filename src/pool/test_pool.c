#include "pool/contest.h"
#include "pool/internal.h"
#include "pool/test_support.h"
#include "util/blocking.h"

#include <pthread.h>

static void make_client(struct test_pool *t, const struct ph_pool *pool, const char *input,
                        struct ph_str secret, const struct ph_client **client)
{
    struct json_t *settings;
    enum ph_write_result result;
    const struct ph_pool *owner;

    assert_ok(
        ph_client_settings_create(&t->ctx, pool, secret.p != NULL, json(t, input), &settings));
    const struct ph_client_record record = { .id = PH_STR("4hj2kq8c9example0abcdefgh1"),
                                             .pool_id = pool->id,
                                             .name = PH_STR("app"),
                                             .settings = document(t, settings),
                                             .secrets = { { .value = secret } } };
    assert_ok(ph_store_client_insert(&t->ctx, &pool->ref, &record, &result));
    assert_int_equal(result, PH_WRITE_DONE);
    assert_ok(ph_client_get(&t->ctx, pool->id, record.id, &owner, client));
    assert_str(owner->id, POOL_ID); /* another snapshot: a new client is a change of its pool */
}

static void a_pool_without_settings_has_the_defaults(void **state)
{
    const struct ph_pool *pool = make_pool(*state, "{}");

    assert_str(pool->srp_name, "AAAAAAAAA");
    assert_str(pool->region, "eu-west-1");
    assert_str(pool->arn, "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" POOL_ID);
    assert_str(pool->issuer, "http://localhost:1/" POOL_ID);
    assert_int_equal(pool->password_policy.minimum_length, 8);
    assert_true(pool->password_policy.symbols);
    assert_int_equal(pool->password_policy.temporary_days, 7);
    assert_true(pool->case_sensitive);
    assert_int_equal(pool->mfa, PH_MFA_OFF);
    assert_int_equal(pool->schema_count, 21);
    assert_true(ph_pool_attribute(pool, PH_STR("sub"))->required);
    assert_false(ph_pool_attribute(pool, PH_STR("sub"))->mutable);
    assert_int_equal(ph_pool_attribute(pool, PH_STR("birthdate"))->min, 10);
    assert_null(ph_pool_attribute(pool, PH_STR("custom:team")));
}

static void a_tag_overrides_the_issuer(void **state)
{
    const struct ph_pool *pool = make_pool(*state, "{'UserPoolTags':{'poolhouse:issuer':'aws'}}");
    struct test_pool *t = *state;

    assert_str(pool->issuer, "https://cognito-idp.eu-west-1.amazonaws.com/" POOL_ID);
    assert_str(ph_pool_issuer(&t->arena, &t->settings,
                              json(t, "{'poolhouse:issuer':'https://x/{region}/{poolId}/y'}"),
                              pool),
               "https://x/eu-west-1/" POOL_ID "/y");
}

static void unknown_pools_and_clients_are_not_found(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool;
    const struct ph_client *client;

    assert_fails(ph_pool_get(&t->ctx, PH_STR("eu-west-1_x"), &pool), "ResourceNotFoundException",
                 "User pool eu-west-1_x does not exist.");
    assert_fails(ph_client_get(&t->ctx, (struct ph_str){ 0 }, PH_STR("none"), &pool, &client),
                 "ResourceNotFoundException", "User pool client none does not exist.");
}

/* Until what another process has changed is seen. */
static void wait_until_seen(void)
{
    const struct timespec wait = { .tv_nsec = (PH_POOL_FRESH_MS + 20) * 1000000L };

    nanosleep(&wait, NULL);
}

static void a_snapshot_is_shared_until_the_pool_changes(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_pool *again;
    struct ph_pool_record *record;
    enum ph_write_result result;

    assert_ok(ph_pool_get(&t->ctx, pool->id, &again));
    assert_ptr_equal(pool, again);
    assert_ok(ph_store_pool_find(&t->ctx, pool->id, &record));
    record->name = PH_STR("renamed");
    assert_ok(ph_store_pool_update(&t->ctx, record, &result));
    wait_until_seen();
    assert_ok(ph_pool_get(&t->ctx, pool->id, &again));
    assert_str(again->name, "renamed");
    assert_str(pool->name, "a pool");
}

static void a_change_of_our_own_is_seen_at_once(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct ph_pool_record *record;
    enum ph_write_result result;

    assert_ok(ph_pool_get(&t->ctx, pool->id, &pool));
    assert_ok(ph_store_pool_find(&t->ctx, pool->id, &record));
    record->name = PH_STR("renamed");
    assert_ok(ph_store_pool_update(&t->ctx, record, &result));
    ph_pool_forget(&t->ctx, pool->id);
    assert_ok(ph_pool_get(&t->ctx, pool->id, &pool));
    assert_str(pool->name, "renamed");
}

static void a_reference_outlives_its_pool(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_pool *gone;
    enum ph_write_result result;

    assert_ok(ph_store_pool_delete(&t->ctx, PH_STR(POOL_ID), &result));
    wait_until_seen();
    assert_ok(ph_pool_find(&t->ctx, PH_STR(POOL_ID), &gone));
    assert_null(gone);
    assert_str(pool->name, "a pool");
}

/* What one worker does: requests one after the other, each with the context's own arena. */
static void *read_often(void *object)
{
    struct ph_ctx ctx = *(const struct ph_ctx *)object;
    struct ph_arena arena = { 0 };
    const struct ph_pool *pool;
    uintptr_t wrong = 0;

    ctx.arena = &arena;
    for (int i = 0; i < 200; i++) {
        struct ph_err err = ph_pool_get(&ctx, PH_STR(POOL_ID), &pool);

        wrong +=
            err.type != NULL || !ph_str_eq(pool->id, PH_STR(POOL_ID)) || pool->schema_count != 21;
        ph_arena_reset(&arena);
    }
    ph_arena_finish(&arena);
    return (void *)wrong; /* NOLINT: a count, not an address */
}

static void workers_read_while_the_pool_is_replaced(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    pthread_t workers[3];
    enum ph_write_result result;
    struct ph_pool_record *record;
    void *wrong;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&workers[i], NULL, read_often, &t->ctx), 0);
    }
    for (int i = 0; i < 20; i++) {
        assert_ok(ph_store_pool_find(&t->ctx, pool->id, &record));
        assert_ok(ph_store_pool_update(&t->ctx, record, &result));
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(workers[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void broken_settings_are_our_own_fault(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct ph_pool_record *record;
    enum ph_write_result result;

    assert_ok(ph_store_pool_find(&t->ctx, pool->id, &record));
    record->settings = PH_STR("{}");
    assert_ok(ph_store_pool_update(&t->ctx, record, &result));
    wait_until_seen();
    assert_string_equal(ph_pool_get(&t->ctx, pool->id, &pool).type->name, "InternalErrorException");
}

static void flows_resolve_old_and_new_names(void **state)
{
    struct test_pool *t = *state;
    const unsigned unset = PH_FLOW_SRP | PH_FLOW_CUSTOM | PH_FLOW_REFRESH;

    assert_int_equal(ph_client_flows(NULL), unset);
    assert_int_equal(ph_client_flows(json(t, "['ADMIN_NO_SRP_AUTH']")),
                     unset | PH_FLOW_ADMIN_PASSWORD);
    assert_int_equal(ph_client_flows(json(t, "['CUSTOM_AUTH_FLOW_ONLY']")),
                     PH_FLOW_CUSTOM | PH_FLOW_REFRESH);
    assert_int_equal(ph_client_flows(json(t, "['ALLOW_USER_PASSWORD_AUTH','ALLOW_USER_AUTH']")),
                     PH_FLOW_PASSWORD | PH_FLOW_USER);
}

static void a_client_has_lifetimes_and_proves_its_secret(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_str names[] = { PH_STR("other"),
                                    PH_STR("7d8ca528-4931-4254-9273-ea5ee853f271") };
    const struct ph_client *client;

    make_client(t, pool,
                "{'AccessTokenValidity':10,'TokenValidityUnits':{'AccessToken':'minutes'}}",
                PH_STR("k3rl5n7p9r1t3v5x7z9example0secretvalue1234567890abc"), &client);
    assert_int_equal(client->access_token_s, 600);
    assert_int_equal(client->id_token_s, 3600);
    assert_int_equal(client->refresh_token_s, 30 * 86400);
    assert_int_equal(client->session_s, 180);
    assert_true(client->revocation);
    assert_ok(ph_client_check_secret_hash(&t->ctx, client,
                                          PH_STR("AdpnkHcFX/L29ZgJgJkqamCIjRG9GZvBKrWerv/Vn0A="),
                                          names, 2, PH_IN_AUTH_PARAMETERS));
    assert_fails(ph_client_check_secret_hash(&t->ctx, client,
                                             PH_STR("AdpnkHcFX/L29ZgJgJkqamCIjRG9GZvBKrWerv/Vn0A="),
                                             names, 1, PH_IN_AUTH_PARAMETERS),
                 "NotAuthorizedException",
                 "Unable to verify secret hash for client 4hj2kq8c9example0abcdefgh1");
    assert_fails(ph_client_check_secret_hash(&t->ctx, client, (struct ph_str){ 0 }, names, 2,
                                             PH_IN_AUTH_PARAMETERS),
                 "NotAuthorizedException",
                 "Client 4hj2kq8c9example0abcdefgh1 is configured with secret but SECRET_HASH was "
                 "not received");
}

static void count_wait(void *self)
{
    ++*(int *)self;
}

static void a_contest_pauses_between_its_rounds_and_ends(void **state)
{
    struct test_pool *t = *state;
    int waits = 0;
    const struct ph_blocking blocking = { count_wait, count_wait, &waits };
    struct ph_contest contest = { 0 };
    struct ph_err err;
    int rounds = 0;

    t->ctx.blocking = &blocking;
    assert_ok(ph_contest_enter(&t->ctx, &contest));
    assert_int_equal(waits, 0);
    do {
        err = ph_contest_enter(&t->ctx, &contest);
        rounds++;
    } while (err.type == NULL && rounds < 100);
    assert_fails(err, "TooManyRequestsException", "Rate exceeded");
    assert_in_range(rounds, 10, 99);
    assert_int_equal(waits, 2 * (rounds - 1));
}

#define POOL_TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_pool_without_settings_has_the_defaults),
        POOL_TEST(a_tag_overrides_the_issuer),
        POOL_TEST(unknown_pools_and_clients_are_not_found),
        POOL_TEST(a_snapshot_is_shared_until_the_pool_changes),
        POOL_TEST(a_change_of_our_own_is_seen_at_once),
        POOL_TEST(a_reference_outlives_its_pool),
        POOL_TEST(workers_read_while_the_pool_is_replaced),
        POOL_TEST(broken_settings_are_our_own_fault),
        POOL_TEST(flows_resolve_old_and_new_names),
        POOL_TEST(a_client_has_lifetimes_and_proves_its_secret),
        POOL_TEST(a_contest_pauses_between_its_rounds_and_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
