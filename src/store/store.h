/*
 * The store: named verbs on aggregates, each one transaction. The only place with SQL.
 *
 * Verbs take and return plain structs in the caller's arena (ctx->arena). A write has been made
 * durable when its verb returns PH_OK; a failure of the engine is logged here and answered as
 * InternalErrorException. Absence is an answer. Secrets are sealed with the pool's data key
 * (or a key of the master key, for what belongs to no pool) before they reach a row.
 *
 *   store/pools.h     user pools, app clients, signing keys
 *   store/data_keys.h the keys that seal the secrets of pools, and how they are replaced
 *   store/parts.h     resource servers, identity providers, domains
 *   store/users.h     users, aliases, codes
 *   store/devices.h   devices of users
 *   store/passkeys.h  passkeys
 *   store/groups.h    groups and who is in them
 *   store/token_sessions.h  sessions of users
 *   store/sign_in.h   lockout, spent nonces, token families, sign-in events
 *   store/outbox.h    messages on their way out
 *   store/log_events.h  events on their way to log targets
 *   store/parked.h    what does not fit into a Session
 *   store/access.h    access keys of administrators
 *   store/moving.h    all rows of all tables, from one database into another
 *   store/backup.h    copies of the database file, checked
 */
#ifndef PH_STORE_STORE_H
#define PH_STORE_STORE_H

#include "crypto/secret.h"
#include "util/ctx.h"

struct ph_store;

/* A pool as the store needs it: its id and the key that seals its secrets. */
struct ph_pool_ref {
    struct ph_str id;
    const struct ph_key *data_key;
    const struct ph_key
        *other_key;     /* opens, too, while there are two (store/data_keys.h); or NULL */
    int64_t key_number; /* which one data_key is; 0: of a pool that is being made */
};

struct ph_store_options {
    struct ph_str path;              /* file or postgresql:// URL; absent: in memory */
    struct ph_str password;          /* for the URL; absent: the URL says it, or none is needed */
    const struct ph_key *master_key; /* copied; wiped on close */
    const struct ph_blocking *blocking; /* util/blocking.h: brackets waits for a commit */
    struct ph_log log;
    struct ph_str program; /* name and version, for other servers */
    bool exclusive;  /* a server: refuses to open while another server has the same file open */
    bool migrate;    /* of a URL: also tables that others may be using; a file's always are */
    bool contract;   /* also steps that servers of older versions cannot live with (schema.h) */
    bool filling;    /* opens one that is being filled as well (store/moving.h) */
    int64_t version; /* of the tables of an empty database; 0: the newest */
};

/*
 * Opens or creates the database, migrates its schema, checks the master key against the stored
 * check value. On failure *why says what to do (static or malloc'ed text of the store).
 */
PH_MUST_USE bool ph_store_open(const struct ph_store_options *options, struct ph_store **store,
                               const char **why);

/* Commits what is queued, stops the writer. NULL is fine. */
void ph_store_close(struct ph_store *store);

/* True when a write could be made now; otherwise *why says what is wrong (for /readyz). */
bool ph_store_is_ready(struct ph_store *store, const char **why);

/* The version of the schema that this program works with. */
int64_t ph_schema_version(void);

/* The version that the tables are of: the newest, but while they are filled. */
int64_t ph_store_version(const struct ph_store *store);

/*
 * A key for one purpose of this installation, for what belongs to no pool. Gone after the next
 * rotation of the master key: for what is short-lived.
 */
void ph_store_key(const struct ph_ctx *ctx, struct ph_str purpose, struct ph_key *key);

/* The one before or after it, while the master key is being replaced: opens only. False: none. */
PH_MUST_USE bool ph_store_other_key(const struct ph_ctx *ctx, struct ph_str purpose,
                                    struct ph_key *key);

/* Reads which keys there are, for this process to use. */
PH_MUST_USE bool ph_store_reload_keys(struct ph_store *store);

/*
 * Up to when it is safe to forget: now, but no later than the time since the store was opened
 * allows. A clock that is wrong for a while must not make what is spent or revoked forgotten, or it
 * would be good again once the clock is right.
 */
int64_t ph_store_forget_until_ms(const struct ph_store *store, int64_t now_ms);

/* Deletes what has expired (nonces, codes, lockouts, families, keys), some thousand rows at most.
 */
void ph_store_sweep(struct ph_store *store, int64_t now_ms);

#endif
