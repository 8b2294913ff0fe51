#include "store/schema.h"

/*
 * Types that both engines read as meant: BIGINT, TEXT, BYTEA (no type of SQLite, which stores what
 * it is given). What is filtered by prefix is BYTEA: it compares by bytes on every engine, and
 * the end of a range need not be valid text.
 */
static const char *const STEP_1[] = {
    "CREATE TABLE IF NOT EXISTS pools (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
    " settings TEXT NOT NULL, data_key BYTEA NOT NULL, created_ms BIGINT NOT NULL,"
    " modified_ms BIGINT NOT NULL, revision BIGINT NOT NULL)",

    "CREATE TABLE IF NOT EXISTS deleted_pools (id TEXT NOT NULL PRIMARY KEY)",

    "CREATE TABLE IF NOT EXISTS signing_keys (pool_id TEXT NOT NULL, kid TEXT NOT NULL,"
    " purpose BIGINT NOT NULL, pkcs8 BYTEA NOT NULL, created_ms BIGINT NOT NULL,"
    " active_from_ms BIGINT NOT NULL, published_until_ms BIGINT NOT NULL,"
    " PRIMARY KEY (pool_id, kid))",

    "CREATE TABLE IF NOT EXISTS clients (id TEXT NOT NULL PRIMARY KEY, pool_id TEXT NOT NULL,"
    " name TEXT NOT NULL, settings TEXT NOT NULL, secret BYTEA, created_ms BIGINT NOT NULL,"
    " modified_ms BIGINT NOT NULL, revision BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS clients_pool ON clients (pool_id, id)",

    "CREATE TABLE IF NOT EXISTS users (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " username BYTEA NOT NULL, status BYTEA NOT NULL, enabled BIGINT NOT NULL,"
    " created_ms BIGINT NOT NULL, modified_ms BIGINT NOT NULL, revision BIGINT NOT NULL,"
    " tokens_valid_after_ms BIGINT NOT NULL, password_set_ms BIGINT NOT NULL,"
    " attrs TEXT NOT NULL, password BYTEA, password_history BYTEA,"
    " email BYTEA, phone_number BYTEA, name BYTEA, given_name BYTEA, family_name BYTEA,"
    " preferred_username BYTEA, PRIMARY KEY (pool_id, sub))",
    "CREATE INDEX IF NOT EXISTS users_created ON users (pool_id, created_ms, sub)",
    "CREATE INDEX IF NOT EXISTS users_username ON users (pool_id, username, sub)",
    "CREATE INDEX IF NOT EXISTS users_status ON users (pool_id, status, sub)",
    "CREATE INDEX IF NOT EXISTS users_enabled ON users (pool_id, enabled, sub)",
    "CREATE INDEX IF NOT EXISTS users_email ON users (pool_id, email, sub)"
    " WHERE email IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS users_phone ON users (pool_id, phone_number, sub)"
    " WHERE phone_number IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS users_name ON users (pool_id, name, sub)"
    " WHERE name IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS users_given_name ON users (pool_id, given_name, sub)"
    " WHERE given_name IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS users_family_name ON users (pool_id, family_name, sub)"
    " WHERE family_name IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS users_preferred ON users (pool_id, preferred_username, sub)"
    " WHERE preferred_username IS NOT NULL",

    "CREATE TABLE IF NOT EXISTS user_aliases (pool_id TEXT NOT NULL, kind BIGINT NOT NULL,"
    " value BYTEA NOT NULL, sub TEXT NOT NULL, PRIMARY KEY (pool_id, kind, value))",
    "CREATE INDEX IF NOT EXISTS user_aliases_owner ON user_aliases (pool_id, sub)",

    "CREATE TABLE IF NOT EXISTS user_codes (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " purpose BIGINT NOT NULL, hmac BYTEA NOT NULL, attribute TEXT, destination TEXT,"
    " expires_ms BIGINT NOT NULL, attempts BIGINT NOT NULL, PRIMARY KEY (pool_id, sub, purpose))",
    "CREATE INDEX IF NOT EXISTS user_codes_expiry ON user_codes (expires_ms)",

    "CREATE TABLE IF NOT EXISTS lockouts (pool_id TEXT NOT NULL, subject BYTEA NOT NULL,"
    " failures BIGINT NOT NULL, last_ms BIGINT NOT NULL, locked_until_ms BIGINT NOT NULL,"
    " PRIMARY KEY (pool_id, subject))",
    "CREATE INDEX IF NOT EXISTS lockouts_last ON lockouts (last_ms)",

    "CREATE TABLE IF NOT EXISTS attempts (pool_id TEXT NOT NULL, subject BYTEA NOT NULL,"
    " count BIGINT NOT NULL, since_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, subject))",
    "CREATE INDEX IF NOT EXISTS attempts_since ON attempts (since_ms)",

    "CREATE TABLE IF NOT EXISTS spent (digest BYTEA NOT NULL PRIMARY KEY,"
    " expires_ms BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS spent_expiry ON spent (expires_ms)",

    "CREATE TABLE IF NOT EXISTS token_families (pool_id TEXT NOT NULL, id TEXT NOT NULL,"
    " generation BIGINT NOT NULL, rotated_ms BIGINT NOT NULL, revoked BIGINT NOT NULL,"
    " expires_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, id))",
    "CREATE INDEX IF NOT EXISTS token_families_expiry ON token_families (expires_ms)",

    "CREATE TABLE IF NOT EXISTS auth_events (pool_id TEXT NOT NULL, id TEXT NOT NULL, sub TEXT,"
    " client_id TEXT, type TEXT NOT NULL, response TEXT NOT NULL, detail TEXT,"
    " at_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, id))",
    "CREATE INDEX IF NOT EXISTS auth_events_user ON auth_events (pool_id, sub, at_ms, id)"
    " WHERE sub IS NOT NULL",

    "CREATE TABLE IF NOT EXISTS outbox (id TEXT NOT NULL PRIMARY KEY, pool_id TEXT NOT NULL,"
    " username TEXT, medium BIGINT NOT NULL, destination TEXT, reason TEXT, subject TEXT,"
    " body BYTEA, code BYTEA, created_ms BIGINT NOT NULL)",

    "CREATE TABLE IF NOT EXISTS access_keys (id TEXT NOT NULL PRIMARY KEY, secret BYTEA NOT NULL,"
    " session_token BYTEA, user_name TEXT, policy TEXT, created_ms BIGINT NOT NULL,"
    " expires_ms BIGINT NOT NULL)",
    NULL,
};

