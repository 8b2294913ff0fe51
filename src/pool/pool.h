/*
 * User pools and app clients as the rules read them: immutable snapshots, reference-counted,
 * replaced whole when their revision in the store changes.
 *
 * ph_pool_get() and ph_client_get() give a reference that lasts until the request's arena is
 * reset; nobody releases by hand. All slices inside live as long as the snapshot.
 */
#ifndef PH_POOL_POOL_H
#define PH_POOL_POOL_H

#include "crypto/rsa.h"
#include "store/pools.h"
#include "util/ctx.h"
#include "util/json.h"

enum ph_mfa_mode { PH_MFA_OFF, PH_MFA_OPTIONAL, PH_MFA_ON };

/* Bits: what may be asked after the first factor. The numbers are stored. */
enum ph_mfa_factor {
    PH_MFA_SMS = 1,
    PH_MFA_TOTP = 2,
    PH_MFA_EMAIL = 4,
    PH_MFA_PASSKEY =
        8, /* asked for by nobody: passkeys of the user verify him, and are all of MFA */
};

/* Bits for AliasAttributes, UsernameAttributes and AutoVerifiedAttributes. */
enum ph_contact { PH_EMAIL = 1, PH_PHONE = 2, PH_PREFERRED_USERNAME = 4 };

/* Bits for AllowedFirstAuthFactors: how a sign-in may begin. */
enum ph_factor {
    PH_FACTOR_PASSWORD = 1,
    PH_FACTOR_EMAIL = 2,   /* EMAIL_OTP */
    PH_FACTOR_SMS = 4,     /* SMS_OTP */
    PH_FACTOR_PASSKEY = 8, /* WEB_AUTHN */
};

/* WebAuthnConfiguration. */
struct ph_web_authn {
    struct ph_str relying_party; /* its id, a domain; absent: not configured */
    bool verifies_users;         /* a passkey signs in only with PIN, finger or the like */
    bool is_multi_factor;        /* and is all that required MFA asks for */
};

struct ph_password_policy {
    int64_t minimum_length; /* characters */
    bool upper, lower, numbers, symbols;
    int64_t history_size;   /* 0: none */
    int64_t temporary_days; /* validity of temporary passwords */
};

enum ph_attr_type { PH_ATTR_STRING, PH_ATTR_NUMBER, PH_ATTR_BOOLEAN, PH_ATTR_DATETIME };

/* Levels of authentication, as the claim acr names them. */
enum { PH_ACR_LEVELS = 4 };

/* One entry of the pool's schema. */
struct ph_attr_def {
    struct ph_str name; /* "email", "custom:team", "dev:custom:x" */
    enum ph_attr_type type;
    bool mutable;
    bool required;
    bool developer_only;
    bool has_min, has_max; /* length of strings, value of numbers */
    int64_t min, max;
};

/* A loaded signing key; the snapshot owns it. */
struct ph_signing_key {
    struct ph_str kid;
    enum ph_key_use use;
    struct ph_rsa_key *rsa;
    struct ph_str modulus; /* 256 bytes */
    int64_t created_ms;
    int64_t active_from_ms;
    int64_t published_until_ms;
};

/*
 * The service that the pool leaves: the real one, or another that understands its API. It is asked
 * about users who are not here yet, or without their passwords (docs/leaving.md).
 */
struct ph_origin {
    struct ph_str endpoint; /* URL without a slash at its end */
    struct ph_str region;   /* of signatures */
    struct ph_str pool_id;  /* there */
    /* That passwords are asked with; absent: the one of the same id as here, with its secret. */
    struct ph_str client_id;
    struct ph_str client_secret; /* secret; absent: none */
    struct ph_str access_key_id; /* for AdminGetUser; absent: nobody is looked up */
    struct ph_str secret_key;    /* secret */
    struct ph_str session_token; /* secret; absent: none */
};

/* What is logged for a pool (management.md 10). */
enum ph_log_source {
    PH_LOG_NOTIFICATIONS, /* userNotification */
    PH_LOG_AUTH_EVENTS,   /* userAuthEvents */
    PH_LOG_SOURCES,
};

/* What keys are derived for (pool/purposes.h). A new one says there how long it is kept. */
enum ph_purpose {
    PH_PURPOSE_SESSION,
    PH_PURPOSE_SECRET_BLOCK,
    PH_PURPOSE_REFRESH_TOKEN,
    PH_PURPOSE_CODE,
    PH_PURPOSE_ONE_TIME_CODE,
    PH_PURPOSE_PASSKEY_CHALLENGE,
    PH_PURPOSE_FEEDBACK,
    PH_PURPOSE_IMPORT_UPLOAD,
    PH_PURPOSE_DECOY,
    PH_PURPOSE_DEVICE_KEY,
    PH_PURPOSE_DEVICE_GROUP,
    PH_PURPOSE_ADOPTED_TOKEN,
    PH_PURPOSE_COUNT
};

