#include "store/sign_in.h"
#include "store/test_support.h"

#include <pthread.h>
#include <stdatomic.h>

static const struct ph_auth_event NEWEST = { .at_ms = INT64_MAX };

/* --- many callers at once --- */

enum { CALLERS = 16, CALLS = 13 }; /* 208 calls */

struct crowd {
    struct test_store *t;
    void (*call)(struct crowd *crowd, struct ph_ctx *ctx);
    atomic_int winners;
    atomic_int failures;
};

static void *call_often(void *self)
{
    struct crowd *crowd = self;
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = crowd->t->ctx;

    ctx.arena = &arena;
    for (int i = 0; i < CALLS; i++) {
        crowd->call(crowd, &ctx);
    }
    ph_arena_finish(&arena);
    return NULL;
}

static void all_call(struct crowd *crowd)
{
    pthread_t threads[CALLERS];

    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, crowd), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(crowd->failures, 0);
}

/* --- nonces --- */

static void spend(struct crowd *crowd, struct ph_ctx *ctx)
{
    bool first;

    if (ph_store_spend(ctx, PH_STR("nonce"), ph_now_ms(ctx) + 1000, &first).type != NULL) {
        crowd->failures++;
    } else if (first) {
        crowd->winners++;
    }
}

static void of_parallel_callers_one_spends_a_nonce(void **state)
{
    struct crowd crowd = { .t = *state, .call = spend };

    all_call(&crowd);
    assert_int_equal(crowd.winners, 1);
}

static bool spend_text(struct test_store *t, const char *nonce, int64_t expires_ms)
{
    bool first;

    assert_ok(ph_store_spend(&t->ctx, ph_str_from(nonce), expires_ms, &first));
    return first;
}

static void a_spent_nonce_stays_spent_after_reopening(void **state)
{
    struct test_store *t = *state;

    assert_true(spend_text(t, "a", t->now_ms + 10));
    test_close(t);
    test_open(t);
    assert_false(spend_text(t, "a", t->now_ms + 10));
    assert_true(spend_text(t, "b", t->now_ms + 10));
}

static void the_memory_of_nonces_is_bounded_by_their_expiry(void **state)
{
    struct test_store *t = *state;
    struct ph_spent_set *set = ph_spent_set_create();
    struct ph_digest digest = { { 0 } };

    (void)t;
    for (int i = 0; i < 100000; i++) {
        memcpy(digest.bytes + 1, &i, sizeof i);
        assert_true(ph_spent_set_add(set, &digest, i + 10, i)); /* all in one stripe */
        assert_false(ph_spent_set_add(set, &digest, i + 10, i));
    }
    ph_spent_set_destroy(set);
}

/* --- lockout --- */

static bool guess(struct test_store *t)
{
    bool was_locked;

    assert_ok(ph_store_lockout_fail(&t->ctx, TEST_POOL.id, PH_STR("sub"), t->now_ms, &was_locked));
    return !was_locked;
}

static struct ph_lockout lockout(struct test_store *t)
{
    struct ph_lockout found;

    assert_ok(ph_store_lockout_find(&t->ctx, TEST_POOL.id, PH_STR("sub"), &found));
    return found;
}

static void locks_double_from_the_fifth_failure_up_to_fifteen_minutes(void **state)
{
    static const int64_t SECONDS[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 };
    struct test_store *t = *state;

    assert_int_equal(lockout(t).failures, 0);
    for (int i = 1; i <= 4; i++) {
        assert_true(guess(t));
        assert_int_equal(lockout(t).failures, i);
        assert_int_equal(lockout(t).locked_until_ms, 0);
    }
    for (size_t i = 0; i < sizeof SECONDS / sizeof SECONDS[0]; i++) {
        assert_true(guess(t));
        assert_int_equal(lockout(t).locked_until_ms, t->now_ms + SECONDS[i] * 1000);
        t->now_ms += SECONDS[i] * 1000 - 1;
        assert_false(guess(t)); /* locked: not counted, not extended */
        assert_int_equal(lockout(t).failures, (int64_t)i + 5);
        t->now_ms += 1;
    }
    assert_true(guess(t));
    assert_int_equal(lockout(t).locked_until_ms, t->now_ms + 900000);
}

