/*
 * The rules of users: names and aliases, attributes, passwords, codes, sign-up.
 */
#ifndef PH_USER_USER_H
#define PH_USER_USER_H

#include "deliver/deliver.h"
#include "pool/pool.h"
#include "store/users.h"

/* ---- names (user/names.c; management.md 4.1) ---- */

/* The form in which names are compared: folded unless the pool is case sensitive. */
struct ph_str ph_user_fold(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name);

/* By Username, sub or any alias valid in the pool. *user is NULL when nobody has that name. */
PH_MUST_USE struct ph_err ph_user_find(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_str name, struct ph_user **user);

/* As ph_user_find, but UserNotFoundException "User does not exist." (admin operations). */
PH_MUST_USE struct ph_err ph_user_get(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      struct ph_str name, struct ph_user **user);

/*
 * A user of this name who is not stored yet: enabled, UNCONFIRMED, with sub, Username and, in pools
 * that sign in by e-mail or phone, the attribute that the name is. InvalidParameterException for a
 * name that the pool does not allow (management.md 4.1).
 */
PH_MUST_USE struct ph_err ph_user_new(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      struct ph_str name, struct ph_user **user);

/* The attributes given with the name of a new user, without the one that the name is itself. */
void ph_user_given_attributes(struct ph_ctx *ctx, const struct ph_user *user,
                              const struct ph_attrs *given, struct ph_attrs *writes);

/* All names that the user owns in this state, for struct ph_user_change; kinds in `take`
 * (bits 1 << enum ph_alias_kind) may be taken from their owners. */
void ph_user_aliases(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                     unsigned take, const struct ph_alias **aliases, size_t *count);

/* ---- writing (user/change.c) ---- */

/*
 * Stores the user with the aliases that follow from its state, sets modified_ms. ALIAS_TAKEN and
 * CONFLICT come back as the errors that clients know (AliasExistsException "An account with the
 * given email already exists." ...; a conflict of concurrent writes is retried by the caller's
 * client: TooManyRequestsException).
 */
PH_MUST_USE struct ph_err ph_user_save(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_user_change *change, unsigned take);

/* The first half of that: what is to be stored, for who stores many users at once. */
void ph_user_prepare(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user_change *change,
                     unsigned take);

/* The error for a name of this kind that belongs to another user. */
struct ph_err ph_user_name_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_user_change *change, enum ph_alias_kind kind);

/* Stores codes and messages for a user who does not change by them. */
PH_MUST_USE struct ph_err ph_user_send(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       const struct ph_user_change *change);

/*
 * The same refusals before anything is written, and for names that mean somebody else in another
 * way (his sub, his preferred_username). Two at once are decided by ph_user_save().
 */
PH_MUST_USE struct ph_err ph_user_check_names(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              const struct ph_user_change *change, unsigned take);

/*
 * Counts one try of `what` by or for `who`, a sub or the name of nobody. LimitExceededException
 * when there were more than `per_hour` within an hour; nothing is counted while
 * settings->attempt_limits is off.
 */
PH_MUST_USE struct ph_err ph_user_count_try(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            struct ph_str who, const char *what, int64_t per_hour);

/* ---- passwords (user/password.c; management.md 4.5, authentication.md 1.4) ---- */

/* Which prefix the policy's text carries: it differs by operation. */
enum ph_password_where { PH_PW_SIGN_UP, PH_PW_CHANGE, PH_PW_ADMIN };

/* InvalidPasswordException with the first broken rule; PasswordHistoryPolicyViolationException. */
PH_MUST_USE struct ph_err ph_password_check_policy(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                   const struct ph_user *user_or_null,
                                                   struct ph_str password,
                                                   enum ph_password_where where);

/*
 * New salt and verifier (user->username must be final), keeps the old one in the history unless
 * it was temporary: call it before the status changes.
 */
void ph_password_set(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                     struct ph_str password);

/*
 * True when the password is right. Constant time; the same work for a user without a password. In a
 * pool with users who came with a hash, a wrong password costs as much as one of those hashes,
 * whoever is asked for: else time would tell who has one, and who exists (decision 7).
 */
bool ph_password_matches(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                         struct ph_str password);

/*
 * After a sign-in by a password that only a hash made elsewhere knew: from now on it is kept as the
 * pool keeps passwords, and the hash is forgotten. The policy does not count: it is the user's
 * already. Does what it can: when it cannot be stored the hash stays, and the next sign-in tries
 * again. *user becomes what is stored.
 */
void ph_password_adopt(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user **user,
                       struct ph_str password);

/*
 * ChangePassword: `previous` is absent for a user without a password. NotAuthorizedException for a
 * wrong one, PasswordResetRequiredException, the policy's errors. Stores the user.
 */
