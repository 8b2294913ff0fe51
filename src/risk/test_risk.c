/* Ranges of addresses, blocked ones, the feedback tokens of events. */
#include "pool/test_support.h"
#include "risk/cidr.h"
#include "risk/risk.h"

static void test_ranges(void **state)
{
    static const struct {
        const char *range, *address;
        bool valid, contains;
    } CASES[] = {
        { "192.0.2.0/24", "192.0.2.200", true, true },
        { "192.0.2.0/24", "192.0.3.1", true, false },
        { "192.0.2.7/32", "192.0.2.7", true, true },
        { "192.0.2.7/32", "192.0.2.6", true, false },
        { "0.0.0.0/0", "203.0.113.9", true, true },
        { "0.0.0.0/0", "2001:db8::1", true, false },
        { "192.0.2.0/24", "::ffff:192.0.2.1", true, true },
        { "2001:db8::/33", "2001:db8:7fff::1", true, true },
        { "2001:db8::/33", "2001:db8:8000::1", true, false },
        { "::/0", "2001:db8::1", true, true },
        { "192.0.2.0/33", "192.0.2.0", false, false },
        { "192.0.2.0", "192.0.2.0", false, false },
        { "192.0.2.0/", "192.0.2.0", false, false },
        { "192.0.2.0/-1", "192.0.2.0", false, false },
        { "192.0.2/24", "192.0.2.0", false, false },
        { "2001:db8::/129", "2001:db8::", false, false },
        { "", "192.0.2.0", false, false },
        { "192.0.2.0/24", "somewhere", true, false },
        { "192.0.2.0/24", "", true, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct ph_str range = ph_str_from(CASES[i].range);

        if (ph_is_cidr(range) != CASES[i].valid ||
            ph_cidr_contains(range, ph_str_from(CASES[i].address)) != CASES[i].contains) {
            fail_msg("%s %s", CASES[i].range, CASES[i].address);
        }
    }
}

static void configure(struct test_pool *t, struct ph_str client_id, const char *text)
{
    const struct ph_client_record client = { .id = client_id,
                                             .name = PH_STR("c"),
                                             .settings = PH_STR("{}") };
    enum ph_write_result result;

    const struct ph_configuration given = {
        .kind = PH_CONFIGURATION_RISK,
        .pool_id = PH_STR(POOL_ID),
        .client_id = client_id,
        .document = document(t, json(t, text)),
    };
    int64_t created_ms;
    bool gone;

    if (client_id.n > 0) {
        assert_ok(ph_store_client_insert(
            &t->ctx, &(struct ph_pool_ref){ .id = PH_STR(POOL_ID), .data_key = &TEST_MASTER_KEY },
            &client, &result));
    }
    assert_ok(ph_store_configuration_put(&t->ctx, &given, &gone, &created_ms));
    assert_false(gone);
}

static bool is_blocked(struct test_pool *t, const struct ph_pool *pool, const char *client,
                       const char *address)
{
    bool blocked = false;

    assert_ok(
        ph_risk_is_blocked(&t->ctx, pool, ph_str_from(client), ph_str_from(address), &blocked));
    return blocked;
}

#define BLOCK(range) "{'RiskExceptionConfiguration':{'BlockedIPRangeList':['" range "']}}"

static void test_blocked(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(
        t, "{'UserPoolTier':'PLUS','UserPoolAddOns':{'AdvancedSecurityMode':'ENFORCED'}}");

    assert_false(is_blocked(t, pool, "one", "192.0.2.1"));
    configure(t, (struct ph_str){ 0 }, BLOCK("192.0.2.0/24"));
    configure(t, PH_STR("other"), BLOCK("198.51.100.0/24"));
    assert_true(is_blocked(t, pool, "one", "192.0.2.1"));
    assert_false(is_blocked(t, pool, "one", "198.51.100.1"));
    assert_true(is_blocked(t, pool, "other", "198.51.100.1"));
    assert_false(is_blocked(t, pool, "other", "192.0.2.1"));
}

static void test_blocked_nowhere_while_off(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");

    configure(t, (struct ph_str){ 0 }, BLOCK("192.0.2.0/24"));
    assert_false(is_blocked(t, pool, "one", "192.0.2.1"));
}

static void test_feedback_tokens(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_str sub = PH_STR("sub"), event = PH_STR("event");
    const struct ph_str token = ph_feedback_token(&t->ctx, pool, sub, event);

    assert_true(ph_feedback_token_is_right(&t->ctx, pool, sub, event, token));
    assert_false(ph_feedback_token_is_right(&t->ctx, pool, event, sub, token));
    assert_false(ph_feedback_token_is_right(&t->ctx, pool, sub, PH_STR("other"), token));
    assert_false(ph_feedback_token_is_right(&t->ctx, pool, sub, event, PH_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test_setup_teardown(test_blocked, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(test_blocked_nowhere_while_off, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(test_feedback_tokens, open_pools, close_pools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
