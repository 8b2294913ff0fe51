#include "protocol/policy.h"

#include "protocol/policy_internal.h"

enum { ARN_FIELDS = 6 };

bool ph_policy_glob(struct ph_str pattern, struct ph_str text)
{
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX, resume = 0; /* where the latest * stands, what it covers up to */

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

bool ph_policy_covers_action(struct ph_arena *arena, struct ph_str pattern, struct ph_str action)
{
    return ph_policy_glob(ph_str_lower(arena, pattern), ph_str_lower(arena, action));
}

/* Field by field; the last one is all that is left. */
static bool covers_resource(struct ph_arena *arena, struct ph_str pattern, struct ph_str resource)
{
    (void)arena;
    if (ph_str_eq(pattern, PH_STR("*"))) {
        return true;
    }
    for (size_t i = 1; i < ARN_FIELDS; i++) {
        struct ph_str p, r;
        const bool more_p = ph_str_cut(pattern, ':', &p, &pattern);
        const bool more_r = ph_str_cut(resource, ':', &r, &resource);

        if (!more_p || !more_r || !ph_policy_glob(p, r)) {
            return false;
        }
    }
    return ph_policy_glob(pattern, resource);
}

typedef bool covers(struct ph_arena *arena, struct ph_str pattern, struct ph_str text);

static bool any_covers(struct ph_arena *arena, const struct json_t *patterns, struct ph_str text,
                       covers *one_covers)
{
    const struct json_t *pattern;

    for (size_t i = 0; (pattern = ph_policy_at(patterns, i)) != NULL; i++) {
        if (one_covers(arena, ph_json_str(pattern), text)) {
            return true;
        }
    }
    return false;
}

/* A statement has either the element or its Not form. */
static bool speaks_of(struct ph_arena *arena, const struct json_t *patterns,
                      const struct json_t *not_patterns, struct ph_str text, covers *one_covers)
{
    return patterns != NULL ? any_covers(arena, patterns, text, one_covers)
                            : !any_covers(arena, not_patterns, text, one_covers);
}

static enum ph_truth applies(struct ph_arena *arena, const struct json_t *statement,
                             const struct ph_policy_request *request)
{
    if (!speaks_of(arena, ph_json_get(statement, "Action"), ph_json_get(statement, "NotAction"),
                   request->action, ph_policy_covers_action) ||
        !speaks_of(arena, ph_json_get(statement, "Resource"), ph_json_get(statement, "NotResource"),
                   request->resource, covers_resource)) {
        return PH_FALSE;
    }
    return ph_policy_condition(ph_json_get(statement, "Condition"), request);
}

static bool denies(const struct json_t *statement)
{
    return ph_str_eq(ph_json_get_str(statement, "Effect"), PH_STR("Deny"));
}

static enum ph_policy_verdict decide(struct ph_arena *arena, const struct json_t *statements,
                                     const struct ph_policy_request *request)
{
    enum ph_policy_verdict verdict = PH_POLICY_NOT_ALLOWED;
    const struct json_t *statement;

    for (size_t i = 0; (statement = ph_policy_at(statements, i)) != NULL; i++) {
        const enum ph_truth applied = applies(arena, statement, request);

        if (denies(statement) && applied != PH_FALSE) {
            return PH_POLICY_DENIED;
        }
        if (!denies(statement) && applied == PH_TRUE) {
            verdict = PH_POLICY_ALLOWED;
        }
    }
    return verdict;
}

/* NULL and what is wrong, when it is not JSON of a sensible length. */
static const struct json_t *parse(struct ph_arena *arena, struct ph_str document, const char **why)
{
    const struct json_t *json = NULL;

    *why = NULL;
    if (document.n > PH_POLICY_MAX) {
        *why = ph_textf(arena, "the policy is longer than %d bytes", PH_POLICY_MAX);
        return NULL;
    }
    json = ph_json_parse(arena, document);
    if (json == NULL) {
        *why = ph_textf(arena, "not JSON: %s", ph_json_problem(arena, document));
    }
    return json;
}

const char *ph_policy_check(struct ph_arena *arena, struct ph_str document)
{
    const char *why;
    const struct json_t *json = parse(arena, document, &why);

    return json == NULL ? why : ph_policy_check_json(arena, json);
}

const char *ph_policy_review(struct ph_arena *arena, struct ph_str document,
                             const struct ph_policy_actions *actions, struct ph_str *doubts)
{
    const char *why;
    const struct json_t *json = parse(arena, document, &why);

    return json == NULL ? why : ph_policy_review_json(arena, json, actions, doubts);
}

enum ph_policy_verdict ph_policy_decide(struct ph_arena *arena, struct ph_str document,
                                        const struct ph_policy_request *request)
{
    const char *why;
    const struct json_t *json = parse(arena, document, &why);

    return json == NULL || ph_policy_check_json(arena, json) != NULL
               ? PH_POLICY_MALFORMED
               : decide(arena, ph_json_get(json, "Statement"), request);
}
