/* Signing keys: made for a new pool, and rotated. */
#ifndef PH_POOL_SIGNING_KEYS_H
#define PH_POOL_SIGNING_KEYS_H

#include "pool/pool.h"

/*
 * A new RSA-2048 key with a random kid, published until somebody says otherwise. Takes 50-200 ms
 * of CPU: never call it inside a transaction.
 *
 * active_from_ms   epoch milliseconds; tokens are signed with it from then on
 */
struct ph_signing_key_record ph_signing_key_make(struct ph_ctx *ctx, enum ph_key_use use,
                                                 int64_t active_from_ms);

/*
 * Of the keys that may sign by now the one made last, so that a key which was announced before a
 * rotation at once never takes its place. When the clock was set back to before all of them, the
 * first one. NULL in a pool without one, which is broken.
 */
const struct ph_signing_key *ph_signing_key_in_use(const struct ph_pool *pool, enum ph_key_use use,
                                                   int64_t now_ms);

/* A replaced key stays published for the longest life of a token, and an hour for clocks. */
enum { PH_KEY_AFTERLIFE_S = (24 + 1) * 3600 };

/*
 * New keys for ID and for access tokens: published at once, so that verifiers know them by the
 * time they sign, `announce_s` seconds from now. What they replace leaves the JWKS
 * PH_KEY_AFTERLIFE_S later. Every server sees it with its next look at the pool.
 */
PH_MUST_USE struct ph_err ph_signing_keys_rotate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                 int64_t announce_s);

#endif
