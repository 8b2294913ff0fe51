#include "util/clock.h"
#include "util/json.h"
#include "util/log.h"
#include "util/test_support.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

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

static void json_that_is_not_strict_is_refused(void **state)
{
    static const struct ph_str bad[] = {
        PH_STR_INIT(""),
        PH_STR_INIT("{"),
        PH_STR_INIT("{\"a\":1,}"),
        PH_STR_INIT("{'a':1}"),
        PH_STR_INIT("{} x"),
        PH_STR_INIT("{\"a\":1,\"a\":2}"),
        PH_STR_INIT("[01]"),
        PH_STR_INIT("[NaN]"),
        PH_STR_INIT("\"\xff\""),
        PH_STR_INIT("\"a\0b\""),
        PH_STR_INIT("\"a\\u0000b\""),
        PH_STR_INIT("\"\\ud800\""),
        PH_STR_INIT("[1e999]"),
        PH_STR_INIT("[99999999999999999999]"),
        PH_STR_INIT("[-]"),
        PH_STR_INIT("[1.]"),
        PH_STR_INIT("[1e]"),
        PH_STR_INIT("[1 2]"),
        PH_STR_INIT("[,1]"),
        PH_STR_INIT("[1,]"),
        PH_STR_INIT("[tru]"),
        PH_STR_INIT("truefalse"),
        PH_STR_INIT("{\"a\" 1}"),
        PH_STR_INIT("{1:2}"),
        PH_STR_INIT("\"abc"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(ph_json_parse(&arena, bad[i]));
    }
}

static void json_deeper_than_any_request_is_refused(void **state)
{
    char text[100001] = { 0 };

    (void)state;
    memset(text, '[', 50000);
    memset(text + 50000, ']', 50000);
    assert_null(ph_json_parse(&arena, ph_str_from(text)));
}

static void json_reads_what_it_writes(void **state)
{
    struct json_t *object = ph_json_object(&arena);
    struct json_t *list = ph_json_array(&arena);

    (void)state;
    ph_json_set_str(&arena, object, "b", PH_STR("\"\n\xc3\xa9"));
    ph_json_append(&arena, list, ph_json_new_int(&arena, -1));
    ph_json_append(&arena, list, ph_json_new_bool(true));
    ph_json_set(&arena, object, "a", list);
    assert_str(ph_json_text(&arena, object, PH_JSON_INSERTION),
               "{\"b\":\"\\\"\\n\xc3\xa9\",\"a\":[-1,true]}");
    assert_str(ph_json_text(&arena, object, PH_JSON_SORTED),
               "{\"a\":[-1,true],\"b\":\"\\\"\\n\xc3\xa9\"}");
    assert_true(ph_json_equal(object, ph_json_copy(&arena, object)));
    assert_int_equal(ph_json_int(ph_json_at(list, 0)), -1);
    assert_null(ph_json_at(list, 2));
    assert_null(ph_json_get(object, "none"));
    ph_json_remove(&arena, object, "a");
    assert_int_equal(ph_json_members(object), 1);
}

/* Compact text, keys in order: what is read is written byte for byte. */
static void json_text_is_written_as_it_was_read(void **state)
{
    static const struct ph_str texts[] = {
        PH_STR_INIT("null"),
        PH_STR_INIT("\"\""),
        PH_STR_INIT("{}"),
        PH_STR_INIT("[]"),
        PH_STR_INIT("[[],{},[{}]]"),
        PH_STR_INIT("[true,false,null]"),
        PH_STR_INIT("[0,-1,9223372036854775807,-9223372036854775808]"),
        PH_STR_INIT("[0.0,-0.0,2.0,1.5,1e20,-2.5e-7,1.25e100]"),
        PH_STR_INIT("{\"\":\"\",\"a\\\"b\":[1,{\"c\":\"d\"}],\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}"),
        PH_STR_INIT("\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001F/\x7f\""),
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct json_t *value = ph_json_parse(&arena, texts[i]);
        const struct ph_str text = ph_json_text(&arena, value, PH_JSON_INSERTION);

        assert_int_equal(text.n, texts[i].n);
        assert_memory_equal(text.p, texts[i].p, text.n);
    }
}

static void json_keys_are_sorted_byte_by_byte_at_every_depth(void **state)
{
    const struct json_t *value =
        ph_json_parse(&arena, PH_STR("{\"b\":[{\"z\":1,\"y\":2}],\"ab\":3,\"a\":4,\"B\":5}"));

    (void)state;
    assert_str(ph_json_text(&arena, value, PH_JSON_SORTED),
               "{\"B\":5,\"a\":4,\"ab\":3,\"b\":[{\"y\":2,\"z\":1}]}");
}

/* On a stack as small as a worker's. */
static void *write_deep(void *text)
{
    const struct ph_str *deep = text;
    const struct json_t *value = ph_json_parse(&arena, *deep);

    assert_int_equal(ph_json_text(&arena, value, PH_JSON_SORTED).n, deep->n);
    return NULL;
}

static void the_deepest_json_there_is_can_be_written(void **state)
{
    enum { DEPTH = 2000 };
    char text[DEPTH * 6 + 1] = { 0 };
    struct ph_str deep;
    pthread_attr_t small;
    pthread_t thread;

    (void)state;
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(text + 5 * i, "{\"a\":", 5);
        text[DEPTH * 5 + i] = '}';
    }
    text[DEPTH * 5 - 5] = '{';
    text[DEPTH * 5 - 4] = '}';
    memmove(text + DEPTH * 5 - 3, text + DEPTH * 5, DEPTH - 1);
    text[DEPTH * 5 - 3 + DEPTH - 1] = '\0';
    deep = ph_str_from(text);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 2 * 1024 * 1024);
    assert_int_equal(pthread_create(&thread, &small, write_deep, &deep), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&small);
}

