/* Whether a pool tracks sessions, how many a user has, and how long a client reuses them. */
#include "pool/session_settings.h"

#include "api/handlers.h"
#include "model/messages.h"
#include "pool/settings.h"

static struct ph_err changed_meanwhile(void)
{
    return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
}

/* --- pools --- */

static struct ph_err describe_pool(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    out->object = ph_pool_settings_sessions_described(ctx->arena, pool);
    ph_out_str(out, M_UserPoolId, pool->id);
    return PH_OK;
}

struct ph_err ph_api_get_user_pool_session_configuration(struct ph_ctx *ctx, const struct ph_in *in,
                                                         struct ph_out *out)
{
    return describe_pool(ctx, in, out);
}

struct ph_err ph_api_set_user_pool_session_configuration(struct ph_ctx *ctx, const struct ph_in *in,
                                                         struct ph_out *out)
{
    const struct ph_pool *pool;
    enum ph_write_result result;
    struct json_t *settings;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_pool_settings_sessions(ctx, pool, in->object, &settings));
    PH_TRY(ph_pool_settings_save(ctx, pool, pool->name, settings, &result));
    return result == PH_WRITE_CONFLICT ? changed_meanwhile() : describe_pool(ctx, in, out);
}

/* --- clients --- */

static struct ph_err describe_client(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_client *client;
    const struct ph_pool *pool;

    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    ph_out_str(out, M_UserPoolId, pool->id);
    ph_out_str(out, M_ClientId, client->id);
    ph_out_json(out, M_SSOSession, ph_client_settings_sessions_described(ctx->arena, client));
    return PH_OK;
}

struct ph_err ph_api_get_user_pool_client_session_configuration(struct ph_ctx *ctx,
                                                                const struct ph_in *in,
                                                                struct ph_out *out)
{
    return describe_client(ctx, in, out);
}

struct ph_err ph_api_set_user_pool_client_session_configuration(struct ph_ctx *ctx,
                                                                const struct ph_in *in,
                                                                struct ph_out *out)
{
    const struct ph_client *client;
    const struct ph_pool *pool;
    enum ph_write_result result;
    struct json_t *settings;

    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    PH_TRY(ph_client_settings_sessions(ctx, pool, client, in->object, &settings));
    const struct ph_client_record record = {
        .id = client->id,
        .name = client->name,
        .settings = ph_json_text(ctx->arena, settings, PH_JSON_INSERTION),
        .modified_ms = ph_now_ms(ctx),
        .revision = client->revision,
    };
    PH_TRY(ph_store_client_update(ctx, &record, &result));
    ph_client_forget(ctx, client->id);
    return result == PH_WRITE_CONFLICT ? changed_meanwhile() : describe_client(ctx, in, out);
}
