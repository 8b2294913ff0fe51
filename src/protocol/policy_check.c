/* The grammar of policies: what is wrong with a document, and where. */
#include "protocol/policy_internal.h"
#include "util/buf.h"

struct checker {
    struct ph_arena *arena;
    const char *why;                         /* the first complaint */
    const struct ph_policy_actions *actions; /* NULL: nobody asks for doubts */
    struct ph_buf doubts;                    /* lines */
};

enum { DOUBTS_MAX = 64 * 1024 };

/* Where we are, written out for a complaint only: "Statement[1].Action". */
struct place {
    const struct place *up; /* NULL: the document */
    struct ph_str name;     /* absent: an element of a list */
    size_t index;
};

typedef bool check(struct checker *c, const struct place *where, const struct json_t *value);

static struct place in_object(const struct place *up, struct ph_str name)
{
    return (struct place){ .up = up, .name = name };
}

static struct place in_list(const struct place *up, size_t index)
{
    return (struct place){ .up = up, .index = index };
}

static const char *place_text(struct ph_arena *arena, const struct place *where)
{
    const char *up;

    if (where == NULL) {
        return "the document";
    }
    up = where->up == NULL ? "" : place_text(arena, where->up);
    return where->name.p == NULL
               ? ph_textf(arena, "%s[%zu]", up, where->index)
               : ph_textf(arena, "%s%s%.*s", up, where->up == NULL ? "" : ".", PH_FMT(where->name));
}

static bool complain(struct checker *c, const struct place *where, const char *what)
{
    c->why = ph_textf(c->arena, "%s: %s", place_text(c->arena, where), what);
    return false;
}

static void doubt(struct checker *c, const struct place *where, const char *what)
{
    if (c->actions != NULL) {
        ph_buf_addf(&c->doubts, "%s: %s\n", place_text(c->arena, where), what);
    }
}

/* --- lists --- */

/* One value, or a list of at least one. */
static bool check_each(struct checker *c, const struct place *where, const struct json_t *value,
                       check *check_one)
{
    if (ph_json_kind(value) != PH_JSON_ARRAY) {
        return check_one(c, where, value);
    }
    if (ph_json_length(value) == 0) {
        return complain(c, where, "the list is empty");
    }
    for (size_t i = 0; i < ph_json_length(value); i++) {
        const struct place place = in_list(where, i);

        if (!check_one(c, &place, ph_json_at(value, i))) {
            return false;
        }
    }
    return true;
}

/* --- actions --- */

static bool is_letter_or_digit(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
}

static bool consists_of(struct ph_str s, struct ph_str others)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_letter_or_digit(s.p[i]) && !ph_str_has_byte(others, s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

static bool names_some(struct checker *c, struct ph_str pattern)
{
    for (size_t i = 0; i < c->actions->count; i++) {
        if (ph_policy_covers_action(c->arena, pattern, c->actions->names[i])) {
            return true;
        }
    }
    return false;
}

static void review_action(struct checker *c, const struct place *where, struct ph_str service,
                          struct ph_str action)
{
    if (c->actions != NULL && ph_str_eq_nocase(service, PH_STR("cognito-idp")) &&
        !names_some(c, action)) {
        doubt(
            c, where,
            ph_textf(c->arena, "no operation that needs a key is named \"%.*s\"", PH_FMT(action)));
    }
}

static bool check_action(struct checker *c, const struct place *where, const struct json_t *value)
{
    const struct ph_str action = ph_json_str(value);
    struct ph_str service, name;

    if (ph_str_eq(action, PH_STR("*"))) {
        return true;
    }
    ph_str_cut(action, ':', &service, &name);
    if (!consists_of(service, PH_STR("-")) || !consists_of(name, PH_STR("*?"))) {
        return complain(c, where,
                        "an action is \"*\" or a service and a name, as in "
                        "\"cognito-idp:AdminGetUser\" or \"cognito-idp:List*\"");
    }
    review_action(c, where, service, action);
    return true;
}

static bool check_actions(struct checker *c, const struct place *where, const struct json_t *value)
{
    return check_each(c, where, value, check_action);
}

/* --- resources --- */

static bool is_arn(struct ph_str s)
{
    if (!ph_str_starts(s, PH_STR("arn:"))) {
        return false;
    }
    for (size_t i = 0; i < 5; i++) { /* six fields, of which the last may hold colons */
        if (!ph_str_cut(s, ':', NULL, &s)) {
            return false;
        }
    }
    return s.n > 0;
}

static bool check_resource(struct checker *c, const struct place *where, const struct json_t *value)
{
    const struct ph_str resource = ph_json_str(value);

    if (ph_str_contains(resource, PH_STR("${"))) {
        return complain(c, where, PH_POLICY_NO_VARIABLES);
    }
    return ph_str_eq(resource, PH_STR("*")) || is_arn(resource) ||
           complain(c, where,
                    "a resource is \"*\" or an ARN of six fields, as in "
                    "\"arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID\"");
}

static bool check_resources(struct checker *c, const struct place *where,
                            const struct json_t *value)
{
    return check_each(c, where, value, check_resource);
}

/* --- conditions --- */

static bool check_values(struct checker *c, const struct place *where, struct ph_str operation,
                         void *key)
{
    const struct json_t *values = ph_json_member(key);
    const struct place place = in_object(where, ph_json_key(key));

    if (ph_json_kind(values) == PH_JSON_OBJECT || ph_json_kind(values) == PH_JSON_NULL ||
        (ph_json_kind(values) == PH_JSON_ARRAY && ph_json_length(values) == 0)) {
        return complain(c, &place, "a value or a list of values is wanted");
    }
    if (!ph_policy_knows_condition(operation, ph_json_key(key))) {
        doubt(c, &place, "not known here: an Allow with it does not allow, a Deny with it denies");
    }
    for (size_t i = 0; ph_policy_at(values, i) != NULL; i++) {
        const struct json_t *value = ph_policy_at(values, i);
        const enum ph_json_kind kind = ph_json_kind(value);
        const char *what = kind == PH_JSON_OBJECT || kind == PH_JSON_ARRAY || kind == PH_JSON_NULL
                               ? "values are texts, numbers, true or false"
                               : ph_policy_check_value(operation, ph_json_key(key), value);

        if (what != NULL) {
            return complain(c, &place, what);
        }
    }
    return true;
}

static bool check_keys(struct checker *c, const struct place *where, void *operation)
{
    const struct json_t *keys = ph_json_member(operation);
    const struct ph_str name = ph_json_key(operation);
    const struct place place = in_object(where, name);

    if (ph_json_members(keys) == 0) {
        return complain(c, &place, "an object of condition keys is wanted");
    }
    for (void *i = ph_json_first(keys); i != NULL; i = ph_json_next(keys, i)) {
        if (!check_values(c, &place, name, i)) {
            return false;
        }
    }
    return true;
}

static bool check_condition(struct checker *c, const struct place *where,
                            const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT) {
        return complain(c, where, "an object of condition operators is wanted");
    }
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        if (!check_keys(c, where, i)) {
            return false;
        }
    }
    return true;
}

