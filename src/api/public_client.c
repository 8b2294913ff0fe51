#include "api/public_client.h"

struct ph_err ph_public_client(struct ph_ctx *ctx, const struct ph_in *in,
                               const struct ph_pool **pool, const struct ph_client **client)
{
    const struct ph_str name = ph_in_str(in, M_Username);

    PH_TRY(ph_client_get(ctx, (struct ph_str){ 0 }, ph_in_str(in, M_ClientId), pool, client));
    return ph_client_check_secret_hash(ctx, *client, ph_in_str(in, M_SecretHash), &name, 1,
                                       PH_IN_SECRET_HASH_MEMBER);
}
