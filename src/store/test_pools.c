#include "store/access.h"
#include "store/configurations.h"
#include "store/pools.h"
#include "store/test_support.h"

static struct ph_pool_record pool_with(const char *id)
{
    return (struct ph_pool_record){
        .id = ph_str_from(id),
        .name = PH_STR("a pool"),
        .settings = PH_STR("{\"A\":1}"),
        .data_key = TEST_DATA_KEY,
        .created_ms = 1,
        .modified_ms = 2,
    };
}

static struct ph_signing_key_record key_with(const char *kid, enum ph_key_use use, int64_t from)
{
    return (struct ph_signing_key_record){
        .kid = ph_str_from(kid),
        .use = use,
        .pkcs8 = PH_STR("private"),
        .created_ms = from,
        .active_from_ms = from,
        .published_until_ms = INT64_MAX,
    };
}

static void make_pool(struct test_store *t, const char *id)
{
    const struct ph_pool_record pool = pool_with(id);
    const struct ph_signing_key_record keys[] = { key_with("id-1", PH_KEY_ID_TOKEN, 10),
                                                  key_with("access-1", PH_KEY_ACCESS_TOKEN, 10) };
    enum ph_write_result result;

    assert_ok(ph_store_pool_insert(&t->ctx, &pool, keys, 2, &result));
    assert_int_equal(result, PH_WRITE_DONE);
}

static int64_t pool_revision(struct test_store *t)
{
    int64_t revision;

    assert_ok(ph_store_pool_revision(&t->ctx, TEST_POOL.id, &revision));
    return revision;
}

static void a_pool_is_read_as_it_was_made(void **state)
{
    struct test_store *t = *state;
    const struct ph_pool_record again = pool_with("eu-west-1_AAAAAAAAA");
    struct ph_pool_record *pool;
    enum ph_write_result result;

    assert_int_equal(pool_revision(t), 0);
    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_int_equal(pool_revision(t), 1);
    assert_ok(ph_store_pool_find(&t->ctx, TEST_POOL.id, &pool));
    assert_str(pool->name, "a pool");
    assert_str(pool->settings, "{\"A\":1}");
    assert_memory_equal(&pool->data_key, &TEST_DATA_KEY, sizeof TEST_DATA_KEY);
    assert_int_equal(pool->created_ms, 1);
    assert_int_equal(pool->modified_ms, 2);
    assert_ok(ph_store_pool_insert(&t->ctx, &again, NULL, 0, &result));
    assert_int_equal(result, PH_WRITE_TAKEN);
    assert_ok(ph_store_pool_find(&t->ctx, PH_STR("none"), &pool));
    assert_null(pool);
}

static void a_pool_changes_only_from_the_revision_that_was_read(void **state)
{
    struct test_store *t = *state;
    struct ph_pool_record *pool;
    enum ph_write_result result;

    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_ok(ph_store_pool_find(&t->ctx, TEST_POOL.id, &pool));
    pool->settings = PH_STR("{}");
    assert_ok(ph_store_pool_update(&t->ctx, pool, &result));
    assert_int_equal(result, PH_WRITE_DONE);
    assert_ok(ph_store_pool_update(&t->ctx, pool, &result));
    assert_int_equal(result, PH_WRITE_CONFLICT);
    pool->id = PH_STR("none");
    assert_ok(ph_store_pool_update(&t->ctx, pool, &result));
    assert_int_equal(result, PH_WRITE_GONE);
}

static void pools_are_listed_by_id(void **state)
{
    const struct ph_str NONE = { 0 };
    struct test_store *t = *state;
    struct ph_pool_record *pools;
    size_t count;

    make_pool(t, "eu_b");
    make_pool(t, "eu_a");
    make_pool(t, "eu_c");
    assert_ok(ph_store_pool_list(&t->ctx, NONE, NONE, 2, &pools, &count));
    assert_int_equal(count, 2);
    assert_str(pools[0].id, "eu_a");
    assert_ok(ph_store_pool_list(&t->ctx, NONE, pools[1].id, 2, &pools, &count));
    assert_int_equal(count, 1);
    assert_str(pools[0].id, "eu_c");
}

