/* Users, the names they sign in with, and the codes sent to them, in the store. */
#ifndef PH_STORE_USERS_H
#define PH_STORE_USERS_H

#include "store/outbox.h"
#include "store/store.h"

struct ph_trigger_event; /* trigger/trigger.h */

enum ph_user_status {
    PH_USER_UNCONFIRMED,
    PH_USER_CONFIRMED,
    PH_USER_FORCE_CHANGE_PASSWORD,
    PH_USER_RESET_REQUIRED,
    PH_USER_EXTERNAL_PROVIDER,
};

/* As on the wire: "FORCE_CHANGE_PASSWORD". */
struct ph_str ph_user_status_name(enum ph_user_status status);

enum { PH_SALT_BYTES = 16, PH_VERIFIER_BYTES = 384 };

/* A password as the server keeps it: SRP salt and verifier (authentication.md 2.2). A secret. */
struct ph_password {
    uint8_t salt[PH_SALT_BYTES];
    uint8_t verifier[PH_VERIFIER_BYTES];
};

struct ph_attr {
    struct ph_str name;
    struct ph_str value;
};

struct ph_attrs {
    struct ph_attr *items;
    size_t count;
    size_t capacity;
};

/* The value of an attribute; absent (p == NULL) when it is not set. */
struct ph_str ph_attrs_get(const struct ph_attrs *attrs, struct ph_str name);

/* Replaces or appends; the slices are kept, not copied. */
void ph_attrs_set(struct ph_arena *arena, struct ph_attrs *attrs, struct ph_str name,
                  struct ph_str value);
void ph_attrs_remove(struct ph_attrs *attrs, struct ph_str name);

/*
 * Users of the service that a pool leaves (docs/leaving.md). Counted, and stored as these numbers,
 * to which PH_ORIGIN_ENROLS may be added.
 */
enum ph_user_origin {
    PH_ORIGIN_NONE,    /* made here */
    PH_ORIGIN_WAITING, /* only that service knows the password; there is none here */
    PH_ORIGIN_SETTLED, /* has signed in or got a password here since, or needs none */
    PH_ORIGIN_COUNT
};

struct ph_user {
    struct ph_str sub;      /* UUID, for ever */
    struct ph_str username; /* the stored Username; in pools signing in by e-mail it is the sub */
    enum ph_user_status status;
    bool enabled;
    int64_t created_ms;
    int64_t modified_ms;
    int64_t revision;             /* 0: not stored yet */
    struct ph_attrs attrs;        /* without sub, in order of insertion */
    struct ph_password *password; /* NULL: none */
    struct ph_str password_hash;  /* made elsewhere; stands for the password until it is known */
    int64_t password_set_ms;      /* age of a temporary password counts from here */
    struct ph_password *password_history; /* newest first, without the current one */
    size_t password_history_count;
    int64_t tokens_valid_after_ms; /* tokens of sign-ins before this are revoked; 0: none */
    unsigned mfa_on;               /* second factors switched on (enum ph_mfa_factor bits) */
    unsigned mfa_preferred;        /* one of them, or 0 */
    bool has_totp;                 /* a verified software token (store/totp.h) */
    enum ph_user_origin origin;
    bool enrols; /* had an authenticator app at the origin, which must be set up here anew */
};

/* Whether there is anything that a password can be compared with. */
static inline bool ph_user_has_password(const struct ph_user *user)
{
    return user->password != NULL || user->password_hash.n > 0;
}

enum ph_alias_kind {
    PH_ALIAS_USERNAME,
    PH_ALIAS_EMAIL,
    PH_ALIAS_PHONE,
    PH_ALIAS_PREFERRED_USERNAME,
};

/* A name that belongs to one user of the pool only: the unique claim. Folded by the caller. */
struct ph_alias {
    enum ph_alias_kind kind;
    struct ph_str value;
    bool take; /* may be taken from its owner, whose verified flag becomes false */
};

enum ph_code_purpose {
    PH_CODE_SIGN_UP,
    PH_CODE_VERIFY_EMAIL,
    PH_CODE_VERIFY_PHONE,
    PH_CODE_RESET_PASSWORD,
};

/* A code that was sent: kept as an HMAC, one per user and purpose. */
struct ph_code {
    enum ph_code_purpose purpose;
    uint8_t hmac[32];
    struct ph_str attribute;   /* "email" or "phone_number": where it went */
    struct ph_str destination; /* the value that it proves; a new one waits here for its code */
    int64_t expires_ms;
};

/*
 * An identity at another provider: the value of the attribute by which the provider names its
 * user. It belongs to one user of the pool only.
 */
struct ph_identity {
    struct ph_str provider;
    int64_t provider_ms;     /* created_ms of the provider: a later one of that name is another */
    struct ph_str attribute; /* "Cognito_Subject", or what the provider's claim is mapped to */
    struct ph_str value;     /* in the form in which it is compared */
};

