/* Parsing of ListUsers filters. */
#include "user/filter.h"

#include "model/exceptions.h"
#include "util/buf.h"
#include "util/unicode.h"

enum { VALUE_MAX = 4096 };

static const struct {
    struct ph_str name;
    enum ph_user_filter_by by;
    bool exact; /* compared as it is */
} NAMES[] = {
    { PH_STR_INIT("username"), PH_BY_USERNAME, true },
    { PH_STR_INIT("sub"), PH_BY_SUB, true },
    { PH_STR_INIT("email"), PH_BY_EMAIL, false },
    { PH_STR_INIT("phone_number"), PH_BY_PHONE, false },
    { PH_STR_INIT("name"), PH_BY_NAME, false },
    { PH_STR_INIT("given_name"), PH_BY_GIVEN_NAME, false },
    { PH_STR_INIT("family_name"), PH_BY_FAMILY_NAME, false },
    { PH_STR_INIT("preferred_username"), PH_BY_PREFERRED_USERNAME, false },
    { PH_STR_INIT("cognito:user_status"), PH_BY_USER_STATUS, false },
    { PH_STR_INIT("status"), PH_BY_ENABLED, true },
};

static bool is_name_byte(uint8_t c, bool extended)
{
    return c > ' ' && c != '=' && c != '^' && c != '"' && !(extended && (c == '$' || c == '*'));
}

static struct ph_str take_name(struct ph_str *rest, bool extended)
{
    size_t n = 0;

    while (n < rest->n && is_name_byte(rest->p[n], extended)) {
        n++;
    }
    return ph_str_take(rest, n);
}

static bool take_operator(struct ph_str *rest, bool extended, enum ph_filter_op *op)
{
    static const struct {
        struct ph_str text;
        enum ph_filter_op op;
        bool extended;
    } OPERATORS[] = { { PH_STR_INIT("="), PH_FILTER_EQUALS, false },
                      { PH_STR_INIT("^="), PH_FILTER_BEGINS, false },
                      { PH_STR_INIT("$="), PH_FILTER_ENDS, true },
                      { PH_STR_INIT("*="), PH_FILTER_CONTAINS, true } };

    for (size_t i = 0; i < sizeof OPERATORS / sizeof OPERATORS[0]; i++) {
        if ((extended || !OPERATORS[i].extended) && ph_str_starts(*rest, OPERATORS[i].text)) {
            *rest = ph_str_skip(*rest, OPERATORS[i].text.n);
            *op = OPERATORS[i].op;
            return true;
        }
    }
    return false;
}

/* From quote to quote; a backslash escapes itself and the quote. */
static bool take_value(struct ph_arena *arena, struct ph_str *rest, struct ph_str *value)
{
    struct ph_buf out;

    ph_buf_init(&out, arena, VALUE_MAX);
    if (!ph_str_starts(*rest, PH_STR("\""))) {
        return false;
    }
    *rest = ph_str_skip(*rest, 1);
    while (rest->n > 0) {
        uint8_t c = ph_str_take(rest, 1).p[0];

        if (c == '"') {
            *value = out.n > 0 ? ph_buf_str(&out) : PH_STR("");
            return !out.overflowed;
        }
        if (c == '\\') {
            if (rest->n == 0 || (rest->p[0] != '"' && rest->p[0] != '\\')) {
                return false;
            }
            c = ph_str_take(rest, 1).p[0];
        }
        ph_buf_add_byte(&out, c);
    }
    return false;
}

bool ph_user_filter_split(struct ph_arena *arena, struct ph_str text, bool extended,
                          struct ph_filter_parts *parts)
{
    struct ph_str rest = ph_str_trim(text);

    parts->name = take_name(&rest, extended);
    rest = ph_str_trim(rest);
    if (parts->name.n == 0 || !take_operator(&rest, extended, &parts->op)) {
        return false;
    }
    rest = ph_str_trim(rest);
    return take_value(arena, &rest, &parts->value) && rest.n == 0;
}

struct ph_err ph_user_filter_parse(struct ph_arena *arena, struct ph_str text,
                                   struct ph_user_filter *filter)
{
    struct ph_user_filter parsed = { 0 };
    struct ph_filter_parts parts;

    text = ph_str_trim(text);
    if (text.n == 0) {
        *filter = parsed;
        return PH_OK;
    }
    if (!ph_user_filter_split(arena, text, false, &parts)) {
        return PH_FAIL(InvalidParameterException, "Error while parsing filter");
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (ph_str_eq(parts.name, NAMES[i].name)) {
            parsed.by = NAMES[i].by;
            parsed.prefix = parts.op == PH_FILTER_BEGINS;
            parsed.value = NAMES[i].exact ? parts.value : ph_fold_case(arena, parts.value);
            *filter = parsed;
            return PH_OK;
        }
    }
    return PH_FAIL(InvalidParameterException,
                   ph_textf(arena, "Invalid search attribute: %.*s", PH_FMT(parts.name)));
}
