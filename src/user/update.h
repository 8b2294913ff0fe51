/*
 * Changing the attributes of a stored user: what follows when an address changes (management.md
 * 4.8, 4.9).
 */
#ifndef PH_USER_UPDATE_H
#define PH_USER_UPDATE_H

#include "user/contact.h"
#include "user/user.h"

struct ph_update {
    const struct ph_client *client; /* NULL: an administrator */
    const struct ph_attrs *writes;  /* an empty value deletes */
    const struct json_t *client_metadata;
};

struct ph_deliveries {
    struct ph_delivery items[PH_CONTACT_COUNT];
    size_t count;
};

/*
 * A new address that the pool verifies by itself gets a code, unless the same call calls it
 * verified. Where the pool wants the proof first, the old address stays until the code is back.
 */
PH_MUST_USE struct ph_err ph_user_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         struct ph_user *user, const struct ph_update *given,
                                         struct ph_deliveries *sent);

/* Removes attributes. client NULL: an administrator. */
PH_MUST_USE struct ph_err ph_user_remove_attributes(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                    const struct ph_client *client,
                                                    struct ph_user *user,
                                                    const struct ph_str *names, size_t count);

struct ph_verification {
    const struct ph_client *client;
    struct ph_str attribute;
    const struct json_t *client_metadata;
};

/* A code to the address that waits for its proof, else to the one that the user has. */
PH_MUST_USE struct ph_err
ph_user_request_verification(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                             const struct ph_verification *given, struct ph_delivery *delivery);

/* The code that came back: verifies the address it went to; takes the alias from its owner. */
PH_MUST_USE struct ph_err ph_user_verify(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         struct ph_user *user, struct ph_str attribute,
                                         struct ph_str code);

#endif
