/* The outbox: in the order of commits, readable again, filtered. */
#include "store/test_support.h"

#include "store/outbox.h"

static void insert(struct ph_tx *tx, void *arg)
{
    ph_outbox_insert(tx, arg, 1);
}

static void send(struct test_store *t, const char *id, const char *username)
{
    const struct ph_message message = {
        .id = ph_str_from(id),
        .pool_id = TEST_POOL.id,
        .username = ph_str_from(username),
        .medium = PH_MEDIUM_SMS,
        .destination = ph_strf(&t->arena, "+1555%s", id),
        .reason = PH_STR("SignUp"),
        .body = PH_STR("Your code is 123456"),
        .code = PH_STR("123456"),
        .created_ms = 5,
    };

    assert_ok(ph_write(&t->ctx, insert, ph_outbox_seal(&t->ctx, &message, 1)));
}

/* The ids found, without anything between them. */
static struct ph_str ids(struct test_store *t, struct ph_outbox_query query)
{
    struct ph_message *messages;
    struct ph_str all = PH_STR("");
    size_t count;

    query.limit = query.limit == 0 ? 100 : query.limit;
    assert_ok(ph_store_outbox_list(&t->ctx, &query, &messages, &count));
    for (size_t i = 0; i < count; i++) {
        all = ph_strf(&t->arena, "%.*s%.*s", PH_FMT(all), PH_FMT(messages[i].id));
    }
    return all;
}

#define IDS(t, ...) ids((t), (struct ph_outbox_query){ __VA_ARGS__ })

static void a_message_is_read_as_it_was_written(void **state)
{
    struct test_store *t = *state;
    struct ph_message *messages;
    size_t count;

    send(t, "1", "alice");
    assert_ok(
        ph_store_outbox_list(&t->ctx, &(struct ph_outbox_query){ .limit = 9 }, &messages, &count));
    assert_int_equal(count, 1);
    assert_str(messages[0].username, "alice");
    assert_int_equal(messages[0].medium, PH_MEDIUM_SMS);
    assert_str(messages[0].destination, "+15551");
    assert_str(messages[0].body, "Your code is 123456");
    assert_str(messages[0].code, "123456");
    assert_null(messages[0].subject.p);
    assert_int_equal(messages[0].created_ms, 5);
}

/* Two workers make ids at the same time; the earlier one may be committed later. */
static void what_is_committed_later_comes_after(void **state)
{
    struct test_store *t = *state;

    send(t, "5", "a");
    send(t, "3", "b");
    assert_str(IDS(t, .limit = 10), "35");
    assert_str(IDS(t, .after_id = PH_STR("5")), "3");
    assert_str(IDS(t, .after_id = PH_STR("3")), "");
    send(t, "4", "a");
    assert_str(IDS(t, .after_id = PH_STR("3")), "4");
    assert_str(IDS(t, .limit = 2), "43");
}

static void the_place_of_a_message_that_is_gone_is_told_by_its_id(void **state)
{
    struct test_store *t = *state;

    assert_str(IDS(t, .after_id = PH_STR("1")), "");
    send(t, "2", "a");
    send(t, "4", "a");
    assert_str(IDS(t, .after_id = PH_STR("1")), "42");
    assert_str(IDS(t, .after_id = PH_STR("3")), "4");
    assert_str(IDS(t, .after_id = PH_STR("5")), "");
}

static void filters_count_before_the_limit(void **state)
{
    struct test_store *t = *state;

    send(t, "1", "alice");
    send(t, "2", "bob");
    send(t, "3", "bob");
    assert_str(IDS(t, .username = PH_STR("alice"), .limit = 1), "1");
    assert_str(IDS(t, .username = PH_STR("bob"), .after_id = PH_STR("2")), "3");
    assert_str(IDS(t, .destination = PH_STR("+15552")), "2");
    assert_str(IDS(t, .destination = PH_STR("+15552"), .username = PH_STR("alice")), "");
    assert_str(IDS(t, .username = PH_STR("")), "");
}

/* --- delivery --- */

enum { MINUTE_MS = 60000 };

static struct ph_claim *claim(struct test_store *t)
{
    const struct ph_claim_wish wish = { .medium = PH_MEDIUM_SMS,
                                        .claimed_until = t->now_ms + MINUTE_MS };
    struct ph_claim *found;

    assert_ok(ph_store_outbox_claim(&t->ctx, &wish, &found));
    return found;
}

static int64_t waiting(struct test_store *t)
{
    struct ph_outbox_count count;

    assert_ok(ph_store_outbox_count(&t->ctx, 0, &count));
    return count.waiting;
}

static void a_message_is_claimed_once_until_the_claim_ends(void **state)
{
    struct test_store *t = *state;
    struct ph_claim *first, *second;

    assert_null(claim(t));
    send(t, "1", "alice");
    first = claim(t);
    assert_str(first->message.code, "123456");
    assert_int_equal(first->number, 1);
    assert_null(claim(t));
    t->now_ms += MINUTE_MS;
    second = claim(t);
    assert_str(second->message.id, "1");
    assert_int_equal(second->number, 2);
    assert_ok(ph_store_outbox_delete(&t->ctx, first)); /* too late: it is no longer his */
    assert_int_equal(waiting(t), 1);
    assert_ok(ph_store_outbox_delete(&t->ctx, second));
    assert_int_equal(waiting(t), 0);
    assert_str(IDS(t, .limit = 10), "");
}

