#include "util/buf.h"
#include "util/encode.h"
#include "util/test_support.h"
#include "util/unicode.h"

#include <string.h>

static struct ph_arena arena;

static int wipe(void **state)
{
    (void)state;
    ph_arena_finish(&arena);
    return 0;
}

static void count_call(void *object)
{
    (*(int *)object)++;
}

static void an_arena_gives_zeroed_aligned_memory_and_runs_cleanups_once(void **state)
{
    int calls = 0;

    (void)state;
    ph_arena_defer(&arena, count_call, &calls);
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        uint8_t *p = ph_arena_alloc(&arena, size);

        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0x5a, size);
    }
    assert_true(ph_arena_used(&arena) > 0);
    ph_arena_reset(&arena);
    assert_int_equal(ph_arena_used(&arena), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(*(uint8_t *)ph_arena_alloc(&arena, 1), 0);
    ph_arena_finish(&arena);
    assert_int_equal(calls, 1);
}

static void what_lies_at_the_end_of_an_arena_can_grow_there(void **state)
{
    uint8_t *first = ph_arena_alloc(&arena, 10);
    uint8_t *last = ph_arena_alloc(&arena, 10);

    (void)state;
    assert_false(ph_arena_extend(&arena, first, 10, 20));
    assert_true(ph_arena_extend(&arena, last, 10, 1000));
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(last[i], 0);
    }
    assert_true((uint8_t *)ph_arena_alloc(&arena, 1) >= last + 1000);
    assert_false(ph_arena_extend(&arena, last, 1000, 2000));
    last = ph_arena_alloc(&arena, 10);
    assert_false(ph_arena_extend(&arena, last, 10, 1000000)); /* more than the block has */
}

static void parts_are_put_together(void **state)
{
    (void)state;
    assert_str(PH_CONCAT(&arena, PH_STR("a"), (struct ph_str){ 0 }, PH_STR("."), PH_STR("bc")),
               "a.bc");
    assert_str(PH_CONCAT(&arena, PH_STR("")), "");
}

static void slices_are_compared_cut_and_trimmed(void **state)
{
    struct ph_str head;
    struct ph_str tail;

    (void)state;
    assert_true(ph_str_eq(PH_STR(""), (struct ph_str){ 0 }));
    assert_false(ph_str_eq(PH_STR("a"), PH_STR("A")));
    assert_true(ph_str_eq_nocase(PH_STR("aZ"), PH_STR("Az")));
    assert_true(ph_str_cmp(PH_STR("a"), PH_STR("ab")) < 0);
    assert_true(ph_str_cmp(PH_STR("\xc3"), PH_STR("a")) > 0);
    assert_true(ph_str_starts(PH_STR("abc"), PH_STR("ab")));
    assert_false(ph_str_starts(PH_STR("a"), PH_STR("ab")));
    assert_true(ph_str_ends(PH_STR("abc"), PH_STR("bc")));
    assert_true(ph_str_contains(PH_STR("abc"), PH_STR("b")));
    assert_false(ph_str_contains(PH_STR("abc"), PH_STR("abcd")));
    assert_true(ph_str_cut(PH_STR("a=b=c"), '=', &head, &tail));
    assert_str(head, "a");
    assert_str(tail, "b=c");
    assert_false(ph_str_cut(PH_STR("abc"), '=', &head, &tail));
    assert_str(head, "abc");
    assert_str(tail, "");
    assert_str(ph_str_trim(PH_STR(" \t a b\r\n")), "a b");
    assert_str(ph_str_skip(PH_STR("abc"), 9), "");
    assert_null(ph_str_dup(&arena, (struct ph_str){ 0 }).p);
    assert_null(ph_cstr(&arena, PH_STR("a\0b")));
}

static void integers_take_the_whole_text_and_stay_in_range(void **state)
{
    int64_t n = 7;

    (void)state;
    assert_false(ph_str_to_int(PH_STR(""), 0, 100, &n));
    assert_false(ph_str_to_int(PH_STR("1x"), 0, 100, &n));
    assert_false(ph_str_to_int(PH_STR(" 1"), 0, 100, &n));
    assert_false(ph_str_to_int(PH_STR("101"), 0, 100, &n));
    assert_false(ph_str_to_int(PH_STR("99999999999999999999"), INT64_MIN, INT64_MAX, &n));
    assert_int_equal(n, 7);
    assert_true(ph_str_to_int(PH_STR("100"), 0, 100, &n));
    assert_int_equal(n, 100);
    assert_true(ph_str_to_int(PH_STR("-5"), -5, 100, &n));
    assert_int_equal(n, -5);
}

