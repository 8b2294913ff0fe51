/* Limits that somebody provisioned, for the whole installation. */
#ifndef PH_STORE_LIMITS_H
#define PH_STORE_LIMITS_H

#include "store/store.h"

struct ph_limit_record {
    struct ph_str name;
    int64_t value;
};

/* Those that were ever put, in order of their names. */
PH_MUST_USE struct ph_err ph_store_limits_list(struct ph_ctx *ctx, struct ph_limit_record **limits,
                                               size_t *count);

/* Replaces the one of that name. */
PH_MUST_USE struct ph_err ph_store_limit_put(struct ph_ctx *ctx,
                                             const struct ph_limit_record *limit);

#endif