static void failures_are_forgotten_after_fifteen_minutes_or_a_success(void **state)
{
    struct test_store *t = *state;

    for (int i = 0; i < 4; i++) {
        assert_true(guess(t));
    }
    t->now_ms += 899999;
    assert_int_equal(lockout(t).failures, 4);
    t->now_ms += 1;
    assert_int_equal(lockout(t).failures, 0);
    assert_true(guess(t));
    assert_int_equal(lockout(t).failures, 1);
    assert_ok(ph_store_lockout_clear(&t->ctx, TEST_POOL.id, PH_STR("sub")));
    assert_int_equal(lockout(t).failures, 0);
}

static void a_clock_set_back_does_not_prolong_a_lock(void **state)
{
    struct test_store *t = *state;

    for (int i = 0; i < 5; i++) {
        assert_true(guess(t));
    }
    assert_false(guess(t));
    t->now_ms -= 3600000;
    assert_int_equal(lockout(t).locked_until_ms, 0);
    assert_int_equal(lockout(t).failures, 5);
    assert_true(guess(t)); /* and counts: the next lock is by this clock */
    assert_int_equal(lockout(t).locked_until_ms, t->now_ms + 2000);
    assert_false(guess(t));
}

static void a_clock_set_back_does_not_prolong_the_hour_of_tries(void **state)
{
    struct test_store *t = *state;
    int64_t count;

    assert_ok(ph_store_attempt_count(&t->ctx, TEST_POOL.id, PH_STR("try"), &count));
    t->now_ms -= 86400000;
    assert_ok(ph_store_attempt_count(&t->ctx, TEST_POOL.id, PH_STR("try"), &count));
    assert_int_equal(count, 2);
    t->now_ms += 3600000;
    assert_ok(ph_store_attempt_count(&t->ctx, TEST_POOL.id, PH_STR("try"), &count));
    assert_int_equal(count, 1);
}

static void a_clock_that_ran_ahead_makes_nothing_forgotten(void **state)
{
    const struct test_store *t = *state;
    const int64_t now_ms = ph_system_clock.now_ms(ph_system_clock.self);

    assert_true(ph_store_forget_until_ms(t->ctx.store, now_ms + 86400000) < now_ms + 3600000);
    assert_int_equal(ph_store_forget_until_ms(t->ctx.store, now_ms - 86400000), now_ms - 86400000);
}

static void fail_once(struct crowd *crowd, struct ph_ctx *ctx)
{
    bool was_locked;

    if (ph_store_lockout_fail(ctx, TEST_POOL.id, PH_STR("sub"), ph_now_ms(ctx), &was_locked).type !=
        NULL) {
        crowd->failures++;
    } else if (!was_locked) {
        crowd->winners++;
    }
}

static void of_parallel_guesses_five_are_evaluated(void **state)
{
    struct crowd crowd = { .t = *state, .call = fail_once };

    all_call(&crowd);
    assert_int_equal(crowd.winners, 5);
    assert_int_equal(lockout(crowd.t).failures, 5);
}

/* --- families --- */

static void a_family_moves_on_once_per_generation(void **state)
{
    struct test_store *t = *state;
    struct ph_family family;
    bool moved;

    assert_ok(ph_store_family_find(&t->ctx, TEST_POOL.id, PH_STR("f"), &family));
    assert_int_equal(family.generation, 0);
    assert_false(family.revoked);
    for (int64_t from = 0; from < 3; from++) {
        assert_ok(ph_store_family_rotate(&t->ctx, TEST_POOL.id, PH_STR("f"), from, 70 + from, 99,
                                         &moved, &family));
        assert_true(moved);
        assert_int_equal(family.generation, from + 1);
        assert_int_equal(family.rotated_ms, 70 + from);
        assert_ok(ph_store_family_rotate(&t->ctx, TEST_POOL.id, PH_STR("f"), from, 80, 99, &moved,
                                         &family));
        assert_false(moved);
        assert_int_equal(family.generation, from + 1);
    }
}

