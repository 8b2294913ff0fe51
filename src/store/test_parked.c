/* What waits beside a Session: read back, sealed, swept, and gone with its pool. */
#include "store/parked.h"
#include "store/test_support.h"

static const struct ph_pool_ref OTHER_POOL = { .id = PH_STR_INIT("eu-west-1_BBBBBBBBB"),
                                               .data_key = &TEST_DATA_KEY };

static struct ph_str find(struct test_store *t, const struct ph_pool_ref *pool, const char *id)
{
    struct ph_str text;

    assert_ok(ph_store_parked_find(&t->ctx, pool, ph_str_from(id), &text));
    return text;
}

static void what_was_put_is_found_in_its_pool_until_it_is_swept(void **state)
{
    struct test_store *t = *state;

    assert_ok(ph_store_parked_put(&t->ctx, &TEST_POOL, PH_STR("a"), PH_STR("first"), 1000));
    assert_ok(ph_store_parked_put(&t->ctx, &TEST_POOL, PH_STR("b"), PH_STR("second"), 2000));
    assert_str(find(t, &TEST_POOL, "a"), "first");
    assert_str(find(t, &TEST_POOL, "b"), "second");
    assert_int_equal(find(t, &TEST_POOL, "c").n, 0);
    assert_int_equal(find(t, &OTHER_POOL, "a").n, 0);
    ph_store_sweep(t->ctx.store, 1500);
    assert_int_equal(find(t, &TEST_POOL, "a").n, 0);
    assert_str(find(t, &TEST_POOL, "b"), "second");
}

static void of_two_that_are_added_the_first_stays(void **state)
{
    struct test_store *t = *state;
    bool added = false;

    assert_ok(ph_store_parked_add(&t->ctx, &TEST_POOL, PH_STR("a"), PH_STR("first"), 1000, &added));
    assert_true(added);
    assert_ok(
        ph_store_parked_add(&t->ctx, &TEST_POOL, PH_STR("a"), PH_STR("second"), 1000, &added));
    assert_false(added);
    assert_str(find(t, &TEST_POOL, "a"), "first");
    assert_ok(
        ph_store_parked_add(&t->ctx, &OTHER_POOL, PH_STR("a"), PH_STR("other"), 1000, &added));
    assert_true(added);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_found_in_its_pool_until_it_is_swept,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(of_two_that_are_added_the_first_stays, open_store,
                                        close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
