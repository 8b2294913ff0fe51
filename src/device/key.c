/*
 * Device keys. Of the UUID, 48 bits are random and 74 a MAC over them, the pool and the user;
 * the rest says version 4. A key that was made up confirms no device.
 */
#include "crypto/hash.h"
#include "device/device.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "util/encode.h"

#include <string.h>

enum { NONCE_BYTES = 6, GROUP_CHARS = 8 };

static const struct ph_str SEPARATOR = { (const uint8_t *)"", 1 };

/* Completes a UUID from its first NONCE_BYTES. */
static void prove(const struct ph_pool *pool, struct ph_str sub, uint8_t uuid[PH_UUID_BYTES])
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_digest mac;

    ph_pool_key(pool, PH_PURPOSE_DEVICE_KEY, &key);
    PH_HMAC(((struct ph_str){ key.bytes, sizeof key.bytes }), &mac, pool->id, SEPARATOR, sub,
            SEPARATOR, ((struct ph_str){ uuid, NONCE_BYTES }));
    memcpy(uuid + NONCE_BYTES, mac.bytes, PH_UUID_BYTES - NONCE_BYTES);
    ph_uuid4_set(uuid);
}

struct ph_str ph_device_key_new(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub)
{
    uint8_t uuid[PH_UUID_BYTES];

    ctx->random->fill(ctx->random->self, uuid, NONCE_BYTES);
    prove(pool, sub, uuid);
    return PH_CONCAT(ctx->arena, pool->region, PH_STR("_"), ph_uuid_text(ctx->arena, uuid));
}

struct ph_err ph_device_key_check(const struct ph_pool *pool, struct ph_str sub, struct ph_str key)
{
    uint8_t given[PH_UUID_BYTES], made[PH_UUID_BYTES];
    struct ph_str region, uuid;

    ph_str_cut(key, '_', &region, &uuid);
    if (!ph_str_eq(region, pool->region) || !ph_uuid_parse(uuid, given)) {
        return PH_FAIL(InvalidParameterException, "Invalid device key given.");
    }
    memcpy(made, given, NONCE_BYTES);
    prove(pool, sub, made);
    return ph_equal_secret((struct ph_str){ given, sizeof given },
                           (struct ph_str){ made, sizeof made })
               ? PH_OK
               : PH_FAIL(ResourceNotFoundException, PH_MSG_DEVICE_UNKNOWN);
}

struct ph_str ph_device_group_key(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    uint8_t *text = ph_arena_alloc(ctx->arena, 1 + GROUP_CHARS);
    struct ph_digest digest;

    ph_pool_key(pool, PH_PURPOSE_DEVICE_GROUP, &key);
    PH_HMAC(((struct ph_str){ key.bytes, sizeof key.bytes }), &digest, pool->id, SEPARATOR, sub);
    text[0] = '-';
    for (size_t i = 0; i < GROUP_CHARS; i++) { /* a name, no secret: need not be even */
        text[1 + i] = (uint8_t)LETTERS[digest.bytes[i] % (sizeof LETTERS - 1)];
    }
    return (struct ph_str){ text, 1 + GROUP_CHARS };
}
