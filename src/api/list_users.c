/* ListUsers (management.md 4.10). */
#include "api/handlers.h"
#include "api/page_token.h"
#include "api/views.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/filter.h"
#include "util/encode.h"

enum { PAGE_MAX = 60 };

/* A page goes on in its own list only: of this pool, through this filter. */
static struct ph_str question_of(struct ph_ctx *ctx, const struct ph_in *in)
{
    return ph_strf(ctx->arena, "ListUsers %.*s %.*s", PH_FMT(ph_in_str(in, M_UserPoolId)),
                   PH_FMT(ph_in_str(in, M_Filter)));
}

/* The store's cursors are bytes; tokens carry text. */
static struct ph_err read_cursor(struct ph_ctx *ctx, const struct ph_in *in, struct ph_str *cursor)
{
    struct ph_str text;

    PH_TRY(ph_page_token_read(ctx, question_of(ctx, in), ph_in_str(in, M_PaginationToken), &text));
    *cursor = (struct ph_str){ 0 };
    if (text.p != NULL && !ph_base64url_decode(ctx->arena, text, cursor)) {
        return PH_FAIL(InvalidParameterException, PH_MSG_PAGE_TOKEN);
    }
    return PH_OK;
}

static struct ph_err check_wanted(const struct ph_in *in, const struct ph_pool *pool)
{
    for (size_t i = 0; i < ph_in_count(in, M_AttributesToGet); i++) {
        if (ph_pool_attribute(pool, ph_in_str_at(in, M_AttributesToGet, i)) == NULL) {
            return PH_FAIL(InvalidParameterException,
                           "One or more requested attributes do not exist.");
        }
    }
    return PH_OK;
}

struct ph_err ph_api_list_users(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_view_choice choice = { .wanted = ph_in_json(in, M_AttributesToGet) };
    const int64_t limit = ph_in_int(in, M_Limit);
    const struct ph_pool *pool;
    struct ph_user_filter filter;
    struct ph_user **users;
    struct ph_str cursor, next;
    struct ph_out_list list;
    size_t count;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(check_wanted(in, pool));
    PH_TRY(ph_user_filter_parse(ctx->arena, ph_in_str(in, M_Filter), &filter));
    PH_TRY(read_cursor(ctx, in, &cursor));
    PH_TRY(ph_store_user_list(ctx, &pool->ref, &filter, cursor,
                              limit == 0 ? PAGE_MAX : (size_t)limit, &users, &count, &next));
    list = ph_out_list(out, M_Users);
    for (size_t i = 0; i < count; i++) {
        struct ph_out one = ph_out_list_object(&list);

        ph_view_user(&one, users[i], M_Attributes, &choice);
    }
    if (next.p != NULL) {
        ph_out_str(out, M_PaginationToken,
                   ph_page_token_make(ctx, question_of(ctx, in), ph_base64url(ctx->arena, next)));
    }
    return PH_OK;
}
