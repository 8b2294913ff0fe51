/* Whom an operation is about: who asks, by access token, or whom an administrator names. */
#ifndef PH_API_SELF_H
#define PH_API_SELF_H

#include "model/io.h"
#include "pool/pool.h"
#include "store/users.h"

struct ph_self {
    const struct ph_pool *pool;
    const struct ph_client *client; /* to which the token was given out */
    struct ph_user *user;
};

/* From ctx->caller, which was filled before the handler ran. UserNotFoundException. */
PH_MUST_USE struct ph_err ph_self_find(struct ph_ctx *ctx, struct ph_self *self);

/*
 * UserPoolId and Username of an operation of administrators. ResourceNotFoundException,
 * UserNotFoundException.
 */
PH_MUST_USE struct ph_err ph_named_find(struct ph_ctx *ctx, const struct ph_in *in,
                                        const struct ph_pool **pool, struct ph_user **user);

#endif
