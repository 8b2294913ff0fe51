#include "api/self.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "user/user.h"

struct ph_err ph_self_find(struct ph_ctx *ctx, struct ph_self *self)
{
    struct ph_self found = { 0 };

    PH_TRY(
        ph_client_get(ctx, ctx->caller.pool_id, ctx->caller.client_id, &found.pool, &found.client));
    PH_TRY(ph_store_user_by_sub(ctx, &found.pool->ref, ctx->caller.sub, &found.user));
    if (found.user == NULL) {
        return PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
    }
    *self = found;
    return PH_OK;
}

struct ph_err ph_named_find(struct ph_ctx *ctx, const struct ph_in *in, const struct ph_pool **pool,
                            struct ph_user **user)
{
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), pool));
    return ph_user_get(ctx, *pool, ph_in_str(in, M_Username), user);
}
