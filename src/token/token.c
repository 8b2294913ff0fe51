#include "token/token.h"

#include "pool/signing_keys.h"
#include "token/claims.h"
#include "token/jwt.h"
#include "trigger/trigger.h"

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
    const int64_t now_ms = ph_now_ms(ctx);
    const struct ph_signing_key *id_key =
        ph_signing_key_in_use(granted->pool, PH_KEY_ID_TOKEN, now_ms);
    const struct ph_signing_key *access_key =
        ph_signing_key_in_use(granted->pool, PH_KEY_ACCESS_TOKEN, now_ms);

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
