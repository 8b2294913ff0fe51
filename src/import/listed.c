#include "import/listed.h"

enum { DEPTH_MAX = 64, USER_MAX = 1024 * 1024 };

void ph_listed_begin(struct ph_listed *listed, struct ph_str text)
{
    *listed = (struct ph_listed){ .text = text };
}

/* --- signs --- */

static void skip_blanks(struct ph_listed *l)
{
    while (l->at < l->text.n && ph_str_has_byte(PH_STR(" \t\r\n"), l->text.p[l->at])) {
        l->at++;
    }
}

/* The next sign that is not blank; 0 at the end. */
static uint8_t peek(struct ph_listed *l)
{
    skip_blanks(l);
    return l->at < l->text.n ? l->text.p[l->at] : 0;
}

static bool take(struct ph_listed *l, uint8_t sign)
{
    if (peek(l) != sign || l->at >= l->text.n) {
        return false;
    }
    l->at++;
    return true;
}

/* A string with its quotation marks; false when it has no end. */
static bool take_string(struct ph_listed *l, struct ph_str *string)
{
    const size_t from = l->at;

    for (l->at++; l->at < l->text.n; l->at++) {
        if (l->text.p[l->at] == '\\') {
            l->at++;
        } else if (l->text.p[l->at] == '"') {
            l->at++;
            *string = (struct ph_str){ l->text.p + from, l->at - from };
            return true;
        }
    }
    l->at = l->text.n; /* an escape may have led past it */
    return false;
}

/* --- values --- */

/* One that is neither object, list nor string. */
static bool take_scalar(struct ph_listed *l)
{
    const size_t from = l->at;

    while (l->at < l->text.n && !ph_str_has_byte(PH_STR(" \t\r\n,:[]{}\""), l->text.p[l->at])) {
        l->at++;
    }
    return l->at > from;
}

/* An object or a list with all that is in it. */
static bool take_nested(struct ph_listed *l)
{
    struct ph_str ignored;
    int depth = 0;

    while (l->at < l->text.n) {
        const uint8_t sign = l->text.p[l->at];

        if (sign == '"') {
            if (!take_string(l, &ignored)) {
                return false;
            }
            continue;
        }
        l->at++;
        depth += sign == '{' || sign == '[' ? 1 : 0;
        depth -= sign == '}' || sign == ']' ? 1 : 0;
        if (depth == 0 || depth > DEPTH_MAX) {
            return depth == 0;
        }
    }
    return false;
}

static bool take_value(struct ph_listed *l, struct ph_str *value)
{
    const uint8_t sign = peek(l);
    const size_t from = l->at;
    struct ph_str string;
    bool taken;

    if (sign == '{' || sign == '[') {
        taken = take_nested(l);
    } else {
        taken = sign == '"' ? take_string(l, &string) : take_scalar(l);
    }
    *value = (struct ph_str){ l->text.p + from, l->at - from };
    return taken;
}

/* --- one reply --- */

#define BROKEN "the JSON is broken or incomplete"
#define NO_REPLY "this is not what list-users, list-users-in-group or admin-get-user print"

/* Goes to the list of users, or to the end of a reply without one: *list, *named say what it was.
 */
static bool read_members(struct ph_listed *l, bool *list, bool *named)
{
    struct ph_str name, value;

    do {
        if (peek(l) != '"' || !take_string(l, &name) || !take(l, ':')) {
            return false;
        }
        if (ph_str_eq(name, PH_STR("\"Users\"")) && take(l, '[')) {
            *list = true;
            return true;
        }
        *named = *named || ph_str_eq(name, PH_STR("\"Username\""));
        if (!take_value(l, &value)) {
            return false;
        }
    } while (take(l, ','));
    return take(l, '}');
}

/* True when a page has begun; else *found says what there is instead. */
static bool begin_reply(struct ph_listed *l, struct ph_str *user, enum ph_listed_found *found)
{
    bool list = false, named = false;
    const uint8_t sign = peek(l);
    const size_t from = l->at;

    *found = PH_LISTED_END;
    if (l->at == l->text.n) {
        return false;
    }
    *found = PH_LISTED_BROKEN;
    l->why = NO_REPLY;
    if (sign != '{') {
        return false;
    }
    l->at++;
    if (!read_members(l, &list, &named)) {
        l->why = BROKEN;
        return false;
    }
    if (list || named) {
        l->why = NULL;
        *found = PH_LISTED_USER;
        *user = (struct ph_str){ l->text.p + from, l->at - from };
    }
    return list;
}

/* What stands behind the list: more members, which do not matter, and the end of the page. */
static bool end_page(struct ph_listed *l)
{
    bool list = false, named = false;

    l->inside = false;
    return take(l, '}') || (take(l, ',') && read_members(l, &list, &named) && !list);
}

static enum ph_listed_found take_user(struct ph_listed *l, struct ph_str *user)
{
    if (peek(l) != '{' || !take_value(l, user) || user->n > USER_MAX ||
        (!take(l, ',') && peek(l) != ']')) {
        l->why = BROKEN;
        return PH_LISTED_BROKEN;
    }
    return PH_LISTED_USER;
}

enum ph_listed_found ph_listed_next(struct ph_listed *listed, struct ph_str *user)
{
    enum ph_listed_found found;

    while (listed->why == NULL) {
        if (!listed->inside && !begin_reply(listed, user, &found)) {
            return found;
        }
        listed->inside = true;
        if (!take(listed, ']')) {
            return take_user(listed, user);
        }
        listed->why = end_page(listed) ? NULL : BROKEN;
    }
    return PH_LISTED_BROKEN;
}
