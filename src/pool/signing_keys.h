/* Signing keys in the making: for a new pool, and when they are rotated. */
#ifndef PH_POOL_SIGNING_KEYS_H
#define PH_POOL_SIGNING_KEYS_H

#include "store/pools.h"

/*
 * A new RSA-2048 key with a random kid, published until somebody says otherwise. Takes 50-200 ms
 * of CPU: never call it inside a transaction.
 *
 * active_from_ms   epoch milliseconds; tokens are signed with it from then on
 */
struct ph_signing_key_record ph_signing_key_make(struct ph_ctx *ctx, enum ph_key_use use,
                                                 int64_t active_from_ms);

#endif
