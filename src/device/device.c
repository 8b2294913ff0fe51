#include "device/device.h"

#include "crypto/srp_group.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "util/encode.h"

enum { SALT_MAX = 128 }; /* bytes; clients take 16 */

static struct ph_err unknown(void)
{
    return PH_FAIL(ResourceNotFoundException, PH_MSG_DEVICE_UNKNOWN);
}

struct ph_err ph_device_get(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                            struct ph_str key, struct ph_device **device)
{
    struct ph_device *found;

    PH_TRY(ph_store_device_find(ctx, &pool->ref, sub, key, &found));
    if (found == NULL || found->status == PH_DEVICE_FORGOTTEN) {
        return unknown();
    }
    *device = found;
    return PH_OK;
}

/* ---- confirming ---- */

/* Clients encode their numbers with or without zero bytes in front. */
static bool read_number(struct ph_ctx *ctx, struct ph_str base64, struct ph_str *bytes)
{
    struct ph_str read;

    if (!ph_base64_decode(ctx->arena, base64, &read)) {
        return false;
    }
    while (read.n > 0 && read.p[0] == 0) {
        read = ph_str_skip(read, 1);
    }
    *bytes = read;
    return read.n > 0;
}

static struct ph_err read_secret(struct ph_ctx *ctx, const struct ph_device_confirmation *given,
                                 struct ph_device *device)
{
    struct ph_srp_number *verifier = ph_arena_new(ctx->arena, struct ph_srp_number);
    struct ph_str bytes;

    if (!read_number(ctx, given->verifier, &bytes) || !ph_srp_number_read(bytes, verifier) ||
        ph_srp_number_is_zero(verifier)) {
        return PH_FAIL(InvalidParameterException, "Invalid device password verifier given.");
    }
    if (!read_number(ctx, given->salt, &device->salt) || device->salt.n > SALT_MAX) {
        return PH_FAIL(InvalidParameterException, "Invalid device salt given.");
    }
    device->verifier = (struct ph_str){ verifier->bytes, sizeof verifier->bytes };
    return PH_OK;
}

/* A forgotten key does not come back: tokens that were bound to it would. */
static struct ph_err check_new(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                               struct ph_str key)
{
    struct ph_device *before;

    PH_TRY(ph_device_key_check(pool, sub, key));
    PH_TRY(ph_store_device_find(ctx, &pool->ref, sub, key, &before));
    if (before == NULL) {
        return PH_OK;
    }
    return before->status == PH_DEVICE_FORGOTTEN
               ? unknown()
               : PH_FAIL(DeviceKeyExistsException, PH_MSG_DEVICE_EXISTS);
}

struct ph_err ph_device_confirm(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                                const struct ph_device_confirmation *given, bool *must_be_asked)
{
    const int64_t now_ms = ph_now_ms(ctx);
    struct ph_device device = {
        .key = given->key,
        .status = pool->asks_before_remembering ? PH_DEVICE_NOT_REMEMBERED : PH_DEVICE_REMEMBERED,
        .name = given->name,
        .last_ip = ctx->remote_address,
        .created_ms = now_ms,
        .modified_ms = now_ms,
        .authenticated_ms = now_ms,
    };
    bool added;

    if (!pool->tracks_devices) {
        return PH_FAIL(InvalidUserPoolConfigurationException,
                       "Device tracking is not enabled for the user pool.");
    }
    PH_TRY(check_new(ctx, pool, sub, given->key));
    PH_TRY(read_secret(ctx, given, &device));
    PH_TRY(ph_store_device_add(ctx, &pool->ref, sub, &device, &added));
    if (!added) { /* somebody else did meanwhile */
        return PH_FAIL(DeviceKeyExistsException, PH_MSG_DEVICE_EXISTS);
    }
    *must_be_asked = pool->asks_before_remembering;
    return PH_OK;
}

/* ---- later ---- */

struct ph_err ph_device_set_status(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str sub, struct ph_str key, struct ph_str status)
{
    const bool remembered = ph_str_eq(status, PH_STR("remembered"));
    bool existed;

    PH_TRY(ph_store_device_set_status(ctx, &pool->ref, sub, key,
                                      remembered ? PH_DEVICE_REMEMBERED : PH_DEVICE_NOT_REMEMBERED,
                                      &existed));
    return existed ? PH_OK : unknown();
}

struct ph_err ph_device_forget(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                               struct ph_str key)
{
    bool existed;

    PH_TRY(ph_store_device_forget(ctx, &pool->ref, sub, key, &existed));
    return existed ? PH_OK : unknown();
}

struct ph_err ph_device_check_bound(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    struct ph_str sub, struct ph_str bound, struct ph_str given,
                                    bool *may)
{
    struct ph_device *device;

    if (!ph_str_eq(bound, given)) {
        *may = false;
        return PH_OK;
    }
    PH_TRY(ph_store_device_find(ctx, &pool->ref, sub, bound, &device));
    *may = device == NULL || device->status != PH_DEVICE_FORGOTTEN;
    return PH_OK;
}
