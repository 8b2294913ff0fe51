/* The clock, the faults, the ids and the door, each by itself. */
#include "control/internal.h"
#include "util/test_support.h"

#include <stdlib.h>
#include <string.h>

static struct ph_arena arena;

static int start(void **state)
{
    (void)state;
    ph_json_start();
    return 0;
}

static int wipe(void **state)
{
    (void)state;
    ph_arena_finish(&arena);
    return 0;
}

static struct json_t *json(const char *text)
{
    return ph_json_parse(&arena, ph_str_from(text));
}

/* --- clock --- */

enum { LATE_MS = 60000 }; /* between two readings, when the machine has other things to do */

static int64_t now_of(struct ph_moved_clock *clock)
{
    return clock->clock.now_ms(clock->clock.self);
}

static int64_t system_now(void)
{
    return ph_system_clock.now_ms(ph_system_clock.self);
}

static void a_clock_is_the_systems_until_it_is_moved(void **state)
{
    struct ph_moved_clock clock;
    int64_t before;

    (void)state;
    ph_moved_clock_init(&clock);
    before = system_now();
    assert_in_range(now_of(&clock) - before, 0, LATE_MS);
    assert_null(ph_moved_clock_advance(&clock, json("{\"advance\":\"2h\"}")));
    assert_in_range(now_of(&clock) - before, 7200000, 7200000 + LATE_MS);
    assert_null(ph_moved_clock_advance(&clock, json("{\"advance\":30}")));
    assert_in_range(now_of(&clock) - before, 7230000, 7230000 + LATE_MS);
}

static void a_clock_that_stands_does_so(void **state)
{
    struct ph_moved_clock clock;

    (void)state;
    ph_moved_clock_init(&clock);
    assert_null(
        ph_moved_clock_set(&clock, json("{\"now\":\"2031-02-03T04:05:06Z\",\"frozen\":true}")));
    assert_int_equal(now_of(&clock), INT64_C(1927857906000));
    assert_null(ph_moved_clock_advance(&clock, json("{\"advance\":\"1d\"}")));
    assert_int_equal(now_of(&clock), INT64_C(1927944306000));
    assert_null(ph_moved_clock_set(&clock, json("{\"frozen\":false}")));
    assert_in_range(now_of(&clock) - INT64_C(1927944306000), 0, LATE_MS);
}

/* An exact heap copy lets AddressSanitizer see a read of one byte too many. */
static void a_time_cut_anywhere_is_refused(void **state)
{
    static const char WHOLE[] = "2031-02-03T04:05:06.789Z";
    struct ph_moved_clock clock;

    (void)state;
    ph_moved_clock_init(&clock);
    for (size_t n = 0; n < sizeof WHOLE - 1; n++) {
        struct json_t *body = ph_json_object(&arena);

        ph_json_set_str(&arena, body, "now",
                        ph_str_dup(&arena, (struct ph_str){ (const uint8_t *)WHOLE, n }));
        assert_non_null(ph_moved_clock_set(&clock, body));
    }
    assert_in_range(now_of(&clock) - system_now() + 1000, 0, 1000 + LATE_MS);
}

/* --- faults --- */

static const struct ph_operation *const SIGN_UP = &ph_operations[OP_SignUp];
static const struct ph_operation *const GET_USER = &ph_operations[OP_GetUser];

static const char *error_of(struct ph_faults *faults, const struct ph_operation *operation)
{
    struct ph_fault_met met = { 0 };

    ph_faults_meet(&arena, faults, operation, &met);
    return met.error == NULL ? "" : met.error->name;
}

