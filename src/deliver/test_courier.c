/* A courier with a carrier that does as it is told, and a clock that is moved. */
#include "deliver/courier.h"
#include "pool/test_support.h"
#include "util/blocking.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* ENOUGH_MS: to end what is under way; it takes no longer than that. */
enum { SECOND_MS = 1000, ENOUGH_MS = 60 * SECOND_MS, HOUR_MS = 3600 * SECOND_MS, ANSWERS_MAX = 16 };

static const struct ph_blocking NOT_A_WORKER = { NULL, NULL, NULL };

struct fixture {
    struct test_pool *pool;
    struct ph_clock clock;
    _Atomic int64_t now_ms;
    struct ph_courier *courier;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum ph_carried answers[ANSWERS_MAX]; /* to the first tries; then PH_CARRIED */
    unsigned tries, under_way, most_under_way;
    bool holds; /* a try lasts until it is told to stop, or this is false */
    char last[64];
};

static struct fixture *the_fixture; /* the carrier's lines know their stop flag only */

static int64_t now(void *self)
{
    return ((struct fixture *)self)->now_ms;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    void *pool;

    assert_int_equal(open_pools(&pool), 0);
    f->pool = pool;
    f->now_ms = 1700000000000;
    f->clock = (struct ph_clock){ .now_ms = now, .self = f };
    f->pool->ctx.clock = &f->clock;
    f->pool->ctx.blocking = &NOT_A_WORKER;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    the_fixture = f;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *pool = f->pool;

    if (f->courier != NULL) {
        ph_courier_stop(f->courier, 0);
        ph_courier_destroy(f->courier);
    }
    close_pools(&pool);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

static void *open_line(void *self, const atomic_bool *stop)
{
    union {
        const atomic_bool *stop;
        void *line;
    } own = { .stop = stop };

    (void)self;
    return own.line;
}

static void close_line(void *line)
{
    (void)line;
}

static void nap(struct fixture *f)
{
    const struct timespec pause = { .tv_nsec = 5000000 };

    pthread_mutex_unlock(&f->lock);
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&f->lock);
}

static enum ph_carried carry(void *line, struct ph_ctx *ctx, const struct ph_message *message,
                             struct ph_carry_report *report)
{
    const atomic_bool *stop = line;
    struct fixture *f = the_fixture;
    enum ph_carried answer;

    (void)ctx;
    report->why = "";
    pthread_mutex_lock(&f->lock);
    answer = f->tries < ANSWERS_MAX ? f->answers[f->tries] : PH_CARRIED;
    f->tries++;
    f->under_way++;
    f->most_under_way = f->under_way > f->most_under_way ? f->under_way : f->most_under_way;
    snprintf(f->last, sizeof f->last, "%.*s", PH_FMT(message->code));
    while (f->holds && !atomic_load(stop)) {
        nap(f);
    }
    f->under_way--;
    answer = f->holds ? PH_CARRY_NO_RELAY : answer;
    pthread_mutex_unlock(&f->lock);
    return answer;
}

static void start(struct fixture *f, unsigned lines, bool keeps, int64_t since_ms)
{
    const struct ph_courier_options options = {
        .ctx = f->pool->ctx,
        .carrier = { .medium = PH_MEDIUM_SMS,
                     .name = "test",
                     .longest_ms = SECOND_MS,
                     .lines = lines,
                     .open = open_line,
                     .close = close_line,
                     .carry = carry },
        .since_ms = since_ms,
        .keeps = keeps,
    };

    f->courier = ph_courier_create(&options);
}

static void put(struct fixture *f, const char *code)
{
    struct ph_ctx *ctx = &f->pool->ctx;
    const struct ph_message message = {
        .id = ph_new_uuid7(ctx),
        .pool_id = PH_STR(POOL_ID),
        .username = PH_STR("ann"),
        .medium = PH_MEDIUM_SMS,
        .destination = PH_STR("+15550100"),
        .body = PH_STR("text"),
        .code = ph_str_from(code),
        .created_ms = ph_now_ms(ctx),
    };

    assert_ok(ph_store_outbox_put(ctx, &message, 1));
}

