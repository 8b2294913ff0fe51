#include "deliver/template.h"

#include "util/buf.h"
#include "util/encode.h"

static const struct ph_str CODE = PH_STR_INIT("{####}");
static const struct ph_str NAME = PH_STR_INIT("{username}");

static bool done(const struct ph_buf *out, struct ph_str *text)
{
    if (out->overflowed) {
        return false;
    }
    *text = ph_buf_str(out);
    return true;
}

static struct ph_str shown(struct ph_arena *arena, const struct ph_template_values *values,
                           struct ph_str value)
{
    return values->html ? ph_html(arena, value) : value;
}

/* One pass, so that a placeholder inside a value stays what it is. */
bool ph_template_fill(struct ph_arena *arena, struct ph_str template,
                      const struct ph_template_values *values, struct ph_str *text)
{
    const struct ph_str code = shown(arena, values, values->code);
    const struct ph_str name = shown(arena, values, values->username);
    struct ph_buf out;

    ph_buf_init(&out, arena, PH_TEMPLATE_MAX);
    while (template.n > 0) {
        if (ph_str_starts(template, CODE)) {
            ph_buf_add(&out, code);
            template = ph_str_skip(template, CODE.n);
        } else if (ph_str_starts(template, NAME)) {
            ph_buf_add(&out, name);
            template = ph_str_skip(template, NAME.n);
        } else {
            ph_buf_add(&out, ph_str_take(&template, 1));
        }
    }
    return done(&out, text);
}

/* ---- links ---- */

static void add_anchor(struct ph_buf *out, const struct ph_template_link *link, struct ph_str text)
{
    ph_buf_addf(out, "<a href=\"https://%.*s", PH_FMT(link->host));
    ph_buf_add(out, PH_STR("/confirmUser/?client_id="));
    ph_buf_add(out, ph_url_encode(out->arena, link->client_id));
    ph_buf_add(out, PH_STR("&amp;user_name="));
    ph_buf_add(out, ph_url_encode(out->arena, link->username));
    ph_buf_add(out, PH_STR("&amp;confirmation_code="));
    ph_buf_add(out, ph_url_encode(out->arena, link->code));
    ph_buf_add(out, PH_STR("\">"));
    ph_buf_add(out, text);
    ph_buf_add(out, PH_STR("</a>"));
}

/* Where "##}" starts in s, or s.n. */
static size_t link_end(struct ph_str s)
{
    size_t i = 0;

    while (i < s.n && !ph_str_starts(ph_str_skip(s, i), PH_STR("##}"))) {
        i++;
    }
    return i;
}

bool ph_template_link(struct ph_arena *arena, struct ph_str template,
                      const struct ph_template_link *link, struct ph_str *text)
{
    struct ph_buf out;

    ph_buf_init(&out, arena, PH_TEMPLATE_MAX);
    while (template.n > 0) {
        const bool opens = ph_str_starts(template, PH_STR("{##")) && !ph_str_starts(template, CODE);
        const struct ph_str rest = opens ? ph_str_skip(template, 3) : PH_STR("");
        const size_t end = link_end(rest);

        if (opens && end < rest.n) {
            add_anchor(&out, link, (struct ph_str){ rest.p, end });
            template = ph_str_skip(rest, end + 3);
        } else {
            ph_buf_add(&out, ph_str_take(&template, 1));
        }
    }
    return done(&out, text);
}
