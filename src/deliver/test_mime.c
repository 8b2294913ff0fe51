/* Mails as text: encodings at their borders, and that nothing breaks out of a header. */
#include "deliver/mime.h"
#include "util/backoff.h"
#include "util/encode.h"
#include "util/test_support.h"

#include <string.h>

static struct ph_arena arena;

static int finish(void **state)
{
    (void)state;
    ph_arena_finish(&arena);
    return 0;
}

static struct ph_mail mail(void)
{
    return (struct ph_mail){
        .from = { .address = PH_STR("no-reply@shop.example") },
        .to = PH_STR("ann@example.com"),
        .subject = PH_STR("Your verification code"),
        .html = PH_STR("Your verification code is 123456. "),
        .id = PH_STR("0190-1"),
        .id_domain = PH_STR("shop.example"),
        .date_s = 1767323045, /* 2026-01-02 03:04:05 */
    };
}

static void a_plain_mail_is_written_out(void **state)
{
    const struct ph_mail m = mail();

    (void)state;
    assert_str(ph_mail_text(&arena, &m), "Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
                                         "From: <no-reply@shop.example>\r\n"
                                         "To: <ann@example.com>\r\n"
                                         "Subject: Your verification code\r\n"
                                         "Message-ID: <0190-1@shop.example>\r\n"
                                         "Auto-Submitted: auto-generated\r\n"
                                         "MIME-Version: 1.0\r\n"
                                         "Content-Type: text/html; charset=UTF-8\r\n"
                                         "Content-Transfer-Encoding: quoted-printable\r\n"
                                         "\r\n"
                                         "Your verification code is 123456.=20\r\n");
}

/* The value of a field, folded as it stands. */
static struct ph_str field(struct ph_str text, const char *name)
{
    const struct ph_str start = ph_strf(&arena, "\r\n%s: ", name);
    size_t n = 0;

    while (text.n > 0 && !ph_str_starts(text, start)) {
        text = ph_str_skip(text, 1);
    }
    text = ph_str_skip(text, start.n);
    while (n + 2 < text.n &&
           !(text.p[n] == '\r' && text.p[n + 1] == '\n' && text.p[n + 2] != ' ')) {
        n++;
    }
    return (struct ph_str){ text.p, n };
}

static struct ph_str subject(struct ph_str given)
{
    struct ph_mail m = mail();

    m.subject = given;
    return field(ph_mail_text(&arena, &m), "Subject");
}

static void subjects_beyond_ascii_are_encoded_words(void **state)
{
    (void)state;
    assert_str(subject(PH_STR("Grüße")), "=?UTF-8?B?R3LDvMOfZQ==?=");
    assert_str(subject(PH_STR("=?UTF-8?Q?x?=")), "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=");
    assert_str(subject((struct ph_str){ 0 }), "");
}

/* RFC 2047, 2 and 5: at most 75 characters each, 76 a line, and no character cut in two. */
static void long_subjects_are_cut_between_characters(void **state)
{
    struct ph_str rest, word, text, bytes;
    struct ph_str all = PH_STR("");
    const struct ph_str long_one =
        PH_STR("ab€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€");

    (void)state;
    rest = subject(long_one);
    while (rest.n > 0) {
        ph_str_cut(rest, '\n', &word, &rest);
        word = ph_str_trim(word);
        assert_true(word.n <= 75 - sizeof "Subject:");
        assert_true(ph_str_starts(word, PH_STR("=?UTF-8?B?")) && ph_str_ends(word, PH_STR("?=")));
        text = (struct ph_str){ word.p + 10, word.n - 12 };
        assert_true(ph_base64_decode(&arena, text, &bytes));
        assert_true((bytes.p[0] & 0xc0) != 0x80);
        all = PH_CONCAT(&arena, all, bytes);
    }
    assert_true(ph_str_eq(all, long_one));
    assert_true(ph_str_starts(subject(PH_STR("A long one in ASCII, of more than what fits into "
                                             "one line together with its name")),
                              PH_STR("=?UTF-8?B?")));
}

static size_t lines(struct ph_str text)
{
    size_t n = 0;

    for (size_t i = 0; i + 1 < text.n; i++) {
        n += text.p[i] == '\r' && text.p[i + 1] == '\n';
    }
    return n;
}

