/* Pages of users are split without reading all of them. */
#include "import/listed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The users one after the other, with '|' between them and '!' at what is broken. */
static void assert_users(const char *wanted, const char *text)
{
    uint8_t *exact = test_malloc(strlen(text) + 1); /* the sanitizer sees a byte too many */
    char all[512] = "";
    enum ph_listed_found found;
    struct ph_listed listed;
    struct ph_str user;
    size_t n = 0;

    memcpy(exact, text, strlen(text));
    ph_listed_begin(&listed, (struct ph_str){ exact, strlen(text) });
    while ((found = ph_listed_next(&listed, &user)) == PH_LISTED_USER) {
        n += (size_t)snprintf(all + n, sizeof all - n, "%.*s|", PH_FMT(user));
    }
    snprintf(all + n, sizeof all - n, "%s", found == PH_LISTED_BROKEN ? "!" : "");
    assert_string_equal(wanted, all);
    assert_int_equal(found == PH_LISTED_BROKEN, listed.why != NULL);
    test_free(exact);
}

static void finds_the_users_of_a_page(void **state)
{
    (void)state;
    assert_users("{\"a\":1}|{\"b\":[{}]}|", "{\"Users\":[{\"a\":1},{\"b\":[{}]}]}");
    assert_users("{\"a\":1}|",
                 " {\n \"Users\" : [ {\"a\":1} ],\n \"PaginationToken\": \"x]}\" }\n");
    assert_users("{\"a\":1}|", "{\"x\":{\"Users\":[{\"no\":1}]},\"Users\":[{\"a\":1}]}");
    assert_users("", "{\"Users\":[]}");
    assert_users("", "");
    assert_users("", " \n");
}

static void takes_several_pages_and_single_users(void **state)
{
    (void)state;
    assert_users("{\"a\":1}|{\"b\":2}|", "{\"Users\":[{\"a\":1}]}\n{\"Users\":[{\"b\":2}]}");
    assert_users("{\"Username\":\"u\",\"Enabled\":true}|{\"a\":1}|",
                 "{\"Username\":\"u\",\"Enabled\":true}{\"Users\":[{\"a\":1}]}");
}

static void is_not_confused_by_strings(void **state)
{
    (void)state;
    assert_users("{\"a\":\"]}{\\\"[\\\\\"}|", "{\"Users\":[{\"a\":\"]}{\\\"[\\\\\"}]}");
}

static void refuses_what_is_broken(void **state)
{
    (void)state;
    assert_users("!", "[]");
    assert_users("!", "{}");
    assert_users("!", "{\"UserPool\":{}}");
    assert_users("!", "{\"Users\":[1]}");
    assert_users("!", "{\"Users\":[{\"a\":1}");
    assert_users("{\"a\":1}|!", "{\"Users\":[{\"a\":1}]");
    assert_users("{\"a\":1}|!", "{\"Users\":[{\"a\":1}],\"Users\":[]}");
    assert_users("{\"a\":1}|!", "{\"Users\":[{\"a\":1}]}x");
    assert_users("!", "{\"Users\":[{\"a\":\"\\");
    assert_users("!", "{\"Users");
}

static void refuses_a_page_that_is_cut_anywhere(void **state)
{
    static const char WHOLE[] = "{\"Users\":[{\"a\":\"b\\\\\"}],\"PaginationToken\":\"x\"}";

    (void)state;
    for (size_t n = 1; n < sizeof WHOLE - 1; n++) {
        char *cut = test_malloc(n + 1);
        struct ph_listed listed;
        struct ph_str user;
        enum ph_listed_found found = PH_LISTED_USER;

        memcpy(cut, WHOLE, n);
        ph_listed_begin(&listed, (struct ph_str){ (const uint8_t *)cut, n });
        while (found == PH_LISTED_USER) {
            found = ph_listed_next(&listed, &user);
        }
        assert_int_equal(PH_LISTED_BROKEN, found);
        test_free(cut);
    }
}

static void takes_a_million_empty_pages(void **state)
{
    enum { PAGES = 1000000 };
    static const char PAGE[] = "{\"Users\":[]}";
    const size_t n = sizeof PAGE - 1;
    uint8_t *text = test_malloc(PAGES * n);
    struct ph_listed listed;
    struct ph_str user;

    (void)state;
    for (size_t i = 0; i < PAGES; i++) {
        memcpy(text + i * n, PAGE, n);
    }
    ph_listed_begin(&listed, (struct ph_str){ text, PAGES * n });
    assert_int_equal(PH_LISTED_END, ph_listed_next(&listed, &user));
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_users_of_a_page),
        cmocka_unit_test(takes_several_pages_and_single_users),
        cmocka_unit_test(is_not_confused_by_strings),
        cmocka_unit_test(refuses_what_is_broken),
        cmocka_unit_test(refuses_a_page_that_is_cut_anywhere),
        cmocka_unit_test(takes_a_million_empty_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
