/*
 * Users of the service that a pool leaves: who proves a password there is kept here with it
 * (docs/leaving.md).
 */
#ifndef PH_USER_ORIGIN_H
#define PH_USER_ORIGIN_H

#include "origin/origin.h"
#include "user/user.h"

/* Whether his password is asked for at the pool's origin: there is none here. */
static inline bool ph_user_waits(const struct ph_pool *pool, const struct ph_user *user)
{
    return pool->origin != NULL && user->origin == PH_ORIGIN_WAITING && !ph_user_has_password(user);
}

/* Who tries to sign in. */
struct ph_newcomer {
    const struct ph_client *client;
    struct ph_str name;     /* as typed */
    struct ph_str password; /* as typed; absent: it is proven by SRP, and not known here */
    struct ph_user *known;  /* who waits; NULL: nobody has the name */
};

/*
 * Asks the origin for the password. *user is who proved it, stored with it: *given->known, a new
 * user, or one who has a password here by now, which must still be compared. NULL: it is wrong, or
 * nobody's.
 *
 * Where the client does not hide users: PasswordResetRequiredException and
 * UserNotConfirmedException as the origin says them, TooManyRequestsException while it does not
 * answer. Where it hides them: NotAuthorizedException then, which is not to be counted as a guess.
 */
PH_MUST_USE struct ph_err ph_user_from_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              const struct ph_newcomer *given,
                                              struct ph_user **user);

/*
 * The same from a reply that is at hand: of an SRP exchange, or of a refresh token. Without a
 * password a user who is kept goes on to wait for it.
 */
PH_MUST_USE struct ph_err ph_user_keep_from_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                   const struct ph_newcomer *given,
                                                   const struct ph_origin_reply *reply,
                                                   struct ph_user **user);

/*
 * The password of a user who is signed in without one here, before it is changed: asked for with
 * the app client of the token. *user becomes who is stored with it. NotAuthorizedException when it
 * is wrong, or nobody can be asked any more; the errors of ph_user_from_origin(). Others stay as
 * they are.
 */
PH_MUST_USE struct ph_err ph_user_bring_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                 struct ph_str password, struct ph_user **user);

/*
 * ForgotPassword of a name that nobody has here: *user is stored and waits; NULL when the origin
 * knows nobody, or the pool has no keys to look users up with.
 */
PH_MUST_USE struct ph_err ph_user_find_at_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                 const struct ph_client *client, struct ph_str name,
                                                 struct ph_user **user);

#endif