static void a_region_lists_its_own_pools_and_those_of_none(void **state)
{
    const struct ph_str region = PH_STR("eu-west-1");
    struct test_store *t = *state;
    struct ph_pool_record *pools;
    size_t count;

    make_pool(t, "eu-west-1_b");
    make_pool(t, "eu-west-10_a");
    make_pool(t, "eu-west-2_a");
    make_pool(t, "local_a");
    make_pool(t, "us-east-1_a");
    assert_ok(ph_store_pool_list(&t->ctx, region, (struct ph_str){ 0 }, 1, &pools, &count));
    assert_int_equal(count, 1);
    assert_str(pools[0].id, "eu-west-1_b");
    assert_ok(ph_store_pool_list(&t->ctx, region, pools[0].id, 9, &pools, &count));
    assert_int_equal(count, 1);
    assert_str(pools[0].id, "local_a");
}

static void deleting_a_pool_deletes_everything_in_it(void **state)
{
    struct test_store *t = *state;
    enum ph_write_result result;
    struct ph_signing_key_record *keys;
    int64_t users;
    size_t count;

    make_pool(t, "eu-west-1_AAAAAAAAA");
    for (int i = 0; i < 600; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
    }
    assert_ok(ph_store_pool_user_count(&t->ctx, TEST_POOL.id, &users));
    assert_int_equal(users, 600);
    assert_ok(ph_store_pool_delete(&t->ctx, TEST_POOL.id, &result));
    assert_int_equal(result, PH_WRITE_DONE);
    assert_ok(ph_store_signing_keys(&t->ctx, &TEST_POOL, &keys, &count));
    assert_int_equal(count, 0);
    ph_store_sweep(t->ctx.store, 0);
    assert_ok(ph_store_pool_user_count(&t->ctx, TEST_POOL.id, &users));
    assert_int_equal(users, 0);
    assert_ok(ph_store_pool_delete(&t->ctx, TEST_POOL.id, &result));
    assert_int_equal(result, PH_WRITE_GONE);
}

static void a_pool_made_again_has_nothing_of_the_one_before_and_keeps_its_own(void **state)
{
    struct test_store *t = *state;
    enum ph_write_result result;
    int64_t users;

    make_pool(t, "eu-west-1_AAAAAAAAA");
    for (int i = 0; i < 600; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
    }
    assert_ok(ph_store_pool_delete(&t->ctx, TEST_POOL.id, &result));
    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_ok(ph_store_pool_user_count(&t->ctx, TEST_POOL.id, &users));
    assert_int_equal(users, 0);
    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 1)), PH_USER_DONE);
    ph_store_sweep(t->ctx.store, 0);
    assert_ok(ph_store_pool_user_count(&t->ctx, TEST_POOL.id, &users));
    assert_int_equal(users, 1);
}

static void rotation_adds_keys_and_retires_those_of_the_same_use(void **state)
{
    struct test_store *t = *state;
    const struct ph_signing_key_record next = key_with("id-2", PH_KEY_ID_TOKEN, 20);
    struct ph_signing_key_record *keys;
    size_t count;

    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_ok(ph_store_signing_keys_rotate(&t->ctx, &TEST_POOL, &next, 1, 99));
    assert_int_equal(pool_revision(t), 2);
    assert_ok(ph_store_signing_keys(&t->ctx, &TEST_POOL, &keys, &count));
    assert_int_equal(count, 3);
    assert_str(keys[0].kid, "id-2");
    assert_str(keys[0].pkcs8, "private");
    assert_true(keys[0].published_until_ms == INT64_MAX);
    for (size_t i = 1; i < 3; i++) {
        assert_true(keys[i].published_until_ms ==
                    (keys[i].use == PH_KEY_ID_TOKEN ? 99 : INT64_MAX));
    }
}

