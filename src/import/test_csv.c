/* Lines and fields of import files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/csv.h"

#include <string.h>

enum { MAX = 16 };

static struct ph_arena arena;

static int finish(void **state)
{
    (void)state;
    ph_arena_finish(&arena);
    return 0;
}

/* The lines of a text that comes in pieces of this size, joined by '|'; "!" for one too long. */
static const char *lines_of(struct ph_str text, size_t piece, int64_t *at_byte)
{
    struct ph_str all = PH_STR("");
    struct ph_csv_line line;
    struct ph_csv csv;
    bool more = true;

    ph_csv_init(&csv, &arena);
    while (more) {
        if (!ph_csv_next(&csv, &line)) {
            if (text.n > 0) {
                ph_csv_feed(&csv, ph_str_take(&text, piece));
                continue;
            }
            more = false;
            if (!ph_csv_last(&csv, &line)) {
                break;
            }
        }
        all = PH_CONCAT(&arena, all, line.is_too_long ? PH_STR("!") : line.text, PH_STR("|"));
    }
    *at_byte = csv.at_byte;
    return ph_cstr(&arena, all);
}

static void lines_are_the_same_however_they_come(void **state)
{
    static const struct {
        const char *text;
        const char *lines;
    } CASES[] = {
        { "", "" },
        { "a", "a|" },
        { "a\n", "a|" },
        { "a\nb", "a|b|" },
        { "a\r\nb\r\n", "a|b|" },
        { "\n\n", "||" },
        { "\r\n\r\na\r", "||a|" },
        { "a\rb\n", "a\rb|" },
        { "name,email\nAnn,ann@example.com\n", "name,email|Ann,ann@example.com|" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct ph_str text = ph_str_from(CASES[i].text);

        for (size_t piece = 1; piece <= text.n + 1; piece++) {
            int64_t at_byte;

            assert_string_equal(lines_of(text, piece, &at_byte), CASES[i].lines);
            assert_int_equal(at_byte, text.n);
        }
    }
}

static void a_line_may_be_as_long_as_its_bound_and_no_longer(void **state)
{
    enum { LONG = PH_CSV_LINE_BYTES };
    uint8_t *text = ph_arena_alloc(&arena, LONG + 4);
    int64_t at_byte;

    (void)state;
    memset(text, 'a', LONG + 4);
    text[LONG] = '\n';
    text[LONG + 1] = 'b';
    assert_int_equal(strlen(lines_of((struct ph_str){ text, LONG + 2 }, 7777, &at_byte)), LONG + 3);
    text[LONG] = 'a';
    text[LONG + 1] = '\n';
    text[LONG + 2] = 'b';
    assert_string_equal(lines_of((struct ph_str){ text, LONG + 3 }, 7777, &at_byte), "!|b|");
    assert_int_equal(at_byte, LONG + 3);
    assert_string_equal(lines_of((struct ph_str){ text, LONG + 3 }, LONG + 3, &at_byte), "!|b|");
}

static void a_reader_goes_on_at_any_place_between_two_lines(void **state)
{
    const struct ph_str text = PH_STR("a\nbb\r\n\nccc");
    struct ph_csv_line line;
    struct ph_csv csv;

    (void)state;
    ph_csv_init(&csv, &arena);
    ph_csv_seek(&csv, 6, 2);
    ph_csv_feed(&csv, ph_str_skip(text, 6));
    assert_true(ph_csv_next(&csv, &line));
    assert_int_equal(line.number, 3);
    assert_int_equal(line.text.n, 0);
    assert_int_equal(csv.at_byte, 7);
    assert_false(ph_csv_next(&csv, &line));
    assert_true(ph_csv_last(&csv, &line));
    assert_int_equal(line.number, 4);
    assert_int_equal(csv.at_byte, text.n);
    assert_false(ph_csv_last(&csv, &line));
}

/* The fields joined by '|'. */
static const char *fields_of(const char *line)
{
    struct ph_str fields[MAX], all = PH_STR("");
    size_t count;

    ph_csv_split(&arena, ph_str_from(line), fields, MAX, &count);
    for (size_t i = 0; i < count; i++) {
        all = PH_CONCAT(&arena, all, fields[i], PH_STR("|"));
    }
    return ph_cstr(&arena, all);
}

static void fields_are_split_trimmed_and_unescaped(void **state)
{
    (void)state;
    assert_string_equal(fields_of(""), "|");
    assert_string_equal(fields_of("a"), "a|");
    assert_string_equal(fields_of("a,b,"), "a|b||");
    assert_string_equal(fields_of(" a , b\t,,"), "a|b|||");
    assert_string_equal(fields_of("a\\,b,c"), "a,b|c|");
    assert_string_equal(fields_of("\\,"), ",|");
    assert_string_equal(fields_of("\\,,\\,"), ",|,|");
    assert_string_equal(fields_of("a\\b,c\\"), "a\\b|c\\|");
    assert_string_equal(fields_of("a\\\\,b"), "a\\,b|");
    assert_string_equal(fields_of("\"a,b\""), "\"a|b\"|");
}

static void more_fields_than_there_is_room_for_are_counted(void **state)
{
    struct ph_str fields[2];
    size_t count;

    (void)state;
    ph_csv_split(&arena, PH_STR("a,b,c,d"), fields, 2, &count);
    assert_int_equal(count, 4);
    ph_csv_split(&arena, (struct ph_str){ 0 }, fields, 2, &count);
    assert_int_equal(count, 0);
}

static void only_utf_8_is_text(void **state)
{
    static const char *const GOOD[] = { "",
                                        "a",
                                        "\xc3\xa4",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const BAD[] = { "\x80",
                                       "\xc0\xaf",
                                       "\xc1\xbf",
                                       "\xc3",
                                       "\xc3(",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xe2\x82",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xff",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80" };

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(ph_csv_is_text(ph_str_from(GOOD[i])));
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(ph_csv_is_text(ph_str_from(BAD[i])));
    }
    assert_false(ph_csv_is_text(PH_STR("a\0b")));
}

static void characters_are_counted_not_bytes(void **state)
{
    uint8_t *text = ph_arena_alloc(&arena, 2 * (PH_CSV_LINE_CHARACTERS + 1));

    (void)state;
    for (size_t i = 0; i < 2 * (PH_CSV_LINE_CHARACTERS + 1); i += 2) {
        text[i] = 0xc3;
        text[i + 1] = 0xa4;
    }
    assert_true(ph_csv_is_text((struct ph_str){ text, (size_t)2 * PH_CSV_LINE_CHARACTERS }));
    assert_false(ph_csv_is_text((struct ph_str){ text, (size_t)2 * (PH_CSV_LINE_CHARACTERS + 1) }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lines_are_the_same_however_they_come, finish),
        cmocka_unit_test_teardown(a_line_may_be_as_long_as_its_bound_and_no_longer, finish),
        cmocka_unit_test_teardown(a_reader_goes_on_at_any_place_between_two_lines, finish),
        cmocka_unit_test_teardown(fields_are_split_trimmed_and_unescaped, finish),
        cmocka_unit_test_teardown(more_fields_than_there_is_room_for_are_counted, finish),
        cmocka_unit_test_teardown(only_utf_8_is_text, finish),
        cmocka_unit_test_teardown(characters_are_counted_not_bytes, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
