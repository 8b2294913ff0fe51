/* Style sheets of the classic pages: what may be customised, and what must not get onto a page. */
#include "branding/css.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define NOT_ALLOWED(name) "The CSS class " name " is not in the list of allowed classes."
#define STATEMENT                                                                                  \
    "The CSS must not contain @import, @supports, @page, @media or other @ statements."
#define SCRIPT "The CSS must not contain HTML or JavaScript."
#define UNCLOSED "The CSS is malformed: a rule is not closed."
#define EMPTY_RULE "The CSS is malformed: a rule has no declarations."
#define NO_END "The CSS is malformed: a comment or a quoted text has no end."

static const struct {
    const char *css, *wrong;
} CASES[] = {
    { "", NULL },
    { " \n\t\f", NULL },
    { "/* nothing */", NULL },
    { ".label-customizable {font-weight: 400;}", NULL },
    { ".label-customizable{}.logo-customizable{}", NULL },
    { ".label-customizable /* a } b */ { color: red /* ; } { */ }", NULL },
    { ".label-customizable { content: \"} { \\\" /* \"; }", NULL },
    { ".label-customizable { content: '}' }", NULL },
    { ".submitButton-customizable:hover, .idpButton-customizable:hover ,\n"
      ".inputField-customizable:focus { color: #fff; background: url(a.png) }",
      NULL },
    { ".background-customizable,.banner-customizable,.errorMessage-customizable,"
      ".idpButton-customizable,.idpDescription-customizable,.inputField-customizable,"
      ".legalText-customizable,.passwordCheck-notValid-customizable,"
      ".passwordCheck-valid-customizable,.redirect-customizable,.socialButton-customizable,"
      ".submitButton-customizable,.textDescription-customizable{color:red}",
      NULL },
    { "body { color: red }", NOT_ALLOWED("body") },
    { ".other { color: red }", NOT_ALLOWED(".other") },
    { ".label-customizable, body { color: red }", NOT_ALLOWED("body") },
    { ".label-customizable:hover { color: red }", NOT_ALLOWED(".label-customizable:hover") },
    { ".label-customizable .logo-customizable {}",
      NOT_ALLOWED(".label-customizable .logo-customizable") },
    { ".Label-customizable { }", NOT_ALLOWED(".Label-customizable") },
    { "label-customizable { }", NOT_ALLOWED("label-customizable") },
    { "{ }", NOT_ALLOWED("") },
    { ".label-customizable,{ }", NOT_ALLOWED("") },
    { "@import 'a.css';", STATEMENT },
    { "@media print { .label-customizable { color: red } }", STATEMENT },
    { ".label-customizable { content: '@page' }", STATEMENT },
    { ".label-customizable { background: url(JavaScript:alert(1)) }", SCRIPT },
    { ".label-customizable { width: expression(alert(1)) }", SCRIPT },
    { ".label-customizable { } </style><script>", SCRIPT },
    { "/* < */", SCRIPT },
    { ".label-customizable { behavior: url(a) }", SCRIPT },
    { ".label-customizable", EMPTY_RULE },
    { ".label-customizable;", EMPTY_RULE },
    { "}", EMPTY_RULE },
    { ".label-customizable {", UNCLOSED },
    { ".label-customizable { color: red", UNCLOSED },
    { ".label-customizable { .logo-customizable { } }", UNCLOSED },
    { ".label-customizable { } }", EMPTY_RULE },
    { "/* ", NO_END },
    { "/*/", NO_END },
    { ".label-customizable { content: \"a }", NO_END },
    { ".label-customizable { content: 'a\\' }", NO_END },
    { "'", NO_END },
};

static void sheets_are_judged(void **state)
{
    struct ph_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *got = ph_css_check(&arena, ph_str_from(CASES[i].css));

        if ((got == NULL) != (CASES[i].wrong == NULL) ||
            (got != NULL && strcmp(got, CASES[i].wrong) != 0)) {
            fail_msg("%s\ngot    %s\nwanted %s", CASES[i].css, got, CASES[i].wrong);
        }
    }
    ph_arena_finish(&arena);
}

/* An exact heap copy lets AddressSanitizer see a read of one byte too many. */
static void a_sheet_cut_anywhere_is_read_within_its_bounds(void **state)
{
    static const char WHOLE[] = ".label-customizable /* c */ { content: \"a\\\"b\"; } "
                                ".logo-customizable{max-width:60%}";
    struct ph_arena arena = { 0 };

    (void)state;
    for (size_t n = 0; n < sizeof WHOLE; n++) {
        uint8_t *exact = malloc(n + 1);

        memcpy(exact + 1, WHOLE, n);
        (void)!ph_css_check(&arena, (struct ph_str){ exact + 1, n });
        free(exact);
    }
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheets_are_judged),
        cmocka_unit_test(a_sheet_cut_anywhere_is_read_within_its_bounds),
    };

    return cmocka_run_group_tests_name("css", tests, NULL, NULL);
}