static void a_fault_strikes_its_operation_so_often(void **state)
{
    struct ph_faults faults = { .count = 0 };

    (void)state;
    assert_null(ph_faults_add(
        &faults,
        json("{\"operation\":\"SignUp\",\"error\":\"TooManyRequestsException\",\"times\":2}")));
    assert_string_equal(error_of(&faults, GET_USER), "");
    assert_string_equal(error_of(&faults, SIGN_UP), "TooManyRequestsException");
    assert_string_equal(error_of(&faults, SIGN_UP), "TooManyRequestsException");
    assert_string_equal(error_of(&faults, SIGN_UP), "");
    assert_int_equal(faults.items[0].hits, 2);
}

static void a_part_of_the_calls_is_an_exact_part(void **state)
{
    for (int percent = 1; percent <= 100; percent++) {
        struct ph_faults faults = { .count = 0 };
        int struck = 0;

        assert_null(ph_faults_add(&faults, json(ph_textf(&arena,
                                                         "{\"operation\":\"*\",\"percent\":%d,"
                                                         "\"error\":\"InternalErrorException\"}",
                                                         percent))));
        for (int i = 0; i < 100; i++) {
            struck += error_of(&faults, SIGN_UP)[0] != '\0';
        }
        assert_int_equal(struck, percent);
        assert_int_equal(wipe(state), 0);
    }
}

static void delays_add_up_to_a_limit_and_the_first_error_counts(void **state)
{
    struct ph_faults faults = { .count = 0 };
    struct ph_fault_met met = { 0 };

    (void)state;
    assert_null(ph_faults_add(&faults, json("{\"operation\":\"*\",\"delayMs\":20000}")));
    assert_null(ph_faults_add(&faults, json("{\"operation\":\"*\",\"delayMs\":20000,"
                                            "\"error\":\"InternalErrorException\"}")));
    assert_null(ph_faults_add(&faults, json("{\"operation\":\"*\","
                                            "\"error\":\"TooManyRequestsException\"}")));
    ph_faults_meet(&arena, &faults, SIGN_UP, &met);
    assert_int_equal(met.delay_ms, 30000);
    assert_string_equal(met.error->name, "InternalErrorException");
    assert_int_equal(faults.items[2].hits, 0);
}

static void there_is_an_end_to_faults(void **state)
{
    struct ph_faults faults = { .count = 0 };
    const struct json_t *one = json("{\"operation\":\"*\",\"delayMs\":1}");

    (void)state;
    for (int i = 0; i < PH_FAULTS_MAX; i++) {
        assert_null(ph_faults_add(&faults, one));
    }
    assert_string_equal(ph_faults_add(&faults, one), "there are 64 faults: delete some");
}

/* --- ids --- */

static struct ph_str bytes_of(const struct ph_random *random, size_t n)
{
    uint8_t *bytes = ph_arena_alloc(&arena, n);

    random->fill(random->self, bytes, n);
    return (struct ph_str){ bytes, n };
}

static void ids_follow_from_text_operation_and_call(void **state)
{
    struct ph_fixed_ids a = { { 0 }, { 0 } }, b = { { 0 }, { 0 } };
    struct ph_str first, second;

    (void)state;
    assert_null(ph_fixed_ids_next(&arena, &a, SIGN_UP));
    assert_null(ph_fixed_ids_set(&a, PH_STR("story")));
    assert_null(ph_fixed_ids_set(&b, PH_STR("story")));
    first = bytes_of(ph_fixed_ids_next(&arena, &a, SIGN_UP), 100);
    second = bytes_of(ph_fixed_ids_next(&arena, &a, SIGN_UP), 100);
    assert_false(ph_str_eq(first, second));
    (void)ph_fixed_ids_next(&arena, &b, GET_USER);
    assert_true(ph_str_eq(first, bytes_of(ph_fixed_ids_next(&arena, &b, SIGN_UP), 100)));
    assert_null(ph_fixed_ids_set(&b, PH_STR("other")));
    assert_false(ph_str_eq(first, bytes_of(ph_fixed_ids_next(&arena, &b, SIGN_UP), 100)));
}