static void what_is_put_off_waits_for_its_time(void **state)
{
    struct test_store *t = *state;

    send(t, "1", "alice");
    send(t, "2", "bob");
    assert_ok(ph_store_outbox_put_off(&t->ctx, claim(t), t->now_ms + MINUTE_MS, 3));
    assert_str(claim(t)->message.id, "2");
    assert_null(claim(t));
    t->now_ms += MINUTE_MS;
    assert_int_equal(claim(t)->refusals, 3);
}

static void the_other_medium_and_older_messages_are_left_alone(void **state)
{
    struct test_store *t = *state;
    struct ph_claim_wish wish = { .medium = PH_MEDIUM_EMAIL };
    struct ph_claim *found;

    send(t, "1", "alice"); /* written at 5 */
    assert_ok(ph_store_outbox_claim(&t->ctx, &wish, &found));
    assert_null(found);
    wish = (struct ph_claim_wish){ .medium = PH_MEDIUM_SMS, .since_ms = 6 };
    assert_ok(ph_store_outbox_claim(&t->ctx, &wish, &found));
    assert_null(found);
}

static void a_sent_message_stays_readable_and_a_failed_one_loses_its_secrets(void **state)
{
    struct test_store *t = *state;
    struct ph_message *messages;
    size_t count;

    send(t, "1", "alice");
    send(t, "2", "bob");
    assert_ok(ph_store_outbox_keep(&t->ctx, claim(t)));
    assert_ok(ph_store_outbox_fail(&t->ctx, claim(t)));
    assert_null(claim(t));
    assert_int_equal(waiting(t), 0);
    assert_ok(
        ph_store_outbox_list(&t->ctx, &(struct ph_outbox_query){ .limit = 9 }, &messages, &count));
    assert_int_equal(count, 2);
    assert_str(messages[0].username, "bob");
    assert_null(messages[0].body.p);
    assert_null(messages[0].code.p);
    assert_null(messages[0].destination.p);
    assert_str(messages[1].code, "123456");
}

static int64_t sweep_outbox(struct test_store *t, int64_t written_before, int64_t ended_before)
{
    const struct ph_outbox_limits limits = { .written_before = written_before,
                                             .ended_before = ended_before,
                                             .latest_due = t->now_ms + 60 * MINUTE_MS };
    int64_t failed;

    assert_ok(ph_store_outbox_sweep(&t->ctx, &limits, &failed));
    return failed;
}

static void what_waits_too_long_fails_and_is_forgotten(void **state)
{
    struct test_store *t = *state;

    send(t, "1", "alice");
    assert_int_equal(sweep_outbox(t, 5, 0), 0);
    assert_int_equal(sweep_outbox(t, 6, 0), 1);
    assert_null(claim(t));
    assert_str(IDS(t, .limit = 9), "1");
    assert_int_equal(sweep_outbox(t, 6, t->now_ms), 0);
    assert_str(IDS(t, .limit = 9), "1");
    assert_int_equal(sweep_outbox(t, 6, t->now_ms + 1), 0);
    assert_str(IDS(t, .limit = 9), "");
}

static void a_message_under_way_does_not_fail_of_age(void **state)
{
    struct test_store *t = *state;

    send(t, "1", "alice");
    assert_non_null(claim(t));
    assert_int_equal(sweep_outbox(t, 6, 0), 0);
    t->now_ms += MINUTE_MS + 1;
    assert_int_equal(sweep_outbox(t, 6, 0), 1);
}

static void a_clock_that_was_set_back_delays_nothing_for_long(void **state)
{
    struct test_store *t = *state;

    send(t, "1", "alice");
    assert_ok(ph_store_outbox_put_off(&t->ctx, claim(t), t->now_ms + MINUTE_MS, 1));
    t->now_ms -= 24 * 60 * MINUTE_MS;
    assert_null(claim(t));
    assert_int_equal(sweep_outbox(t, 0, 0), 0);
    assert_non_null(claim(t));
}

static void a_restart_releases_what_was_claimed(void **state)
{
    struct test_store *t = *state;

    send(t, "1", "alice");
    assert_non_null(claim(t));
    assert_ok(ph_store_outbox_release(&t->ctx));
    if (t->driver->several) {
        assert_null(claim(t)); /* another process may have it */
        t->now_ms += 10 * MINUTE_MS;
    }
    assert_int_equal(claim(t)->number, 2);
}

static void a_message_that_no_other_write_causes_is_stored_too(void **state)
{
    struct test_store *t = *state;
    const struct ph_message message = {
        .id = PH_STR("9"),
        .pool_id = TEST_POOL.id,
        .username = PH_STR("ann"),
        .code = PH_STR("123456"),
    };

    assert_ok(ph_store_outbox_put(&t->ctx, &message, 1));
    assert_str(IDS(t, .username = PH_STR("ann")), "9");
}

#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, open_memory, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(a_message_is_read_as_it_was_written),
        IN_MEMORY(a_message_that_no_other_write_causes_is_stored_too),
        IN_MEMORY(what_is_committed_later_comes_after),
        IN_MEMORY(the_place_of_a_message_that_is_gone_is_told_by_its_id),
        IN_MEMORY(filters_count_before_the_limit),
        IN_MEMORY(a_message_is_claimed_once_until_the_claim_ends),
        IN_MEMORY(what_is_put_off_waits_for_its_time),
        IN_MEMORY(the_other_medium_and_older_messages_are_left_alone),
        IN_MEMORY(a_sent_message_stays_readable_and_a_failed_one_loses_its_secrets),
        IN_MEMORY(what_waits_too_long_fails_and_is_forgotten),
        IN_MEMORY(a_message_under_way_does_not_fail_of_age),
        IN_MEMORY(a_clock_that_was_set_back_delays_nothing_for_long),
        IN_MEMORY(a_restart_releases_what_was_claimed),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
