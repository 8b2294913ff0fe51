/* Refresh: tokens for a refresh token, by two operations (authentication.md 1.11). */
#include "auth/internal.h"
#include "device/device.h"
#include "origin/origin.h"
#include "store/sign_in.h"
#include "token/refresh_token.h"
#include "token/token_session.h"
#include "user/event.h"
#include "util/encode.h"

/* One refresh on its way. */
struct refresh {
    const struct ph_pool *pool;
    const struct ph_client *client;
    struct ph_refresh_token token;
    struct ph_user *user;
    struct ph_family family;
    const struct ph_in *input; /* for its context; NULL: the operation has none */
    bool adopted;              /* the token is one of the service that the pool leaves */
};

static struct ph_err refuse(const char *text)
{
    return PH_FAIL(NotAuthorizedException, text);
}

static struct ph_err open_token(struct ph_ctx *ctx, const struct ph_origin_refresh *given,
                                struct refresh *r)
{
    bool opened = ph_refresh_token_open(ctx, r->pool, given->token, &r->token);

    if (!opened) {
        PH_TRY(ph_refresh_adopt(ctx, r->pool, given, &r->token, &r->adopted));
        opened = r->adopted;
    }
    if (!opened || !ph_str_eq(r->token.client_id, r->client->id)) {
        return refuse(PH_MSG_REFRESH_INVALID);
    }
    PH_TRY(ph_store_user_by_sub(ctx, &r->pool->ref, r->token.sub, &r->user));
    if (r->user == NULL) {
        return refuse(PH_MSG_REFRESH_INVALID);
    }
    return PH_OK;
}

static struct ph_err check_owner(const struct ph_user *user)
{
    if (!user->enabled) {
        return refuse(PH_MSG_USER_DISABLED);
    }
    if (user->status == PH_USER_RESET_REQUIRED) {
        return PH_FAIL(PasswordResetRequiredException, PH_MSG_RESET_REQUIRED);
    }
    return PH_OK;
}

/* The sign-in may have been ended: this one, or all of the user's up to some time. */
static struct ph_err check_alive(struct ph_ctx *ctx, struct refresh *r)
{
    uint8_t id[PH_UUID_BYTES];

    if (r->token.expires_ms <= ph_now_ms(ctx)) {
        return refuse(PH_MSG_REFRESH_EXPIRED);
    }
    PH_TRY(check_owner(r->user));
    PH_TRY(ph_store_family_find(ctx, r->pool->id, r->token.family, &r->family));
    if (r->family.revoked || !ph_uuid_parse(r->token.family, id) ||
        ph_uuid7_time_ms(id) < r->user->tokens_valid_after_ms) {
        return refuse(PH_MSG_REFRESH_REVOKED);
    }
    return PH_OK;
}

/* A token of a device is used by that device only, and not after it was forgotten. */
static struct ph_err check_device(struct ph_ctx *ctx, const struct refresh *r, struct ph_str given)
{
    bool may = true;

    if (r->pool->tracks_devices && r->token.device_key.n > 0) {
        PH_TRY(ph_device_check_bound(ctx, r->pool, r->user->sub, r->token.device_key, given, &may));
    }
    return may ? PH_OK : refuse(PH_MSG_REFRESH_INVALID);
}

static struct ph_err issue(struct ph_ctx *ctx, const struct refresh *r, struct ph_str source,
                           const struct json_t *client_metadata, struct ph_tokens *tokens)
{
    const struct ph_str address = ph_event_address(ctx, r->client, r->input);
    const struct ph_auth_granted granted = {
        .pool = r->pool,
        .client = r->client,
        .user = r->user,
        .family = r->token.family,
        .device_key = r->token.device_key,
        .acr = r->token.acr,
        .methods = r->token.methods,
        .event_id = ph_new_event_id(ctx, r->user),
        .auth_time_ms = r->token.auth_time_ms,
        .issued_ms = ph_now_ms(ctx),
        .trigger_source = source,
        .client_metadata = client_metadata,
    };

    PH_TRY(ph_tokens_issue(ctx, &granted, tokens));
    ph_token_session_touch(ctx, &granted, address);
    return PH_OK;
}

/* Clients that keep what they get have done with the other service; others may go on as before. */
static void give_ours(struct ph_ctx *ctx, const struct refresh *r, struct ph_tokens *tokens)
{
    if (r->adopted) {
        tokens->refresh_token = ph_refresh_token_seal(ctx, r->pool, &r->token);
    }
}

/* ---- REFRESH_TOKEN_AUTH ---- */

static struct ph_err check_hash_is_there(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    if (ph_answer(attempt, "SECRET_HASH").n > 0) {
        return PH_OK;
    }
    return ph_client_check_secret_hash(ctx, attempt->client, (struct ph_str){ 0 }, NULL, 0,
                                       PH_IN_AUTH_PARAMETERS);
}

/* Over the owner's name or sub, not the alias; the Android SDK sends the secret itself. */
static struct ph_err check_hash(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                const struct ph_user *user)
{
    const struct ph_str given = ph_answer(attempt, "SECRET_HASH");
    const struct ph_str names[] = { user->username, user->sub };

    if (!ph_client_has_secret(attempt->client) ||
        ph_client_secret_matches(attempt->client, given) ||
        ph_client_secret_hash_matches(ctx, attempt->client, given, names, 2)) {
        return PH_OK;
    }
    return refuse(ph_textf(ctx->arena, "SecretHash does not match for the client: %.*s",
                           PH_FMT(attempt->client->id)));
}

