/*
 * Users whom the service that the pool leaves (user/origin.h), or else the UserMigration trigger,
 * brings along (authentication.md 5.4).
 */
#ifndef PH_USER_MIGRATE_H
#define PH_USER_MIGRATE_H

#include "user/user.h"

struct ph_migration {
    const struct ph_client *client;
    struct ph_str name;                   /* as typed: nobody in the pool has it */
    struct ph_str password;               /* as typed; absent in ForgotPassword */
    const struct json_t *validation_data; /* string map or NULL */
    const struct json_t *client_metadata; /* string map or NULL */
};

/*
 * Asks the trigger who that is and stores the user. *user is NULL when the pool has no such
 * trigger, or when it knows nobody.
 *
 * UserNotFoundException when the function throws, NULL where the client hides users; the errors of
 * user/origin.h.
 */
PH_MUST_USE struct ph_err ph_user_migrate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          const struct ph_migration *given, struct ph_user **user);

#endif
