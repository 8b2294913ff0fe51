/* Lists of the parts of a pool, page by page in the order of their names. */
#ifndef PH_API_PART_PAGES_H
#define PH_API_PART_PAGES_H

#include "model/io.h"
#include "pool/pool.h"
#include "store/parts.h"

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

#endif
