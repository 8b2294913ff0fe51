/*
 * Templates of anybody, with values that would do harm. The first byte says which kind: what comes
 * out has no more markup than the template, and one link for each that it asks for.
 */
#include "deliver/template.h"
#include "support/fuzz.h"

static struct ph_arena arena;

static size_t count(struct ph_str text, struct ph_str part)
{
    size_t n = 0;

    while (text.n > 0) {
        n += ph_str_starts(text, part);
        text = ph_str_skip(text, 1);
    }
    return n;
}

static void fill(struct ph_str template, bool html)
{
    const struct ph_template_values values = { .code = PH_STR("<b>{username}\"&"),
                                               .username = PH_STR("{####}<i>"),
                                               .html = html };
    struct ph_str text;

    if (!ph_template_fill(&arena, template, &values, &text)) {
        return;
    }
    fuzz_check(text.n <= PH_TEMPLATE_MAX);
    if (html) {
        fuzz_check(count(text, PH_STR("<")) == count(template, PH_STR("<")));
        fuzz_check(count(text, PH_STR("\"")) == count(template, PH_STR("\"")));
    }
}

static void link(struct ph_str template)
{
    const struct ph_template_link link = { .host = PH_STR("id.example.com"),
                                           .client_id = PH_STR("c\"<"),
                                           .username = PH_STR("a&b>"),
                                           .code = PH_STR("##}") };
    struct ph_str text;

    if (!ph_template_link(&arena, template, &link, &text)) {
        return;
    }
    fuzz_check(text.n <= PH_TEMPLATE_MAX);
    fuzz_check(count(text, PH_STR("/confirmUser/?client_id=c%22%3C&amp;user_name=a%26b%3E&amp;"
                                  "confirmation_code=%23%23%7D\">")) <=
               count(template, PH_STR("{##")) + count(template, PH_STR("/confirmUser/")));
    if (count(template, PH_STR("##}")) == 0) {
        fuzz_check(ph_str_eq(text, template));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct ph_str template = { data + 1, size - 1 };

    if (data[0] == 'l') {
        link(template);
    } else {
        fill(template, data[0] == 'h');
    }
    ph_arena_reset(&arena);
    return 0;
}
