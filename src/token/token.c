#include "token/token.h"

#include "pool/signing_keys.h"
#include "token/claims.h"
#include "token/jwt.h"
#include "token/overrides.h"
#include "trigger/trigger.h"
#include "util/json.h"

static struct ph_err run_trigger(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                 const struct ph_token_groups *groups, struct json_t *id,
                                 struct json_t *access)
{
    const struct ph_trigger_call call = { .trigger = PH_TRIGGER_PRE_TOKEN_GENERATION,
                                          .source = granted->trigger_source,
                                          .client_id = granted->client->id,
                                          .user = granted->user,
                                          .groups = ph_token_groups_configuration(ctx, groups),
                                          .scope = ph_json_get_str(access, "scope"),
                                          .client_metadata = granted->client_metadata };
    const struct json_t *response;

    PH_TRY(ph_trigger_run(ctx, granted->pool, &call, &response));
    return ph_overrides_apply(ctx, granted, response, id, access);
}

struct ph_err ph_tokens_issue(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                              struct ph_tokens *tokens)
{
    const struct ph_signing_key *id_key =
        ph_signing_key_in_use(granted->pool, PH_KEY_ID_TOKEN, granted->issued_ms);
    const struct ph_signing_key *access_key =
        ph_signing_key_in_use(granted->pool, PH_KEY_ACCESS_TOKEN, granted->issued_ms);
    struct ph_token_groups groups;
    struct json_t *id, *access;

    if (id_key == NULL || access_key == NULL) {
        return ph_internal(ctx, "pool without a signing key");
    }
    PH_TRY(ph_token_groups_read(ctx, granted, &groups));
    id = ph_claims_id(ctx, granted, &groups);
    access = ph_claims_access(ctx, granted, &groups);
    PH_TRY(run_trigger(ctx, granted, &groups, id, access));
    *tokens = (struct ph_tokens){
        .id_token = ph_jwt_sign(ctx->arena, id_key->rsa, id_key->kid, id),
        .access_token = ph_jwt_sign(ctx->arena, access_key->rsa, access_key->kid, access),
        .expires_in_s = granted->client->access_token_s,
    };
    return PH_OK;
}