static struct ph_client_record client_with(const char *id, struct ph_str secret)
{
    return (struct ph_client_record){
        .id = ph_str_from(id),
        .name = PH_STR("app"),
        .settings = PH_STR("{}"),
        .secrets = { { .value = secret } },
        .created_ms = 3,
        .modified_ms = 4,
    };
}

static enum ph_write_result add_client(struct test_store *t, const char *id, struct ph_str secret)
{
    const struct ph_client_record client = client_with(id, secret);
    enum ph_write_result result;

    assert_ok(ph_store_client_insert(&t->ctx, &TEST_POOL, &client, &result));
    return result;
}

static void clients_come_with_a_sealed_secret(void **state)
{
    struct test_store *t = *state;
    struct ph_client_record *client;
    int64_t revision;

    assert_int_equal(add_client(t, "c1", PH_STR("secret")), PH_WRITE_GONE);
    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_int_equal(add_client(t, "c1", PH_STR("secret")), PH_WRITE_DONE);
    assert_int_equal(add_client(t, "c1", PH_STR("other")), PH_WRITE_TAKEN);
    assert_int_equal(pool_revision(t), 2);
    assert_int_equal(add_client(t, "c2", (struct ph_str){ 0 }), PH_WRITE_DONE);
    assert_ok(ph_store_client_find(&t->ctx, PH_STR("c1"), &client));
    assert_str(client->pool_id, "eu-west-1_AAAAAAAAA");
    assert_false(ph_str_contains(client->secrets[0].value, PH_STR("secret")));
    assert_ok(ph_store_client_open_secrets(&t->ctx, &TEST_POOL, client));
    assert_str(client->secrets[0].value, "secret");
    assert_ok(ph_store_client_find(&t->ctx, PH_STR("c2"), &client));
    assert_ok(ph_store_client_open_secrets(&t->ctx, &TEST_POOL, client));
    assert_null(client->secrets[0].value.p);
    assert_ok(ph_store_client_revision(&t->ctx, PH_STR("c2"), &revision));
    assert_int_equal(revision, 1);
    assert_ok(ph_store_client_find(&t->ctx, PH_STR("c3"), &client));
    assert_null(client);
}

static void clients_are_listed_changed_and_deleted(void **state)
{
    struct test_store *t = *state;
    struct ph_client_record *clients;
    enum ph_write_result result;
    int64_t n;
    size_t count;

    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_int_equal(add_client(t, "c2", (struct ph_str){ 0 }), PH_WRITE_DONE);
    assert_int_equal(add_client(t, "c1", (struct ph_str){ 0 }), PH_WRITE_DONE);
    assert_ok(ph_store_client_list(&t->ctx, TEST_POOL.id, PH_STR("c1"), 5, &clients, &count));
    assert_int_equal(count, 1);
    assert_str(clients[0].id, "c2");
    clients[0].name = PH_STR("new name");
    assert_ok(ph_store_client_update(&t->ctx, clients, &result));
    assert_int_equal(result, PH_WRITE_DONE);
    assert_ok(ph_store_client_update(&t->ctx, clients, &result));
    assert_int_equal(result, PH_WRITE_CONFLICT);
    assert_ok(ph_store_client_delete(&t->ctx, PH_STR("another"), PH_STR("c2"), &result));
    assert_int_equal(result, PH_WRITE_GONE);
    assert_ok(ph_store_client_delete(&t->ctx, TEST_POOL.id, PH_STR("c2"), &result));
    assert_int_equal(result, PH_WRITE_DONE);
    assert_ok(ph_store_client_update(&t->ctx, clients, &result));
    assert_int_equal(result, PH_WRITE_GONE);
    assert_ok(ph_store_client_count(&t->ctx, TEST_POOL.id, &n));
    assert_int_equal(n, 1);
    assert_int_equal(pool_revision(t), 4); /* made, two clients more, one less */
}

