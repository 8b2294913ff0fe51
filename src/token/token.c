#include "token/token.h"

#include "token/claims.h"
#include "token/jwt.h"
#include "trigger/trigger.h"

/* The newest key of a use that signs by now; NULL in a pool without one, which is broken. */
static const struct ph_signing_key *signing_key(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                enum ph_key_use use)
{
    const struct ph_signing_key *newest = NULL;

    for (size_t i = 0; i < pool->key_count; i++) {
        const struct ph_signing_key *key = &pool->keys[i];

        if (key->use == use && key->active_from_ms <= ph_now_ms(ctx) &&
            (newest == NULL || key->active_from_ms > newest->active_from_ms)) {
            newest = key;
        }
    }
    return newest;
}

static struct ph_err run_trigger(struct ph_ctx *ctx, const struct ph_auth_granted *granted)
{
    const struct ph_trigger_call call = { .trigger = PH_TRIGGER_PRE_TOKEN_GENERATION,
                                          .source = granted->trigger_source,
                                          .client_id = granted->client->id,
                                          .user = granted->user,
                                          .client_metadata = granted->client_metadata };
    const struct json_t *response;

    return ph_trigger_run(ctx, granted->pool, &call, &response);
}

struct ph_err ph_tokens_issue(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                              struct ph_tokens *tokens)
{
    const struct ph_signing_key *id_key = signing_key(ctx, granted->pool, PH_KEY_ID_TOKEN);
    const struct ph_signing_key *access_key = signing_key(ctx, granted->pool, PH_KEY_ACCESS_TOKEN);

    if (id_key == NULL || access_key == NULL) {
        return ph_internal(ctx, "pool without a signing key");
    }
    PH_TRY(run_trigger(ctx, granted));
    *tokens = (struct ph_tokens){
        .id_token = ph_jwt_sign(ctx->arena, id_key->rsa, id_key->kid, ph_claims_id(ctx, granted)),
        .access_token = ph_jwt_sign(ctx->arena, access_key->rsa, access_key->kid,
                                    ph_claims_access(ctx, granted)),
        .expires_in_s = granted->client->access_token_s,
    };
    return PH_OK;
}
