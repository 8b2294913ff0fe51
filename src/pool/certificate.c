#include "pool/certificate.h"

#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "pool/signing_keys.h"

enum { SERIAL_BYTES = 16, LIFETIME_S = 3652 * 86400 };

struct ph_err ph_pool_certificate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  struct ph_str *der)
{
    const struct ph_signing_key *key = ph_signing_key_in_use(pool, PH_KEY_ID_TOKEN, ph_now_ms(ctx));
    struct ph_digest digest;

    if (key == NULL) {
        return ph_internal(ctx, "pool without a signing key");
    }
    PH_SHA256(&digest, key->kid);
    digest.bytes[0] = (digest.bytes[0] & 0x3f) | 0x40; /* positive, and always as long */
    *der = ph_certificate_self_signed(ctx->arena, key->rsa,
                                      &(struct ph_certificate){
                                          .common_name = pool->id,
                                          .serial = { digest.bytes, SERIAL_BYTES },
                                          .not_before_s = key->created_ms / 1000,
                                          .not_after_s = key->created_ms / 1000 + LIFETIME_S,
                                      });
    return PH_OK;
}
