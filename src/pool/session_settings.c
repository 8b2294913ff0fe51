#include "pool/session_settings.h"

#include "model/exceptions.h"
#include "model/validate.h"

enum { SESSIONS_DEFAULT = 20, MINUTES_DEFAULT = 60 };

static struct ph_err check_tier(const struct ph_pool *pool)
{
    return ph_str_eq(ph_json_get_str(pool->settings, "UserPoolTier"), PH_STR("LITE"))
               ? PH_FAIL(FeatureUnavailableInTierException,
                         "The following feature is not available for the LITE pricing tier "
                         "configured: Session Tracking")
               : PH_OK;
}

struct ph_err ph_pool_check_tracks_sessions(const struct ph_pool *pool)
{
    return pool->tracks_sessions ? PH_OK
                                 : PH_FAIL(InvalidParameterException,
                                           "Session tracking is not enabled for the user pool.");
}

struct ph_err ph_pool_settings_sessions(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct json_t *input, struct json_t **settings)
{
    struct json_t *made = ph_json_copy(ctx->arena, pool->settings);
    struct json_t *sessions =
        ph_shape_copy(ctx->arena, ph_operations[OP_SetUserPoolSessionConfiguration].input, input);

    PH_TRY(check_tier(pool));
    ph_json_remove(ctx->arena, sessions, "UserPoolId");
    ph_json_set(ctx->arena, made, "SessionConfiguration", sessions);
    *settings = made;
    return PH_OK;
}

struct json_t *ph_pool_settings_sessions_described(struct ph_arena *arena,
                                                   const struct ph_pool *pool)
{
    const struct json_t *set = ph_json_get(pool->settings, "SessionConfiguration");
    struct json_t *described, *tokens;

    if (set != NULL) {
        return ph_json_copy(arena, set);
    }
    described = ph_json_object(arena);
    tokens = ph_json_object(arena);
    ph_json_set_str(arena, described, "UserSessionTracking", PH_STR("DISABLED"));
    ph_json_set_int(arena, tokens, "MaxPerUser", SESSIONS_DEFAULT);
    ph_json_set(arena, described, "TokenSession", tokens);
    return described;
}

struct ph_err ph_client_settings_sessions(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          const struct ph_client *client,
                                          const struct json_t *input, struct json_t **settings)
{
    struct json_t *made = ph_json_copy(ctx->arena, client->settings);
    struct json_t *given = ph_shape_copy(
        ctx->arena, ph_operations[OP_SetUserPoolClientSessionConfiguration].input, input);

    PH_TRY(check_tier(pool));
    PH_TRY(ph_pool_check_tracks_sessions(pool));
    ph_json_set(ctx->arena, made, "SSOSession",
                ph_json_copy(ctx->arena, ph_json_get(given, "SSOSession")));
    *settings = made;
    return PH_OK;
}

struct json_t *ph_client_settings_sessions_described(struct ph_arena *arena,
                                                     const struct ph_client *client)
{
    const struct json_t *set = ph_json_get(client->settings, "SSOSession");
    struct json_t *described;

    if (set != NULL) {
        return ph_json_copy(arena, set);
    }
    described = ph_json_object(arena);
    ph_json_set_int(arena, described, "MaxValidityMinutes", MINUTES_DEFAULT);
    return described;
}
