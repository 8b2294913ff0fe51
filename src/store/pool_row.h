/* What pools, clients and signing keys share. Included only inside store/. */
#ifndef PH_STORE_POOL_ROW_H
#define PH_STORE_POOL_ROW_H

#include "store/internal.h"
#include "store/pools.h"

/* The one number that the text reads for an id; 0 when there is no row. */
PH_MUST_USE struct ph_err ph_read_int(struct ph_ctx *ctx, const char *sql, struct ph_str id,
                                      int64_t *n);
bool ph_row_exists(struct ph_tx *tx, const char *sql, struct ph_str id);

/*
 * Keep others from deleting the row, and from doing this, until the transaction ends: for what is
 * counted or looked up first and written afterwards. False when there is no such row.
 */
bool ph_pool_hold(struct ph_tx *tx, struct ph_str pool_id);
bool ph_user_hold(struct ph_tx *tx, struct ph_str pool_id, struct ph_str sub);

/* Of a column of pools that has a key, or keys. */
struct ph_place ph_data_key_place(struct ph_str pool_id, const char *column);

/* False when there is no such pool. */
bool ph_pool_bump(struct ph_tx *tx, struct ph_str pool_id);

/* The private keys, sealed for their rows. */
struct ph_str *ph_signing_keys_seal(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                    const struct ph_signing_key_record *keys, size_t count);
void ph_signing_key_insert(struct ph_tx *tx, struct ph_str pool_id,
                           const struct ph_signing_key_record *key, struct ph_str sealed);

#endif
