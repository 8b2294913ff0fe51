/* The service that a pool leaves: kept sealed, seen at once, gone when nobody is asked any more. */
#include "pool/origin.h"
#include "pool/test_support.h"
#include "store/configurations.h"

static const struct ph_origin ORIGIN = {
    .endpoint = PH_STR_INIT("https://cognito-idp.eu-west-1.amazonaws.com"),
    .region = PH_STR_INIT("eu-west-1"),
    .pool_id = PH_STR_INIT("eu-west-1_Theirs"),
    .client_id = PH_STR_INIT("client"),
    .client_secret = PH_STR_INIT("of the client"),
    .access_key_id = PH_STR_INIT("AKID"),
    .secret_key = PH_STR_INIT("of the key"),
    .session_token = PH_STR_INIT("of the session"),
};

static const struct ph_pool *again(struct test_pool *t)
{
    const struct ph_pool *pool;

    assert_ok(ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool));
    return pool;
}

static void is_read_back_by_the_next_who_looks(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");

    assert_null(pool->origin);
    assert_ok(ph_origin_put(&t->ctx, pool, &ORIGIN));
    pool = again(t);
    assert_str(pool->origin->endpoint, "https://cognito-idp.eu-west-1.amazonaws.com");
    assert_str(pool->origin->region, "eu-west-1");
    assert_str(pool->origin->pool_id, "eu-west-1_Theirs");
    assert_str(pool->origin->client_id, "client");
    assert_str(pool->origin->client_secret, "of the client");
    assert_str(pool->origin->access_key_id, "AKID");
    assert_str(pool->origin->secret_key, "of the key");
    assert_str(pool->origin->session_token, "of the session");
    assert_ok(ph_origin_delete(&t->ctx, pool));
    assert_null(again(t)->origin);
}

static void what_was_not_given_stays_absent(void **state)
{
    struct test_pool *t = *state;
    const struct ph_origin least = { .endpoint = ORIGIN.endpoint };

    assert_ok(ph_origin_put(&t->ctx, make_pool(t, "{}"), &least));
    assert_int_equal(again(t)->origin->client_id.n, 0);
    assert_int_equal(again(t)->origin->access_key_id.n, 0);
}

static void a_change_moves_the_revision_on(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    const int64_t before = pool->revision;

    assert_ok(ph_origin_put(&t->ctx, pool, &ORIGIN));
    assert_true(again(t)->revision > before);
    assert_ok(ph_origin_delete(&t->ctx, pool));
    assert_true(again(t)->revision > before + 1);
}

static void secrets_are_sealed_for_their_pool(void **state)
{
    struct test_pool *t = *state;
    const struct ph_key other_key = { { 8 } };
    const struct ph_pool_ref other = { .id = PH_STR("eu-west-1_BBBBBBBBB"),
                                       .data_key = &other_key };
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_origin *read;
    struct ph_configuration *found;

    assert_ok(ph_origin_put(&t->ctx, pool, &ORIGIN));
    assert_ok(ph_store_configuration_find(&t->ctx, pool->id, PH_CONFIGURATION_ORIGIN, PH_STR(""),
                                          &found));
    assert_false(ph_str_contains(found->document, PH_STR("of the ")));
    assert_true(ph_origin_read(&t->arena, &pool->ref, found->document, &read));
    assert_false(ph_origin_read(&t->arena, &other, found->document, &read));
    assert_false(ph_origin_read(&t->arena, &pool->ref, PH_STR("{}"), &read));
    assert_false(ph_origin_read(&t->arena, &pool->ref, PH_STR("x"), &read));
    assert_null(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_read_back_by_the_next_who_looks, open_pools,
                                        close_pools),
        cmocka_unit_test_setup_teardown(what_was_not_given_stays_absent, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(a_change_moves_the_revision_on, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(secrets_are_sealed_for_their_pool, open_pools, close_pools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
