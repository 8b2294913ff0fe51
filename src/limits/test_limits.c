/* Which operation counts where, and how many get through. */
#include "limits/limits.h"

#include "store/test_support.h"

static int open_limits(void **state)
{
    struct test_store *t = test_store_create(true);

    t->ctx.limits = ph_limits_create();
    *state = t;
    return 0;
}

static int close_limits(void **state)
{
    struct test_store *t = *state;

    ph_limits_destroy(t->ctx.limits);
    test_store_destroy(t);
    return 0;
}

static void every_operation_has_a_category(void **state)
{
    (void)state;
    for (int op = 0; op < PH_OP_COUNT; op++) {
        if (ph_category_of((enum ph_op)op) == PH_CATEGORY_NONE) {
            fail_msg("%s", ph_operations[op].name);
        }
    }
}

static void categories_have_names_and_rates(void **state)
{
    (void)state;
    for (int i = PH_CATEGORY_NONE + 1; i < PH_CATEGORY_COUNT; i++) {
        assert_int_equal(ph_category_named(ph_categories[i].name), i);
        assert_true(ph_categories[i].free_rps > 0);
    }
    assert_int_equal(ph_category_named(PH_STR("")), PH_CATEGORY_NONE);
    assert_int_equal(ph_category_named(PH_STR("Other")), PH_CATEGORY_NONE);
}

static void a_limit_is_read_as_it_was_set(void **state)
{
    struct test_store *t = *state;
    int64_t value;

    assert_ok(ph_limit_get(&t->ctx, PH_CATEGORY_USER_CREATION, &value));
    assert_int_equal(value, 50);
    assert_ok(ph_limit_set(&t->ctx, PH_CATEGORY_USER_CREATION, 70));
    assert_ok(ph_limit_set(&t->ctx, PH_CATEGORY_USER_CREATION, 60));
    assert_ok(ph_limit_get(&t->ctx, PH_CATEGORY_USER_CREATION, &value));
    assert_int_equal(value, 60);
    assert_ok(ph_limit_get(&t->ctx, PH_CATEGORY_USER_READ, &value));
    assert_int_equal(value, 120);
}

/* How many of `most` requests in a row get through. */
static int count(struct test_store *t, enum ph_op op, int most)
{
    int taken = 0;

    for (int i = 0; i < most; i++) {
        const struct ph_err err = ph_limits_take(&t->ctx, op);

        assert_true(err.type == NULL || err.type == &ph_ex_TooManyRequestsException);
        taken += err.type == NULL ? 1 : 0;
    }
    return taken;
}

static void assert_between(int got, int least, int most)
{
    if (got < least || got > most) {
        fail_msg("%d is not from %d to %d", got, least, most);
    }
}

/* The test itself takes some time, in which the buckets fill again. */
static void a_second_of_requests_gets_through_at_once(void **state)
{
    struct test_store *t = *state;

    assert_between(count(t, OP_DescribeUserPool, 1000), 15, 400);
    assert_int_equal(count(t, OP_SignUp, 20), 20); /* of another category */
    assert_ok(ph_limit_set(&t->ctx, PH_CATEGORY_USER_LIST, 500));
    assert_between(count(t, OP_ListUsers, 500), 500, 500);
}

/* Three times the rate for themselves, then that of sign-ins. */
static void answers_to_challenges_have_a_rate_of_their_own(void **state)
{
    struct test_store *t = *state;

    assert_int_equal(count(t, OP_RespondToAuthChallenge, 360), 360);
    assert_int_equal(count(t, OP_InitiateAuth, 100), 100);
    assert_int_equal(count(t, OP_AdminRespondToAuthChallenge, 20), 20);
    assert_true(count(t, OP_AdminRespondToAuthChallenge, 5000) < 5000);
    assert_true(count(t, OP_InitiateAuth, 5000) < 5000);
}

static void without_limits_nothing_is_counted(void **state)
{
    struct test_store *t = *state;
    struct ph_limits *limits = t->ctx.limits;

    t->ctx.limits = NULL;
    assert_int_equal(count(t, OP_DescribeUserPool, 1000), 1000);
    t->ctx.limits = limits;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_limits, close_limits)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_category),
        cmocka_unit_test(categories_have_names_and_rates),
        TEST(a_limit_is_read_as_it_was_set),
        TEST(a_second_of_requests_gets_through_at_once),
        TEST(answers_to_challenges_have_a_rate_of_their_own),
        TEST(without_limits_nothing_is_counted),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
