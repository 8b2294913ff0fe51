#include "branding/svg.h"

struct reading {
    struct ph_str rest;
    size_t open; /* elements */
    bool has_root;
    bool is_active;
};

static void skip_spaces(struct ph_str *s)
{
    while (s->n > 0 && ph_str_has_byte(PH_STR(" \t\r\n"), s->p[0])) {
        *s = ph_str_skip(*s, 1);
    }
}

/* Goes on behind the next `end`; false when it does not come. */
static bool skip_past(struct ph_str *s, struct ph_str end)
{
    while (s->n >= end.n) {
        if (ph_str_starts(*s, end)) {
            *s = ph_str_skip(*s, end.n);
            return true;
        }
        *s = ph_str_skip(*s, 1);
    }
    return false;
}

static struct ph_str take_name(struct ph_str *s)
{
    size_t n = 0;

    while (n < s->n && !ph_str_has_byte(PH_STR(" \t\r\n/>=<\"'"), s->p[n])) {
        n++;
    }
    return ph_str_take(s, n);
}

/* Without the prefix of its name space. */
static struct ph_str local_name(struct ph_str name)
{
    struct ph_str prefix, local;

    return ph_str_cut(name, ':', &prefix, &local) ? local : name;
}

static bool is_active_element(struct ph_str name)
{
    static const struct ph_str NAMES[] = { PH_STR_INIT("script"),  PH_STR_INIT("foreignObject"),
                                           PH_STR_INIT("iframe"),  PH_STR_INIT("embed"),
                                           PH_STR_INIT("object"),  PH_STR_INIT("handler"),
                                           PH_STR_INIT("listener") };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (ph_str_eq_nocase(name, NAMES[i])) {
            return true;
        }
    }
    return false;
}

static bool starts_nocase(struct ph_str s, struct ph_str prefix)
{
    return s.n >= prefix.n && ph_str_eq_nocase((struct ph_str){ s.p, prefix.n }, prefix);
}

/* Written with character references, a scheme would be another one to our eyes. */
static bool is_active_attribute(struct ph_str name, struct ph_str value)
{
    skip_spaces(&value);
    return starts_nocase(name, PH_STR("on")) || starts_nocase(value, PH_STR("javascript:")) ||
           (ph_str_eq_nocase(name, PH_STR("href")) && ph_str_contains(value, PH_STR("&#")));
}

/* name = "value" */
static bool read_attribute(struct reading *r)
{
    const struct ph_str name = take_name(&r->rest);
    struct ph_str value;
    uint8_t quote;

    skip_spaces(&r->rest);
    if (name.n == 0 || r->rest.n == 0 || r->rest.p[0] != '=') {
        return false;
    }
    r->rest = ph_str_skip(r->rest, 1);
    skip_spaces(&r->rest);
    if (r->rest.n == 0 || (r->rest.p[0] != '"' && r->rest.p[0] != '\'')) {
        return false;
    }
    quote = r->rest.p[0];
    if (!ph_str_cut(ph_str_skip(r->rest, 1), quote, &value, &r->rest)) {
        return false;
    }
    r->is_active |= is_active_attribute(local_name(name), value);
    return !ph_str_has_byte(value, '<');
}

/* <name attributes> or <name attributes/> */
static bool read_element(struct reading *r)
{
    const struct ph_str name = take_name(&r->rest);

    if (r->open == 0 && (r->has_root || !ph_str_eq(local_name(name), PH_STR("svg")))) {
        return false;
    }
    r->has_root = true;
    r->is_active |= is_active_element(local_name(name));
    for (;;) {
        skip_spaces(&r->rest);
        if (ph_str_starts(r->rest, PH_STR("/>"))) {
            r->rest = ph_str_skip(r->rest, 2);
            return true;
        }
        if (ph_str_starts(r->rest, PH_STR(">"))) {
            r->rest = ph_str_skip(r->rest, 1);
            r->open++;
            return true;
        }
        if (!read_attribute(r)) {
            return false;
        }
    }
}

static bool read_end(struct reading *r)
{
    const struct ph_str name = take_name(&r->rest);

    skip_spaces(&r->rest);
    if (name.n == 0 || r->open == 0 || !ph_str_starts(r->rest, PH_STR(">"))) {
        return false;
    }
    r->rest = ph_str_skip(r->rest, 1);
    r->open--;
    return true;
}

/* A document type may name the one of SVG; what it declares itself, entities, is none of ours. */
static bool read_doctype(struct reading *r)
{
    struct ph_str inside;

    if (!ph_str_cut(r->rest, '>', &inside, &r->rest)) {
        return false;
    }
    r->is_active |= ph_str_has_byte(inside, '[');
    return !r->has_root;
}

/* A stylesheet that a processing instruction names comes from elsewhere. */
static bool read_instruction(struct reading *r)
{
    r->is_active |= starts_nocase(r->rest, PH_STR("<?xml-stylesheet"));
    return skip_past(&r->rest, PH_STR("?>"));
}

/* What begins with '<'. */
static bool read_markup(struct reading *r)
{
    if (ph_str_starts(r->rest, PH_STR("<!--"))) {
        r->rest = ph_str_skip(r->rest, 4);
        return skip_past(&r->rest, PH_STR("-->"));
    }
    if (ph_str_starts(r->rest, PH_STR("<![CDATA["))) {
        return r->open > 0 && skip_past(&r->rest, PH_STR("]]>"));
    }
    if (ph_str_starts(r->rest, PH_STR("<!"))) {
        return read_doctype(r);
    }
    if (ph_str_starts(r->rest, PH_STR("<?"))) {
        return read_instruction(r);
    }
    if (ph_str_starts(r->rest, PH_STR("</"))) {
        r->rest = ph_str_skip(r->rest, 2);
        return read_end(r);
    }
    r->rest = ph_str_skip(r->rest, 1);
    return read_element(r);
}

/* Outside of the root there are only spaces. */
static bool read_text(struct reading *r)
{
    struct ph_str text = r->rest;
    size_t n = 0;

    while (n < text.n && text.p[n] != '<') {
        n++;
    }
    text = ph_str_take(&r->rest, n);
    skip_spaces(&text);
    return r->open > 0 || text.n == 0;
}

enum ph_svg_verdict ph_svg_judge(struct ph_str text)
{
    struct reading r = { .rest = text };

    if (ph_str_starts(r.rest, PH_STR("\xef\xbb\xbf"))) {
        r.rest = ph_str_skip(r.rest, 3);
    }
    while (r.rest.n > 0) {
        if (!(r.rest.p[0] == '<' ? read_markup(&r) : read_text(&r))) {
            return PH_SVG_NONE;
        }
    }
    if (!r.has_root || r.open > 0) {
        return PH_SVG_NONE;
    }
    return r.is_active ? PH_SVG_ACTIVE : PH_SVG_GOOD;
}