static void a_buffer_keeps_to_its_maximum(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, &arena, 5);
    ph_buf_addf(&buf, "%s", "abc");
    ph_buf_add(&buf, PH_STR("de"));
    assert_false(buf.overflowed);
    ph_buf_add_byte(&buf, 'f');
    assert_true(buf.overflowed);
    ph_buf_add(&buf, PH_STR(""));
    assert_str(ph_buf_str(&buf), "abcde");
}

static void a_buffer_prints_long_texts_whole(void **state)
{
    struct ph_buf buf;
    char text[1001] = { 0 };

    (void)state;
    memset(text, 'x', 1000);
    ph_buf_init(&buf, &arena, 3000);
    ph_buf_addf(&buf, "%s%s", text, text);
    assert_false(buf.overflowed);
    assert_int_equal(buf.n, 2000);
    assert_int_equal(buf.p[1999], 'x');
}

/* RFC 4648, 10. */
static const char *const base64_vectors[][2] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
};

static void base64_follows_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_vectors / sizeof base64_vectors[0]; i++) {
        const struct ph_str plain = ph_str_from(base64_vectors[i][0]);
        struct ph_str back;

        assert_str(ph_base64(&arena, plain), base64_vectors[i][1]);
        assert_true(ph_base64_decode(&arena, ph_str_from(base64_vectors[i][1]), &back));
        assert_str(back, base64_vectors[i][0]);
        assert_true(ph_base64url_decode(&arena, ph_base64url(&arena, plain), &back));
        assert_str(back, base64_vectors[i][0]);
    }
    assert_str(ph_base64(&arena, PH_STR("\xfb\xff")), "+/8=");
    assert_str(ph_base64url(&arena, PH_STR("\xfb\xff")), "-_8");
}

static void malformed_base64_is_refused(void **state)
{
    static const char *const bad[] = { "Zg=",  "Zg",   "Z===", "Zg==Zg==", "Zm9v\n",
                                       "Z g=", "Zh==", "-_8=", "====" };
    static const char *const bad_url[] = { "Zg==", "Z", "+/8", "Zh" };
    struct ph_str out = PH_STR("kept");

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ph_base64_decode(&arena, ph_str_from(bad[i]), &out));
    }
    for (size_t i = 0; i < sizeof bad_url / sizeof bad_url[0]; i++) {
        assert_false(ph_base64url_decode(&arena, ph_str_from(bad_url[i]), &out));
    }
    assert_str(out, "kept");
}

static void values_of_forms_are_decoded(void **state)
{
    static const char *const bad[] = { "%", "%4", "%4x", "a%", "%%41" };
    struct ph_str out;

    (void)state;
    assert_true(ph_form_decode(&arena, PH_STR("a+b%2Bc%40%c3%A4"), &out));
    assert_str(out, "a b+c@\xc3\xa4");
    assert_true(ph_form_decode(&arena, PH_STR(""), &out));
    assert_str(out, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ph_form_decode(&arena, ph_str_from(bad[i]), &out));
    }
    out = ph_url_encode(&arena, PH_STR("+1 a&b=\xc3\xa4~"));
    assert_true(ph_str_eq(out, PH_STR("%2B1%20a%26b%3D%C3%A4~")));
}

static void text_in_html_ends_no_tag_and_no_attribute(void **state)
{
    (void)state;
    assert_str(ph_html(&arena, PH_STR("<a href=\"x\" title='y'>&lt;")),
               "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;lt;");
    assert_str(ph_html(&arena, PH_STR("")), "");
}