static void a_revoked_family_stays_revoked_and_still(void **state)
{
    struct test_store *t = *state;
    struct ph_family family;
    bool moved;

    assert_ok(ph_store_family_revoke(&t->ctx, TEST_POOL.id, PH_STR("f"), 50));
    assert_ok(
        ph_store_family_rotate(&t->ctx, TEST_POOL.id, PH_STR("f"), 0, 1, 99, &moved, &family));
    assert_false(moved);
    assert_true(family.revoked);
    assert_ok(ph_store_family_find(&t->ctx, TEST_POOL.id, PH_STR("f"), &family));
    assert_true(family.revoked);
    assert_int_equal(family.generation, 0);
}

static void rotate_once(struct crowd *crowd, struct ph_ctx *ctx)
{
    struct ph_family family;
    bool moved;

    if (ph_store_family_rotate(ctx, TEST_POOL.id, PH_STR("f"), 0, 1, 99, &moved, &family).type !=
        NULL) {
        crowd->failures++;
    } else if (moved) {
        crowd->winners++;
    }
}

static void of_parallel_rotations_one_moves(void **state)
{
    struct crowd crowd = { .t = *state, .call = rotate_once };

    all_call(&crowd);
    assert_int_equal(crowd.winners, 1);
}

/* --- events, sweeping --- */

#define FIRST_SUB PH_STR("00000000-0000-4000-8000-000000000001")

static void append_event(struct test_store *t, const char *id, int64_t at_ms)
{
    const struct ph_auth_event event = { .id = ph_str_from(id),
                                         .pool_id = TEST_POOL.id,
                                         .sub = FIRST_SUB,
                                         .type = PH_STR("SignIn"),
                                         .response = PH_STR("Pass"),
                                         .detail = PH_STR("{}"),
                                         .at_ms = at_ms };

    ph_store_event_append(&t->ctx, &event);
}

static void closing_writes_the_events_that_nobody_waited_for(void **state)
{
    struct test_store *t = *state;
    struct ph_auth_event *events;
    size_t count;

    (void)test_write(&t->ctx, test_user(&t->ctx, 1));
    append_event(t, "e1", 1);
    append_event(t, "e3", 3);
    append_event(t, "e2", 2);
    test_close(t);
    test_open(t);
    assert_ok(ph_store_event_list(&t->ctx, TEST_POOL.id, FIRST_SUB, &NEWEST, 2, &events, &count));
    assert_int_equal(count, 2);
    assert_str(events[0].id, "e3");
    assert_str(events[1].id, "e2");
    assert_str(events[1].type, "SignIn");
    assert_null(events[1].client_id.p);
}

static void an_event_follows_soon_without_any_other_write(void **state)
{
    struct test_store *t = *state;
    struct ph_auth_event *events;
    size_t count = 0;

    (void)test_write(&t->ctx, test_user(&t->ctx, 1));
    append_event(t, "e1", 1);
    for (int i = 0; i < 500 && count == 0; i++) { /* some 10 ms; never longer than 5 s */
        usleep(10000);
        assert_ok(
            ph_store_event_list(&t->ctx, TEST_POOL.id, FIRST_SUB, &NEWEST, 2, &events, &count));
    }
    assert_int_equal(count, 1);
}

/* It was queued before the user was deleted, or a moment later by a sign-in under way. */
static void an_event_of_a_deleted_user_is_not_kept(void **state)
{
    struct test_store *t = *state;
    struct ph_auth_event *events;
    size_t count;
    bool existed;

    (void)test_write(&t->ctx, test_user(&t->ctx, 1));
    append_event(t, "e1", 1);
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, FIRST_SUB, &existed));
    assert_true(existed);
    append_event(t, "e2", 2);
    test_close(t);
    test_open(t);
    assert_ok(ph_store_event_list(&t->ctx, TEST_POOL.id, FIRST_SUB, &NEWEST, 2, &events, &count));
    assert_int_equal(count, 0);
}

static int64_t rows_of(struct test_store *t, const char *sql)
{
    struct ph_db *db = test_connect(t, PH_DB_READER);
    struct ph_db_stmt *stmt = t->driver->prepare(db, sql);
    int64_t n;

    assert_int_equal(t->driver->step(stmt), PH_DB_ROW);
    n = t->driver->column_int(stmt, 0);
    t->driver->close(db);
    return n;
}

static int64_t try_again(struct test_store *t, const char *subject)
{
    int64_t count = 0;

    assert_ok(ph_store_attempt_count(&t->ctx, TEST_POOL.id, ph_str_from(subject), &count));
    return count;
}

