/*
 * Signing up: by oneself (with a code, or a trigger's word) and confirmed by an administrator
 * (management.md 4.3).
 */
#ifndef PH_USER_SIGN_UP_H
#define PH_USER_SIGN_UP_H

#include "user/user.h"

struct ph_sign_up {
    const struct ph_client *client;
    struct ph_str name;
    struct ph_str password; /* absent: signs in by codes only */
    const struct ph_attrs *attrs;
    const struct json_t *validation_data; /* string map or NULL */
    const struct json_t *client_metadata; /* string map or NULL */
};

struct ph_signed_up {
    const struct ph_user *user;  /* CONFIRMED when the trigger said so */
    struct ph_delivery delivery; /* attribute absent: no code was sent */
};

PH_MUST_USE struct ph_err ph_user_sign_up(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          const struct ph_sign_up *given,
                                          struct ph_signed_up *result);

struct ph_confirmation {
    const struct ph_client *client;
    struct ph_str name;
    struct ph_str code;
    bool move_alias; /* takes a verified address from its owner */
    const struct json_t *client_metadata;
};

/* The code proves the address it went to, if the user still has it. *user: who is confirmed now. */
PH_MUST_USE struct ph_err ph_user_confirm(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          const struct ph_confirmation *given,
                                          const struct ph_user **user);

/* Without a code, and verifies nothing. */
PH_MUST_USE struct ph_err ph_user_confirm_by_admin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                   struct ph_user *user,
                                                   const struct json_t *client_metadata);

/*
 * PostConfirmation, with this source. Runs when what it is told of is stored already: its failure
 * is told, and changes nothing. client NULL: an administrator.
 */
PH_MUST_USE struct ph_err ph_user_tell_confirmed(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                 const struct ph_client *client,
                                                 const struct ph_user *user, struct ph_str source,
                                                 const struct json_t *client_metadata);

struct ph_resend {
    const struct ph_client *client;
    struct ph_str name;
    const struct json_t *client_metadata;
};

/* *sub is absent for a user who does not exist and of whom that must not show. */
PH_MUST_USE struct ph_err ph_user_resend_code(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              const struct ph_resend *given, struct ph_str *sub,
                                              struct ph_delivery *delivery);

#endif
