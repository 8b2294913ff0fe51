#include "token/overrides.h"

#include "trigger/trigger.h"
#include "util/buf.h"
#include "util/json.h"

enum { SCOPE_MAX = 64 * 1024 };

/* Which token, and what is in it. */
struct target {
    struct ph_ctx *ctx;
    const struct ph_client *client;
    struct json_t *claims;
    bool access;
};

static const struct ph_str PROTECTED[] = {
    PH_STR_INIT("acr"),       PH_STR_INIT("amr"), PH_STR_INIT("at_hash"),
    PH_STR_INIT("auth_time"), PH_STR_INIT("azp"), PH_STR_INIT("aud"),
    PH_STR_INIT("exp"),       PH_STR_INIT("iat"), PH_STR_INIT("identities"),
    PH_STR_INIT("iss"),       PH_STR_INIT("jti"), PH_STR_INIT("nbf"),
    PH_STR_INIT("nonce"),     PH_STR_INIT("sub"), PH_STR_INIT("origin_jti"),
    PH_STR_INIT("token_use"),
};

static const struct ph_str PROTECTED_IN_ACCESS[] = {
    PH_STR_INIT("client_id"), PH_STR_INIT("device_key"), PH_STR_INIT("event_id"),
    PH_STR_INIT("username"),  PH_STR_INIT("version"),    PH_STR_INIT("scope"),
};

static bool is_in(struct ph_str name, const struct ph_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ph_str_eq(name, list[i])) {
            return true;
        }
    }
    return false;
}

#define IS_IN(name, list) is_in((name), (list), sizeof(list) / sizeof(list)[0])

static bool may_change(const struct target *t, struct ph_str name)
{
    return !IS_IN(name, PROTECTED) && !(t->access && IS_IN(name, PROTECTED_IN_ACCESS)) &&
           !ph_str_starts(name, PH_STR("cognito:")) && !ph_str_starts(name, PH_STR("dev:"));
}

/* An access token may get an audience: its own client. */
static bool may_set(const struct target *t, struct ph_str name, const struct json_t *value)
{
    return may_change(t, name) || (t->access && ph_str_eq(name, PH_STR("aud")) &&
                                   ph_str_eq(ph_json_str(value), t->client->id));
}

static void add_claims(const struct target *t, const struct json_t *given)
{
    for (void *i = ph_json_first(given); i != NULL; i = ph_json_next(given, i)) {
        const struct json_t *value = ph_json_member(i);

        if (ph_json_kind(value) != PH_JSON_NULL && may_set(t, ph_json_key(i), value)) {
            ph_json_set_s(t->ctx->arena, t->claims, ph_json_key(i),
                          ph_json_copy(t->ctx->arena, value));
        }
    }
}

/* After adding: what is in both is suppressed. */
static void suppress_claims(const struct target *t, const struct json_t *names)
{
    for (size_t i = 0; i < ph_json_length(names); i++) {
        const struct ph_str name = ph_json_str(ph_json_at(names, i));
        const char *key = ph_cstr(t->ctx->arena, name);

        if (key != NULL && may_change(t, name)) {
            ph_json_remove(t->ctx->arena, t->claims, key);
        }
    }
}

static void change_claims(const struct target *t, const struct json_t *details)
{
    add_claims(t, ph_json_get(details, "claimsToAddOrOverride"));
    suppress_claims(t, ph_json_get(details, "claimsToSuppress"));
}

/* ---- groups ---- */

static void replace(const struct target *t, const char *claim, const struct json_t *value)
{
    const bool empty = ph_json_kind(value) == PH_JSON_STRING ? ph_json_str(value).n == 0
                                                             : ph_json_length(value) == 0;

    ph_json_remove(t->ctx->arena, t->claims, claim);
    if (!empty) {
        ph_json_set(t->ctx->arena, t->claims, claim, ph_json_copy(t->ctx->arena, value));
    }
}