PH_MUST_USE struct ph_err ph_password_change(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             struct ph_user *user, struct ph_str previous,
                                             struct ph_str proposed);

/* Permanent: the user is confirmed; temporary: it must be changed at the next sign-in. */
enum ph_password_kind { PH_PW_PERMANENT, PH_PW_TEMPORARY };

/* AdminSetUserPassword: checks the policy, sets the password and the status, stores the user. */
PH_MUST_USE struct ph_err ph_password_set_by_admin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                   struct ph_user *user, struct ph_str password,
                                                   enum ph_password_kind kind);

/* A policy-conforming temporary password. */
struct ph_str ph_password_generate(struct ph_ctx *ctx, const struct ph_pool *pool);

/*
 * Who does not exist, for callers that must not show it: a user whose sub, salt and verifier are
 * the same on every try for the same name and pool (authentication.md 2.2), and whom no password
 * matches.
 */
struct ph_user *ph_user_decoy(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name);

/* The sub of that one, where no more is asked for: the rest takes longer than reading a user. */
struct ph_str ph_decoy_sub(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name);

/* ---- attributes (user/attributes.c; management.md 2.4, 3.2, 4.8) ---- */

enum ph_writer { PH_BY_ADMIN, PH_BY_CLIENT };

/*
 * Checks and applies attribute writes onto user->attrs (nothing is stored): client permission,
 * schema, mutability, formats, verified flags, empty value deletes. `client` is NULL for admins.
 */
PH_MUST_USE struct ph_err ph_attributes_apply(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              const struct ph_client *client, enum ph_writer writer,
                                              struct ph_user *user, const struct ph_attrs *writes);
PH_MUST_USE struct ph_err ph_attributes_delete(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               const struct ph_client *client,
                                               enum ph_writer writer, struct ph_user *user,
                                               const struct ph_str *names, size_t count);

/* InvalidParameterException with one clause for each required attribute that is missing. */
PH_MUST_USE struct ph_err ph_attributes_check_required(struct ph_ctx *ctx,
                                                       const struct ph_pool *pool,
                                                       const struct ph_user *user);

/* ---- codes (user/code.c; authentication.md 4.4, management.md 4.4) ---- */

struct ph_delivery {
    enum ph_medium medium;
    struct ph_str attribute;   /* "email" or "phone_number" */
    struct ph_str destination; /* masked, for CodeDeliveryDetails */
};

/*
 * Writes a message and adds it to those of the change; triggers that make or send messages run
 * first.
 */
PH_MUST_USE struct ph_err ph_user_notify(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         struct ph_message_request *request,
                                         const struct json_t *client_metadata,
                                         struct ph_user_change *change);

/*
 * Where a code would go for a user who does not exist: the same on every try, of the form that
 * a real one has.
 */
void ph_decoy_delivery(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                       struct ph_delivery *delivery);

/* The same by this medium. */
void ph_decoy_delivery_by(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                          enum ph_medium medium, struct ph_delivery *delivery);

/* The address or number itself (unmasked), of this kind. */
struct ph_str ph_decoy_destination(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str name, enum ph_medium medium);

/*
 * Waits for a commit where whoever exists has one waited for: the message with a code, or a try at
 * it. `sub`: of the decoy.
 */
PH_MUST_USE struct ph_err ph_decoy_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         struct ph_str sub);

/* So many random digits; settings->fixed_code in dev. */
enum { PH_CODE_DIGITS = 6 };
struct ph_str ph_code_new(struct ph_ctx *ctx, size_t digits);

struct ph_code_request {
    const struct ph_user *user;
    enum ph_code_purpose purpose;
    struct ph_str attribute;              /* "email" or "phone_number" */
    struct ph_str destination;            /* its value */
    struct ph_str reason;                 /* "SignUp", "ResendCode", "ForgotPassword", ... */
    struct ph_str client_id;              /* for links; absent otherwise */
    const struct json_t *client_metadata; /* for the trigger; NULL: none */
};

/* A new code: adds the code and its message to the change; *delivery says where it goes. */
PH_MUST_USE struct ph_err ph_code_issue(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_code_request *request,
                                        struct ph_user_change *change,
                                        struct ph_delivery *delivery);

/*
 * Counts the attempt, compares in constant time. CodeMismatchException, ExpiredCodeException,
 * LimitExceededException (attempt limits on). Spending is the caller's change.drop_code.
 */
PH_MUST_USE struct ph_err ph_code_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_user *user, enum ph_code_purpose purpose,
                                        struct ph_str given, struct ph_code **code);

/* "j***@e***" or "+*******1234" */
struct ph_str ph_mask_destination(struct ph_arena *arena, enum ph_medium medium,
                                  struct ph_str destination);

#endif