/* Messages in the order of their commits: their ids are in that of their making. */
static const char *const STEP_2[] = {
    "ALTER TABLE outbox ADD COLUMN position BIGINT NOT NULL DEFAULT 0",
    "UPDATE outbox SET position ="
    " (SELECT COUNT(*) FROM outbox AS earlier WHERE earlier.id <= outbox.id)",
    "CREATE INDEX IF NOT EXISTS outbox_position ON outbox (position)",
    NULL,
};

/* Second factors. Of a software token, each time step that was used has a row: it is used once. */
static const char *const STEP_FACTORS[] = {
    "ALTER TABLE users ADD COLUMN mfa BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE IF NOT EXISTS user_totp (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " secret BYTEA, pending BYTEA, device_name TEXT, PRIMARY KEY (pool_id, sub))",
    "CREATE TABLE IF NOT EXISTS totp_steps (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " step BIGINT NOT NULL, PRIMARY KEY (pool_id, sub, step))",
    NULL,
};

/* Devices. What is left of a forgotten one is its key, to refuse what was bound to it. */
static const char *const STEP_DEVICES[] = {
    "CREATE TABLE IF NOT EXISTS devices (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " key TEXT NOT NULL, status BIGINT NOT NULL, name TEXT, last_ip TEXT, secret BYTEA,"
    " awaited BYTEA, created_ms BIGINT NOT NULL, modified_ms BIGINT NOT NULL,"
    " authenticated_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, sub, key))",
    "CREATE INDEX IF NOT EXISTS devices_created ON devices (pool_id, sub, created_ms, key)",
    "CREATE INDEX IF NOT EXISTS devices_forgotten ON devices (modified_ms) WHERE status = 2",
    NULL,
};

