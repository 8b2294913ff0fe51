/*
 * Where a pool says which service it leaves (struct ph_origin): the operator's, not a member of any
 * request or reply. Its secrets are sealed.
 */
#ifndef PH_POOL_ORIGIN_H
#define PH_POOL_ORIGIN_H

#include "pool/pool.h"

/* From a stored document; absent: *origin is NULL. False when it is none, or does not open. */
PH_MUST_USE bool ph_origin_read(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                struct ph_str document, const struct ph_origin **origin);

/* Replaces it. Running servers ask the new one within PH_POOL_FRESH_MS. */
PH_MUST_USE struct ph_err ph_origin_put(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_origin *origin);

/* Its secrets by the data key of the pool when the other one has sealed them. */
PH_MUST_USE struct ph_err ph_origin_reseal(struct ph_ctx *ctx, const struct ph_pool_ref *pool);

/* From now on nobody is asked. */
PH_MUST_USE struct ph_err ph_origin_delete(struct ph_ctx *ctx, const struct ph_pool *pool);

#endif