static void json_text_that_is_not_utf8_keeps_its_ascii_characters(void **state)
{
    (void)state;
    assert_str(ph_json_str(ph_json_new_str(&arena, PH_STR("a\xff\xc3\xa9z"))), "a???z");
    assert_str(ph_json_str(ph_json_new_str(&arena, PH_STR("\xc3\xa9"))), "\xc3\xa9");
}

static void json_numbers_are_exact_to_the_millisecond_and_truncated_in_range(void **state)
{
    (void)state;
    assert_str(ph_json_text(&arena, ph_json_new_real(&arena, 1691768546.123), PH_JSON_SORTED),
               "1691768546.123");
    assert_int_equal(ph_json_int(ph_json_parse(&arena, PH_STR("1.9"))), 1);
    assert_int_equal(ph_json_int(ph_json_parse(&arena, PH_STR("-1.9"))), -1);
    assert_true(ph_json_int(ph_json_parse(&arena, PH_STR("1e300"))) == INT64_MAX);
    assert_true(ph_json_int(ph_json_parse(&arena, PH_STR("-1e300"))) == INT64_MIN);
}

static void times_are_written_and_read_back(void **state)
{
    const int64_t when = 1767322985; /* Fri, 02 Jan 2026 03:03:05 GMT */
    int64_t back = 0;

    (void)state;
    assert_str(ph_time_basic(&arena, when), "20260102T030305Z");
    assert_str(ph_time_digits(&arena, when), "20260102030305");
    assert_str(ph_time_http(&arena, when), "Fri, 02 Jan 2026 03:03:05 GMT");
    assert_str(ph_time_iso(&arena, when), "2026-01-02T03:03:05Z");
    assert_true(ph_time_basic_parse(PH_STR("20260102T030305Z"), &back));
    assert_int_equal(back, when);
    assert_false(ph_time_basic_parse(PH_STR("20260102T030305"), &back));
    assert_false(ph_time_basic_parse(PH_STR("20260102 030305Z"), &back));
    assert_false(ph_time_basic_parse(PH_STR("20261302T030305Z"), &back));
    assert_false(ph_time_basic_parse(PH_STR("20260229T030305Z"), &back));
    assert_true(ph_time_basic_parse(PH_STR("20240229T000000Z"), &back));
    assert_int_equal(back, 1709164800);
}

