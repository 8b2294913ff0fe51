#include "store/groups.h"
#include "store/pools.h"
#include "store/test_support.h"

static int open_with_pool(void **state)
{
    struct test_store *t = test_store_create(false);
    const struct ph_pool_record pool = {
        .id = TEST_POOL.id, .name = PH_STR("p"), .settings = PH_STR("{}"), .data_key = TEST_DATA_KEY
    };
    enum ph_write_result result;

    assert_ok(ph_store_pool_insert(&t->ctx, &pool, NULL, 0, &result));
    *state = t;
    return 0;
}

static enum ph_group_write insert(struct test_store *t, const char *name, int64_t precedence)
{
    const struct ph_group group = { .name = ph_str_from(name), .precedence = precedence };
    enum ph_group_write result;

    assert_ok(ph_store_group_insert(&t->ctx, &TEST_POOL, &group, &result));
    return result;
}

static enum ph_group_write add(struct test_store *t, struct ph_str name, const struct ph_user *user)
{
    enum ph_group_write result;

    assert_ok(ph_store_group_add(&t->ctx, &TEST_POOL, name, user->sub, &result));
    return result;
}

static size_t users_of(struct test_store *t, const char *name)
{
    struct ph_user **users;
    size_t count;

    assert_ok(ph_store_group_users(&t->ctx, &TEST_POOL, ph_str_from(name), (struct ph_str){ 0 }, 10,
                                   &users, &count));
    return count;
}

static struct ph_group *groups_of(struct test_store *t, const struct ph_user *user, size_t *count)
{
    struct ph_group *groups;

    assert_ok(ph_store_groups_of_user(&t->ctx, &TEST_POOL, user->sub, &groups, count));
    return groups;
}

static void a_user_has_groups_in_the_order_of_their_precedence(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    struct ph_group *groups;
    size_t count;

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_int_equal(insert(t, "none", PH_GROUP_NO_PRECEDENCE), PH_GROUP_DONE);
    assert_int_equal(insert(t, "ten", 10), PH_GROUP_DONE);
    assert_int_equal(insert(t, "zero", 0), PH_GROUP_DONE);
    assert_int_equal(insert(t, "zero", 0), PH_GROUP_TAKEN);
    assert_int_equal(add(t, PH_STR("none"), user), PH_GROUP_DONE);
    assert_int_equal(add(t, PH_STR("ten"), user), PH_GROUP_DONE);
    assert_int_equal(add(t, PH_STR("zero"), user), PH_GROUP_DONE);
    assert_int_equal(add(t, PH_STR("zero"), user), PH_GROUP_DONE);
    groups = groups_of(t, user, &count);
    assert_int_equal(count, 3);
    assert_str(groups[0].name, "zero");
    assert_str(groups[1].name, "ten");
    assert_str(groups[2].name, "none");
}

static void a_group_made_again_is_empty(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    enum ph_group_write result;

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    insert(t, "g", 0);
    assert_int_equal(add(t, PH_STR("g"), user), PH_GROUP_DONE);
    assert_int_equal(users_of(t, "g"), 1);
    assert_ok(ph_store_group_delete(&t->ctx, &TEST_POOL, PH_STR("g"), &result));
    assert_int_equal(result, PH_GROUP_DONE);
    insert(t, "g", 0);
    assert_int_equal(users_of(t, "g"), 0);
    ph_store_sweep(t->ctx.store, t->now_ms);
    ph_store_sweep(t->ctx.store, t->now_ms);
    test_sql(t, "CREATE TABLE proof (a BIGINT CHECK (a = 0));"
                "INSERT INTO proof SELECT COUNT(*) FROM group_members;"
                "INSERT INTO proof SELECT COUNT(*) FROM deleted_groups");
}

static void a_deleted_user_leaves_its_groups(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    bool existed;

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    insert(t, "g", 0);
    assert_int_equal(add(t, PH_STR("g"), user), PH_GROUP_DONE);
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, user->sub, &existed));
    assert_int_equal(users_of(t, "g"), 0);
    assert_int_equal(add(t, PH_STR("g"), user), PH_GROUP_GONE);
}

static void a_user_is_in_a_hundred_groups_at_most(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    for (int i = 0; i <= PH_GROUPS_OF_USER_MAX; i++) {
        const struct ph_str name = ph_strf(&t->arena, "g%d", i);

        insert(t, ph_cstr(&t->arena, name), 0);
        assert_int_equal(add(t, name, user),
                         i < PH_GROUPS_OF_USER_MAX ? PH_GROUP_DONE : PH_GROUP_FULL);
    }
}

static void an_update_keeps_what_it_does_not_name(void **state)
{
    struct test_store *t = *state;
    struct ph_group change = { .name = PH_STR("g"), .description = PH_STR("d") };
    enum ph_group_write result;
    struct ph_group *group;

    insert(t, "g", 7);
    assert_ok(ph_store_group_update(&t->ctx, &TEST_POOL, &change, false, &result));
    change = (struct ph_group){ .name = PH_STR("g"), .role = PH_STR("r"), .precedence = 0 };
    assert_ok(ph_store_group_update(&t->ctx, &TEST_POOL, &change, false, &result));
    assert_ok(ph_store_group_find(&t->ctx, &TEST_POOL, PH_STR("g"), &group));
    assert_str(group->description, "d");
    assert_str(group->role, "r");
    assert_int_equal(group->precedence, 7);
    assert_ok(ph_store_group_update(&t->ctx, &TEST_POOL, &change, true, &result));
    assert_ok(ph_store_group_find(&t->ctx, &TEST_POOL, PH_STR("g"), &group));
    assert_int_equal(group->precedence, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_with_pool, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_has_groups_in_the_order_of_their_precedence),
        TEST(a_group_made_again_is_empty),
        TEST(a_deleted_user_leaves_its_groups),
        TEST(a_user_is_in_a_hundred_groups_at_most),
        TEST(an_update_keeps_what_it_does_not_name),
    };

    ph_json_start();
    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
