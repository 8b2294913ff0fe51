#include "pool/signing_keys.h"

#include "crypto/rsa.h"
#include "util/encode.h"

enum { KID_BYTES = 32 }; /* 44 characters of base64, as the service's */

struct ph_signing_key_record ph_signing_key_make(struct ph_ctx *ctx, enum ph_key_use use,
                                                 int64_t active_from_ms)
{
    struct ph_rsa_key *rsa = ph_rsa_generate();
    const struct ph_str pkcs8 = ph_rsa_pkcs8(ctx->arena, rsa);

    ph_rsa_free(rsa);
    return (struct ph_signing_key_record){
        .kid = ph_base64(ctx->arena, ph_random_bytes(ctx, KID_BYTES)),
        .use = use,
        .pkcs8 = pkcs8,
        .created_ms = ph_now_ms(ctx),
        .active_from_ms = active_from_ms,
        .published_until_ms = INT64_MAX,
    };
}
