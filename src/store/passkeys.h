/* Passkeys of users, in the store. */
#ifndef PH_STORE_PASSKEYS_H
#define PH_STORE_PASSKEYS_H

#include "store/store.h"

struct ph_passkey {
    struct ph_str id;            /* credential id: bytes, unique in the pool */
    struct ph_str relying_party; /* its id when the passkey was made */
    int64_t algorithm;           /* COSE: -7, -257 */
    struct ph_str public_key;    /* bytes, as passkey/webauthn.h makes them */
    int64_t sign_count;
    int64_t flags;            /* of the authenticator data at the last use: backup and the like */
    struct ph_str aaguid;     /* 16 bytes: the make of the authenticator */
    struct ph_str attachment; /* "platform", "cross-platform"; absent: not told */
    struct ph_str transports; /* a JSON array of strings */
    int64_t created_ms;
};

enum ph_passkey_write { PH_PASSKEY_ADDED, PH_PASSKEY_TAKEN, PH_PASSKEY_TOO_MANY };

/* TAKEN: the pool has this id already; TOO_MANY: the user has `max` of them, or exists no more. */
PH_MUST_USE struct ph_err ph_store_passkey_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str sub, const struct ph_passkey *passkey,
                                               size_t max, enum ph_passkey_write *result);

/* Those of one user, oldest first. */
PH_MUST_USE struct ph_err ph_store_passkey_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_str sub, struct ph_passkey **passkeys,
                                                size_t *count);

PH_MUST_USE struct ph_err ph_store_passkey_delete(struct ph_ctx *ctx,
                                                  const struct ph_pool_ref *pool, struct ph_str sub,
                                                  struct ph_str id, bool *existed);

/*
 * After an assertion. One conditional statement: *used is false, and nothing changes, when the
 * stored count is not below `sign_count` (and they are not both 0) or the passkey is gone. So two
 * assertions with the same count never both pass.
 */
PH_MUST_USE struct ph_err ph_store_passkey_use(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str sub, struct ph_str id,
                                               int64_t sign_count, int64_t flags, bool *used);

#endif
