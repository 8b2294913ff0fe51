#include "branding/css.h"

#define MALFORMED "The CSS is malformed: "

static const struct ph_str SELECTORS[] = {
    PH_STR_INIT(".background-customizable"),
    PH_STR_INIT(".banner-customizable"),
    PH_STR_INIT(".errorMessage-customizable"),
    PH_STR_INIT(".idpButton-customizable"),
    PH_STR_INIT(".idpButton-customizable:hover"),
    PH_STR_INIT(".idpDescription-customizable"),
    PH_STR_INIT(".inputField-customizable"),
    PH_STR_INIT(".inputField-customizable:focus"),
    PH_STR_INIT(".label-customizable"),
    PH_STR_INIT(".legalText-customizable"),
    PH_STR_INIT(".logo-customizable"),
    PH_STR_INIT(".passwordCheck-notValid-customizable"),
    PH_STR_INIT(".passwordCheck-valid-customizable"),
    PH_STR_INIT(".redirect-customizable"),
    PH_STR_INIT(".socialButton-customizable"),
    PH_STR_INIT(".submitButton-customizable"),
    PH_STR_INIT(".submitButton-customizable:hover"),
    PH_STR_INIT(".textDescription-customizable"),
};

static bool is_allowed(struct ph_str selector)
{
    for (size_t i = 0; i < sizeof SELECTORS / sizeof SELECTORS[0]; i++) {
        if (ph_str_eq(selector, SELECTORS[i])) {
            return true;
        }
    }
    return false;
}

/* Spaces, also form feeds, which are none elsewhere. */
static bool is_space(uint8_t c)
{
    return ph_str_has_byte(PH_STR(" \t\r\n\f"), c);
}

/* The bytes up to and with the closing quote; 0 when it is missing. */
static size_t quoted_length(struct ph_str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == s.p[0]) {
            return i + 1;
        }
        i += s.p[i] == '\\' ? 1 : 0;
    }
    return 0;
}

/* The bytes of a comment at the start; 0 when it does not end. */
static size_t comment_length(struct ph_str s)
{
    for (size_t i = 2; i + 1 < s.n; i++) {
        if (s.p[i] == '*' && s.p[i + 1] == '/') {
            return i + 2;
        }
    }
    return 0;
}

/*
 * The sheet without comments, each a space, so that the rest need not know them. A quoted text is
 * copied as it is. False when one of the two has no end.
 */
static bool drop_comments(struct ph_arena *arena, struct ph_str css, struct ph_str *plain)
{
    uint8_t *to = ph_arena_alloc(arena, css.n + 1);
    struct ph_str rest = css;
    size_t n = 0;

    while (rest.n > 0) {
        const bool comment = ph_str_starts(rest, PH_STR("/*"));
        const bool quoted = rest.p[0] == '"' || rest.p[0] == '\'';
        const size_t length = comment ? comment_length(rest) : quoted ? quoted_length(rest) : 1;

        if (length == 0) {
            return false;
        }
        for (size_t i = 0; i < length && !comment; i++) {
            to[n++] = rest.p[i];
        }
        if (comment) {
            to[n++] = ' ';
        }
        rest = ph_str_skip(rest, length);
    }
    *plain = (struct ph_str){ to, n };
    return true;
}

/* Takes what stands before the first of `ends` outside quotes; the rest starts with it. */
static struct ph_str take_until(struct ph_str *rest, struct ph_str ends)
{
    size_t i = 0;

    while (i < rest->n && !ph_str_has_byte(ends, rest->p[i])) {
        const bool quoted = rest->p[i] == '"' || rest->p[i] == '\'';

        i += quoted ? quoted_length(ph_str_skip(*rest, i)) : 1;
    }
    return ph_str_take(rest, i);
}

static struct ph_str trim(struct ph_str s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s = ph_str_skip(s, 1);
    }
    while (s.n > 0 && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

static const char *check_selectors(struct ph_arena *arena, struct ph_str list)
{
    struct ph_str one;
    bool more;

    do {
        more = ph_str_cut(list, ',', &one, &list);
        one = trim(one);
        if (!is_allowed(one)) {
            return ph_textf(arena, "The CSS class %.*s is not in the list of allowed classes.",
                            PH_FMT(one));
        }
    } while (more);
    return NULL;
}

/* One "selectors { declarations }"; the rest begins behind it. */
static const char *check_rule(struct ph_arena *arena, struct ph_str *rest)
{
    const struct ph_str selectors = take_until(rest, PH_STR("{};"));
    const char *wrong;

    if (rest->n == 0 || rest->p[0] != '{') {
        return MALFORMED "a rule has no declarations.";
    }
    wrong = check_selectors(arena, selectors);
    if (wrong != NULL) {
        return wrong;
    }
    *rest = ph_str_skip(*rest, 1);
    (void)take_until(rest, PH_STR("{}"));
    if (rest->n == 0 || rest->p[0] != '}') {
        return MALFORMED "a rule is not closed.";
    }
    *rest = ph_str_skip(*rest, 1);
    return NULL;
}

/* What must not be anywhere, be it in a value or in a quoted text. */
static const char *check_words(struct ph_arena *arena, struct ph_str css)
{
    static const struct ph_str SCRIPTS[] = {
        PH_STR_INIT("<"),           PH_STR_INIT("javascript:"),  PH_STR_INIT("vbscript:"),
        PH_STR_INIT("expression("), PH_STR_INIT("-moz-binding"), PH_STR_INIT("behavior:")
    };
    const struct ph_str lower = ph_str_lower(arena, css);

    if (ph_str_has_byte(css, '@')) {
        return "The CSS must not contain @import, @supports, @page, @media or other @ statements.";
    }
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof SCRIPTS[0]; i++) {
        if (ph_str_contains(lower, SCRIPTS[i])) {
            return "The CSS must not contain HTML or JavaScript.";
        }
    }
    return NULL;
}

const char *ph_css_check(struct ph_arena *arena, struct ph_str css)
{
    const char *wrong = check_words(arena, css);
    struct ph_str rest;

    if (wrong != NULL) {
        return wrong;
    }
    if (!drop_comments(arena, css, &rest)) {
        return MALFORMED "a comment or a quoted text has no end.";
    }
    rest = trim(rest);
    while (rest.n > 0 && wrong == NULL) {
        wrong = check_rule(arena, &rest);
        rest = trim(rest);
    }
    return wrong;
}
