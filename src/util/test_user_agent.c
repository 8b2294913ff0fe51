#include "util/user_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "

static const struct {
    const char *header;
    const char *name;
} CASES[] = {
    { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT "Chrome/126.0.0.0 Safari/537.36",
      "Chrome 126, Windows 10" },
    { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
      "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
      "Edge 126, Windows 10" },
    { "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
      "Firefox 127, Linux" },
    { "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
      "Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
      "Safari 17, iOS 17" },
    { "Mozilla/5.0 (Linux; Android 14; Pixel 8) " WEBKIT "Chrome/125.0.0.0 Mobile Safari/537.36",
      "Chrome 125, Android 14" },
    { "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0 source/x86_64", "aws-cli 2, Linux" },
    { "aws-sdk-js/3.1169.0 ua/2.1 os/linux#6.1.0 lang/js", "aws-sdk-js 3, Linux" },
    { "Shop/7 CFNetwork/1494.0.7 Darwin/23.4.0", "Shop 7, macOS" },
    { "tool/x", "tool, Other" },
    { "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "Other, macOS 10" },
    { "", "" },
    { "Mozilla/5.0", "" },
    { "a b/1", "" },
    { "\xc3\xa4pp/1", "" },
};

static void programs_and_systems_are_recognised(void **state)
{
    struct ph_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct ph_str name = ph_device_name(&arena, ph_str_from(CASES[i].header));

        if (!ph_str_eq(name, ph_str_from(CASES[i].name))) {
            fail_msg("%s: got \"%.*s\", wanted \"%s\"", CASES[i].header, PH_FMT(name),
                     CASES[i].name);
        }
    }
    ph_arena_finish(&arena);
}

/* An exact heap copy lets AddressSanitizer see a read of one byte too many. */
static void a_header_may_end_anywhere(void **state)
{
    const size_t length = strlen(CASES[3].header);

    (void)state;
    for (size_t n = 0; n <= length; n++) {
        struct ph_arena arena = { 0 };
        uint8_t *exact = test_malloc(n + 1);

        memcpy(exact + 1, CASES[3].header, n);
        assert_true(ph_device_name(&arena, (struct ph_str){ exact + 1, n }).n <=
                    PH_DEVICE_NAME_MAX);
        ph_arena_finish(&arena);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_and_systems_are_recognised),
        cmocka_unit_test(a_header_may_end_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