static void nothing_adds_a_line_to_the_header(void **state)
{
    static const char *const ATTEMPTS[] = {
        "x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\rBcc: eve@example.com",
        "x\r\n\r\n<html>",           "x\0Bcc: eve@example.com", "\r\n .\r\nMAIL FROM:<eve>",
    };
    struct ph_mail m = mail();
    const size_t usual = lines(ph_mail_text(&arena, &m));

    (void)state;
    for (size_t i = 0; i < sizeof ATTEMPTS / sizeof ATTEMPTS[0]; i++) {
        const struct ph_str evil = { (const uint8_t *)ATTEMPTS[i], 5 + strlen(ATTEMPTS[i] + 5) };
        struct ph_str text;

        m = mail();
        m.subject = evil;
        text = ph_mail_text(&arena, &m);
        assert_int_equal(lines(text), usual);
        assert_false(ph_str_contains(text, PH_STR("\nBcc:")));
        m = mail();
        m.from.name = evil;
        text = ph_mail_text(&arena, &m);
        assert_int_equal(lines(text), usual + 1); /* the name is folded */
        assert_false(ph_str_contains(text, PH_STR("\nBcc:")));
    }
}

static void names_are_quoted_or_encoded(void **state)
{
    struct ph_mail m = mail();

    (void)state;
    m.from.name = PH_STR("Ann \"the\\first\", Ltd.");
    m.reply_to = PH_STR("help@shop.example");
    assert_str(field(ph_mail_text(&arena, &m), "From"),
               "\"Ann \\\"the\\\\first\\\", Ltd.\"\r\n <no-reply@shop.example>");
    assert_str(field(ph_mail_text(&arena, &m), "Reply-To"), "<help@shop.example>");
    m.from.name = PH_STR("Müller");
    assert_str(field(ph_mail_text(&arena, &m), "From"),
               "=?UTF-8?B?TcO8bGxlcg==?=\r\n <no-reply@shop.example>");
}

static struct ph_str body(struct ph_str html)
{
    static const struct ph_str EMPTY_LINE = PH_STR_INIT("\r\n\r\n");
    struct ph_mail m = mail();
    struct ph_str text;

    m.html = html;
    text = ph_mail_text(&arena, &m);
    while (!ph_str_starts(text, EMPTY_LINE)) {
        text = ph_str_skip(text, 1);
    }
    return ph_str_skip(text, EMPTY_LINE.n);
}

/* RFC 2045, 6.7: five rules. */
static void quoted_printable_keeps_to_its_rules(void **state)
{
    (void)state;
    assert_str(body(PH_STR("")), "\r\n");
    assert_str(body(PH_STR("a=b")), "a=3Db\r\n");
    assert_str(body(PH_STR("a \nb\t\r\nc")), "a=20\r\nb=09\r\nc\r\n");
    assert_str(body(PH_STR("a\rb\n\nc")), "a\r\nb\r\n\r\nc\r\n");
    assert_str(body(PH_STR("a long ascii text, gr\xc3\xbc\xc3\x9f"
                           "e, end")),
               "a long ascii text, gr=C3=BC=C3=9Fe, end\r\n");
    assert_str(body(PH_STR("a\001b")), "a=01b\r\n");
    assert_str(body(PH_STR("123456789012345678901234567890123456789012345678901234567890123456789"
                           "012345")),
               "123456789012345678901234567890123456789012345678901234567890123456789012345"
               "\r\n");
    assert_str(body(PH_STR("123456789012345678901234567890123456789012345678901234567890123456789"
                           "0123456")),
               "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n"
               "6\r\n");
    assert_str(body(PH_STR("1234567890123456789012345678901234567890123456789012345678901234567890"
                           "123=")),
               "1234567890123456789012345678901234567890123456789012345678901234567890123=\r\n"
               "=3D\r\n");
}

static void other_scripts_go_as_base64(void **state)
{
    struct ph_str text = body(PH_STR("код\n123456"));
    struct ph_str bytes;

    (void)state;
    assert_true(ph_base64_decode(&arena, ph_str_trim(text), &bytes));
    assert_str(bytes, "код\r\n123456");
    text = body(PH_STR("код код код код код код код код код код код код код код код код код код"));
    while (text.n > 0) {
        struct ph_str line;

        ph_str_cut(text, '\n', &line, &text);
        assert_true(line.n <= 77);
    }
}

