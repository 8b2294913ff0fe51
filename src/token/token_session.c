#include "token/token_session.h"

#include "util/encode.h"
#include "util/user_agent.h"

#define ALPHABET PH_STR("0123456789abcdefghijklmnopqrstuvwxyz")

enum { RANDOM_CHARS = 25, ADDRESS_MAX = 128 };

/* What the request tells of who uses the session now. */
static struct ph_token_session seen(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                    struct ph_str address)
{
    const struct ph_str name = ph_device_name(ctx->arena, ctx->user_agent);

    return (struct ph_token_session){
        .sub = granted->user->sub,
        .family = granted->family,
        .client_id = granted->client->id,
        .device_type = name.n > 0 ? name : PH_STR("unknown"),
        .address = address.n <= ADDRESS_MAX ? address : (struct ph_str){ 0 },
        .active_ms = ph_now_ms(ctx),
    };
}

struct ph_err ph_token_session_begin(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                     struct ph_str address, int64_t expires_ms)
{
    struct ph_token_session session;
    uint8_t family[PH_UUID_BYTES];

    if (!granted->pool->tracks_sessions) {
        return PH_OK;
    }
    if (!ph_uuid_parse(granted->family, family)) {
        return ph_internal(ctx, "a family that is no UUID");
    }
    session = seen(ctx, granted, address);
    session.id = PH_CONCAT(ctx->arena, PH_STR("tkn"), ph_random_text(ctx, RANDOM_CHARS, ALPHABET));
    session.created_ms = ph_uuid7_time_ms(family);
    session.expires_ms = expires_ms;
    return ph_store_token_session_begin(ctx, granted->pool->id, &session,
                                        granted->pool->sessions_per_user);
}

void ph_token_session_touch(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                            struct ph_str address)
{
    struct ph_token_session session;

    if (granted->pool->tracks_sessions) {
        session = seen(ctx, granted, address);
        ph_store_token_session_touch(ctx, granted->pool->id, &session);
    }
}