/*
 * Messages leave. state: enum ph_message_state; due_ms: when it may be claimed, or when the claim
 * ends; claims: how often it was claimed, so that a late worker cannot end somebody else's claim.
 */
static const char *const STEP_OUTBOX[] = {
    "ALTER TABLE outbox ADD COLUMN state BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN due_ms BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN claims BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN ended_ms BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX IF NOT EXISTS outbox_due ON outbox (medium, due_ms) WHERE state < 2",
    "CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (created_ms) WHERE state < 2",
    "CREATE INDEX IF NOT EXISTS outbox_ended ON outbox (ended_ms) WHERE state = 3",
    NULL,
};

static const char *const STEP_PASSKEYS[] = {
    "CREATE TABLE IF NOT EXISTS passkeys (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " id BYTEA NOT NULL, relying_party TEXT NOT NULL, algorithm BIGINT NOT NULL,"
    " public_key BYTEA NOT NULL, sign_count BIGINT NOT NULL, flags BIGINT NOT NULL, aaguid BYTEA,"
    " attachment TEXT, transports TEXT, created_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, id))",
    "CREATE INDEX IF NOT EXISTS passkeys_owner ON passkeys (pool_id, sub, created_ms, id)",
    NULL,
};

/*
 * Groups. A membership names the group by its id, which is given out once: those of a group that
 * was deleted count for nothing, also for a new group of the same name, until the sweep has them.
 */
static const char *const STEP_GROUPS[] = {
    "CREATE TABLE IF NOT EXISTS user_groups (pool_id TEXT NOT NULL, name TEXT NOT NULL,"
    " id TEXT NOT NULL, description TEXT, role TEXT, precedence BIGINT NOT NULL,"
    " created_ms BIGINT NOT NULL, modified_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, name))",
    "CREATE INDEX IF NOT EXISTS user_groups_id ON user_groups (pool_id, id)",
    "CREATE TABLE IF NOT EXISTS group_members (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " group_id TEXT NOT NULL, PRIMARY KEY (pool_id, sub, group_id))",
    "CREATE INDEX IF NOT EXISTS group_members_group ON group_members (pool_id, group_id, sub)",
    "CREATE TABLE IF NOT EXISTS deleted_groups (pool_id TEXT NOT NULL, id TEXT NOT NULL,"
    " PRIMARY KEY (pool_id, id))",
    NULL,
};

/*
 * Documents of a pool: resource servers, identity providers, domains (enum ph_part_kind). What may
 * be in use once only, in its space, is a claim: the space is a pool, or empty for all of them.
 */
static const char *const STEP_PARTS[] = {
    "CREATE TABLE IF NOT EXISTS pool_parts (pool_id TEXT NOT NULL, kind BIGINT NOT NULL,"
    " name TEXT NOT NULL, document BYTEA NOT NULL, created_ms BIGINT NOT NULL,"
    " modified_ms BIGINT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (pool_id, kind, name))",
    "CREATE TABLE IF NOT EXISTS part_claims (space TEXT NOT NULL, kind BIGINT NOT NULL,"
    " value TEXT NOT NULL, pool_id TEXT NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (space, kind, value))",
    "CREATE INDEX IF NOT EXISTS part_claims_owner ON part_claims (pool_id, kind, name)",
    NULL,
};

/* Documents of pools and clients; what was said about an event afterwards. */
static const char *const STEP_CONFIGURATIONS[] = {
    /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text on three lines */
    "CREATE TABLE IF NOT EXISTS configurations (pool_id TEXT NOT NULL, kind BIGINT NOT NULL,"
    " client_id TEXT NOT NULL, document TEXT NOT NULL, created_ms BIGINT NOT NULL,"
    " modified_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, kind, client_id))",
    "ALTER TABLE auth_events ADD COLUMN feedback TEXT",
    "ALTER TABLE auth_events ADD COLUMN feedback_by TEXT",
    "ALTER TABLE auth_events ADD COLUMN feedback_ms BIGINT NOT NULL DEFAULT 0",
    NULL,
};