struct ph_err ph_begin_refresh(struct ph_ctx *ctx, struct ph_attempt *attempt,
                               struct ph_decision *decision)
{
    struct refresh r = { .pool = attempt->pool,
                         .client = attempt->client,
                         .input = attempt->request->input };
    const struct ph_origin_refresh given = {
        .client = attempt->client,
        .token = ph_answer(attempt, "REFRESH_TOKEN"),
        .secret_hash = ph_answer(attempt, "SECRET_HASH"),
        .device_key = ph_answer(attempt, "DEVICE_KEY"),
    };

    if (attempt->client->rotates_refresh_tokens) {
        return PH_FAIL(InvalidParameterException, "Auth flow not enabled for this client");
    }
    PH_TRY(check_hash_is_there(ctx, attempt));
    PH_TRY(open_token(ctx, &given, &r));
    PH_TRY(check_hash(ctx, attempt, r.user));
    PH_TRY(check_alive(ctx, &r));
    PH_TRY(check_device(ctx, &r, ph_answer(attempt, "DEVICE_KEY")));
    if (r.token.generation < r.family.generation) { /* used while the client rotated */
        return refuse(PH_MSG_REFRESH_REVOKED);
    }
    PH_TRY(issue(ctx, &r, PH_STR("TokenGeneration_RefreshTokens"),
                 attempt->request->client_metadata, &decision->tokens));
    give_ours(ctx, &r, &decision->tokens);
    return PH_OK;
}

/* ---- GetTokensFromRefreshToken ---- */

static struct ph_err check_secret(struct ph_ctx *ctx, const struct ph_refresh_request *request)
{
    const struct ph_client *client = request->client;

    if (!ph_client_has_secret(client) || ph_client_secret_matches(client, request->client_secret)) {
        return PH_OK;
    }
    if (request->client_secret.n == 0) {
        return ph_client_check_secret_hash(ctx, client, (struct ph_str){ 0 }, NULL, 0,
                                           PH_IN_SECRET_HASH_MEMBER);
    }
    return refuse(
        ph_textf(ctx->arena, "Unable to verify secret for client: %.*s", PH_FMT(client->id)));
}

/*
 * A retry within the grace gets what the first use got: a token of the current generation. A
 * rotation that is to come was made before the clock was set back: its grace is over as well.
 */
static struct ph_err check_grace(struct ph_ctx *ctx, const struct refresh *r)
{
    const int64_t grace_ms = r->client->rotation_grace_s * 1000;
    const int64_t since_ms = ph_now_ms(ctx) - r->family.rotated_ms;

    if (r->token.generation + 1 == r->family.generation && -grace_ms < since_ms &&
        since_ms < grace_ms) {
        return PH_OK;
    }
    return PH_FAIL(RefreshTokenReuseException, "Refresh token has been reused");
}

static struct ph_err rotate(struct ph_ctx *ctx, struct refresh *r)
{
    bool moved = false;

    if (r->token.generation == r->family.generation) {
        PH_TRY(ph_store_family_rotate(ctx, r->pool->id, r->token.family, r->token.generation,
                                      ph_now_ms(ctx), r->token.expires_ms, &moved, &r->family));
    }
    if (r->family.revoked) { /* a moment ago */
        return refuse(PH_MSG_REFRESH_REVOKED);
    }
    if (!moved) {
        PH_TRY(check_grace(ctx, r));
    }
    r->token.generation = r->family.generation;
    return PH_OK;
}

static struct ph_err exchange(struct ph_ctx *ctx, const struct ph_refresh_request *request,
                              struct refresh *r, struct ph_tokens *tokens)
{
    struct ph_tokens issued;

    if (!r->client->rotates_refresh_tokens) {
        if (r->token.generation < r->family.generation) {
            PH_TRY(check_grace(ctx, r));
        }
        PH_TRY(issue(ctx, r, PH_STR("TokenGeneration_Authentication"), request->client_metadata,
                     tokens));
        give_ours(ctx, r, tokens);
        return PH_OK;
    }
    PH_TRY(rotate(ctx, r));
    PH_TRY(
        issue(ctx, r, PH_STR("TokenGeneration_Authentication"), request->client_metadata, &issued));
    issued.refresh_token = ph_refresh_token_seal(ctx, r->pool, &r->token);
    *tokens = issued;
    return PH_OK;
}

struct ph_err ph_refresh_exchange(struct ph_ctx *ctx, const struct ph_refresh_request *request,
                                  struct ph_tokens *tokens)
{
    struct refresh r = { .pool = request->pool, .client = request->client };
    const struct ph_origin_refresh given = {
        .client = request->client,
        .token = request->refresh_token,
        .client_secret = request->client_secret,
        .device_key = request->device_key,
        .by_operation = true,
    };

    if (!r.client->rotates_refresh_tokens && (r.client->flows & PH_FLOW_REFRESH) == 0) {
        return PH_FAIL(InvalidParameterException, "Auth flow not enabled for this client");
    }
    PH_TRY(check_secret(ctx, request));
    PH_TRY(open_token(ctx, &given, &r));
    PH_TRY(check_alive(ctx, &r));
    PH_TRY(check_device(ctx, &r, request->device_key));
    return exchange(ctx, request, &r, tokens);
}