static void hexadecimal_reads_either_case_and_writes_lower(void **state)
{
    struct ph_str out = PH_STR("kept");

    (void)state;
    assert_str(ph_hex(&arena, PH_STR("\x01\xab\xff")), "01abff");
    assert_false(ph_hex_decode(&arena, PH_STR("0"), &out));
    assert_false(ph_hex_decode(&arena, PH_STR("0g"), &out));
    assert_str(out, "kept");
    assert_true(ph_hex_decode(&arena, PH_STR("01ABff"), &out));
    assert_str(out, "\x01\xab\xff");
}

/* RFC 9562, A.6. */
static void uuids_carry_version_time_and_text(void **state)
{
    uint8_t bytes[PH_UUID_BYTES];

    (void)state;
    assert_true(ph_uuid_parse(PH_STR("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), bytes));
    assert_int_equal(ph_uuid7_time_ms(bytes), 0x017F22E279B0);
    assert_str(ph_uuid_text(&arena, bytes), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_false(ph_uuid_parse(PH_STR("017F22E2-79B0-7CC3-98C4-DC0C0C07398"), bytes));
    assert_false(ph_uuid_parse(PH_STR("017F22E2x79B0-7CC3-98C4-DC0C0C07398F"), bytes));
    memset(bytes, 0xff, sizeof bytes);
    ph_uuid4_set(bytes);
    assert_str(ph_uuid_text(&arena, bytes), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    ph_uuid7_set(bytes, 0x017F22E279B0);
    assert_str(ph_uuid_text(&arena, bytes), "017f22e2-79b0-7fff-bfff-ffffffffffff");
}

static void names_are_folded_and_counted_in_utf16_units(void **state)
{
    (void)state;
    assert_str(ph_fold_case(&arena, PH_STR("AbC")), "abc");
    assert_str(ph_fold_case(&arena, PH_STR("\xc3\x89T\xc3\x89")), "\xc3\xa9t\xc3\xa9");
    assert_str(ph_fold_case(&arena, PH_STR("\xff\xfe")), "\xff\xfe");
    assert_int_equal(ph_utf16_length(PH_STR("")), 0);
    assert_int_equal(ph_utf16_length(PH_STR("a\xc3\xa9\xe4\xb8\xad")), 3);
    assert_int_equal(ph_utf16_length(PH_STR("\xf0\x9f\x98\x80")), 2);
    assert_int_equal(ph_utf16_length(PH_STR("\xff\xff")), 2);
}

static void base32_follows_the_vectors_of_rfc_4648(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } VECTORS[] = {
        { "", "" },
        { "f", "MY" },
        { "fo", "MZXQ" },
        { "foo", "MZXW6" },
        { "foob", "MZXW6YQ" },
        { "fooba", "MZXW6YTB" },
        { "foobar", "MZXW6YTBOI" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        assert_string_equal(ph_cstr(&arena, ph_base32(&arena, ph_str_from(VECTORS[i].bytes))),
                            VECTORS[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_arena_gives_zeroed_aligned_memory_and_runs_cleanups_once,
                                  wipe),
        cmocka_unit_test_teardown(what_lies_at_the_end_of_an_arena_can_grow_there, wipe),
        cmocka_unit_test_teardown(parts_are_put_together, wipe),
        cmocka_unit_test_teardown(slices_are_compared_cut_and_trimmed, wipe),
        cmocka_unit_test_teardown(integers_take_the_whole_text_and_stay_in_range, wipe),
        cmocka_unit_test_teardown(a_buffer_keeps_to_its_maximum, wipe),
        cmocka_unit_test_teardown(a_buffer_prints_long_texts_whole, wipe),
        cmocka_unit_test_teardown(base64_follows_the_vectors_of_rfc_4648, wipe),
        cmocka_unit_test_teardown(malformed_base64_is_refused, wipe),
        cmocka_unit_test_teardown(base32_follows_the_vectors_of_rfc_4648, wipe),
        cmocka_unit_test_teardown(values_of_forms_are_decoded, wipe),
        cmocka_unit_test_teardown(text_in_html_ends_no_tag_and_no_attribute, wipe),
        cmocka_unit_test_teardown(hexadecimal_reads_either_case_and_writes_lower, wipe),
        cmocka_unit_test_teardown(uuids_carry_version_time_and_text, wipe),
        cmocka_unit_test_teardown(names_are_folded_and_counted_in_utf16_units, wipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
