/* The certificate that identity providers check our requests with (management.md 10). */
#include "api/handlers.h"
#include "pool/certificate.h"
#include "util/encode.h"

/* Base64 without the lines of PEM: clients put these around it. */
struct ph_err ph_api_get_signing_certificate(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_str der;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_pool_certificate(ctx, pool, &der));
    ph_out_str(out, M_Certificate, ph_base64(ctx->arena, der));
    return PH_OK;
}
