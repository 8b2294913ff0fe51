/* Forgotten passwords: who gets a code, where it goes, what it is good for (management.md 4.6). */
#ifndef PH_USER_RECOVERY_H
#define PH_USER_RECOVERY_H

#include "user/user.h"

struct ph_forgotten {
    const struct ph_client *client;
    struct ph_str name; /* as typed */
    const struct json_t *client_metadata;
};

/*
 * ForgotPassword: sends a code by the pool's first mechanism that reaches the user. Where the
 * client hides users, whoever cannot be helped is answered as if a code had left, and *sub is
 * absent.
 */
PH_MUST_USE struct ph_err ph_user_forgot_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                  const struct ph_forgotten *given,
                                                  struct ph_str *sub, struct ph_delivery *delivery);

/*
 * Who brings a code back. UserNotFoundException or NotAuthorizedException for those who cannot;
 * where the client hides users, CodeMismatchException for both. Counts a try of the hour.
 */
PH_MUST_USE struct ph_err ph_user_find_forgetful(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                 const struct ph_client *client, struct ph_str name,
                                                 struct ph_user **user);

struct ph_recovery {
    const struct ph_client *client;
    struct ph_str code;
    struct ph_str password;
    const struct json_t *client_metadata;
};

/*
 * ConfirmForgotPassword: the code first, the policy after it; a password that the policy refuses
 * leaves the code. Verifies the address that the code went to. Sign-ins go on.
 */
PH_MUST_USE struct ph_err ph_user_recover(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          struct ph_user *user, const struct ph_recovery *given);

/* AdminResetUserPassword: the old password is good for nothing any more; sends a code. */
PH_MUST_USE struct ph_err ph_user_reset_by_admin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                 struct ph_user *user,
                                                 const struct json_t *client_metadata);

#endif
