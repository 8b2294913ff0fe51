/* The end of a sign-in: PostAuthentication, then tokens. */
#include "auth/step_up.h"
#include "device/device.h"
#include "token/refresh_token.h"
#include "token/token_session.h"
#include "trigger/trigger.h"
#include "user/event.h"

/* Where nobody tracks devices, and for administrators' sign-ins, none is given out. */
static bool gets_new_device(const struct ph_attempt *attempt)
{
    return attempt->pool->tracks_devices && attempt->device == NULL && !attempt->request->admin;
}

static struct ph_err run_post_authentication(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_POST_AUTHENTICATION,
        .source = PH_STR("PostAuthentication_Authentication"),
        .client_id = attempt->client->id,
        .user = attempt->user,
        .new_device_used = gets_new_device(attempt),
        .client_metadata = attempt->request->client_metadata,
    };
    const struct json_t *response;

    return ph_trigger_run(ctx, attempt->pool, &call, &response);
}

/* The device of the tokens; absent: none. A new one may be confirmed with them. */
static struct ph_str device_of(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                               struct ph_decision *decision)
{
    const struct ph_str sub = attempt->user->sub;

    if (gets_new_device(attempt)) {
        decision->new_device_key = ph_device_key_new(ctx, attempt->pool, sub);
        decision->device_group_key = ph_device_group_key(ctx, attempt->pool, sub);
        return decision->new_device_key;
    }
    if (attempt->device == NULL) {
        return (struct ph_str){ 0 };
    }
    ph_store_device_seen(ctx, &attempt->pool->ref, sub, attempt->device->key, ctx->remote_address);
    return attempt->device->key;
}

/* Servers that sign in for their users know no device keys: their tokens are bound to none. */
static struct ph_str refresh_token(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                   const struct ph_auth_granted *granted)
{
    const struct ph_refresh_token token = {
        .pool_id = attempt->pool->id,
        .client_id = attempt->client->id,
        .sub = attempt->user->sub,
        .family = granted->family,
        .device_key = attempt->request->admin ? (struct ph_str){ 0 } : granted->device_key,
        .acr = granted->acr,
        .methods = granted->methods,
        .auth_time_ms = granted->auth_time_ms,
        .expires_ms = granted->auth_time_ms + attempt->client->refresh_token_s * 1000,
    };

    return ph_refresh_token_seal(ctx, attempt->pool, &token);
}

static struct ph_str trigger_source(const struct ph_attempt *attempt)
{
    if ((attempt->proven & PH_PROVED_DEVICE) != 0) {
        return PH_STR("TokenGeneration_AuthenticateDevice");
    }
    return (attempt->proven & PH_PROVED_NEW_PASSWORD) != 0
               ? PH_STR("TokenGeneration_NewPasswordChallenge")
               : PH_STR("TokenGeneration_Authentication");
}

/* Last: a sign-in that fails ends nobody else's session. */
static struct ph_err begin_session(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                   const struct ph_auth_granted *granted)
{
    const struct ph_str address = ph_event_address(ctx, attempt->client, attempt->request->input);
    const int64_t expires_ms = granted->auth_time_ms + attempt->client->refresh_token_s * 1000;

    return ph_token_session_begin(ctx, granted, address, expires_ms);
}

struct ph_err ph_grant(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_decision *decision)
{
    struct ph_auth_granted granted = {
        .pool = attempt->pool,
        .client = attempt->client,
        .user = attempt->user,
        .family = ph_new_event_id(ctx, attempt->user),
        .event_id = attempt->event_id,
        .trigger_source = trigger_source(attempt),
        .client_metadata = attempt->request->client_metadata,
        .acr = ph_step_up_reached(attempt),
        .methods = attempt->methods,
    };

    if (attempt->targets != 0 && granted.acr.n == 0) {
        return ph_internal(ctx, "a sign-in ended below the level that it was for");
    }
    PH_TRY(ph_lockout_forget(ctx, attempt));
    PH_TRY(run_post_authentication(ctx, attempt));
    granted.device_key = device_of(ctx, attempt, decision);
    /* Read once: a refresh, seconds of a function later, must tell the same time of the sign-in. */
    granted.auth_time_ms = granted.issued_ms = ph_now_ms(ctx);
    PH_TRY(ph_tokens_issue(ctx, &granted, &decision->tokens));
    decision->tokens.refresh_token = refresh_token(ctx, attempt, &granted);
    PH_TRY(begin_session(ctx, attempt, &granted));
    decision->challenge = NULL;
    return PH_OK;
}