/* All that changes with a user in one transaction. Members left zero change nothing. */
struct ph_user_change {
    struct ph_user *user; /* the new state; revision 0 inserts, else the one read */
    /*
     * ALL names that the user owns from now on, from his Username and attributes, as they are or
     * folded (user_names.h). NULL: these are as before.
     */
    const struct ph_alias *aliases;
    size_t alias_count;
    const struct ph_code *put_codes; /* each replaces the code of its purpose */
    size_t put_code_count;
    unsigned forget_codes;             /* 1 << purpose: not valid any more, if there is one */
    bool drop_code;                    /* spends the code of drop_purpose ... */
    enum ph_code_purpose drop_purpose; /* ... CONFLICT when somebody else just spent it */
    const struct ph_message *messages; /* leave after the commit (store/outbox.h) */
    size_t message_count;
    const struct ph_totp_change *totp; /* of the software token (store/totp.h) */
    const struct ph_identity *link;    /* becomes the user's */
    const struct ph_identity *unlink;  /* is no longer; provider_ms does not matter */
};

enum ph_user_write {
    PH_USER_DONE,
    PH_USER_CONFLICT,
    PH_USER_ALIAS_TAKEN,
    PH_USER_IDENTITY_TAKEN, /* change->link is somebody's */
};

/*
 * Inserts or updates. On DONE change->user->revision is the new one. ALIAS_TAKEN: *taken says
 * which kind belongs to another user. CONFLICT: the row changed since it was read: read again.
 */
PH_MUST_USE struct ph_err ph_store_user_write(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                              const struct ph_user_change *change,
                                              enum ph_user_write *result,
                                              enum ph_alias_kind *taken);

/* *user is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_user_by_sub(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str sub, struct ph_user **user);
PH_MUST_USE struct ph_err ph_store_user_by_alias(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                 enum ph_alias_kind kind, struct ph_str value,
                                                 struct ph_user **user);

/* The user of an identity; provider_ms 0: whichever provider of that name it was linked at. */
PH_MUST_USE struct ph_err ph_store_user_by_identity(struct ph_ctx *ctx,
                                                    const struct ph_pool_ref *pool,
                                                    const struct ph_identity *identity,
                                                    struct ph_user **user);

/*
 * The hash that was made elsewhere of some user of the pool: of the first at or after this sub,
 * else of the first of all. Absent when no user has one.
 */
PH_MUST_USE struct ph_err ph_store_user_some_hash(struct ph_ctx *ctx,
                                                  const struct ph_pool_ref *pool, struct ph_str sub,
                                                  struct ph_str *hash);

/* With all that hangs on the user; *existed says whether there was one. */
PH_MUST_USE struct ph_err ph_store_user_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str sub, bool *existed);

/* Only tokens_valid_after_ms: every sign-in before `at_ms` is over. Never moves back. */
PH_MUST_USE struct ph_err ph_store_user_sign_out(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                 struct ph_str sub, int64_t at_ms);

/*
 * The attributes that ListUsers filters on, each with an index. `username` and `sub` compare
 * exactly, the others folded (the caller folds the value).
 */
enum ph_user_filter_by {
    PH_BY_NOTHING,
    PH_BY_USERNAME,
    PH_BY_SUB,
    PH_BY_EMAIL,
    PH_BY_PHONE,
    PH_BY_NAME,
    PH_BY_GIVEN_NAME,
    PH_BY_FAMILY_NAME,
    PH_BY_PREFERRED_USERNAME,
    PH_BY_USER_STATUS, /* value: a status as on the wire, folded */
    PH_BY_ENABLED,     /* value: "Enabled" or "Disabled" */
};

struct ph_user_filter {
    enum ph_user_filter_by by;
    bool prefix; /* ^= instead of = */
    struct ph_str value;
};

/*
 * One page: unfiltered in order of creation, filtered in order of the attribute. `cursor` is what
 * the page before gave (absent: the first); *next is absent on the last page. A cursor belongs to
 * its filter. Passwords are not read.
 */
PH_MUST_USE struct ph_err ph_store_user_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                             const struct ph_user_filter *filter,
                                             struct ph_str cursor, size_t limit,
                                             struct ph_user ***users, size_t *count,
                                             struct ph_str *next);

/* The cursor of an unfiltered list that goes on after this user. */
struct ph_str ph_store_user_cursor(struct ph_arena *arena, const struct ph_user *user);

/* Users of all pools by where they came from; those that were made here are not counted. */
PH_MUST_USE struct ph_err ph_store_user_origins(struct ph_ctx *ctx,
                                                int64_t counts[PH_ORIGIN_COUNT]);

/* The same of one pool. */
PH_MUST_USE struct ph_err ph_store_pool_origins(struct ph_ctx *ctx, struct ph_str pool_id,
                                                int64_t counts[PH_ORIGIN_COUNT]);

/* New users that are stored together. */
struct ph_user_entry {
    const struct ph_user_change *change;
    enum ph_user_write result; /* DONE, or ALIAS_TAKEN: `taken` is somebody's, and this one is not
                                  stored */
    enum ph_alias_kind taken;
};

enum { PH_USER_ENTRIES_MAX = 100 }; /* a transaction stays short */

/* One transaction; CONFLICT of all when somebody else made one of them at the same time. */
PH_MUST_USE struct ph_err ph_store_users_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_user_entry *entries, size_t count);

/* The code of a purpose, as it is; *code is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_code_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                             struct ph_str sub, enum ph_code_purpose purpose,
                                             struct ph_code **code);

/*
 * The code of a purpose, counting this look as an attempt before the caller compares, so that
 * parallel guesses are counted, too. *code is NULL when none was sent (or it was spent).
 * *attempts includes this one.
 */
PH_MUST_USE struct ph_err ph_store_code_attempt(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_str sub, enum ph_code_purpose purpose,
                                                struct ph_code **code, int64_t *attempts);

#endif
