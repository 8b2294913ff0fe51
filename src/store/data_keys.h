/*
 * The keys that seal the secrets of pools, and how one is replaced beside running servers
 * (docs/decisions/0034-data-keys.md).
 *
 * At no time is anything sealed with a key that a server might not have, and a key is removed when
 * nothing is sealed with it and nobody can write what it has sealed. Each verb is one step, is
 * given the record that it was decided by, and does nothing when somebody else has taken the step
 * since: whoever is interrupted reads the record again and goes on.
 */
#ifndef PH_STORE_DATA_KEYS_H
#define PH_STORE_DATA_KEYS_H

#include "store/pools.h"

/*
 * ALONE to ANNOUNCED: everybody can open from now on what `next` will have sealed. *older is how
 * many servers of versions run that do not know of this (logged); nothing happened then.
 */
PH_MUST_USE struct ph_err ph_store_data_key_announce(struct ph_ctx *ctx,
                                                     const struct ph_pool_record *pool,
                                                     const struct ph_key *next, size_t *older);

/* How many servers have not loaded the newest step for all that they do; it takes a second or two,
 * and as long as their longest request. */
PH_MUST_USE struct ph_err ph_store_data_keys_behind(struct ph_ctx *ctx, size_t *count);

/* ANNOUNCED to REPLACED: the next key seals. kept: what ph_pool_keys.kept becomes. */
PH_MUST_USE struct ph_err ph_store_data_key_replace(struct ph_ctx *ctx,
                                                    const struct ph_pool_record *pool,
                                                    struct ph_str kept);

/*
 * REPLACED to LEAVING: writes of what the key before has sealed are refused, and those that were
 * under way have ended when this returns.
 */
PH_MUST_USE struct ph_err ph_store_data_key_close(struct ph_ctx *ctx,
                                                  const struct ph_pool_record *pool);

/* LEAVING to ALONE: the key before opens nothing. All must have been sealed anew. */
PH_MUST_USE struct ph_err
ph_store_data_key_remove(struct ph_ctx *ctx, const struct ph_pool_record *pool, struct ph_str kept);

/* *count of pools that are between two keys; *first is the id of one of them, or absent. */
PH_MUST_USE struct ph_err ph_store_data_keys_leaving(struct ph_ctx *ctx, int64_t *count,
                                                     struct ph_str *first);

/* --- sealing anew: all columns that tables.c describes as sealed by a pool --- */

struct ph_reseal; /* how far it is; ends with its arena */

struct ph_reseal *ph_store_reseal_begin(struct ph_ctx *ctx, const struct ph_pool_record *pool);

/*
 * Seals the next rows anew, at most some hundred, in one transaction; *done after the last. *count
 * grows by the values that another key had sealed. InternalErrorException when a value opens with
 * neither key.
 */
PH_MUST_USE struct ph_err ph_store_reseal_some(struct ph_ctx *ctx, struct ph_reseal *reseal,
                                               size_t *count, bool *done);
void ph_store_reseal_end(struct ph_reseal *reseal);

#endif