/* The object replaces all of it, so that an empty one suppresses; null keeps what is there. */
static void change_groups(const struct target *id, const struct target *access,
                          const struct json_t *details)
{
    if (details == NULL) {
        return;
    }
    replace(id, "cognito:groups", ph_json_get(details, "groupsToOverride"));
    replace(access, "cognito:groups", ph_json_get(details, "groupsToOverride"));
    replace(id, "cognito:roles", ph_json_get(details, "iamRolesToOverride"));
    replace(id, "cognito:preferred_role", ph_json_get(details, "preferredRole"));
}

/* ---- scopes ---- */

static bool contains(const struct json_t *list, struct ph_str text)
{
    for (size_t i = 0; i < ph_json_length(list); i++) {
        if (ph_str_eq(ph_json_str(ph_json_at(list, i)), text)) {
            return true;
        }
    }
    return false;
}

static bool has_scope(struct ph_str scopes, struct ph_str wanted)
{
    while (scopes.n > 0) {
        struct ph_str one;

        ph_str_cut(scopes, ' ', &one, &scopes);
        if (ph_str_eq(one, wanted)) {
            return true;
        }
    }
    return false;
}

static void add_scope(struct ph_buf *out, const struct json_t *suppressed, struct ph_str scope)
{
    if (!contains(suppressed, scope) && !has_scope(ph_buf_str(out), scope)) {
        if (out->n > 0) {
            ph_buf_add_byte(out, ' ');
        }
        ph_buf_add(out, scope);
    }
}

/* Those that were there first, then the added ones. */
static struct ph_err change_scopes(const struct target *t, const struct json_t *details)
{
    const struct json_t *added = ph_json_get(details, "scopesToAdd");
    const struct json_t *suppressed = ph_json_get(details, "scopesToSuppress");
    struct ph_str rest = ph_json_get_str(t->claims, "scope");
    struct ph_buf out;

    ph_buf_init(&out, t->ctx->arena, SCOPE_MAX);
    while (rest.n > 0) {
        struct ph_str one;

        ph_str_cut(rest, ' ', &one, &rest);
        add_scope(&out, suppressed, one);
    }
    for (size_t i = 0; i < ph_json_length(added); i++) {
        const struct ph_str scope = ph_json_str(ph_json_at(added, i));

        if (scope.n == 0 || ph_str_has_byte(scope, ' ')) {
            return ph_trigger_unusable();
        }
        add_scope(&out, suppressed, scope);
    }
    ph_json_remove(t->ctx->arena, t->claims, "scope");
    if (out.n > 0) {
        ph_json_set_str(t->ctx->arena, t->claims, "scope", ph_buf_str(&out));
    }
    return out.overflowed ? ph_trigger_unusable() : PH_OK;
}

struct ph_err ph_overrides_apply(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                 const struct json_t *response, struct json_t *id,
                                 struct json_t *access)
{
    const struct target id_target = { ctx, granted->client, id, false };
    const struct target access_target = { ctx, granted->client, access, true };
    const bool old = ph_trigger_token_version(granted->pool) == 1;
    const struct json_t *details =
        ph_json_get(response, old ? "claimsOverrideDetails" : "claimsAndScopeOverrideDetails");

    if (old) {
        change_claims(&id_target, details);
    } else {
        change_claims(&id_target, ph_json_get(details, "idTokenGeneration"));
        change_claims(&access_target, ph_json_get(details, "accessTokenGeneration"));
        if (details != NULL) {
            PH_TRY(change_scopes(&access_target, ph_json_get(details, "accessTokenGeneration")));
        }
    }
    change_groups(&id_target, &access_target, ph_json_get(details, "groupOverrideDetails"));
    return PH_OK;
}

struct ph_err ph_overrides_apply_machine(struct ph_ctx *ctx, const struct ph_client *client,
                                         const struct json_t *response, struct json_t *access)
{
    const struct target target = { ctx, client, access, true };
    const struct json_t *details = ph_json_get(
        ph_json_get(response, "claimsAndScopeOverrideDetails"), "accessTokenGeneration");

    change_claims(&target, details);
    return details == NULL ? PH_OK : change_scopes(&target, details);
}
