#include "token/claims.h"

#include "token/methods.h"
#include "util/json.h"

static void set(struct ph_ctx *ctx, struct json_t *claims, const char *name, struct ph_str value)
{
    ph_json_set_str(ctx->arena, claims, name, value);
}

static bool is_flag(struct ph_str name)
{
    return ph_str_eq(name, PH_STR("email_verified")) ||
           ph_str_eq(name, PH_STR("phone_number_verified"));
}

/* Flags are booleans, the address is an object, updated_at a number; all others are strings. */
static struct json_t *attribute_value(struct ph_ctx *ctx, const struct ph_attr *attr)
{
    struct json_t *object;
    int64_t n;

    if (is_flag(attr->name)) {
        return ph_json_new_bool(ph_str_eq(attr->value, PH_STR("true")));
    }
    if (ph_str_eq(attr->name, PH_STR("updated_at")) &&
        ph_str_to_int(attr->value, 0, INT64_MAX, &n)) {
        return ph_json_new_int(ctx->arena, n);
    }
    if (!ph_str_eq(attr->name, PH_STR("address"))) {
        return ph_json_new_str(ctx->arena, attr->value);
    }
    object = ph_json_object(ctx->arena);
    set(ctx, object, "formatted", attr->value);
    return object;
}

/* As the attribute, but with strings for the flag and the time (authentication.md 3.2). */
static void add_identities(struct ph_ctx *ctx, const struct ph_user *user, struct json_t *claims)
{
    struct json_t *list =
        ph_json_parse(ctx->arena, ph_attrs_get(&user->attrs, PH_STR("identities")));

    for (size_t i = 0; i < ph_json_length(list); i++) {
        struct json_t *one = ph_json_at(list, i);
        const bool primary = ph_json_bool(ph_json_get(one, "primary"));
        const int64_t created_ms = ph_json_int(ph_json_get(one, "dateCreated"));

        set(ctx, one, "primary", primary ? PH_STR("true") : PH_STR("false"));
        set(ctx, one, "dateCreated", ph_strf(ctx->arena, "%lld", (long long)created_ms));
    }
    if (ph_json_length(list) > 0) {
        ph_json_set(ctx->arena, claims, "identities", list);
    }
}

/* Developer attributes never leave the server; the rest as the client may read. */
static void add_attributes(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                           struct json_t *claims)
{
    const struct ph_attrs *attrs = &granted->user->attrs;

    for (size_t i = 0; i < attrs->count; i++) {
        const struct ph_attr *attr = &attrs->items[i];

        if (!ph_str_starts(attr->name, PH_STR("dev:")) &&
            !ph_str_eq(attr->name, PH_STR("identities")) &&
            ph_client_may_read(granted->client, attr->name)) {
            ph_json_set_s(ctx->arena, claims, attr->name, attribute_value(ctx, attr));
        }
    }
}

/* A copy, because the trigger may change one token's without the other's. */
static void add_list(struct ph_ctx *ctx, struct json_t *claims, const char *name,
                     const struct json_t *list)
{
    if (ph_json_length(list) > 0) {
        ph_json_set(ctx->arena, claims, name, ph_json_copy(ctx->arena, list));
    }
}

static void add_origin(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                       struct json_t *claims)
{
    /* A session that cannot be told from others could not be ended. */
    if (granted->client->revocation || granted->pool->tracks_sessions) {
        set(ctx, claims, "origin_jti", granted->family);
    }
}

static void add_level(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                      struct json_t *claims)
{
    if (granted->acr.n > 0) {
        set(ctx, claims, "acr", granted->acr);
        ph_json_set(ctx->arena, claims, "amr", ph_methods_claim(ctx->arena, granted->methods));
    }
}

static void add_times(struct ph_ctx *ctx, const struct ph_auth_granted *granted, int64_t lifetime_s,
                      struct json_t *claims)
{
    const int64_t now_s = granted->issued_ms / 1000;

    ph_json_set_int(ctx->arena, claims, "auth_time", granted->auth_time_ms / 1000);
    ph_json_set_int(ctx->arena, claims, "exp", now_s + lifetime_s);
    ph_json_set_int(ctx->arena, claims, "iat", now_s);
    set(ctx, claims, "jti", ph_new_uuid4(ctx));
}

struct json_t *ph_claims_id(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                            const struct ph_token_groups *groups)
{
    struct json_t *claims = ph_json_object(ctx->arena);

    set(ctx, claims, "sub", granted->user->sub);
    add_list(ctx, claims, "cognito:groups", groups->names);
    if (groups->preferred_role.n > 0) {
        set(ctx, claims, "cognito:preferred_role", groups->preferred_role);
    }
    set(ctx, claims, "iss", granted->pool->issuer);
    set(ctx, claims, "cognito:username", granted->user->username);
    add_origin(ctx, granted, claims);
    add_list(ctx, claims, "cognito:roles", groups->roles);
    set(ctx, claims, "aud", granted->client->id);
    set(ctx, claims, "event_id", granted->event_id);
    set(ctx, claims, "token_use", PH_STR("id"));
    add_level(ctx, granted, claims);
    add_times(ctx, granted, granted->client->id_token_s, claims);
    add_identities(ctx, granted->user, claims);
    add_attributes(ctx, granted, claims);
    return claims;
}

struct json_t *ph_claims_access(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                const struct ph_token_groups *groups)
{
    struct json_t *claims = ph_json_object(ctx->arena);

    set(ctx, claims, "sub", granted->user->sub);
    add_list(ctx, claims, "cognito:groups", groups->names);
    if (granted->device_key.n > 0) {
        set(ctx, claims, "device_key", granted->device_key);
    }
    set(ctx, claims, "iss", granted->pool->issuer);
    set(ctx, claims, "client_id", granted->client->id);
    add_origin(ctx, granted, claims);
    set(ctx, claims, "event_id", granted->event_id);
    set(ctx, claims, "token_use", PH_STR("access"));
    set(ctx, claims, "scope", PH_STR("aws.cognito.signin.user.admin"));
    add_level(ctx, granted, claims);
    add_times(ctx, granted, granted->client->access_token_s, claims);
    set(ctx, claims, "username", granted->user->username);
    return claims;
}
