/* What the two files of the dump share. */
#ifndef PH_SEED_DUMP_INTERNAL_H
#define PH_SEED_DUMP_INTERNAL_H

#include "pool/pool.h"
#include "seed/dump.h"
#include "seed/internal.h"

struct ph_dump {
    struct ph_ctx *ctx;
    enum ph_dump_secrets secrets;
    const struct ph_pool *pool;
    struct json_t *out; /* the pool on its way */
};

/* Adds "Users". */
PH_MUST_USE struct ph_err ph_dump_users(const struct ph_dump *d);

#endif