struct ph_purpose_key {
    struct ph_key key;
    int64_t until_ms; /* what it has made is void from then on */
};

struct ph_purpose_keys {
    const struct ph_purpose_key *items; /* the first one makes, the others open */
    size_t count;
};

void ph_purpose_key_wipe(struct ph_purpose_key *key);

struct ph_pool {
    struct ph_pool_ref ref; /* id and data key: what the store wants */
    struct ph_str id;
    struct ph_str srp_name; /* the part of the id after the first '_' */
    struct ph_str region;   /* the part before it */
    struct ph_str arn;
    struct ph_str name;
    struct ph_str issuer; /* as tokens and discovery state it (settings, or the pool's tag) */
    int64_t created_ms;
    int64_t modified_ms;
    int64_t revision;
    const struct json_t *settings; /* the API's own shape; see pool/settings.h */

    struct ph_password_policy password_policy;
    enum ph_mfa_mode mfa;
    unsigned mfa_factors; /* enum ph_mfa_factor bits: what SetUserPoolMfaConfig allows */
    bool case_sensitive;
    bool admin_create_only;
    unsigned alias_attributes;     /* enum ph_contact bits */
    unsigned username_attributes;  /* PH_EMAIL, PH_PHONE */
    unsigned auto_verified;        /* PH_EMAIL, PH_PHONE */
    unsigned verify_before_update; /* AttributesRequireVerificationBeforeUpdate */
    unsigned first_factors;        /* enum ph_factor bits */
    struct ph_web_authn web_authn;
    bool tracks_sessions;                   /* UserSessionTracking ENABLED */
    int64_t sessions_per_user;              /* TokenSession.MaxPerUser */
    struct ph_str acr_names[PH_ACR_LEVELS]; /* of levels 1 to 4 */
    bool is_lite;                           /* the tier without the newer features */
    bool tracks_devices;
    bool device_replaces_mfa;     /* ChallengeRequiredOnNewDevice */
    bool asks_before_remembering; /* DeviceOnlyRememberedOnUserPrompt */
    bool threat_protection;       /* AdvancedSecurityMode AUDIT or ENFORCED */
    struct ph_str
        log_arns[PH_LOG_SOURCES];   /* of its log delivery; absent: that source is not logged */
    const struct ph_origin *origin; /* NULL: it leaves nobody */
    const struct ph_attr_def *schema;
    size_t schema_count;
    const struct ph_signing_key *keys; /* newest first */
    size_t key_count;
    const struct ph_purpose_keys *purpose_keys; /* by enum ph_purpose; may be NULL */
};

/* Bits of struct ph_client.flows: what ExplicitAuthFlows permits, legacy names resolved. */
enum ph_flow_switch {
    PH_FLOW_ADMIN_PASSWORD = 1,
    PH_FLOW_PASSWORD = 2,
    PH_FLOW_SRP = 4,
    PH_FLOW_CUSTOM = 8,
    PH_FLOW_REFRESH = 16,
    PH_FLOW_USER = 32,
    PH_FLOW_CLIENT_TOKEN = 64,
};

struct ph_client {
    struct ph_str id;
    struct ph_str pool_id;
    struct ph_str name;
    struct ph_client_secret secrets[PH_CLIENT_SECRETS_MAX]; /* oldest first; none: public client */
    int64_t created_ms;
    int64_t modified_ms;
    int64_t revision;
    const struct json_t *settings; /* the API's own shape, without the secret */

    unsigned flows;   /* enum ph_flow_switch bits */
    bool hides_users; /* PreventUserExistenceErrors ENABLED */
    bool revocation;
    bool propagates_user_context;
    int64_t access_token_s, id_token_s, refresh_token_s; /* lifetimes in seconds */
    int64_t session_s;                                   /* AuthSessionValidity */
    bool rotates_refresh_tokens;
    int64_t rotation_grace_s;
    bool reads_all, writes_all; /* the lists are unset */
    const struct ph_str *read_attributes;
    size_t read_attribute_count;
    const struct ph_str *write_attributes;
    size_t write_attribute_count;
};

struct ph_pool_cache;

/*
 * A change by this process is seen at once (ph_pool_forget), one by another process (a command, a
 * node) within this time.
 */
