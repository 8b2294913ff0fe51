/* Turns, shares and breakers, by the clock that nobody sets. */
#include "fetch/bulkhead.h"
#include "util/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum { FAILURES = 5 };

static struct ph_bulkhead *make(unsigned share, int64_t wait_ms, int64_t pause_ms)
{
    return ph_bulkhead_create(
        &(struct ph_bulkhead_options){ .share = share, .wait_ms = wait_ms, .pause_ms = pause_ms });
}

static void fail_often(struct ph_bulkhead *b, struct ph_bulkhead_place *place, int times)
{
    for (int i = 0; i < times; i++) {
        assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, place, 1));
        ph_bulkhead_failed(b, place);
        ph_bulkhead_leave(b, place);
    }
}

static void sleep_ms(long ms)
{
    const struct timespec pause = { .tv_nsec = ms * 1000000 };

    nanosleep(&pause, NULL);
}

static void a_turn_that_is_taken_is_waited_for_and_no_longer_than_so(void **state)
{
    struct ph_bulkhead *b = make(8, 20, 1000);
    struct ph_bulkhead_place place = { 0 };
    int64_t began_ns;

    (void)state;
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &place, 1));
    began_ns = ph_monotonic_ns();
    assert_int_equal(PH_TURN_FULL, ph_bulkhead_enter(b, &place, 1));
    assert_true(ph_monotonic_ns() - began_ns >= 20 * 1000000);
    ph_bulkhead_leave(b, &place);
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &place, 1));
    ph_bulkhead_leave(b, &place);
    ph_bulkhead_destroy(b);
}

static void one_place_leaves_half_of_the_share_to_the_others(void **state)
{
    struct ph_bulkhead *b = make(4, 0, 1000);
    struct ph_bulkhead_place one = { 0 }, other = { 0 }, third = { 0 };

    (void)state;
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &one, 9));
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &one, 9));
    assert_int_equal(PH_TURN_FULL, ph_bulkhead_enter(b, &one, 9));
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &other, 9));
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &other, 9));
    assert_int_equal(PH_TURN_FULL, ph_bulkhead_enter(b, &third, 9));
    for (int i = 0; i < 2; i++) {
        ph_bulkhead_leave(b, &one);
        ph_bulkhead_leave(b, &other);
    }
    ph_bulkhead_destroy(b);
}

/* As if the time of the breaker had gone by. */
static void let_it_be_over(struct ph_bulkhead_place *place)
{
    place->open_until_ns = ph_monotonic_ns();
}

static void failures_in_a_row_open_the_breaker_and_one_call_probes(void **state)
{
    struct ph_bulkhead *b = make(8, 0, 3600 * 1000);
    struct ph_bulkhead_place place = { 0 };

    (void)state;
    fail_often(b, &place, FAILURES - 1);
    ph_bulkhead_well(b, &place); /* the row begins anew */
    fail_often(b, &place, FAILURES - 1);
    assert_false(ph_bulkhead_is_broken(b, &place));
    fail_often(b, &place, 1);
    assert_true(ph_bulkhead_is_broken(b, &place));
    assert_int_equal(PH_TURN_BROKEN, ph_bulkhead_enter(b, &place, 9));
    let_it_be_over(&place);
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &place, 9));
    assert_int_equal(PH_TURN_BROKEN, ph_bulkhead_enter(b, &place, 9)); /* while that one looks */
    ph_bulkhead_failed(b, &place);
    ph_bulkhead_leave(b, &place);
    assert_int_equal(PH_TURN_BROKEN, ph_bulkhead_enter(b, &place, 9));
    let_it_be_over(&place);
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &place, 9));
    ph_bulkhead_well(b, &place);
    ph_bulkhead_leave(b, &place);
    assert_false(ph_bulkhead_is_broken(b, &place));
    assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &place, 9));
    ph_bulkhead_leave(b, &place);
    ph_bulkhead_destroy(b);
}

struct waiter {
    struct ph_bulkhead *b;
    struct ph_bulkhead_place *place;
    enum ph_turn turn;
};

static void *wait_for_turn(void *self)
{
    struct waiter *waiter = self;

    waiter->turn = ph_bulkhead_enter(waiter->b, waiter->place, 1);
    if (waiter->turn == PH_TURN_TAKEN) {
        ph_bulkhead_leave(waiter->b, waiter->place);
    }
    return NULL;
}

static void who_waits_gets_the_turn_that_is_left_or_learns_that_it_is_broken(void **state)
{
    struct ph_bulkhead *b = make(8, 5000, 1000);
    struct ph_bulkhead_place place = { 0 };
    struct waiter waiter = { .b = b, .place = &place };
    pthread_t thread;

    (void)state;
    for (int broken = 0; broken < 2; broken++) {
        assert_int_equal(PH_TURN_TAKEN, ph_bulkhead_enter(b, &place, 1));
        assert_int_equal(0, pthread_create(&thread, NULL, wait_for_turn, &waiter));
        sleep_ms(20);
        for (int i = 0; broken && i < FAILURES; i++) {
            ph_bulkhead_failed(b, &place);
        }
        ph_bulkhead_leave(b, &place);
        assert_int_equal(0, pthread_join(thread, NULL));
        assert_int_equal(broken ? PH_TURN_BROKEN : PH_TURN_TAKEN, waiter.turn);
    }
    ph_bulkhead_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_that_is_taken_is_waited_for_and_no_longer_than_so),
        cmocka_unit_test(one_place_leaves_half_of_the_share_to_the_others),
        cmocka_unit_test(failures_in_a_row_open_the_breaker_and_one_call_probes),
        cmocka_unit_test(who_waits_gets_the_turn_that_is_left_or_learns_that_it_is_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
