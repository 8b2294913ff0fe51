/* Tags of pools, by the ARN of the pool (management.md 2.9). */
#include "api/handlers.h"
#include "pool/contest.h"
#include "pool/settings.h"

/* An ARN of another region or account names nothing that is here. */
static struct ph_err find_pool(struct ph_ctx *ctx, const struct ph_in *in,
                               const struct ph_pool **pool)
{
    const struct ph_str arn = ph_in_str(in, M_ResourceArn);
    struct ph_str id = { 0 };

    ph_str_cut(arn, '/', NULL, &id);
    id = id.n > 0 ? id : arn;
    PH_TRY(ph_pool_get(ctx, id, pool));
    return ph_str_eq(arn, (*pool)->arn) ? PH_OK : ph_pool_unknown(ctx, id);
}

/* These operations know no conflict: the pool is read again when it has changed meanwhile. */
static struct ph_err change(struct ph_ctx *ctx, const struct ph_in *in)
{
    struct ph_contest contest = { 0 };
    enum ph_write_result result;
    const struct ph_pool *pool;
    struct json_t *settings;

    do {
        PH_TRY(ph_contest_enter(ctx, &contest));
        PH_TRY(find_pool(ctx, in, &pool));
        PH_TRY(ph_pool_settings_tagged(ctx, pool, ph_in_json(in, M_Tags), ph_in_json(in, M_TagKeys),
                                       &settings));
        PH_TRY(ph_pool_settings_save(ctx, pool, pool->name, settings, &result));
    } while (result == PH_WRITE_CONFLICT);
    return PH_OK;
}

struct ph_err ph_api_tag_resource(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    (void)out;
    return change(ctx, in);
}

struct ph_err ph_api_untag_resource(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    (void)out;
    return change(ctx, in);
}

struct ph_err ph_api_list_tags_for_resource(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(find_pool(ctx, in, &pool));
    ph_out_json(out, M_Tags, ph_json_copy(ctx->arena, ph_json_get(pool->settings, "UserPoolTags")));
    return PH_OK;
}