static unsigned tries(struct fixture *f)
{
    unsigned n;

    pthread_mutex_lock(&f->lock);
    n = f->tries;
    pthread_mutex_unlock(&f->lock);
    return n;
}

static void wait_tries(struct fixture *f, unsigned wanted)
{
    for (int i = 0; i < 2000 && tries(f) < wanted; i++) {
        const struct timespec pause = { .tv_nsec = 5000000 };

        nanosleep(&pause, NULL);
    }
    assert_int_equal(tries(f), wanted);
}

/* Tried and noted: what is done to the clock from here on has no part in it. */
static void wait_put_off(struct fixture *f, int64_t wanted)
{
    for (int i = 0; i < 2000 && ph_courier_count(f->courier).put_off < wanted; i++) {
        const struct timespec pause = { .tv_nsec = 5000000 };

        nanosleep(&pause, NULL);
    }
    assert_int_equal(ph_courier_count(f->courier).put_off, wanted);
}

static int64_t waiting(struct fixture *f)
{
    struct ph_outbox_count count;

    assert_ok(ph_store_outbox_count(&f->pool->ctx, 0, &count));
    return count.waiting;
}

static size_t listed(struct fixture *f)
{
    struct ph_message *messages;
    size_t count;

    assert_ok(ph_store_outbox_list(&f->pool->ctx, &(struct ph_outbox_query){ .limit = 99 },
                                   &messages, &count));
    return count;
}

/* Time enough to look several times. */
static void rest(void)
{
    const struct timespec pause = { .tv_nsec = 350000000 };

    nanosleep(&pause, NULL);
}

static void what_is_carried_is_gone_or_kept(void **state)
{
    struct fixture *f = *state;

    start(f, 2, false, 0);
    put(f, "111111");
    wait_tries(f, 1);
    assert_string_equal(f->last, "111111");
    ph_courier_stop(f->courier, ENOUGH_MS);
    assert_int_equal(ph_courier_count(f->courier).sent, 1);
    assert_int_equal(listed(f), 0);
    ph_courier_destroy(f->courier);
    start(f, 2, true, 0);
    put(f, "222222");
    wait_tries(f, 2);
    ph_courier_stop(f->courier, ENOUGH_MS);
    assert_int_equal(listed(f), 1);
    assert_int_equal(waiting(f), 0);
}

static void a_message_that_is_put_off_waits_for_the_clock(void **state)
{
    struct fixture *f = *state;
    int64_t most_ms = 15 * SECOND_MS;

    for (size_t i = 0; i < 3; i++) {
        f->answers[i] = PH_CARRY_LATER;
    }
    start(f, 2, false, 0);
    put(f, "111111");
    for (unsigned i = 1; i <= 3; i++, most_ms *= 2) {
        wait_put_off(f, i);
        assert_int_equal(tries(f), i);
        f->now_ms += most_ms / 2 - 1; /* shorter than the shortest */
        rest();
        assert_int_equal(tries(f), i);
        f->now_ms += most_ms / 2 + 1;
    }
    wait_tries(f, 4);
    ph_courier_stop(f->courier, ENOUGH_MS);
    assert_int_equal(ph_courier_count(f->courier).put_off, 3);
    assert_int_equal(ph_courier_count(f->courier).sent, 1);
    assert_int_equal(waiting(f), 0);
}

static void nothing_is_tried_that_is_older_than_a_day_or_than_the_start(void **state)
{
    struct fixture *f = *state;

    put(f, "111111");
    f->now_ms += 25 * (int64_t)HOUR_MS;
    put(f, "222222");
    f->now_ms += SECOND_MS;
    start(f, 2, false, f->now_ms);
    rest();
    assert_int_equal(tries(f), 0);
    ph_courier_stop(f->courier, 0);
    ph_courier_destroy(f->courier);
    start(f, 2, false, 0);
    wait_tries(f, 1);
    rest();
    assert_int_equal(tries(f), 1);
    assert_string_equal(f->last, "222222");
}