/* The same numbers whether they are drawn one by one or all at once. */
static void numbers_do_not_depend_on_how_they_are_drawn(void **state)
{
    struct ph_fixed_ids ids = { { 0 }, { 0 } };
    const struct ph_random *one_by_one;
    struct ph_str all;

    (void)state;
    assert_null(ph_fixed_ids_set(&ids, PH_STR("story")));
    all = bytes_of(ph_fixed_ids_next(&arena, &ids, SIGN_UP), 100);
    assert_null(ph_fixed_ids_set(&ids, PH_STR("story")));
    one_by_one = ph_fixed_ids_next(&arena, &ids, SIGN_UP);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(bytes_of(one_by_one, 1).p[0], all.p[i]);
    }
}

/* --- door --- */

struct passing {
    struct ph_door *door;
    atomic_int inside;
    atomic_int seen; /* how many were inside while it was closed */
    atomic_bool stop;
};

static void *pass(void *self)
{
    struct passing *p = self;

    while (!atomic_load(&p->stop)) {
        ph_door_enter(p->door, NULL);
        atomic_fetch_add(&p->inside, 1);
        atomic_fetch_sub(&p->inside, 1);
        ph_door_leave(p->door);
    }
    return NULL;
}

static void nobody_is_inside_while_the_door_is_closed(void **state)
{
    enum { THREADS = 4, TIMES = 200 };
    struct ph_door door = { .inside = 0 };
    struct passing p = { .door = &door };
    pthread_t threads[THREADS];

    (void)state;
    ph_door_init(&door);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, pass, &p), 0);
    }
    for (int i = 0; i < TIMES; i++) {
        assert_true(ph_door_close(&door, NULL));
        atomic_fetch_add(&p.seen, atomic_load(&p.inside));
        ph_door_open(&door);
    }
    atomic_store(&p.stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&p.seen), 0);
    ph_door_finish(&door);
}

/* --- without controls, as in `serve` --- */

static void what_is_not_there_does_nothing(void **state)
{
    struct ph_ctx ctx = { .arena = &arena };
    const struct ph_http_request other = { .method = PH_STR("GET"), .path = PH_STR("/") };
    const struct ph_http_request reset = { .method = PH_STR("POST"),
                                           .path = PH_STR("/_poolhouse/reset") };
    struct ph_http_reply reply = { .status = 200 };

    (void)state;
    assert_ptr_equal(ph_control_clock(NULL), &ph_system_clock);
    assert_null(ph_control_enter(NULL, &ctx, SIGN_UP).type);
    ph_control_leave(NULL);
    ph_control_start(NULL, &ctx, NULL, true);
    ph_control_destroy(NULL);
    assert_false(ph_control_handle(NULL, &ctx, &other, &reply));
    assert_true(ph_control_handle(NULL, &ctx, &reset, &reply));
    assert_int_equal(reply.status, 404);
    assert_str(reply.body, "{\"message\":\"the test controls are there in `poolhouse dev` only\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_clock_is_the_systems_until_it_is_moved, wipe),
        cmocka_unit_test_teardown(a_clock_that_stands_does_so, wipe),
        cmocka_unit_test_teardown(a_time_cut_anywhere_is_refused, wipe),
        cmocka_unit_test_teardown(a_fault_strikes_its_operation_so_often, wipe),
        cmocka_unit_test_teardown(a_part_of_the_calls_is_an_exact_part, wipe),
        cmocka_unit_test_teardown(delays_add_up_to_a_limit_and_the_first_error_counts, wipe),
        cmocka_unit_test_teardown(there_is_an_end_to_faults, wipe),
        cmocka_unit_test_teardown(ids_follow_from_text_operation_and_call, wipe),
        cmocka_unit_test_teardown(numbers_do_not_depend_on_how_they_are_drawn, wipe),
        cmocka_unit_test_teardown(nobody_is_inside_while_the_door_is_closed, wipe),
        cmocka_unit_test_teardown(what_is_not_there_does_nothing, wipe),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