static void tries_are_counted_for_an_hour_from_the_first(void **state)
{
    struct test_store *t = *state;

    assert_int_equal(try_again(t, "ann"), 1);
    t->now_ms += 3599999;
    assert_int_equal(try_again(t, "ann"), 2);
    assert_int_equal(try_again(t, "bob"), 1);
    t->now_ms += 1;
    assert_int_equal(try_again(t, "ann"), 1);
    assert_int_equal(try_again(t, "bob"), 2);
}

/* An access token of the refresh token's last moment lives for a day: it must not come back. */
static void a_revocation_outlives_the_access_tokens(void **state)
{
    enum { DAY_MS = 24 * 3600 * 1000 };
    struct test_store *t = *state;
    struct ph_family family;

    assert_ok(ph_store_family_revoke(&t->ctx, TEST_POOL.id, PH_STR("f"), t->now_ms));
    ph_store_sweep(t->ctx.store, t->now_ms + DAY_MS);
    assert_ok(ph_store_family_find(&t->ctx, TEST_POOL.id, PH_STR("f"), &family));
    assert_true(family.revoked);
    test_sql(t, "DELETE FROM meta WHERE name = 'swept_ms'"); /* of several processes one sweeps */
    ph_store_sweep(t->ctx.store, t->now_ms + DAY_MS + 1);
    assert_ok(ph_store_family_find(&t->ctx, TEST_POOL.id, PH_STR("f"), &family));
    assert_false(family.revoked);
}

static void sweeping_deletes_what_expired_and_nothing_else(void **state)
{
    static const char COUNT[] = "SELECT (SELECT COUNT(*) FROM spent) +"
                                " (SELECT COUNT(*) FROM token_families) +"
                                " (SELECT COUNT(*) FROM lockouts) +"
                                " (SELECT COUNT(*) FROM attempts)";
    enum { DAY_MS = 24 * 3600 * 1000 };
    struct test_store *t = *state;

    assert_true(spend_text(t, "old", t->now_ms + 1000));
    assert_true(spend_text(t, "new", t->now_ms + 5000000));
    assert_ok(
        ph_store_family_revoke(&t->ctx, TEST_POOL.id, PH_STR("old"), t->now_ms + 1000 - DAY_MS));
    assert_ok(ph_store_family_revoke(&t->ctx, TEST_POOL.id, PH_STR("new"), t->now_ms + 5000000));
    assert_true(guess(t));
    assert_int_equal(try_again(t, "ann"), 1);
    ph_store_sweep(t->ctx.store, t->now_ms);
    assert_int_equal(rows_of(t, COUNT), 6);
    ph_store_sweep(t->ctx.store, t->now_ms + 1000000);
    assert_int_equal(rows_of(t, COUNT), 3);
    ph_store_sweep(t->ctx.store, t->now_ms + 3600001);
    assert_int_equal(rows_of(t, COUNT), 2);
}

#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(of_parallel_callers_one_spends_a_nonce),
        IN_FILE(a_spent_nonce_stays_spent_after_reopening),
        IN_FILE(the_memory_of_nonces_is_bounded_by_their_expiry),
        IN_FILE(locks_double_from_the_fifth_failure_up_to_fifteen_minutes),
        IN_FILE(failures_are_forgotten_after_fifteen_minutes_or_a_success),
        IN_FILE(a_clock_set_back_does_not_prolong_a_lock),
        IN_FILE(a_clock_set_back_does_not_prolong_the_hour_of_tries),
        IN_FILE(a_clock_that_ran_ahead_makes_nothing_forgotten),
        IN_FILE(of_parallel_guesses_five_are_evaluated),
        IN_FILE(a_family_moves_on_once_per_generation),
        IN_FILE(a_revoked_family_stays_revoked_and_still),
        IN_FILE(a_revocation_outlives_the_access_tokens),
        IN_FILE(of_parallel_rotations_one_moves),
        IN_FILE(closing_writes_the_events_that_nobody_waited_for),
        IN_FILE(an_event_follows_soon_without_any_other_write),
        IN_FILE(an_event_of_a_deleted_user_is_not_kept),
        IN_FILE(tries_are_counted_for_an_hour_from_the_first),
        IN_FILE(sweeping_deletes_what_expired_and_nothing_else),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
