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

static const struct ph_signing_key *first_key(const struct ph_pool *pool, enum ph_key_use use)
{
    const struct ph_signing_key *first = NULL;

    for (size_t i = 0; i < pool->key_count; i++) {
        const struct ph_signing_key *key = &pool->keys[i];

        if (key->use == use && (first == NULL || key->active_from_ms < first->active_from_ms)) {
            first = key;
        }
    }
    return first;
}

const struct ph_signing_key *ph_signing_key_in_use(const struct ph_pool *pool, enum ph_key_use use,
                                                   int64_t now_ms)
{
    const struct ph_signing_key *newest = NULL;

    for (size_t i = 0; i < pool->key_count; i++) {
        const struct ph_signing_key *key = &pool->keys[i];

        if (key->use == use && key->active_from_ms <= now_ms &&
            (newest == NULL || key->created_ms > newest->created_ms)) {
            newest = key;
        }
    }
    return newest != NULL ? newest : first_key(pool, use);
}

/* Of all keys the last made signs: a clock that was set back must not make an older one the last.
 */
static int64_t after_all(const struct ph_ctx *ctx, const struct ph_pool *pool)
{
    int64_t created_ms = ph_now_ms(ctx);

    for (size_t i = 0; i < pool->key_count; i++) {
        if (pool->keys[i].created_ms >= created_ms) {
            created_ms = pool->keys[i].created_ms + 1;
        }
    }
    return created_ms;
}

struct ph_err ph_signing_keys_rotate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     int64_t announce_s)
{
    const int64_t active_from_ms = ph_now_ms(ctx) + announce_s * 1000;
    struct ph_signing_key_record keys[] = {
        ph_signing_key_make(ctx, PH_KEY_ID_TOKEN, active_from_ms),
        ph_signing_key_make(ctx, PH_KEY_ACCESS_TOKEN, active_from_ms),
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        keys[i].created_ms = after_all(ctx, pool);
    }
    return ph_store_signing_keys_rotate(ctx, &pool->ref, keys, sizeof keys / sizeof keys[0],
                                        active_from_ms + PH_KEY_AFTERLIFE_S * 1000LL);
}
