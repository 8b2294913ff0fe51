/* Users whom an administrator creates: AdminCreateUser (management.md 4.7). */
#ifndef PH_USER_INVITE_H
#define PH_USER_INVITE_H

#include "user/user.h"

struct ph_invitation {
    struct ph_str name;
    const struct ph_attrs *attrs;
    struct ph_str temporary_password;     /* absent: a generated one */
    bool silent;                          /* no message */
    bool move_alias;                      /* takes verified addresses from their owners */
    unsigned media;                       /* bits 1 << enum ph_medium */
    const struct json_t *validation_data; /* string map or NULL */
    const struct json_t *client_metadata; /* string map or NULL */
};

/* A new user who must change the temporary password; without one where codes are enough. */
PH_MUST_USE struct ph_err ph_user_invite(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         const struct ph_invitation *given, struct ph_user **user);

/* A new temporary password and another message to one who has not changed it yet. */
PH_MUST_USE struct ph_err ph_user_invite_again(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               const struct ph_invitation *given,
                                               struct ph_user **user);

#endif