static bool put(struct test_store *t, const char *client_id, const char *document, int64_t at_ms)
{
    const struct ph_configuration given = { .kind = PH_CONFIGURATION_RISK,
                                            .pool_id = TEST_POOL.id,
                                            .client_id = ph_str_from(client_id),
                                            .document = ph_str_from(document),
                                            .created_ms = at_ms,
                                            .modified_ms = at_ms };
    int64_t created_ms;
    bool gone;

    assert_ok(ph_store_configuration_put(&t->ctx, &given, &gone, &created_ms));
    return !gone;
}

static struct ph_configuration *configuration(struct test_store *t, const char *client_id)
{
    struct ph_configuration *found;

    assert_ok(ph_store_configuration_find(&t->ctx, TEST_POOL.id, PH_CONFIGURATION_RISK,
                                          ph_str_from(client_id), &found));
    return found;
}

static void configurations_are_replaced_and_go_with_their_owners(void **state)
{
    struct test_store *t = *state;
    enum ph_write_result result;

    assert_false(put(t, "", "{}", 1));
    make_pool(t, "eu-west-1_AAAAAAAAA");
    assert_null(configuration(t, ""));
    assert_true(put(t, "", "{}", 1));
    assert_true(put(t, "", "{\"a\":1}", 5));
    assert_str(configuration(t, "")->document, "{\"a\":1}");
    assert_int_equal(configuration(t, "")->created_ms, 1);
    assert_int_equal(configuration(t, "")->modified_ms, 5);
    add_client(t, "one", (struct ph_str){ 0 });
    assert_true(put(t, "one", "{}", 1));
    assert_ok(ph_store_client_delete(&t->ctx, TEST_POOL.id, PH_STR("one"), &result));
    assert_null(configuration(t, "one"));
    assert_non_null(configuration(t, ""));
    assert_ok(ph_store_pool_delete(&t->ctx, TEST_POOL.id, &result));
    ph_store_sweep(t->ctx.store, t->now_ms);
    assert_null(configuration(t, ""));
}

static void access_keys_are_made_found_listed_and_deleted(void **state)
{
    struct test_store *t = *state;
    const struct ph_access_key key = { .id = PH_STR("AKIAAAAAAAAAAAAAAAAA"),
                                       .secret = PH_STR("s3cret"),
                                       .user_name = PH_STR("ops"),
                                       .policy = PH_STR("{}"),
                                       .created_ms = 5 };
    struct ph_access_key *found;
    bool flag;
    size_t count;

    assert_ok(ph_store_access_key_insert(&t->ctx, &key, &flag));
    assert_false(flag);
    assert_ok(ph_store_access_key_insert(&t->ctx, &key, &flag));
    assert_true(flag);
    assert_ok(ph_store_access_key_find(&t->ctx, key.id, &found));
    assert_str(found->secret, "s3cret");
    assert_null(found->session_token.p);
    assert_ok(ph_store_access_key_list(&t->ctx, &found, &count));
    assert_int_equal(count, 1);
    assert_str(found->user_name, "ops");
    assert_null(found->secret.p);
    assert_ok(ph_store_access_key_delete(&t->ctx, key.id, &flag));
    assert_true(flag);
    assert_ok(ph_store_access_key_delete(&t->ctx, key.id, &flag));
    assert_false(flag);
    assert_ok(ph_store_access_key_find(&t->ctx, key.id, &found));
    assert_null(found);
}

#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(configurations_are_replaced_and_go_with_their_owners),
        IN_FILE(a_pool_is_read_as_it_was_made),
        IN_FILE(a_pool_changes_only_from_the_revision_that_was_read),
        IN_FILE(pools_are_listed_by_id),
        IN_FILE(a_region_lists_its_own_pools_and_those_of_none),
        IN_FILE(deleting_a_pool_deletes_everything_in_it),
        IN_FILE(a_pool_made_again_has_nothing_of_the_one_before_and_keeps_its_own),
        IN_FILE(rotation_adds_keys_and_retires_those_of_the_same_use),
        IN_FILE(clients_come_with_a_sealed_secret),
        IN_FILE(clients_are_listed_changed_and_deleted),
        IN_FILE(access_keys_are_made_found_listed_and_deleted),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
