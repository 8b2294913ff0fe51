/* ListUsers (management.md 4.10). */
#include "api/handlers.h"
#include "api/page_token.h"
#include "api/views.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/search.h"
#include "util/encode.h"

enum { PAGE_MAX = 60 };

/* Beyond the service: a page is larger, and so many users at most are looked at for it. */
enum { EXTENDED_PAGE_MAX = 1000, LOOKED_AT_MAX = 5000, PIECE = 500 };

/* A page goes on in its own list only: of this pool, through this filter, in this order. */
static struct ph_str question_of(struct ph_ctx *ctx, const struct ph_in *in)
{
    return ph_strf(ctx->arena, "ListUsers%s by time %.*s %.*s",
                   ctx->list_users.p == NULL ? "" : "+", PH_FMT(ph_in_str(in, M_UserPoolId)),
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

static void add_user(struct ph_out_list *list, const struct ph_in *in, const struct ph_user *user)
{
    const struct ph_view_choice choice = { .wanted = ph_in_json(in, M_AttributesToGet) };
    struct ph_out one = ph_out_list_object(list);

    ph_view_user(&one, user, M_Attributes, &choice);
}

static void add_token(struct ph_ctx *ctx, const struct ph_in *in, struct ph_str next,
                      struct ph_out *out)
{
    if (next.p != NULL) {
        ph_out_str(out, M_PaginationToken,
                   ph_page_token_make(ctx, question_of(ctx, in), ph_base64url(ctx->arena, next)));
    }
}

/* --- beyond the service: X-Poolhouse-List-Users --- */

static struct ph_err extended_limit(const struct ph_ctx *ctx, const struct ph_in *in, size_t *limit)
{
    const int64_t given = ph_in_int(in, M_Limit);
    int64_t page;

    if (!ph_str_to_int(ctx->list_users, 1, EXTENDED_PAGE_MAX, &page)) {
        return PH_FAIL(InvalidParameterException,
                       "X-Poolhouse-List-Users must be a number from 1 to 1000.");
    }
    *limit = (size_t)(given == 0 ? page : given);
    return PH_OK;
}

/* A page may be short, or empty, and the list go on: who asks follows the token. */
static struct ph_err list_extended(struct ph_ctx *ctx, const struct ph_in *in,
                                   const struct ph_pool *pool, struct ph_out *out)
{
    struct ph_out_list list = ph_out_list(out, M_Users);
    struct ph_user_search search;
    struct ph_user **users;
    struct ph_str cursor;
    size_t limit, count, found = 0, looked_at = 0;

    PH_TRY(extended_limit(ctx, in, &limit));
    PH_TRY(ph_user_search_parse(ctx, pool, ph_in_str(in, M_Filter), &search));
    PH_TRY(read_cursor(ctx, in, &cursor));
    do {
        struct ph_str next;
        size_t i = 0;

        PH_TRY(ph_store_user_list(ctx, &pool->ref, NULL, cursor, PIECE, &users, &count, &next));
        for (; i < count && found < limit; i++) {
            if (ph_user_search_finds(ctx->arena, &search, users[i])) {
                add_user(&list, in, users[i]);
                found++;
            }
        }
        cursor = i < count ? ph_store_user_cursor(ctx->arena, users[i - 1]) : next;
        looked_at += i;
    } while (cursor.p != NULL && found < limit && looked_at < LOOKED_AT_MAX);
    add_token(ctx, in, cursor, out);
    return PH_OK;
}

/* --- as the service --- */

static struct ph_err list_as_documented(struct ph_ctx *ctx, const struct ph_in *in,
                                        const struct ph_pool *pool, struct ph_out *out)
{
    const int64_t limit = ph_in_int(in, M_Limit);
    struct ph_out_list list = ph_out_list(out, M_Users);
    struct ph_user_filter filter;
    struct ph_user **users;
    struct ph_str cursor, next;
    size_t count;

    PH_TRY(ph_user_filter_parse(ctx->arena, ph_in_str(in, M_Filter), &filter));
    PH_TRY(read_cursor(ctx, in, &cursor));
    PH_TRY(ph_store_user_list(ctx, &pool->ref, &filter, cursor,
                              limit == 0 ? PAGE_MAX : (size_t)limit, &users, &count, &next));
    for (size_t i = 0; i < count; i++) {
        add_user(&list, in, users[i]);
    }
    add_token(ctx, in, next, out);
    return PH_OK;
}

struct ph_err ph_api_list_users(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(check_wanted(in, pool));
    return ctx->list_users.p == NULL ? list_as_documented(ctx, in, pool, out)
                                     : list_extended(ctx, in, pool, out);
}
