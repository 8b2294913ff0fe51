/*
 * The rules of devices: keys that are given out, devices that are confirmed, remembered, forgotten
 * (authentication.md 2.4).
 */
#ifndef PH_DEVICE_DEVICE_H
#define PH_DEVICE_DEVICE_H

#include "pool/pool.h"
#include "store/devices.h"

/* ---- keys (device/key.c) ---- */

/*
 * A new DeviceKey for a user, "<region>_<UUID>". It has no row until it is confirmed: the UUID
 * carries a proof that this pool gave it to this user.
 */
struct ph_str ph_device_key_new(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub);

/*
 * InvalidParameterException "Invalid device key given." for what is no key of this pool's form,
 * ResourceNotFoundException "Device does not exist." for one that this user was not given.
 */
PH_MUST_USE struct ph_err ph_device_key_check(const struct ph_pool *pool, struct ph_str sub,
                                              struct ph_str key);

/* DeviceGroupKey: what stands for the pool in a device's proof; the same for ever for a user. */
struct ph_str ph_device_group_key(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  struct ph_str sub);

/* ---- devices (device/device.c) ---- */

/* Neither an unknown nor a forgotten device: ResourceNotFoundException "Device does not exist." */
PH_MUST_USE struct ph_err ph_device_get(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        struct ph_str sub, struct ph_str key,
                                        struct ph_device **device);

/* What ConfirmDevice takes. */
struct ph_device_confirmation {
    struct ph_str key;
    struct ph_str name;     /* absent: none */
    struct ph_str verifier; /* base64 of an unsigned number */
    struct ph_str salt;     /* the same */
};

/*
 * Stores a device that was given out; it is remembered at once unless the pool leaves that to its
 * users: then *must_be_asked is true. The errors of ph_device_key_check();
 * DeviceKeyExistsException for one that is confirmed; InvalidParameterException for a verifier or
 * salt that is none; InvalidUserPoolConfigurationException while the pool tracks no devices.
 */
PH_MUST_USE struct ph_err ph_device_confirm(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            struct ph_str sub,
                                            const struct ph_device_confirmation *given,
                                            bool *must_be_asked);

/* "remembered" or "not_remembered". */
PH_MUST_USE struct ph_err ph_device_set_status(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               struct ph_str sub, struct ph_str key,
                                               struct ph_str status);

/* Also ends the refresh tokens that are bound to it: see ph_device_check_bound(). */
PH_MUST_USE struct ph_err ph_device_forget(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           struct ph_str sub, struct ph_str key);

/*
 * Whether what is bound to a device may be used by who names the device `given`: *may is false for
 * another key, and for a device that was forgotten. One that nobody confirmed was not forgotten.
 */
PH_MUST_USE struct ph_err ph_device_check_bound(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                struct ph_str sub, struct ph_str bound,
                                                struct ph_str given, bool *may);

#endif
