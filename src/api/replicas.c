/*
 * Replicas of a pool in other regions (management.md 2.9). An installation is one region: every
 * pool is its own primary, and copies of the database are the operator's business.
 */
#include "api/handlers.h"
#include "api/page_token.h"
#include "model/exceptions.h"
#include "pool/pool.h"

struct ph_err ph_api_list_user_pool_replicas(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_str question =
        ph_strf(ctx->arena, "ListUserPoolReplicas %.*s", PH_FMT(ph_in_str(in, M_UserPoolId)));
    const struct ph_pool *pool;
    struct ph_out_list list;
    struct ph_str after;
    struct ph_out primary;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_page_token_read(ctx, question, ph_in_str(in, M_NextToken), &after));
    list = ph_out_list(out, M_UserPoolReplicas);
    primary = ph_out_list_object(&list);
    ph_out_str(&primary, M_RegionName, pool->region);
    ph_out_str(&primary, M_Role, PH_STR("PRIMARY"));
    ph_out_str(&primary, M_Status, PH_STR("ACTIVE"));
    ph_out_str(&primary, M_UserPoolArn, pool->arn);
    return PH_OK;
}

/* What there is, is the primary; it cannot be made again, switched off or deleted by itself. */
static struct ph_err refuse(struct ph_ctx *ctx, const struct ph_in *in, const char *other_region)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    if (ph_str_eq(ph_in_str(in, M_RegionName), pool->region)) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "%.*s is the primary region of user pool %.*s.",
                                PH_FMT(pool->region), PH_FMT(pool->id)));
    }
    return PH_FAIL(OperationNotEnabledException, other_region);
}

struct ph_err ph_api_create_user_pool_replica(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    (void)out;
    return refuse(ctx, in, "Multi-Region replication is not available in this region.");
}

struct ph_err ph_api_update_user_pool_replica(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    (void)out;
    return refuse(ctx, in, "The user pool has no replica in this region.");
}

struct ph_err ph_api_delete_user_pool_replica(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    (void)out;
    return refuse(ctx, in, "The user pool has no replica in this region.");
}
