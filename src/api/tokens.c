/*
 * Ending sign-ins: RevokeToken, GlobalSignOut, AdminUserGlobalSignOut (authentication.md 3.6), and
 * tokens for clients themselves: GetClientToken (management.md 3.4).
 */
#include "api/handlers.h"
#include "api/self.h"
#include "api/views.h"
#include "auth/sign_in.h"
#include "origin/origin.h"
#include "store/sign_in.h"
#include "token/client_token.h"
#include "token/jwt.h"
#include "token/refresh_token.h"
#include "user/user.h"

/* Unknown clients get the same answer as wrong secrets: this operation declares no other. */
static struct ph_err authenticate_client(struct ph_ctx *ctx, const struct ph_in *in,
                                         const struct ph_pool **pool,
                                         const struct ph_client **client)
{
    const struct ph_err err =
        ph_client_get(ctx, (struct ph_str){ 0 }, ph_in_str(in, M_ClientId), pool, client);

    if (err.type == &ph_ex_ResourceNotFoundException) {
        return PH_FAIL(UnauthorizedException, "Invalid client.");
    }
    PH_TRY(err);
    if (ph_client_has_secret(*client) &&
        !ph_client_secret_matches(*client, ph_in_str(in, M_ClientSecret))) {
        return PH_FAIL(UnauthorizedException, "Invalid client.");
    }
    if (!(*client)->revocation) {
        return PH_FAIL(UnsupportedOperationException, "Revocation is not enabled for this client");
    }
    return PH_OK;
}

struct ph_err ph_api_revoke_token(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_str text = ph_in_str(in, M_Token);
    const struct ph_client *client;
    const struct ph_pool *pool;
    struct ph_refresh_token token;
    struct ph_jwt jwt;
    bool known;

    (void)out;
    PH_TRY(authenticate_client(ctx, in, &pool, &client));
    if (ph_jwt_split(ctx->arena, text, &jwt)) {
        return PH_FAIL(UnsupportedTokenTypeException, "Token type is not supported");
    }
    known = ph_refresh_token_open(ctx, pool, text, &token);
    if (!known) {
        PH_TRY(ph_refresh_adopted(ctx, pool, text, &token, &known));
    }
    if (!known && ph_origin_revoke(ctx, pool, client->id, ph_in_str(in, M_ClientSecret), text)) {
        return PH_OK; /* by the service that the pool leaves, which gave it out */
    }
    if (!known || !ph_str_eq(token.client_id, client->id)) {
        return PH_FAIL(UnauthorizedException, "Invalid token.");
    }
    return ph_store_family_revoke(ctx, pool->id, token.family, token.expires_ms);
}

/* The sign-ins of this very millisecond are over, too; a later one gets a later time (auth/). */
static struct ph_err sign_out(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub)
{
    return ph_store_user_sign_out(ctx, &pool->ref, sub, ph_now_ms(ctx) + 1);
}

struct ph_err ph_api_global_sign_out(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;

    (void)in;
    (void)out;
    PH_TRY(ph_pool_get(ctx, ctx->caller.pool_id, &pool));
    return sign_out(ctx, pool, ctx->caller.sub);
}

struct ph_err ph_api_admin_user_global_sign_out(struct ph_ctx *ctx, const struct ph_in *in,
                                                struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    return sign_out(ctx, pool, user->sub);
}

/* --- machines --- */

static struct ph_err authenticate_machine(const struct ph_client *client, struct ph_str secret)
{
    if (!ph_client_secret_matches(client, secret)) {
        return PH_FAIL(NotAuthorizedException, "Invalid client secret.");
    }
    if ((client->flows & PH_FLOW_CLIENT_TOKEN) == 0) {
        return PH_FAIL(InvalidParameterException,
                       "CLIENT_TOKEN_AUTH flow not enabled for this client");
    }
    return PH_OK;
}

struct ph_err ph_api_get_client_token(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    struct ph_client_token_request request = { .client_metadata =
                                                   ph_in_json(in, M_ClientMetadata) };
    struct ph_out result;
    struct ph_str token;

    PH_TRY(ph_client_get(ctx, (struct ph_str){ 0 }, ph_in_str(in, M_ClientId), &request.pool,
                         &request.client));
    PH_TRY(authenticate_machine(request.client, ph_in_str(in, M_Secret)));
    if (ph_in_count(in, M_Scopes) > PH_CLIENT_TOKEN_SCOPES_MAX) {
        return PH_FAIL(InvalidParameterException, "At most 50 scopes can be requested.");
    }
    ph_view_read_names(ctx, in, M_Scopes, &request.scopes, &request.scope_count);
    PH_TRY(ph_client_token_issue(ctx, &request, &token));
    result = ph_out_object(out, M_ClientAuthenticationResult);
    ph_out_str(&result, M_AccessToken, token);
    ph_out_int(&result, M_ExpiresIn, request.client->access_token_s);
    ph_out_str(&result, M_TokenType, PH_STR("Bearer"));
    return PH_OK;
}
