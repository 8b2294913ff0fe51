/*
 * NextToken and PaginationToken: where a list goes on. Sealed, so that nobody builds on what is
 * inside; good for an hour, on this installation, for the question they were given out for.
 *
 * question   the operation and whatever else decides what is listed, as text:
 *            "ListUserPoolClients eu-west-1_AAAAAAAAA"; the size of the page is no part of it
 */
#ifndef PH_API_PAGE_TOKEN_H
#define PH_API_PAGE_TOKEN_H

#include "util/ctx.h"

/* after: the key of the page's last element, without NUL. */
struct ph_str ph_page_token_make(struct ph_ctx *ctx, struct ph_str question, struct ph_str after);

/*
 * The key to go on after; absent for an absent token, which starts from the beginning.
 * InvalidParameterException for any other token than those above.
 */
PH_MUST_USE struct ph_err ph_page_token_read(struct ph_ctx *ctx, struct ph_str question,
                                             struct ph_str token, struct ph_str *after);

/* One page of a list, as it was asked for. */
struct ph_page {
    struct ph_str question;
    struct ph_str after; /* the key to go on after; absent: from the start */
    size_t limit;
};

/* `asked` is the size that the caller named; 0, or more than `most`, stands for `most`. */
PH_MUST_USE struct ph_err ph_page_read(struct ph_ctx *ctx, struct ph_str question,
                                       struct ph_str token, int64_t asked, size_t most,
                                       struct ph_page *page);

#endif
