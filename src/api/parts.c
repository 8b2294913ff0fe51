#include "api/parts.h"

#include "api/page_token.h"
#include "model/exceptions.h"
#include "model/messages.h"

struct ph_err ph_part_page(struct ph_ctx *ctx, const struct ph_part_pages *pages,
                           const struct ph_in *in, struct ph_out *out)
{
    const struct ph_str question =
        ph_strf(ctx->arena, "%s %.*s", ph_operations[pages->operation].name,
                PH_FMT(ph_in_str(in, M_UserPoolId)));
    const struct ph_pool *pool;
    struct ph_out_list list;
    struct ph_part *parts;
    struct ph_page page;
    size_t count;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_page_read(ctx, question, ph_in_str(in, M_NextToken), ph_in_int(in, M_MaxResults),
                        pages->most, &page));
    PH_TRY(ph_store_part_list(ctx, &pool->ref, pages->kind, page.after, page.limit + 1, &parts,
                              &count));
    list = ph_out_list(out, pages->list);
    for (size_t i = 0; i < count && i < page.limit; i++) {
        struct ph_out one = ph_out_list_object(&list);

        pages->write(pool, &parts[i], &one);
    }
    if (count > page.limit) {
        ph_out_str(out, M_NextToken, ph_page_token_make(ctx, question, parts[page.limit - 1].name));
    }
    return PH_OK;
}

struct ph_err ph_part_refusal(struct ph_ctx *ctx, const struct ph_part *part,
                              enum ph_part_write result, const char *full, struct ph_err taken)
{
    switch (result) {
    case PH_PART_DONE:
        return PH_OK;
    case PH_PART_FULL:
        return PH_FAIL(LimitExceededException, full);
    case PH_PART_CLAIMED:
        return taken;
    case PH_PART_TAKEN: /* an id of ours that somebody has */
    case PH_PART_CONFLICT:
        return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
    case PH_PART_GONE:
        break;
    }
    return ph_client_unknown(ctx, part->client_id);
}