static void times_of_other_programs_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } TIMES[] = {
        { "2026-01-02T03:03:05Z", 1767322985000 },
        { "2026-01-02T03:03:05", 1767322985000 },
        { "2026-01-02T03:03:05.678000+00:00", 1767322985678 },
        { "2026-01-02T05:03:05.6789+02:00", 1767322985678 },
        { "2026-01-01T21:33:05.5-0530", 1767322985500 },
        { "2026-01-02T03:03:05.", -1 },
        { "2026-01-02T03:03:05+1", -1 },
        { "2026-01-02T03:03:05+24:00", -1 },
        { "2026-01-02T03:03:05Zx", -1 },
        { "2026-13-02T03:03:05Z", -1 },
        { "2026-01-02 03:03:05Z", -1 },
        { "2026-01-02T03:03", -1 },
        { "", -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++) {
        int64_t ms = -1;

        assert_int_equal(TIMES[i].ms >= 0, ph_time_iso_parse(ph_str_from(TIMES[i].text), &ms));
        assert_int_equal(TIMES[i].ms, ms);
    }
}

/* What one event writes, without its time. */
static struct ph_str logged(enum ph_log_format format, struct ph_str value, enum ph_level level)
{
    int ends[2];
    struct ph_log_sink sink = { .least = PH_INFO, .format = format };
    const struct ph_log log = { &sink, PH_STR("id-1") };
    char *text = ph_arena_alloc(&arena, 8192);
    ssize_t n;

    assert_int_equal(pipe(ends), 0);
    sink.fd = ends[1];
    PH_LOG(&log, level, "event", ph_f_str("value", value), ph_f_int("n", 5));
    close(ends[1]);
    n = read(ends[0], text, 8192);
    close(ends[0]);
    assert_true(n >= 0);
    return (struct ph_str){ (const uint8_t *)text, (size_t)n };
}

static void log_values_cannot_break_out_of_their_line(void **state)
{
    struct ph_str line = logged(PH_LOG_JSON, PH_STR("a\"b\nc\\\x01\""), PH_WARN);
    struct json_t *event = ph_json_parse(&arena, line);

    (void)state;
    assert_non_null(event);
    assert_str(ph_json_get_str(event, "value"), "a\"b\nc\\\x01\"");
    assert_str(ph_json_get_str(event, "request_id"), "id-1");
    assert_int_equal(ph_json_int(ph_json_get(event, "n")), 5);
    line = logged(PH_LOG_TEXT, PH_STR("a b\nlevel=error"), PH_WARN);
    assert_int_equal(line.p[line.n - 1], '\n');
    assert_false(ph_str_has_byte((struct ph_str){ line.p, line.n - 1 }, '\n'));
}

static void long_log_values_are_cut_and_low_levels_dropped(void **state)
{
    char text[10001] = { 0 };
    struct ph_str line;

    (void)state;
    memset(text, '"', 10000);
    line = logged(PH_LOG_JSON, ph_str_from(text), PH_INFO);
    assert_true(line.n <= 4096);
    assert_int_equal(line.p[line.n - 1], '\n');
    assert_int_equal(logged(PH_LOG_JSON, PH_STR("x"), PH_DEBUG).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(json_that_is_not_strict_is_refused, wipe),
        cmocka_unit_test_teardown(json_deeper_than_any_request_is_refused, wipe),
        cmocka_unit_test_teardown(json_reads_what_it_writes, wipe),
        cmocka_unit_test_teardown(json_text_is_written_as_it_was_read, wipe),
        cmocka_unit_test_teardown(json_keys_are_sorted_byte_by_byte_at_every_depth, wipe),
        cmocka_unit_test_teardown(the_deepest_json_there_is_can_be_written, wipe),
        cmocka_unit_test_teardown(json_text_that_is_not_utf8_keeps_its_ascii_characters, wipe),
        cmocka_unit_test_teardown(json_numbers_are_exact_to_the_millisecond_and_truncated_in_range,
                                  wipe),
        cmocka_unit_test_teardown(times_are_written_and_read_back, wipe),
        cmocka_unit_test_teardown(times_of_other_programs_are_read, wipe),
        cmocka_unit_test_teardown(log_values_cannot_break_out_of_their_line, wipe),
        cmocka_unit_test_teardown(long_log_values_are_cut_and_low_levels_dropped, wipe),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
