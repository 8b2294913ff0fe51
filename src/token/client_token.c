#include "token/client_token.h"

#include "model/exceptions.h"
#include "pool/parts.h"
#include "pool/signing_keys.h"
#include "token/jwt.h"
#include "token/overrides.h"
#include "trigger/trigger.h"
#include "util/buf.h"
#include "util/json.h"

enum { SCOPES_TEXT_MAX = 64 * 1024, WITH_MACHINES = 3 };

/* --- scopes --- */

static bool is_listed(const struct json_t *list, struct ph_str scope)
{
    for (size_t i = 0; i < ph_json_length(list); i++) {
        if (ph_str_eq(ph_json_str(ph_json_at(list, i)), scope)) {
            return true;
        }
    }
    return false;
}

static void add(struct ph_buf *text, struct ph_str scope)
{
    ph_buf_addf(text, "%s%.*s", text->n > 0 ? " " : "", PH_FMT(scope));
}

/* What stays of the client's scopes: those of users are not for it, others may have gone. */
static struct ph_err add_allowed(struct ph_ctx *ctx, const struct ph_client_token_request *request,
                                 const struct json_t *allowed, struct ph_buf *text)
{
    for (size_t i = 0; i < ph_json_length(allowed); i++) {
        const struct ph_str scope = ph_json_str(ph_json_at(allowed, i));
        bool exists;

        PH_TRY(ph_pool_has_scope(ctx, request->pool, scope, &exists));
        if (exists) {
            add(text, scope);
        }
    }
    return PH_OK;
}

static bool was_named_before(const struct ph_client_token_request *request, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (ph_str_eq(request->scopes[i], request->scopes[at])) {
            return true;
        }
    }
    return false;
}

static struct ph_err add_requested(struct ph_ctx *ctx,
                                   const struct ph_client_token_request *request,
                                   const struct json_t *allowed, struct ph_buf *text)
{
    for (size_t i = 0; i < request->scope_count; i++) {
        const struct ph_str scope = request->scopes[i];
        bool exists = false;

        if (is_listed(allowed, scope)) {
            PH_TRY(ph_pool_has_scope(ctx, request->pool, scope, &exists));
        }
        if (!exists) {
            return PH_FAIL(InvalidParameterException,
                           ph_textf(ctx->arena, "Invalid scope requested: %.*s", PH_FMT(scope)));
        }
        if (!was_named_before(request, i)) {
            add(text, scope);
        }
    }
    return PH_OK;
}

static struct ph_err choose_scopes(struct ph_ctx *ctx,
                                   const struct ph_client_token_request *request,
                                   struct ph_str *scopes)
{
    const struct json_t *allowed = ph_json_get(request->client->settings, "AllowedOAuthScopes");
    struct ph_buf text;

    ph_buf_init(&text, ctx->arena, SCOPES_TEXT_MAX); /* 50 of 513 characters fit */
    PH_TRY(request->scope_count == 0 ? add_allowed(ctx, request, allowed, &text)
                                     : add_requested(ctx, request, allowed, &text));
    *scopes = ph_buf_str(&text);
    return PH_OK;
}

/* --- claims --- */

static struct json_t *make_claims(struct ph_ctx *ctx, const struct ph_client_token_request *request,
                                  struct ph_str scopes)
{
    const int64_t now_s = ph_now_s(ctx);
    struct ph_arena *arena = ctx->arena;
    struct json_t *claims = ph_json_object(arena);

    ph_json_set_str(arena, claims, "sub", request->client->id);
    ph_json_set_str(arena, claims, "token_use", PH_STR("access"));
    if (scopes.n > 0) {
        ph_json_set_str(arena, claims, "scope", scopes);
    }
    ph_json_set_int(arena, claims, "auth_time", now_s);
    ph_json_set_str(arena, claims, "iss", request->pool->issuer);
    ph_json_set_int(arena, claims, "exp", now_s + request->client->access_token_s);
    ph_json_set_int(arena, claims, "iat", now_s);
    ph_json_set_int(arena, claims, "version", 2);
    ph_json_set_str(arena, claims, "jti", ph_new_uuid4(ctx));
    ph_json_set_str(arena, claims, "client_id", request->client->id);
    return claims;
}

/* Earlier versions of the trigger know users only. */
static struct ph_err run_trigger(struct ph_ctx *ctx, const struct ph_client_token_request *request,
                                 struct json_t *claims)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_PRE_TOKEN_GENERATION,
        .source = PH_STR("TokenGeneration_ClientCredentials"),
        .client_id = request->client->id,
        .user_name = request->client->id,
        .scope = ph_json_get_str(claims, "scope"),
        .client_metadata = request->client_metadata,
    };
    const struct json_t *response;

    if (ph_trigger_token_version(request->pool) < WITH_MACHINES) {
        return PH_OK;
    }
    PH_TRY(ph_trigger_run(ctx, request->pool, &call, &response));
    return ph_overrides_apply_machine(ctx, request->client, response, claims);
}

struct ph_err ph_client_token_issue(struct ph_ctx *ctx,
                                    const struct ph_client_token_request *request,
                                    struct ph_str *token)
{
    const struct ph_signing_key *key =
        ph_signing_key_in_use(request->pool, PH_KEY_ACCESS_TOKEN, ph_now_ms(ctx));
    struct json_t *claims;
    struct ph_str scopes;

    if (key == NULL) {
        return ph_internal(ctx, "pool without a signing key");
    }
    PH_TRY(choose_scopes(ctx, request, &scopes));
    claims = make_claims(ctx, request, scopes);
    PH_TRY(run_trigger(ctx, request, claims));
    *token = ph_jwt_sign(ctx->arena, key->rsa, key->kid, claims);
    return PH_OK;
}
