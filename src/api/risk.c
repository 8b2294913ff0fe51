/* Threat protection's configuration: SetRiskConfiguration, DescribeRiskConfiguration. */
#include "risk/risk.h"

#include "api/handlers.h"
#include "model/validate.h"

/* A pool, or one of its clients; threat protection must be on. */
static struct ph_err find_owner(struct ph_ctx *ctx, const struct ph_in *in,
                                const struct ph_pool **pool)
{
    const struct ph_str pool_id = ph_in_str(in, M_UserPoolId);
    const struct ph_client *client;

    PH_TRY(ph_pool_get(ctx, pool_id, pool));
    if (ph_in_has(in, M_ClientId)) {
        PH_TRY(ph_client_get(ctx, pool_id, ph_in_str(in, M_ClientId), pool, &client));
    }
    return ph_risk_is_on(*pool) ? PH_OK
                                : PH_FAIL(UserPoolAddOnNotEnabledException,
                                          "User pool does not have add-on enabled.");
}

/* document is NULL when nothing is set. */
static void describe(struct ph_ctx *ctx, const struct ph_in *in, const struct json_t *document,
                     int64_t modified_ms, struct ph_out *out)
{
    struct ph_out described = { ctx->arena, document == NULL ? ph_json_object(ctx->arena)
                                                             : ph_json_copy(ctx->arena, document) };

    ph_out_str(&described, M_UserPoolId, ph_in_str(in, M_UserPoolId));
    if (ph_in_has(in, M_ClientId)) {
        ph_out_str(&described, M_ClientId, ph_in_str(in, M_ClientId));
    }
    if (document != NULL) {
        ph_out_time(&described, M_LastModifiedDate, modified_ms);
    }
    ph_out_json(out, M_RiskConfiguration, described.object);
}

/* The three configurations alone. */
static struct json_t *read_configuration(struct ph_ctx *ctx, const struct ph_in *in)
{
    struct json_t *document =
        ph_shape_copy(ctx->arena, ph_operations[OP_SetRiskConfiguration].input, in->object);

    ph_json_remove(ctx->arena, document, "UserPoolId");
    ph_json_remove(ctx->arena, document, "ClientId");
    return document;
}

static struct ph_err put(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str client_id,
                         const struct json_t *document, int64_t now_ms)
{
    const struct ph_configuration given = {
        .kind = PH_CONFIGURATION_RISK,
        .pool_id = pool->id,
        .client_id = client_id,
        .document = ph_json_text(ctx->arena, document, PH_JSON_INSERTION),
        .created_ms = now_ms,
        .modified_ms = now_ms,
    };
    int64_t created_ms;
    bool gone;

    PH_TRY(ph_store_configuration_put(ctx, &given, &gone, &created_ms));
    return gone ? ph_pool_unknown(ctx, pool->id) : PH_OK;
}

/* A call without any configuration takes away what is there. */
struct ph_err ph_api_set_risk_configuration(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct json_t *document = read_configuration(ctx, in);
    const struct ph_str client_id = ph_in_str(in, M_ClientId);
    const int64_t now_ms = ph_now_ms(ctx);
    const struct ph_pool *pool;

    PH_TRY(find_owner(ctx, in, &pool));
    PH_TRY(ph_risk_check(document));
    if (ph_json_members(document) == 0) {
        PH_TRY(ph_store_configuration_delete(ctx, pool->id, PH_CONFIGURATION_RISK, client_id));
        document = NULL;
    } else {
        PH_TRY(put(ctx, pool, client_id, document, now_ms));
    }
    describe(ctx, in, document, now_ms, out);
    return PH_OK;
}

struct ph_err ph_api_describe_risk_configuration(struct ph_ctx *ctx, const struct ph_in *in,
                                                 struct ph_out *out)
{
    struct ph_configuration *found = NULL;
    const struct json_t *document = NULL;
    const struct ph_pool *pool;

    PH_TRY(find_owner(ctx, in, &pool));
    PH_TRY(ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_RISK,
                                       ph_in_str(in, M_ClientId), &found));
    if (found != NULL) {
        document = ph_json_parse(ctx->arena, found->document);
    }
    describe(ctx, in, document, found == NULL ? 0 : found->modified_ms, out);
    return PH_OK;
}
