/* Many users in one transaction, and where users came from. */
#include "store/test_support.h"
#include "util/json.h"

static int open_with_json(void **state)
{
    ph_json_start();
    *state = test_store_create(false);
    return 0;
}

/* Somebody who waits; his username is an alias. */
static const struct ph_user_change *newcomer(struct test_store *t, int n, int name)
{
    struct ph_user_change *change = ph_arena_new(&t->arena, struct ph_user_change);
    struct ph_alias *alias = ph_arena_new(&t->arena, struct ph_alias);

    change->user = test_user(&t->ctx, n);
    change->user->username = ph_strf(&t->arena, "user%d", name);
    change->user->password = NULL;
    change->user->origin = PH_ORIGIN_WAITING;
    *alias = (struct ph_alias){ .kind = PH_ALIAS_USERNAME, .value = change->user->username };
    change->aliases = alias;
    change->alias_count = 1;
    return change;
}

static void assert_counts(struct test_store *t, int64_t waiting, int64_t settled)
{
    int64_t all[PH_ORIGIN_COUNT], of_pool[PH_ORIGIN_COUNT], of_other[PH_ORIGIN_COUNT];

    assert_ok(ph_store_user_origins(&t->ctx, all));
    assert_ok(ph_store_pool_origins(&t->ctx, TEST_POOL.id, of_pool));
    assert_ok(ph_store_pool_origins(&t->ctx, PH_STR("eu-west-1_BBBBBBBBB"), of_other));
    assert_int_equal(all[PH_ORIGIN_WAITING], waiting);
    assert_int_equal(all[PH_ORIGIN_SETTLED], settled);
    assert_int_equal(all[PH_ORIGIN_NONE], 0);
    assert_int_equal(of_pool[PH_ORIGIN_WAITING], waiting);
    assert_int_equal(of_pool[PH_ORIGIN_SETTLED], settled);
    assert_int_equal(of_other[PH_ORIGIN_WAITING], 0);
}

static void users_are_stored_together_and_read_back(void **state)
{
    struct test_store *t = *state;
    struct ph_user_entry entries[PH_USER_ENTRIES_MAX] = { 0 };

    for (int i = 0; i < PH_USER_ENTRIES_MAX; i++) {
        entries[i].change = newcomer(t, i, i);
    }
    entries[7].change->user->enrols = true;
    assert_ok(ph_store_users_insert(&t->ctx, &TEST_POOL, entries, PH_USER_ENTRIES_MAX));
    for (int i = 0; i < PH_USER_ENTRIES_MAX; i++) {
        const struct ph_user *found = test_find(&t->ctx, entries[i].change->user->sub);

        assert_int_equal(entries[i].result, PH_USER_DONE);
        assert_int_equal(entries[i].change->user->revision, 1);
        assert_int_equal(found->origin, PH_ORIGIN_WAITING);
        assert_int_equal(found->enrols, i == 7);
        assert_int_equal(found->created_ms, entries[i].change->user->created_ms);
    }
    assert_counts(t, PH_USER_ENTRIES_MAX, 0);
}

static void whose_name_is_taken_does_not_stop_the_others(void **state)
{
    struct test_store *t = *state;
    struct ph_user_entry entries[4] = { 0 };

    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 1)), PH_USER_DONE);
    entries[0].change = newcomer(t, 10, 10);
    entries[1].change = newcomer(t, 11, 1);  /* that one's */
    entries[2].change = newcomer(t, 12, 10); /* that of the first */
    entries[3].change = newcomer(t, 13, 13);
    assert_ok(ph_store_users_insert(&t->ctx, &TEST_POOL, entries, 4));
    assert_int_equal(entries[0].result, PH_USER_DONE);
    assert_int_equal(entries[1].result, PH_USER_ALIAS_TAKEN);
    assert_int_equal(entries[1].taken, PH_ALIAS_USERNAME);
    assert_int_equal(entries[2].result, PH_USER_ALIAS_TAKEN);
    assert_int_equal(entries[3].result, PH_USER_DONE);
    assert_null(test_find(&t->ctx, entries[1].change->user->sub));
    assert_counts(t, 2, 0);
}

static void a_sub_that_is_taken_undoes_all(void **state)
{
    struct test_store *t = *state;
    struct ph_user_entry entries[2] = { 0 };

    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 5)), PH_USER_DONE);
    entries[0].change = newcomer(t, 4, 4);
    entries[1].change = newcomer(t, 5, 50);
    assert_ok(ph_store_users_insert(&t->ctx, &TEST_POOL, entries, 2));
    assert_int_equal(entries[0].result, PH_USER_CONFLICT);
    assert_int_equal(entries[1].result, PH_USER_CONFLICT);
    assert_null(test_find(&t->ctx, entries[0].change->user->sub));
    assert_counts(t, 0, 0);
}

static void who_has_settled_is_counted_so(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);

    user->origin = PH_ORIGIN_SETTLED;
    user->enrols = true;
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_counts(t, 0, 1);
    user->origin = PH_ORIGIN_NONE;
    user->enrols = false;
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_counts(t, 0, 0);
}

/* As a version that does not know the column leaves it. */
static void who_has_a_password_does_not_wait(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);

    user->origin = PH_ORIGIN_WAITING;
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_int_equal(test_find(&t->ctx, user->sub)->origin, PH_ORIGIN_SETTLED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_with_json, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(users_are_stored_together_and_read_back),
        TEST(whose_name_is_taken_does_not_stop_the_others),
        TEST(a_sub_that_is_taken_undoes_all),
        TEST(who_has_settled_is_counted_so),
        TEST(who_has_a_password_does_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
