/*
 * Beyond the service: filters of ListUsers by any attribute, also its end or its middle.
 *
 * Every user is looked at, so whoever lists bounds how many. Nothing here minds the case of
 * letters.
 */
#ifndef PH_USER_SEARCH_H
#define PH_USER_SEARCH_H

#include "pool/pool.h"
#include "user/filter.h"

struct ph_user_search {
    struct ph_filter_parts parts; /* the value folded; the name absent: everybody */
};

/* InvalidParameterException as for other filters: no filter, or no attribute of the pool. */
PH_MUST_USE struct ph_err ph_user_search_parse(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               struct ph_str text, struct ph_user_search *search);

bool ph_user_search_finds(struct ph_arena *arena, const struct ph_user_search *search,
                          const struct ph_user *user);

#endif
