/* Who asks, in operations with an access token. */
#ifndef PH_API_SELF_H
#define PH_API_SELF_H

#include "pool/pool.h"
#include "store/users.h"

struct ph_self {
    const struct ph_pool *pool;
    const struct ph_client *client; /* to which the token was given out */
    struct ph_user *user;
};

/* From ctx->caller, which was filled before the handler ran. UserNotFoundException. */
PH_MUST_USE struct ph_err ph_self_find(struct ph_ctx *ctx, struct ph_self *self);

#endif
