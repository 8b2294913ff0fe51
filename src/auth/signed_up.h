/*
 * The Session that goes from SignUp to ConfirmSignUp and on to USER_AUTH, where the code that
 * confirmed the user counts as the first factor (authentication.md 1.10).
 */
#ifndef PH_AUTH_SIGNED_UP_H
#define PH_AUTH_SIGNED_UP_H

#include "pool/pool.h"
#include "store/users.h"

/* For SignUp; absent where the client does not allow USER_AUTH. */
struct ph_str ph_signed_up_session(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_client *client, const struct ph_user *user,
                                   struct ph_str name);

/*
 * Before a user is confirmed: NotAuthorizedException when a Session was given that SignUp did not
 * make at this client for this name. People read their mail slowly: it may have expired.
 */
PH_MUST_USE struct ph_err ph_signed_up_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             const struct ph_client *client, struct ph_str name,
                                             struct ph_str session);

/* For ConfirmSignUp, after the code was right: what InitiateAuth takes. Absent as above. */
struct ph_str ph_confirmed_session(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_client *client, const struct ph_user *user,
                                   struct ph_str name);

#endif