/* --- statements and the document --- */

static bool check_text(struct checker *c, const struct place *where, const struct json_t *value)
{
    return ph_json_kind(value) == PH_JSON_STRING || complain(c, where, "a text is wanted");
}

static bool check_effect(struct checker *c, const struct place *where, const struct json_t *value)
{
    const struct ph_str effect = ph_json_str(value);

    return ph_str_eq(effect, PH_STR("Allow")) || ph_str_eq(effect, PH_STR("Deny")) ||
           complain(c, where, "\"Allow\" or \"Deny\" is wanted");
}

static bool refuse_principal(struct checker *c, const struct place *where,
                             const struct json_t *value)
{
    (void)value;
    return complain(c, where, "the policy of a user speaks of no principal");
}

struct element {
    const char *name;
    check *check;
};

static const struct element STATEMENT[] = {
    { "Sid", check_text },
    { "Effect", check_effect },
    { "Action", check_actions },
    { "NotAction", check_actions },
    { "Resource", check_resources },
    { "NotResource", check_resources },
    { "Condition", check_condition },
    { "Principal", refuse_principal },
    { "NotPrincipal", refuse_principal },
    { NULL, NULL },
};

static bool check_element(struct checker *c, const struct place *where, const struct element *table,
                          void *member)
{
    const struct ph_str name = ph_json_key(member);
    const struct place place = in_object(where, name);

    for (; table->name != NULL; table++) {
        if (ph_str_eq(name, ph_str_from(table->name))) {
            return table->check(c, &place, ph_json_member(member));
        }
    }
    return complain(c, &place, "there is no such element (names are case-sensitive)");
}

static bool check_elements(struct checker *c, const struct place *where,
                           const struct element *table, const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT) {
        return complain(c, where, "an object is wanted");
    }
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        if (!check_element(c, where, table, i)) {
            return false;
        }
    }
    return true;
}

/* Null members have been refused, so absence is the only reason to find nothing. */
static bool check_one_of(struct checker *c, const struct place *where,
                         const struct json_t *statement, const char *name, const char *not_name)
{
    const bool has = ph_json_get(statement, name) != NULL;
    const bool has_not = ph_json_get(statement, not_name) != NULL;

    return has != has_not || complain(c, where,
                                      ph_textf(c->arena, "%s %s and %s is wanted",
                                               has ? "only one of" : "one of", name, not_name));
}

static bool check_statement(struct checker *c, const struct place *where,
                            const struct json_t *value)
{
    return check_elements(c, where, STATEMENT, value) &&
           (ph_json_get(value, "Effect") != NULL || complain(c, where, "Effect is missing")) &&
           check_one_of(c, where, value, "Action", "NotAction") &&
           check_one_of(c, where, value, "Resource", "NotResource");
}

static bool check_statements(struct checker *c, const struct place *where,
                             const struct json_t *value)
{
    return check_each(c, where, value, check_statement);
}

static bool check_version(struct checker *c, const struct place *where, const struct json_t *value)
{
    const struct ph_str version = ph_json_str(value);

    return ph_str_eq(version, PH_STR("2012-10-17")) || ph_str_eq(version, PH_STR("2008-10-17")) ||
           complain(c, where, "\"2012-10-17\" or \"2008-10-17\" is wanted");
}

static const struct element DOCUMENT[] = {
    { "Version", check_version },
    { "Id", check_text },
    { "Statement", check_statements },
    { NULL, NULL },
};

static bool check_document(struct checker *c, const struct json_t *document)
{
    return check_elements(c, NULL, DOCUMENT, document) &&
           (ph_json_get(document, "Statement") != NULL ||
            complain(c, NULL, "Statement is missing"));
}

const char *ph_policy_check_json(struct ph_arena *arena, const struct json_t *document)
{
    struct checker c = { .arena = arena };

    return check_document(&c, document) ? NULL : c.why;
}

const char *ph_policy_review_json(struct ph_arena *arena, const struct json_t *document,
                                  const struct ph_policy_actions *actions, struct ph_str *doubts)
{
    struct checker c = { .arena = arena, .actions = actions };

    ph_buf_init(&c.doubts, arena, DOUBTS_MAX);
    if (!check_document(&c, document)) {
        return c.why;
    }
    *doubts = ph_buf_str(&c.doubts);
    return NULL;
}
