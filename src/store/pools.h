/* User pools, app clients and signing keys in the store. */
#ifndef PH_STORE_POOLS_H
#define PH_STORE_POOLS_H

#include "store/store.h"

/* Where replacing a data key stands. The numbers are stored. */
enum ph_data_key_state {
    PH_DATA_KEY_ALONE,     /* nothing is under way */
    PH_DATA_KEY_ANNOUNCED, /* the other one is the next: it opens, and seals nothing yet */
    PH_DATA_KEY_REPLACED,  /* the other one is the one before: who has not heard of it seals with it
                            */
    PH_DATA_KEY_LEAVING,   /* the other one opens only; what it has sealed is sealed anew */
};

struct ph_pool_keys {
    enum ph_data_key_state state;
    int64_t number;      /* which one data_key is: 1, 2, ...; 0: of a pool that is being made */
    int64_t since_ms;    /* when it took the place of the one before; 0: it is the first */
    struct ph_key other; /* zero: none */
    struct ph_str kept; /* keys for what clients hold, as pool/data_keys.c writes them; or absent */
};

struct ph_pool_record {
    struct ph_str id; /* region, '_' and 9 characters */
    struct ph_str name;
    struct ph_str settings;   /* JSON object: the settings in the API's own shape (pool/pool.h) */
    struct ph_key data_key;   /* stored wrapped by the master key */
    struct ph_pool_keys keys; /* what else there is of data keys (store/data_keys.h) */
    int64_t created_ms;
    int64_t modified_ms;
    int64_t revision; /* grows with every change of the pool, its clients' set or its keys */
};

enum ph_key_use { PH_KEY_ID_TOKEN, PH_KEY_ACCESS_TOKEN };

struct ph_signing_key_record {
    struct ph_str kid; /* 44 characters of base64 */
    enum ph_key_use use;
    struct ph_str pkcs8; /* private key, DER; sealed in the row */
    int64_t created_ms;
    int64_t active_from_ms;     /* signs from here on, until a newer key of the same use does */
    int64_t published_until_ms; /* leaves the JWKS then; INT64_MAX while current */
};

enum { PH_CLIENT_SECRETS_MAX = 2 };

/* One secret of an app client; value is absent where there is none. */
struct ph_client_secret {
    struct ph_str value;
    int64_t created_ms; /* differs among the secrets of a client */
};

struct ph_client_record {
    struct ph_str id;
    struct ph_str pool_id;
    struct ph_str name;
    struct ph_str settings; /* JSON object in the API's own shape, without the secret */
    struct ph_client_secret secrets[PH_CLIENT_SECRETS_MAX]; /* oldest first, sealed in the row;
                                                               none: a public client */
    int64_t created_ms;
    int64_t modified_ms;
    int64_t revision;
};

/* The pool as the store's other verbs want it; it lives as long as the record. */
struct ph_pool_ref ph_pool_record_ref(const struct ph_pool_record *record);

enum ph_write_result { PH_WRITE_DONE, PH_WRITE_TAKEN, PH_WRITE_CONFLICT, PH_WRITE_GONE };

/* Pool and its first keys in one transaction. TAKEN: the id exists. */
PH_MUST_USE struct ph_err ph_store_pool_insert(struct ph_ctx *ctx,
                                               const struct ph_pool_record *pool,
                                               const struct ph_signing_key_record *keys,
                                               size_t key_count, enum ph_write_result *result);

/* *pool is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_pool_find(struct ph_ctx *ctx, struct ph_str id,
                                             struct ph_pool_record **pool);

/* Only the revision; 0 when there is no such pool. A read of microseconds. */
PH_MUST_USE struct ph_err ph_store_pool_revision(struct ph_ctx *ctx, struct ph_str id,
                                                 int64_t *revision);

/* Name, settings and modified_ms; pool->revision is the one read. CONFLICT: changed since. */
PH_MUST_USE struct ph_err ph_store_pool_update(struct ph_ctx *ctx,
                                               const struct ph_pool_record *pool,
                                               enum ph_write_result *result);

/* The pool and everything in it. GONE: there was none. */
PH_MUST_USE struct ph_err ph_store_pool_delete(struct ph_ctx *ctx, struct ph_str id,
                                               enum ph_write_result *result);

/*
 * Pools after `after` (an id; absent: from the start) in order of their ids, at most limit.
 *
 * region   only those of this region, and those whose id names none, as "local_1" does, because
 *          nobody could ask for them otherwise; absent: all
 */
PH_MUST_USE struct ph_err ph_store_pool_list(struct ph_ctx *ctx, struct ph_str region,
                                             struct ph_str after, size_t limit,
                                             struct ph_pool_record **pools, size_t *count);

PH_MUST_USE struct ph_err ph_store_pool_user_count(struct ph_ctx *ctx, struct ph_str pool_id,
                                                   int64_t *count);

/* All keys of the pool, newest first, those no longer published included. */
PH_MUST_USE struct ph_err ph_store_signing_keys(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_signing_key_record **keys, size_t *count);

/*
 * Adds keys that sign from their active_from_ms on, and sets published_until_ms of the older keys
 * of the same use to old_published_until_ms; bumps the pool's revision.
 */
PH_MUST_USE struct ph_err ph_store_signing_keys_rotate(struct ph_ctx *ctx,
                                                       const struct ph_pool_ref *pool,
                                                       const struct ph_signing_key_record *keys,
                                                       size_t key_count,
                                                       int64_t old_published_until_ms);

/* TAKEN: the id exists (in any pool). GONE: the pool does not exist. */
PH_MUST_USE struct ph_err ph_store_client_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                 const struct ph_client_record *client,
                                                 enum ph_write_result *result);

/*
 * By client id alone (public operations know no pool). *client is NULL when there is none.
 * Its secrets come sealed; open them with ph_store_client_open_secrets() and the pool's key.
 */
PH_MUST_USE struct ph_err ph_store_client_find(struct ph_ctx *ctx, struct ph_str client_id,
                                               struct ph_client_record **client);
PH_MUST_USE struct ph_err ph_store_client_open_secrets(struct ph_ctx *ctx,
                                                       const struct ph_pool_ref *pool,
                                                       struct ph_client_record *client);

/* 0 when there is no such client. */
PH_MUST_USE struct ph_err ph_store_client_revision(struct ph_ctx *ctx, struct ph_str client_id,
                                                   int64_t *revision);

/* Name, settings, modified_ms; as ph_store_pool_update. The secrets do not change. */
PH_MUST_USE struct ph_err ph_store_client_update(struct ph_ctx *ctx,
                                                 const struct ph_client_record *client,
                                                 enum ph_write_result *result);

/* Secrets (opened ones) and modified_ms alone; CONFLICT when the revision is another by now. */
PH_MUST_USE struct ph_err ph_store_client_put_secrets(struct ph_ctx *ctx,
                                                      const struct ph_pool_ref *pool,
                                                      const struct ph_client_record *client,
                                                      enum ph_write_result *result);
PH_MUST_USE struct ph_err ph_store_client_delete(struct ph_ctx *ctx, struct ph_str pool_id,
                                                 struct ph_str client_id,
                                                 enum ph_write_result *result);

/* Clients of the pool after `after` in order of their ids. */
PH_MUST_USE struct ph_err ph_store_client_list(struct ph_ctx *ctx, struct ph_str pool_id,
                                               struct ph_str after, size_t limit,
                                               struct ph_client_record **clients, size_t *count);
PH_MUST_USE struct ph_err ph_store_client_count(struct ph_ctx *ctx, struct ph_str pool_id,
                                                int64_t *count);

#endif
