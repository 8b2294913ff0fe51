/*
 * Refresh tokens: sealed, carrying all that is needed; the store only knows what happened to
 * their family. Shaped as a compact JWE (five parts) whose content only this server opens.
 */
#ifndef PH_TOKEN_REFRESH_TOKEN_H
#define PH_TOKEN_REFRESH_TOKEN_H

#include "pool/pool.h"

struct ph_refresh_token {
    struct ph_str pool_id;
    struct ph_str client_id;
    struct ph_str sub;
    struct ph_str family;     /* origin_jti */
    struct ph_str device_key; /* absent: not bound to a device */
    struct ph_str acr;        /* absent: the sign-in was for no level */
    unsigned methods;         /* beside it, enum ph_method bits */
    int64_t generation;       /* of rotation */
    int64_t auth_time_ms;     /* of the sign-in */
    int64_t expires_ms;       /* absolute; rotation does not move it */
};

struct ph_str ph_refresh_token_seal(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_refresh_token *token);

/* False when it is none of this pool's; *token untouched. Says nothing about revocation. */
PH_MUST_USE bool ph_refresh_token_open(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_str text, struct ph_refresh_token *token);

#endif