enum { PH_POOL_FRESH_MS = 100 };

struct ph_pool_cache *ph_pool_cache_create(void);
void ph_pool_cache_destroy(struct ph_pool_cache *cache); /* NULL is fine */

/* ResourceNotFoundException "User pool <id> does not exist." */
PH_MUST_USE struct ph_err ph_pool_get(struct ph_ctx *ctx, struct ph_str pool_id,
                                      const struct ph_pool **pool);

/* NULL instead of an error when there is none. */
PH_MUST_USE struct ph_err ph_pool_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                       const struct ph_pool **pool);

/*
 * Client and its pool. ResourceNotFoundException "User pool client <id> does not exist."; with
 * pool_id (admin operations) also when the client belongs to another pool, and the pool's own
 * error when that does not exist. pool_id may be absent (public operations).
 */
PH_MUST_USE struct ph_err ph_client_get(struct ph_ctx *ctx, struct ph_str pool_id,
                                        struct ph_str client_id, const struct ph_pool **pool,
                                        const struct ph_client **client);

/* The two errors above, for who finds out in another way. */
struct ph_err ph_pool_unknown(struct ph_ctx *ctx, struct ph_str pool_id);
struct ph_err ph_client_unknown(struct ph_ctx *ctx, struct ph_str client_id);

/* After a write: the next ph_pool_get() reads the store. */
void ph_pool_forget(struct ph_ctx *ctx, struct ph_str pool_id);
void ph_client_forget(struct ph_ctx *ctx, struct ph_str client_id);

/*
 * The data keys of pools have this epoch by now (store/nodes.h): forgets all pools. Returns the
 * epoch that all snapshots have by now, those that requests still hold included: ask again in a
 * second while it is less.
 */
int64_t ph_pool_cache_renew(struct ph_pool_cache *cache, int64_t epoch);

/* After all of the store was replaced. */
void ph_pool_forget_all(struct ph_pool_cache *cache);

bool ph_client_may_read(const struct ph_client *client, struct ph_str attribute);
bool ph_client_may_write(const struct ph_client *client, struct ph_str attribute);

/* Made from the id alone, so that it is the same whether the pool exists or not. */
struct ph_str ph_pool_arn(struct ph_arena *arena, const struct ph_settings *settings,
                          struct ph_str id);

/*
 * True when a resource of another region is named to a pool of this one. A pool with a pinned id
 * may lie in a region that is none ("local"): nothing is too far for it. Nor is what names no
 * region.
 */
bool ph_pool_is_elsewhere(struct ph_str region, struct ph_str other);

/* The issuer that tokens of the pool state: the tag "poolhouse:issuer", else the settings. Of the
 * pool its id and region are read. */
struct ph_str ph_pool_issuer(struct ph_arena *arena, const struct ph_settings *settings,
                             const struct json_t *tags, const struct ph_pool *pool);

/* The schema's entry, or NULL. */
const struct ph_attr_def *ph_pool_attribute(const struct ph_pool *pool, struct ph_str name);

/* The key for one purpose of this pool, from its data key: what is made now is made with it. */
void ph_pool_key(const struct ph_pool *pool, enum ph_purpose purpose, struct ph_key *key);

/*
 * All keys that something of this purpose may have been made with, because the data key can be
 * replaced: the one of ph_pool_key() first. *at begins at 0; false when there are no more.
 */
bool ph_pool_next_key(const struct ph_pool *pool, enum ph_purpose purpose, int64_t now_ms,
                      size_t *at, struct ph_key *key);

bool ph_client_has_secret(const struct ph_client *client);

/* True when `given` is one of the client's secrets; false for a client without any. */
bool ph_client_secret_matches(const struct ph_client *client, struct ph_str given);

/*
 * SECRET_HASH (authentication.md 1.2): accepts base64(HMAC-SHA256(secret, name || client id)) over
 * any of the names with any of the secrets. A client without a secret accepts everything.
 */
enum ph_secret_member { PH_IN_AUTH_PARAMETERS, PH_IN_SECRET_HASH_MEMBER };
PH_MUST_USE struct ph_err ph_client_check_secret_hash(struct ph_ctx *ctx,
                                                      const struct ph_client *client,
                                                      struct ph_str secret_hash,
                                                      const struct ph_str *names, size_t count,
                                                      enum ph_secret_member where);

/* True when the hash is right for any of the names; for refresh, which words its errors itself. */
bool ph_client_secret_hash_matches(struct ph_ctx *ctx, const struct ph_client *client,
                                   struct ph_str secret_hash, const struct ph_str *names,
                                   size_t count);

#endif