static void addresses_are_what_may_stand_in_a_command(void **state)
{
    static const char *const GOOD[] = { "a@b", "ann+x@example.com", "o'neil@example.com",
                                        "müller@example.com", "-x=y@example.com" };
    static const char *const BAD[] = { "",
                                       "a",
                                       "@b",
                                       "a@",
                                       "a@b@c",
                                       "a b@c",
                                       "a@b\r\nRCPT TO:<eve@c>",
                                       "a@b>",
                                       "<a@b>",
                                       "a@b,c@d",
                                       "a@b;c@d",
                                       "\"a b\"@c",
                                       "a@[127.0.0.1]",
                                       "a@b\x7f",
                                       "a\\@b" };

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(ph_mailbox_is_address(ph_str_from(GOOD[i])));
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (ph_mailbox_is_address(ph_str_from(BAD[i]))) {
            fail_msg("\"%s\" passes for an address", BAD[i]);
        }
    }
    assert_false(ph_mailbox_is_address(PH_STR("a\0@b")));
}

static void mailboxes_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *text, *name, *address;
    } CASES[] = {
        { "a@b", "", "a@b" },
        { " a@b ", "", "a@b" },
        { "<a@b>", "", "a@b" },
        { "Ann B. <a@b>", "Ann B.", "a@b" },
        { "\"B, Ann\" <a@b>", "B, Ann", "a@b" },
        { "\"B \\\"x\\\" \\\\\" <a@b>", "B \"x\" \\", "a@b" },
        { "\"\" <a@b>", "", "a@b" },
        { "Ann", NULL, NULL },
        { "Ann <a@b", NULL, NULL },
        { "a@b>", NULL, NULL },
        { "Ann <a@b> <>", NULL, NULL },
        { "Ann <a@b, c@d>", NULL, NULL },
        { "", NULL, NULL },
        { "<", NULL, NULL },
        { ">", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ph_mailbox box = { 0 };
        const bool good = ph_mailbox_parse(&arena, ph_str_from(CASES[i].text), &box);

        assert_int_equal(good, CASES[i].name != NULL);
        if (good) {
            assert_str(box.name, CASES[i].name);
            assert_str(box.address, CASES[i].address);
        }
    }
}

/* --- the back-off, which has no better place --- */

static void fill_with(void *self, uint8_t *bytes, size_t n)
{
    memset(bytes, *(const int *)self, n);
}

static void waits_double_up_to_a_most_and_differ(void **state)
{
    static const int64_t MOST[] = { 1000, 2000, 4000, 8000, 10000, 10000 };
    const struct ph_backoff backoff = { .first_ms = 1000, .most_ms = 10000 };
    int byte = 0;
    const struct ph_random random = { .fill = fill_with, .self = &byte };

    (void)state;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ph_backoff_ms(&random, &backoff, i + 1), MOST[i] / 2);
    }
    for (byte = 0; byte < 256; byte++) {
        for (int i = 0; i < 6; i++) {
            assert_in_range(ph_backoff_ms(&random, &backoff, i + 1), MOST[i] / 2, MOST[i]);
        }
    }
    byte = 0;
    assert_int_equal(ph_backoff_ms(&random, &backoff, INT64_MAX), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail_is_written_out),
        cmocka_unit_test(subjects_beyond_ascii_are_encoded_words),
        cmocka_unit_test(long_subjects_are_cut_between_characters),
        cmocka_unit_test(nothing_adds_a_line_to_the_header),
        cmocka_unit_test(names_are_quoted_or_encoded),
        cmocka_unit_test(quoted_printable_keeps_to_its_rules),
        cmocka_unit_test(other_scripts_go_as_base64),
        cmocka_unit_test(addresses_are_what_may_stand_in_a_command),
        cmocka_unit_test(mailboxes_are_read_in_all_their_forms),
        cmocka_unit_test(waits_double_up_to_a_most_and_differ),
    };

    return cmocka_run_group_tests(tests, NULL, finish);
}