/* Parts of an app client (styles, terms), which go with it. */
static const char *const STEP_CLIENT_PARTS[] = {
    "ALTER TABLE pool_parts ADD COLUMN client_id TEXT",
    NULL,
};

/* Request rates that somebody provisioned. */
static const char *const STEP_LIMITS[] = {
    "CREATE TABLE IF NOT EXISTS provisioned_limits (name TEXT NOT NULL PRIMARY KEY,"
    " value BIGINT NOT NULL)",
    NULL,
};

/* A second secret, so that the first can be replaced while clients still use it. */
static const char *const STEP_CLIENT_SECRETS[] = {
    "ALTER TABLE clients ADD COLUMN secret_ms BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE clients ADD COLUMN second_secret BYTEA",
    "ALTER TABLE clients ADD COLUMN second_secret_ms BIGINT NOT NULL DEFAULT 0",
    "UPDATE clients SET secret_ms = created_ms WHERE secret IS NOT NULL",
    NULL,
};

/*
 * Sessions of users in pools that track them: sign-ins whose tokens are still good. A row of one
 * that ended in another way than by itself (its user signed out, its client was deleted) counts
 * for nothing until somebody deletes it.
 */
static const char *const STEP_TOKEN_SESSIONS[] = {
    "CREATE TABLE IF NOT EXISTS token_sessions (pool_id TEXT NOT NULL, sub TEXT NOT NULL,"
    " id TEXT NOT NULL, family TEXT NOT NULL, client_id TEXT NOT NULL, device_type TEXT,"
    " address TEXT, created_ms BIGINT NOT NULL, active_ms BIGINT NOT NULL,"
    " expires_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, sub, id))",
    "CREATE UNIQUE INDEX IF NOT EXISTS token_sessions_family ON token_sessions (pool_id, family)",
    "CREATE INDEX IF NOT EXISTS token_sessions_expiry ON token_sessions (expires_ms)",
    NULL,
};

/*
 * Identities at other providers that are linked to users. provider_ms says which provider of this
 * name is meant, by the time of its making: links to one that was deleted are no links to a later
 * one of the same name.
 */
static const char *const STEP_IDENTITIES[] = {
    "CREATE TABLE IF NOT EXISTS identities (pool_id TEXT NOT NULL, provider TEXT NOT NULL,"
    " attribute TEXT NOT NULL, value BYTEA NOT NULL, sub TEXT NOT NULL,"
    " provider_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, provider, attribute, value))",
    "CREATE INDEX IF NOT EXISTS identities_owner ON identities (pool_id, sub)",
    NULL,
};

/*
 * Events on their way to the log targets of the operator. A lane is what goes together, in order:
 * to one ARN, from one source of one pool.
 */
static const char *const STEP_LOG_EVENTS[] = {
    "CREATE TABLE IF NOT EXISTS log_events (id TEXT NOT NULL PRIMARY KEY, target TEXT NOT NULL,"
    " arn TEXT NOT NULL, pool_id TEXT NOT NULL, source TEXT NOT NULL, body TEXT NOT NULL,"
    " created_ms BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS log_events_lane ON log_events (target, arn, pool_id, source, id)",
    NULL,
};

/* What a sign-in remembers and does not fit into its Session. */
static const char *const STEP_PARKED[] = {
    "CREATE TABLE IF NOT EXISTS parked (pool_id TEXT NOT NULL, id TEXT NOT NULL,"
    " content BYTEA NOT NULL, expires_ms BIGINT NOT NULL, PRIMARY KEY (pool_id, id))",
    "CREATE INDEX IF NOT EXISTS parked_expires ON parked (expires_ms)",
    NULL,
};

