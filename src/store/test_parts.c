#include "store/configurations.h"
#include "store/parts.h"
#include "store/pools.h"
#include "store/test_support.h"

static void make_pool(struct test_store *t, struct ph_str id)
{
    const struct ph_pool_record pool = {
        .id = id, .name = PH_STR("p"), .settings = PH_STR("{}"), .data_key = TEST_DATA_KEY
    };
    enum ph_write_result result;

    assert_ok(ph_store_pool_insert(&t->ctx, &pool, NULL, 0, &result));
}

static int open_with_pool(void **state)
{
    struct test_store *t = test_store_create(true);

    make_pool(t, TEST_POOL.id);
    *state = t;
    return 0;
}

static struct ph_part part_with(struct test_store *t, enum ph_part_kind kind, const char *name,
                                const struct ph_str *claim)
{
    return (struct ph_part){
        .kind = kind,
        .name = ph_str_from(name),
        .document = ph_json_parse(&t->arena, PH_STR("{\"a\":\"b\"}")),
        .claims = claim,
        .claim_count = claim == NULL ? 0 : 1,
    };
}

static enum ph_part_write insert(struct test_store *t, const struct ph_pool_ref *pool,
                                 const struct ph_part *part, int64_t most)
{
    enum ph_part_write result;

    assert_ok(ph_store_part_insert(&t->ctx, pool, part, most, &result));
    return result;
}

static struct ph_part *find(struct test_store *t, enum ph_part_kind kind, const char *name)
{
    struct ph_part *part;

    assert_ok(ph_store_part_find(&t->ctx, &TEST_POOL, kind, ph_str_from(name), &part));
    return part;
}

static void a_part_is_read_as_it_was_made(void **state)
{
    struct test_store *t = *state;
    const struct ph_part part = part_with(t, PH_PART_RESOURCE_SERVER, "r", NULL);
    const struct ph_part more = part_with(t, PH_PART_RESOURCE_SERVER, "s", NULL);
    struct ph_part *found;
    enum ph_part_write result;

    assert_int_equal(insert(t, &TEST_POOL, &part, 1), PH_PART_DONE);
    assert_int_equal(insert(t, &TEST_POOL, &part, 1), PH_PART_TAKEN);
    assert_int_equal(insert(t, &TEST_POOL, &more, 1), PH_PART_FULL);
    found = find(t, PH_PART_RESOURCE_SERVER, "r");
    assert_str(ph_json_get_str(found->document, "a"), "b");
    assert_null(find(t, PH_PART_PROVIDER, "r"));
    assert_ok(ph_store_part_update(&t->ctx, &TEST_POOL, found, &result));
    assert_int_equal(result, PH_PART_DONE);
    assert_ok(ph_store_part_update(&t->ctx, &TEST_POOL, found, &result));
    assert_int_equal(result, PH_PART_CONFLICT);
    assert_ok(ph_store_part_delete(&t->ctx, &TEST_POOL, found->kind, found->name, &result));
    assert_int_equal(result, PH_PART_DONE);
    assert_ok(ph_store_part_delete(&t->ctx, &TEST_POOL, found->kind, found->name, &result));
    assert_int_equal(result, PH_PART_GONE);
}

/* A domain belongs to one pool of all, an identifier to one provider of its pool. */
static void claims_hold_in_their_space(void **state)
{
    struct test_store *t = *state;
    const struct ph_pool_ref other = { .id = PH_STR("eu-west-1_BBBBBBBBB"),
                                       .data_key = &TEST_DATA_KEY };
    const struct ph_str claim = PH_STR("claim");
    const struct ph_part domain = part_with(t, PH_PART_DOMAIN, "Domain", &claim);
    const struct ph_part one = part_with(t, PH_PART_PROVIDER, "one", &claim);
    const struct ph_part two = part_with(t, PH_PART_PROVIDER, "two", &claim);
    struct ph_str pool_id, name;
    enum ph_write_result result;

    make_pool(t, other.id);
    assert_int_equal(insert(t, &TEST_POOL, &domain, 2), PH_PART_DONE);
    assert_int_equal(insert(t, &other, &domain, 2), PH_PART_CLAIMED);
    assert_int_equal(insert(t, &TEST_POOL, &one, 2), PH_PART_DONE);
    assert_int_equal(insert(t, &TEST_POOL, &two, 2), PH_PART_CLAIMED);
    assert_int_equal(insert(t, &other, &two, 2), PH_PART_DONE);
    assert_ok(ph_store_part_owner(&t->ctx, other.id, PH_PART_PROVIDER, claim, &pool_id, &name));
    assert_str(name, "two");
    assert_ok(ph_store_pool_delete(&t->ctx, TEST_POOL.id, &result));
    assert_int_equal(insert(t, &other, &domain, 2), PH_PART_DONE);
}

static void make_client(struct test_store *t, const char *id)
{
    const struct ph_client_record client = { .id = ph_str_from(id),
                                             .name = PH_STR("c"),
                                             .settings = PH_STR("{}") };
    enum ph_write_result result;

    assert_ok(ph_store_client_insert(&t->ctx, &TEST_POOL, &client, &result));
    assert_int_equal(result, PH_WRITE_DONE);
}

static void parts_of_a_client_go_with_it(void **state)
{
    struct test_store *t = *state;
    const struct ph_str one = PH_STR("one"), two = PH_STR("two");
    struct ph_part mine = part_with(t, PH_PART_STYLE, "s1", &one);
    struct ph_part other = part_with(t, PH_PART_STYLE, "s2", &two);
    struct ph_str pool_id, name;
    enum ph_write_result result;

    mine.client_id = one;
    other.client_id = two;
    assert_int_equal(insert(t, &TEST_POOL, &mine, 9), PH_PART_GONE);
    make_client(t, "one");
    make_client(t, "two");
    assert_int_equal(insert(t, &TEST_POOL, &mine, 9), PH_PART_DONE);
    assert_int_equal(insert(t, &TEST_POOL, &other, 9), PH_PART_DONE);
    assert_str(find(t, PH_PART_STYLE, "s1")->client_id, "one");
    assert_ok(ph_store_client_delete(&t->ctx, TEST_POOL.id, one, &result));
    assert_null(find(t, PH_PART_STYLE, "s1"));
    assert_non_null(find(t, PH_PART_STYLE, "s2"));
    assert_ok(ph_store_part_owner(&t->ctx, TEST_POOL.id, PH_PART_STYLE, one, &pool_id, &name));
    assert_null(name.p);
}

/* Somebody deletes the client between the look at it and the write. */
static void nothing_is_configured_for_a_client_that_has_gone(void **state)
{
    struct test_store *t = *state;
    struct ph_configuration given = { .kind = PH_CONFIGURATION_UI,
                                      .pool_id = TEST_POOL.id,
                                      .client_id = PH_STR("one"),
                                      .document = PH_STR("{}") };
    int64_t created_ms;
    bool gone;

    assert_ok(ph_store_configuration_put(&t->ctx, &given, &gone, &created_ms));
    assert_true(gone);
    make_client(t, "one");
    assert_ok(ph_store_configuration_put(&t->ctx, &given, &gone, &created_ms));
    assert_false(gone);
    given.client_id = PH_STR("");
    assert_ok(ph_store_configuration_put(&t->ctx, &given, &gone, &created_ms));
    assert_false(gone);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_with_pool, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_part_is_read_as_it_was_made),
        TEST(claims_hold_in_their_space),
        TEST(parts_of_a_client_go_with_it),
        TEST(nothing_is_configured_for_a_client_that_has_gone),
    };

    ph_json_start();
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
