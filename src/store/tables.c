#include "store/tables.h"

/* clang-format off */
#define INT(column)     { column, PH_COLUMN_INT, PH_SEALED_NOT }
#define TEXT(column)    { column, PH_COLUMN_TEXT, PH_SEALED_NOT }
#define BYTES(column)   { column, PH_COLUMN_BYTES, PH_SEALED_NOT }
#define SEALED(column)  { column, PH_COLUMN_BYTES, PH_SEALED_BY_POOL }
#define WRAPPED(column) { column, PH_COLUMN_BYTES, PH_SEALED_BY_WRAPPER }
#define RECORD(column)  { column, PH_COLUMN_BYTES, PH_SEALED_BY_RECORDS }

#define LIST(...) (const struct ph_column[]){ __VA_ARGS__ }
#define TABLE(table, since, use, heavy, keys, ...)                                                 \
    { #table, since, use, keys, LIST(__VA_ARGS__), sizeof(LIST(__VA_ARGS__)) / sizeof(struct ph_column), heavy }
/* clang-format on */
#define MOVES(table, since, keys, ...) TABLE(table, since, PH_TABLE_MOVES, false, keys, __VA_ARGS__)
#define HEAVY(table, since, keys, ...) TABLE(table, since, PH_TABLE_MOVES, true, keys, __VA_ARGS__)
#define STAYS(table, since, keys, ...) TABLE(table, since, PH_TABLE_STAYS, false, keys, __VA_ARGS__)

/*
 * MOVES(table, version of the schema that made it, columns of its key, columns...): those of the
 * primary key first, the others as they came to be.
 */
const struct ph_table ph_tables[] = {
    STAYS(meta, 1, 1, TEXT("name"), INT("number"), BYTES("bytes")),
    HEAVY(pools, 1, 1, TEXT("id"), TEXT("name"), TEXT("settings"), WRAPPED("data_key"),
          INT("created_ms"), INT("modified_ms"), INT("revision"), INT("key_number"),
          INT("key_state"), INT("key_ms"), WRAPPED("other_data_key"), WRAPPED("kept_keys")),
    MOVES(deleted_pools, 1, 1, TEXT("id")),
    MOVES(signing_keys, 1, 2, TEXT("pool_id"), TEXT("kid"), INT("purpose"), SEALED("pkcs8"),
          INT("created_ms"), INT("active_from_ms"), INT("published_until_ms")),
    MOVES(clients, 1, 1, TEXT("id"), TEXT("pool_id"), TEXT("name"), TEXT("settings"),
          SEALED("secret"), INT("created_ms"), INT("modified_ms"), INT("revision"),
          INT("secret_ms"), SEALED("second_secret"), INT("second_secret_ms")),
    MOVES(users, 1, 2, TEXT("pool_id"), TEXT("sub"), BYTES("username"), BYTES("status"),
          INT("enabled"), INT("created_ms"), INT("modified_ms"), INT("revision"),
          INT("tokens_valid_after_ms"), INT("password_set_ms"), TEXT("attrs"), SEALED("password"),
          SEALED("password_history"), BYTES("email"), BYTES("phone_number"), BYTES("name"),
          BYTES("given_name"), BYTES("family_name"), BYTES("preferred_username"), INT("mfa"),
          SEALED("password_hash"), INT("origin")),
    MOVES(user_aliases, 1, 3, TEXT("pool_id"), INT("kind"), BYTES("value"), TEXT("sub")),
    MOVES(user_codes, 1, 3, TEXT("pool_id"), TEXT("sub"), INT("purpose"), BYTES("hmac"),
          TEXT("attribute"), TEXT("destination"), INT("expires_ms"), INT("attempts")),
    MOVES(lockouts, 1, 2, TEXT("pool_id"), BYTES("subject"), INT("failures"), INT("last_ms"),
          INT("locked_until_ms")),
    MOVES(attempts, 1, 2, TEXT("pool_id"), BYTES("subject"), INT("count"), INT("since_ms")),
    MOVES(spent, 1, 1, BYTES("digest"), INT("expires_ms")),
    MOVES(token_families, 1, 2, TEXT("pool_id"), TEXT("id"), INT("generation"), INT("rotated_ms"),
          INT("revoked"), INT("expires_ms")),
    MOVES(auth_events, 1, 2, TEXT("pool_id"), TEXT("id"), TEXT("sub"), TEXT("client_id"),
          TEXT("type"), TEXT("response"), TEXT("detail"), INT("at_ms"), TEXT("feedback"),
          TEXT("feedback_by"), INT("feedback_ms")),
    HEAVY(outbox, 1, 1, TEXT("id"), TEXT("pool_id"), TEXT("username"), INT("medium"),
          TEXT("destination"), TEXT("reason"), TEXT("subject"), RECORD("body"), RECORD("code"),
          INT("created_ms"), INT("position"), INT("state"), INT("due_ms"), INT("claims"),
          INT("refusals"), INT("ended_ms")),
    MOVES(access_keys, 1, 1, TEXT("id"), RECORD("secret"), RECORD("session_token"),
          TEXT("user_name"), TEXT("policy"), INT("created_ms"), INT("expires_ms")),
    MOVES(user_totp, 3, 2, TEXT("pool_id"), TEXT("sub"), SEALED("secret"), SEALED("pending"),
          TEXT("device_name")),
    MOVES(totp_steps, 3, 3, TEXT("pool_id"), TEXT("sub"), INT("step")),
    MOVES(devices, 4, 3, TEXT("pool_id"), TEXT("sub"), TEXT("key"), INT("status"), TEXT("name"),
          TEXT("last_ip"), SEALED("secret"), SEALED("awaited"), INT("created_ms"),
          INT("modified_ms"), INT("authenticated_ms")),
    MOVES(passkeys, 6, 2, TEXT("pool_id"), BYTES("id"), TEXT("sub"), TEXT("relying_party"),
          INT("algorithm"), SEALED("public_key"), INT("sign_count"), INT("flags"), BYTES("aaguid"),
          TEXT("attachment"), TEXT("transports"), INT("created_ms")),
    MOVES(user_groups, 7, 2, TEXT("pool_id"), TEXT("name"), TEXT("id"), TEXT("description"),
          TEXT("role"), INT("precedence"), INT("created_ms"), INT("modified_ms")),
    MOVES(group_members, 7, 3, TEXT("pool_id"), TEXT("sub"), TEXT("group_id")),
    MOVES(deleted_groups, 7, 2, TEXT("pool_id"), TEXT("id")),
    HEAVY(pool_parts, 8, 3, TEXT("pool_id"), INT("kind"), TEXT("name"), SEALED("document"),
          INT("created_ms"), INT("modified_ms"), INT("revision"), TEXT("client_id")),
    MOVES(part_claims, 8, 3, TEXT("space"), INT("kind"), TEXT("value"), TEXT("pool_id"),
          TEXT("name")),
    HEAVY(configurations, 9, 3, TEXT("pool_id"), INT("kind"), TEXT("client_id"), TEXT("document"),
          INT("created_ms"), INT("modified_ms")),
    MOVES(provisioned_limits, 11, 1, TEXT("name"), INT("value")),
    MOVES(token_sessions, 13, 3, TEXT("pool_id"), TEXT("sub"), TEXT("id"), TEXT("family"),
          TEXT("client_id"), TEXT("device_type"), TEXT("address"), INT("created_ms"),
          INT("active_ms"), INT("expires_ms")),
    MOVES(identities, 14, 4, TEXT("pool_id"), TEXT("provider"), TEXT("attribute"), BYTES("value"),
          TEXT("sub"), INT("provider_ms")),
    MOVES(log_events, 15, 1, TEXT("id"), TEXT("target"), TEXT("arn"), TEXT("pool_id"),
          TEXT("source"), TEXT("body"), INT("created_ms")),
    HEAVY(parked, 16, 2, TEXT("pool_id"), TEXT("id"), SEALED("content"), INT("expires_ms")),
    STAYS(write_slots, 17, 1, TEXT("id"), INT("turn"), INT("at_ms")),
    MOVES(import_jobs, 18, 2, TEXT("pool_id"), TEXT("id"), TEXT("name"), TEXT("role"),
          INT("algorithm"), INT("status"), INT("created_ms"), INT("started_ms"),
          INT("completed_ms"), TEXT("uploading"), TEXT("upload"), INT("bytes"), INT("lines"),
          INT("at_byte"), INT("at_line"), INT("imported"), INT("skipped"), INT("failed"),
          TEXT("message"), TEXT("runner"), INT("leased_ms")),
    HEAVY(import_pieces, 18, 3, TEXT("pool_id"), TEXT("upload"), INT("number"), TEXT("job_id"),
          SEALED("bytes")),
    MOVES(import_lines, 18, 3, TEXT("pool_id"), TEXT("job_id"), INT("line"), INT("outcome"),
          TEXT("text")),
    STAYS(log_leases, 19, 4, TEXT("target"), TEXT("arn"), TEXT("pool_id"), TEXT("source"),
          TEXT("node"), INT("until_ms")),
    STAYS(nodes, 21, 1, TEXT("id"), TEXT("program"), INT("knows"), TEXT("master"), INT("keys"),
          INT("seen_ms"), INT("data_keys")),
};
const size_t ph_table_count = sizeof ph_tables / sizeof ph_tables[0];

const struct ph_table *ph_table_find(struct ph_str name)
{
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_str_eq(name, ph_str_from(ph_tables[i].name))) {
            return &ph_tables[i];
        }
    }
    return NULL;
}

const struct ph_column *ph_table_column(const struct ph_table *table, struct ph_str name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (ph_str_eq(name, ph_str_from(table->columns[i].name))) {
            return &table->columns[i];
        }
    }
    return NULL;
}

bool ph_column_is_resealed(const struct ph_column *column)
{
    return column->seal == PH_SEALED_BY_WRAPPER || column->seal == PH_SEALED_BY_RECORDS;
}