static void a_refused_message_keeps_no_secret(void **state)
{
    struct fixture *f = *state;
    struct ph_message *messages;
    size_t count;

    f->answers[0] = PH_CARRY_REFUSED;
    start(f, 1, false, 0);
    put(f, "111111");
    wait_tries(f, 1);
    ph_courier_stop(f->courier, ENOUGH_MS);
    assert_ok(ph_store_outbox_list(&f->pool->ctx, &(struct ph_outbox_query){ .limit = 9 },
                                   &messages, &count));
    assert_int_equal(count, 1);
    assert_null(messages[0].code.p);
    assert_null(messages[0].destination.p);
    assert_int_equal(ph_courier_count(f->courier).failed, 1);
}

static void while_the_relay_is_away_one_tries_and_all_follow(void **state)
{
    struct fixture *f = *state;
    const int64_t began_ns = ph_monotonic_ns();
    int64_t waiting_yet;
    unsigned tries_yet;
    bool down;

    f->answers[0] = f->answers[1] = PH_CARRY_NO_RELAY;
    start(f, 1, false, 0);
    for (int i = 0; i < 6; i++) {
        put(f, "111111");
    }
    wait_tries(f, 1);
    rest();
    tries_yet = tries(f);
    down = ph_courier_count(f->courier).down;
    waiting_yet = waiting(f);
    /* The next try is due half a second after the first one, at the soonest: we may be late. */
    if (ph_monotonic_ns() - began_ns < 500000000) {
        assert_int_equal(tries_yet, 1);
        assert_true(down);
        assert_int_equal(waiting_yet, 6);
    }
    wait_tries(f, 8); /* two in vain, six that arrive, whatever the clock says */
    ph_courier_stop(f->courier, ENOUGH_MS);
    assert_false(ph_courier_count(f->courier).down);
    assert_int_equal(ph_courier_count(f->courier).sent, 6);
    assert_int_equal(waiting(f), 0);
}

static void as_many_are_under_way_as_there_are_lines(void **state)
{
    struct fixture *f = *state;

    f->holds = true;
    start(f, 3, false, 0);
    for (int i = 0; i < 6; i++) {
        put(f, "111111");
    }
    wait_tries(f, 3);
    rest();
    assert_int_equal(tries(f), 3);
    pthread_mutex_lock(&f->lock);
    f->holds = false;
    pthread_mutex_unlock(&f->lock);
    wait_tries(f, 6);
    assert_int_equal(f->most_under_way, 3);
}

static void what_is_broken_off_at_the_end_waits_for_the_next_start(void **state)
{
    struct fixture *f = *state;
    const int64_t began_ns = ph_monotonic_ns();

    f->holds = true;
    start(f, 2, false, 0);
    put(f, "111111");
    wait_tries(f, 1);
    ph_courier_stop(f->courier, 200);
    assert_in_range((ph_monotonic_ns() - began_ns) / 1000000, 200, 5000);
    ph_courier_destroy(f->courier);
    assert_int_equal(waiting(f), 1);
    f->holds = false;
    start(f, 2, false, 0);
    wait_tries(f, 2);
}

#define WITH_COURIER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_COURIER(what_is_carried_is_gone_or_kept),
        WITH_COURIER(a_message_that_is_put_off_waits_for_the_clock),
        WITH_COURIER(nothing_is_tried_that_is_older_than_a_day_or_than_the_start),
        WITH_COURIER(a_refused_message_keeps_no_secret),
        WITH_COURIER(while_the_relay_is_away_one_tries_and_all_follow),
        WITH_COURIER(as_many_are_under_way_as_there_are_lines),
        WITH_COURIER(what_is_broken_off_at_the_end_waits_for_the_next_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
