/* What browsers are asked: for a new passkey, or for an assertion by one that is there. */
#include "passkey/internal.h"
#include "util/encode.h"

enum { CREATE_TIMEOUT_MS = 60000, GET_TIMEOUT_MS = 180000 };

static struct ph_str verification(const struct ph_pool *pool)
{
    return pool->web_authn.verifies_users ? PH_STR("required") : PH_STR("preferred");
}

static struct json_t *descriptor(struct ph_arena *arena, const struct ph_passkey *passkey)
{
    struct json_t *o = ph_json_object(arena);
    struct json_t *transports = ph_json_parse(arena, passkey->transports);

    ph_json_set_str(arena, o, "type", PH_STR("public-key"));
    ph_json_set_str(arena, o, "id", ph_base64url(arena, passkey->id));
    if (ph_json_length(transports) > 0) {
        ph_json_set(arena, o, "transports", transports);
    }
    return o;
}

static struct json_t *descriptors(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_passkey *passkeys, size_t count)
{
    struct json_t *list = ph_json_array(ctx->arena);

    for (size_t i = 0; i < count; i++) {
        if (ph_passkey_fits(pool, &passkeys[i])) {
            ph_json_append(ctx->arena, list, descriptor(ctx->arena, &passkeys[i]));
        }
    }
    return list;
}

/* --- a new one --- */

static struct json_t *relying_party(struct ph_arena *arena, struct ph_str id)
{
    struct json_t *o = ph_json_object(arena);

    ph_json_set_str(arena, o, "id", id);
    ph_json_set_str(arena, o, "name", id);
    return o;
}

static struct json_t *user(struct ph_arena *arena, const struct ph_user *whose)
{
    struct json_t *o = ph_json_object(arena);

    ph_json_set_str(arena, o, "id", ph_base64url(arena, whose->sub));
    ph_json_set_str(arena, o, "name", whose->username);
    ph_json_set_str(arena, o, "displayName", whose->username);
    return o;
}

static struct json_t *algorithms(struct ph_arena *arena)
{
    static const int64_t NUMBERS[] = { -7, -257 }; /* ES256, RS256 */
    struct json_t *list = ph_json_array(arena);

    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        struct json_t *o = ph_json_object(arena);

        ph_json_set_str(arena, o, "type", PH_STR("public-key"));
        ph_json_set_int(arena, o, "alg", NUMBERS[i]);
        ph_json_append(arena, list, o);
    }
    return list;
}

static struct json_t *selection(struct ph_arena *arena, const struct ph_pool *pool)
{
    struct json_t *o = ph_json_object(arena);

    ph_json_set_bool(arena, o, "requireResidentKey", true);
    ph_json_set_str(arena, o, "residentKey", PH_STR("required"));
    ph_json_set_str(arena, o, "userVerification", verification(pool));
    return o;
}

struct json_t *ph_passkey_creation_options(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                                           struct ph_str challenge,
                                           const struct ph_passkey *existing, size_t count)
{
    struct ph_arena *arena = ctx->arena;
    struct json_t *o = ph_json_object(arena);

    ph_json_set(arena, o, "rp", relying_party(arena, owner->pool->web_authn.relying_party));
    ph_json_set(arena, o, "user", user(arena, owner->user));
    ph_json_set_str(arena, o, "challenge", challenge);
    ph_json_set(arena, o, "pubKeyCredParams", algorithms(arena));
    ph_json_set_int(arena, o, "timeout", CREATE_TIMEOUT_MS);
    ph_json_set(arena, o, "excludeCredentials", descriptors(ctx, owner->pool, existing, count));
    ph_json_set(arena, o, "authenticatorSelection", selection(arena, owner->pool));
    return o;
}

/* --- one that is there --- */

struct ph_err ph_passkey_request(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_user *user, struct ph_str challenge,
                                 struct ph_str *options)
{
    struct json_t *o = ph_json_object(ctx->arena);
    struct ph_passkey *passkeys;
    size_t count;

    PH_TRY(ph_passkey_party(ctx, &pool));
    PH_TRY(ph_store_passkey_list(ctx, &pool->ref, user->sub, &passkeys, &count));
    ph_json_set_str(ctx->arena, o, "challenge", challenge);
    ph_json_set_int(ctx->arena, o, "timeout", GET_TIMEOUT_MS);
    ph_json_set_str(ctx->arena, o, "rpId", pool->web_authn.relying_party);
    ph_json_set(ctx->arena, o, "allowCredentials", descriptors(ctx, pool, passkeys, count));
    ph_json_set_str(ctx->arena, o, "userVerification", verification(pool));
    *options = ph_json_text(ctx->arena, o, PH_JSON_INSERTION);
    return PH_OK;
}
