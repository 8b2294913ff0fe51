/* Parts of a pool (store/parts.h): lists of them, and what a write of one answers. */
#ifndef PH_API_PARTS_H
#define PH_API_PARTS_H

#include "model/io.h"
#include "pool/pool.h"
#include "store/parts.h"

/* A list, page by page in the order of the names. */
struct ph_part_pages {
    enum ph_op operation;
    enum ph_part_kind kind;
    size_t most; /* on a page */
    enum ph_member_name list;
    void (*write)(const struct ph_pool *pool, const struct ph_part *part, struct ph_out *one);
};

/*
 * The page that UserPoolId, MaxResults and NextToken ask for, and the token of the next one.
 * ResourceNotFoundException; InvalidParameterException for a token of another list.
 */
PH_MUST_USE struct ph_err ph_part_page(struct ph_ctx *ctx, const struct ph_part_pages *pages,
                                       const struct ph_in *in, struct ph_out *out);

/*
 * The error for what became of a part of a client; PH_OK when it was written.
 *
 * full    the text when the pool has as many as it may have
 * taken   the error when the client has one like it
 */
PH_MUST_USE struct ph_err ph_part_refusal(struct ph_ctx *ctx, const struct ph_part *part,
                                          enum ph_part_write result, const char *full,
                                          struct ph_err taken);

#endif
