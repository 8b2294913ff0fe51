/* The end of a sign-in: PostAuthentication, then tokens. */
#include "auth/internal.h"
#include "token/refresh_token.h"
#include "trigger/trigger.h"

static struct ph_err run_post_authentication(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_POST_AUTHENTICATION,
        .source = PH_STR("PostAuthentication_Authentication"),
        .client_id = attempt->client->id,
        .user = attempt->user,
        .client_metadata = attempt->request->client_metadata,
    };
    const struct json_t *response;

    return ph_trigger_run(ctx, attempt->pool, &call, &response);
}

static struct ph_str refresh_token(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                   struct ph_str family)
{
    const int64_t now_ms = ph_now_ms(ctx);
    const struct ph_refresh_token token = {
        .pool_id = attempt->pool->id,
        .client_id = attempt->client->id,
        .sub = attempt->user->sub,
        .family = family,
        .auth_time_ms = now_ms,
        .expires_ms = now_ms + attempt->client->refresh_token_s * 1000,
    };

    return ph_refresh_token_seal(ctx, attempt->pool, &token);
}

struct ph_err ph_grant(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_decision *decision)
{
    const bool changed = (attempt->proven & PH_PROVED_NEW_PASSWORD) != 0;
    const struct ph_auth_granted granted = {
        .pool = attempt->pool,
        .client = attempt->client,
        .user = attempt->user,
        .family = ph_new_event_id(ctx, attempt->user),
        .event_id = attempt->event_id,
        .auth_time_s = ph_now_s(ctx),
        .trigger_source = changed ? PH_STR("TokenGeneration_NewPasswordChallenge")
                                  : PH_STR("TokenGeneration_Authentication"),
        .client_metadata = attempt->request->client_metadata,
    };

    PH_TRY(ph_lockout_forget(ctx, attempt));
    PH_TRY(run_post_authentication(ctx, attempt));
    PH_TRY(ph_tokens_issue(ctx, &granted, &decision->tokens));
    decision->tokens.refresh_token = refresh_token(ctx, attempt, granted.family);
    decision->challenge = NULL;
    return PH_OK;
}
