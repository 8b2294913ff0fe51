/* Devices of users, in the store (authentication.md 2.4). */
#ifndef PH_STORE_DEVICES_H
#define PH_STORE_DEVICES_H

#include "store/store.h"

enum ph_device_status {
    PH_DEVICE_NOT_REMEMBERED,
    PH_DEVICE_REMEMBERED,
    PH_DEVICE_FORGOTTEN, /* only a mark is left, so that what was bound to the device stays void */
};

/* A confirmed device. What it proves itself by is a secret: salt and verifier are sealed. */
struct ph_device {
    struct ph_str key;
    enum ph_device_status status;
    struct ph_str name;     /* absent: none was given */
    struct ph_str salt;     /* unsigned big-endian, as the client chose it */
    struct ph_str verifier; /* PH_SRP_BYTES */
    struct ph_str last_ip;
    int64_t created_ms;
    int64_t modified_ms;
    int64_t authenticated_ms; /* of the last sign-in with it */
};

/* The forgotten ones, too; *device is NULL when there never was one. */
PH_MUST_USE struct ph_err ph_store_device_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str sub, struct ph_str key,
                                               struct ph_device **device);

/* *added is false when the user has (or had) a device of that key, or is gone. */
PH_MUST_USE struct ph_err ph_store_device_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                              struct ph_str sub, const struct ph_device *device,
                                              bool *added);

/* Status and modified_ms. *existed is false for unknown and for forgotten devices. */
PH_MUST_USE struct ph_err ph_store_device_set_status(struct ph_ctx *ctx,
                                                     const struct ph_pool_ref *pool,
                                                     struct ph_str sub, struct ph_str key,
                                                     enum ph_device_status status, bool *existed);

/* Deletes all but the mark, for as long as a refresh token may live. */
PH_MUST_USE struct ph_err ph_store_device_forget(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                 struct ph_str sub, struct ph_str key,
                                                 bool *existed);

/* Which devices a list shows. */
enum ph_device_choice { PH_DEVICES_CONFIRMED, PH_DEVICES_REMEMBERED };

/*
 * One page, oldest first, without secrets. `cursor` is what the page before gave (absent: the
 * first); *next is absent on the last page.
 */
PH_MUST_USE struct ph_err ph_store_device_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str sub, enum ph_device_choice choice,
                                               struct ph_str cursor, size_t limit,
                                               struct ph_device **devices, size_t *count,
                                               struct ph_str *next);

/* A sign-in with the device: its time and address, with the next commit, unawaited. */
void ph_store_device_seen(struct ph_ctx *ctx, const struct ph_pool_ref *pool, struct ph_str sub,
                          struct ph_str key, struct ph_str address);

/*
 * Keeps the Session of a sign-in that asks the device for its proof, for clients that do not send
 * it back; with the next commit, unawaited. The newest one counts.
 */
void ph_store_device_await(struct ph_ctx *ctx, const struct ph_pool_ref *pool, struct ph_str sub,
                           struct ph_str key, struct ph_str session);

/* The Session kept last, even when its commit is still to come; absent: none. */
PH_MUST_USE struct ph_err ph_store_device_awaited(struct ph_ctx *ctx,
                                                  const struct ph_pool_ref *pool, struct ph_str sub,
                                                  struct ph_str key, struct ph_str *session);

#endif