/*
 * One row for each connection that writes to an engine of several servers: driver/postgres.c reads
 * there whether a commit happened whose answer was lost.
 */
static const char *const STEP_SLOTS[] = {
    "CREATE TABLE IF NOT EXISTS write_slots (id TEXT NOT NULL PRIMARY KEY, turn BIGINT NOT NULL,"
    " at_ms BIGINT NOT NULL)",
    NULL,
};

/*
 * Import jobs, the files that were sent for them, in pieces of one size, and what became of their
 * lines. status: enum ph_import_status. Of a user who came with a password hash that hash, until
 * the first sign-in.
 */
static const char *const STEP_IMPORTS[] = {
    "ALTER TABLE users ADD COLUMN password_hash BYTEA",
    "CREATE INDEX IF NOT EXISTS users_password_hash ON users (pool_id, sub)"
    " WHERE password_hash IS NOT NULL",
    /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text on several lines */
    "CREATE TABLE IF NOT EXISTS import_jobs (pool_id TEXT NOT NULL, id TEXT NOT NULL,"
    " name TEXT NOT NULL, role TEXT NOT NULL, algorithm BIGINT NOT NULL, status BIGINT NOT NULL,"
    " created_ms BIGINT NOT NULL, started_ms BIGINT NOT NULL, completed_ms BIGINT NOT NULL,"
    " uploading TEXT, upload TEXT, bytes BIGINT NOT NULL, lines BIGINT NOT NULL,"
    " at_byte BIGINT NOT NULL, at_line BIGINT NOT NULL, imported BIGINT NOT NULL,"
    " skipped BIGINT NOT NULL, failed BIGINT NOT NULL, message TEXT, PRIMARY KEY (pool_id, id))",
    "CREATE INDEX IF NOT EXISTS import_jobs_created ON import_jobs (pool_id, created_ms, id)",
    "CREATE INDEX IF NOT EXISTS import_jobs_status ON import_jobs (status, started_ms)",
    "CREATE TABLE IF NOT EXISTS import_pieces (pool_id TEXT NOT NULL, upload TEXT NOT NULL,"
    " number BIGINT NOT NULL, job_id TEXT NOT NULL, bytes BYTEA NOT NULL,"
    " PRIMARY KEY (pool_id, upload, number))",
    "CREATE TABLE IF NOT EXISTS import_lines (pool_id TEXT NOT NULL, job_id TEXT NOT NULL,"
    " line BIGINT NOT NULL, outcome BIGINT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (pool_id, job_id, line))",
    NULL,
};

/*
 * Who of several processes does what only one may: run an import job, take what is in a lane of
 * log_events. Either until a time, which moves on while the work does.
 */
static const char *const STEP_LEASES[] = {
    "ALTER TABLE import_jobs ADD COLUMN runner TEXT",
    "ALTER TABLE import_jobs ADD COLUMN leased_ms BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE IF NOT EXISTS log_leases (target TEXT NOT NULL, arn TEXT NOT NULL,"
    " pool_id TEXT NOT NULL, source TEXT NOT NULL, node TEXT NOT NULL, until_ms BIGINT NOT NULL,"
    " PRIMARY KEY (target, arn, pool_id, source))",
    NULL,
};

/* Users of the service that a pool leaves: how many are still to come is counted often. */
static const char *const STEP_ORIGINS[] = {
    "ALTER TABLE users ADD COLUMN origin BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX IF NOT EXISTS users_origin ON users (pool_id, origin) WHERE origin > 0",
    NULL,
};

/*
 * Servers that share the database, and what the oldest of them must be able to read: a step that
 * takes something away waits until they have gone.
 */
static const char *const STEP_NODES[] = {
    "CREATE TABLE IF NOT EXISTS nodes (id TEXT NOT NULL PRIMARY KEY, program TEXT NOT NULL,"
    " knows BIGINT NOT NULL, master TEXT NOT NULL, keys BIGINT NOT NULL,"
    " seen_ms BIGINT NOT NULL)",
    NULL,
};

