/*
 * What a sign-in remembers between two calls and does not fit into its Session: kept for as long as
 * that Session may be answered.
 */
#ifndef PH_STORE_PARKED_H
#define PH_STORE_PARKED_H

#include "store/store.h"

/* id: unguessable, of this text only. Sealed in the row. */
PH_MUST_USE struct ph_err ph_store_parked_put(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                              struct ph_str id, struct ph_str text,
                                              int64_t expires_ms);

/*
 * The same unless there is one of this id, which stays: *added is false then. For what several may
 * bring at the same time.
 */
PH_MUST_USE struct ph_err ph_store_parked_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                              struct ph_str id, struct ph_str text,
                                              int64_t expires_ms, bool *added);

/* *text is absent when there is none (any more). */
PH_MUST_USE struct ph_err ph_store_parked_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str id, struct ph_str *text);

#endif
