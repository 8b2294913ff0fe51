/* Software tokens of users (authenticator apps) and the time steps that were used, in the store. */
#ifndef PH_STORE_TOTP_H
#define PH_STORE_TOTP_H

#include "store/users.h"

/* Secrets; absent where there is none. */
struct ph_totp {
    struct ph_str secret;  /* verified: what codes are judged by */
    struct ph_str pending; /* handed out, waiting for its first code */
    struct ph_str device_name;
    /* As the two lie in the row: what a change or a use refers to. */
    struct ph_str secret_row, pending_row;
};

/* Zeroed when the user has nothing. */
PH_MUST_USE struct ph_err ph_store_totp_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                             struct ph_str sub, struct ph_totp *totp);

/* Sets the pending secret; the verified one stays. Nothing happens to users who are gone. */
PH_MUST_USE struct ph_err ph_store_totp_associate(struct ph_ctx *ctx,
                                                  const struct ph_pool_ref *pool, struct ph_str sub,
                                                  struct ph_str secret);

/*
 * Uses a time step, durably, with the secret that totp was read with. *first is true for exactly
 * one caller, and for none when the secret is another by now (not only sealed anew).
 */
PH_MUST_USE struct ph_err ph_store_totp_use(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                            struct ph_str sub, const struct ph_totp *totp,
                                            int64_t step, bool *first);

/*
 * A change that belongs to one of the user (struct ph_user_change.totp): the pending secret that
 * was read becomes the verified one, with `step` used; or all of it goes. CONFLICT when the pending
 * secret is another by now.
 */
struct ph_totp_change {
    bool remove;
    struct ph_totp totp;
    int64_t step;
    struct ph_str device_name; /* absent: none */
};

#endif