/*
 * Data keys of pools are replaced (data_keys.h). key_number: which one of the pool data_key is;
 * key_state: enum ph_data_key_state; other_data_key: the next one, or the one before, while there
 * are two; kept_keys: what clients hold was made with. nodes.data_keys: the newest epoch of them
 * that all of the server uses; a version that does not know of it never gets there.
 */
static const char *const STEP_DATA_KEYS[] = {
    "ALTER TABLE pools ADD COLUMN key_number BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE pools ADD COLUMN key_state BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE pools ADD COLUMN key_ms BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE pools ADD COLUMN other_data_key BYTEA",
    "ALTER TABLE pools ADD COLUMN kept_keys BYTEA",
    "ALTER TABLE nodes ADD COLUMN data_keys BIGINT NOT NULL DEFAULT -1",
    NULL,
};

/*
 * Indexes that begin with a random sub cost each new user a page of their own. Users of one status
 * are listed in the order of creation now (user_list.c), and who owns a name is read from his row
 * (user_names.h). Programs before the first of these two steps need the old ones.
 */
enum { ORDERS_VERSION = 23 };

static const char *const STEP_ORDERS[] = {
    "CREATE INDEX IF NOT EXISTS users_by_status ON users (pool_id, status, created_ms, sub)",
    "CREATE INDEX IF NOT EXISTS users_by_enabled ON users (pool_id, enabled, created_ms, sub)",
    NULL,
};

static const char *const STEP_OLD_ORDERS[] = {
    "DROP INDEX IF EXISTS users_status",
    "DROP INDEX IF EXISTS users_enabled",
    "DROP INDEX IF EXISTS user_aliases_owner",
    NULL,
};

const struct ph_schema_step ph_schema_steps[] = {
    { .version = 1, .min_reader = 1, .statements = STEP_1 },
    { .version = 2, .min_reader = 1, .statements = STEP_2 },
    { .version = 3, .min_reader = 1, .statements = STEP_FACTORS },
    { .version = 4, .min_reader = 1, .statements = STEP_DEVICES },
    { .version = 5, .min_reader = 1, .statements = STEP_OUTBOX },
    { .version = 6, .min_reader = 1, .statements = STEP_PASSKEYS },
    { .version = 7, .min_reader = 1, .statements = STEP_GROUPS },
    { .version = 8, .min_reader = 1, .statements = STEP_PARTS },
    { .version = 9, .min_reader = 1, .statements = STEP_CONFIGURATIONS },
    { .version = 10, .min_reader = 1, .statements = STEP_CLIENT_PARTS },
    { .version = 11, .min_reader = 1, .statements = STEP_LIMITS },
    { .version = 12, .min_reader = 1, .statements = STEP_CLIENT_SECRETS },
    { .version = 13, .min_reader = 1, .statements = STEP_TOKEN_SESSIONS },
    { .version = 14, .min_reader = 1, .statements = STEP_IDENTITIES },
    { .version = 15, .min_reader = 1, .statements = STEP_LOG_EVENTS },
    { .version = 16, .min_reader = 1, .statements = STEP_PARKED },
    { .version = 17, .min_reader = 1, .statements = STEP_SLOTS },
    { .version = 18, .min_reader = 1, .statements = STEP_IMPORTS },
    { .version = 19, .min_reader = 1, .statements = STEP_LEASES },
    { .version = 20, .min_reader = 1, .statements = STEP_ORIGINS },
    { .version = 21, .min_reader = 1, .statements = STEP_NODES },
    { .version = PH_DATA_KEYS_VERSION, .min_reader = 1, .statements = STEP_DATA_KEYS },
    { .version = ORDERS_VERSION, .min_reader = 1, .statements = STEP_ORDERS },
    { .version = 24, .min_reader = ORDERS_VERSION, .statements = STEP_OLD_ORDERS },
#ifdef PH_LATER_STEPS /* of a later version of the program: only the tests have one */
    PH_LATER_STEPS
#endif
};

const size_t ph_schema_step_count = sizeof ph_schema_steps / sizeof ph_schema_steps[0];
