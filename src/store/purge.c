/* Deleting in pieces: what has expired, and what deleted pools left behind. */
#include "store/internal.h"
#include "store/pool_row.h"

/* The numbers in the texts are rows of one piece: short enough to let others commit in between. */

static const char SWEEP_SPENT[] = "DELETE FROM spent WHERE digest IN"
                                  " (SELECT digest FROM spent WHERE expires_ms < $1 LIMIT 1000)";
static const char SWEEP_FAMILIES[] =
    "DELETE FROM token_families WHERE (pool_id, id) IN"
    " (SELECT pool_id, id FROM token_families WHERE expires_ms < $1 LIMIT 1000)";
static const char SWEEP_SESSIONS[] =
    "DELETE FROM token_sessions WHERE (pool_id, sub, id) IN"
    " (SELECT pool_id, sub, id FROM token_sessions WHERE expires_ms < $1 LIMIT 1000)";
static const char SWEEP_LOCKOUTS[] =
    "DELETE FROM lockouts WHERE (pool_id, subject) IN"
    " (SELECT pool_id, subject FROM lockouts WHERE last_ms < $1 - 900000 LIMIT 1000)";
static const char SWEEP_ATTEMPTS[] =
    "DELETE FROM attempts WHERE (pool_id, subject) IN"
    " (SELECT pool_id, subject FROM attempts WHERE since_ms < $1 - 3600000 LIMIT 1000)";
/* A day longer than it is good for: until then the answer is "expired" and not "none". */
static const char SWEEP_CODES[] =
    "DELETE FROM user_codes WHERE (pool_id, sub, purpose) IN"
    " (SELECT pool_id, sub, purpose FROM user_codes WHERE expires_ms < $1 - 86400000 LIMIT 1000)";

/* Nothing that they have signed is good any more. */
static const char SWEEP_KEYS[] =
    "DELETE FROM signing_keys WHERE (pool_id, kid) IN"
    " (SELECT pool_id, kid FROM signing_keys WHERE published_until_ms < $1 LIMIT 1000)";

/* Ten years: no refresh token that was bound to the device is alive any more. */
static const char SWEEP_DEVICES[] =
    "DELETE FROM devices WHERE (pool_id, sub, key) IN (SELECT pool_id, sub, key FROM devices"
    " WHERE status = 2 AND modified_ms < $1 - 315360000000 LIMIT 1000)";

static const char SWEEP_MEMBERS[] =
    "DELETE FROM group_members WHERE (pool_id, sub, group_id) IN"
    " (SELECT m.pool_id, m.sub, m.group_id FROM deleted_groups d JOIN group_members m"
    " ON m.pool_id = d.pool_id AND m.group_id = d.id WHERE $1 > 0 LIMIT 1000)";
static const char SWEEP_GROUPS[] =
    "DELETE FROM deleted_groups WHERE $1 > 0 AND NOT EXISTS (SELECT 1 FROM group_members m"
    " WHERE m.pool_id = deleted_groups.pool_id AND m.group_id = deleted_groups.id)";

static const char SWEEP_PARKED[] = "DELETE FROM parked WHERE (pool_id, id) IN (SELECT pool_id, id"
                                   " FROM parked WHERE expires_ms < $1 LIMIT 1000)";

static const char SWEEP_LEASES[] =
    "DELETE FROM log_leases WHERE (target, arn, pool_id, source) IN (SELECT target, arn, pool_id,"
    " source FROM log_leases WHERE until_ms < $1 - 3600000 LIMIT 1000)";

/* Servers that were killed a day ago. */
static const char SWEEP_NODES[] = "DELETE FROM nodes WHERE seen_ms < $1 - 86400000";

static const char *const SWEEPS[] = {
    SWEEP_SPENT,  SWEEP_FAMILIES, SWEEP_LOCKOUTS, SWEEP_ATTEMPTS, SWEEP_CODES,
    SWEEP_KEYS,   SWEEP_DEVICES,  SWEEP_MEMBERS,  SWEEP_GROUPS,   SWEEP_SESSIONS,
    SWEEP_PARKED, SWEEP_LEASES,   SWEEP_NODES,
};

static const char NEXT_DELETED[] = "SELECT id FROM deleted_pools ORDER BY id LIMIT 1";
static const char PURGE_USERS[] = "DELETE FROM users WHERE (pool_id, sub) IN"
                                  " (SELECT pool_id, sub FROM users WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_ALIASES[] =
    "DELETE FROM user_aliases WHERE (pool_id, kind, value) IN"
    " (SELECT pool_id, kind, value FROM user_aliases WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_CODES[] =
    "DELETE FROM user_codes WHERE (pool_id, sub, purpose) IN"
    " (SELECT pool_id, sub, purpose FROM user_codes WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_LOCKOUTS[] =
    "DELETE FROM lockouts WHERE (pool_id, subject) IN"
    " (SELECT pool_id, subject FROM lockouts WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_ATTEMPTS[] =
    "DELETE FROM attempts WHERE (pool_id, subject) IN"
    " (SELECT pool_id, subject FROM attempts WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_FAMILIES[] =
    "DELETE FROM token_families WHERE (pool_id, id) IN"
    " (SELECT pool_id, id FROM token_families WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_EVENTS[] =
    "DELETE FROM auth_events WHERE (pool_id, id) IN"
    " (SELECT pool_id, id FROM auth_events WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_TOTP[] =
    "DELETE FROM user_totp WHERE (pool_id, sub) IN"
    " (SELECT pool_id, sub FROM user_totp WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_STEPS[] =
    "DELETE FROM totp_steps WHERE (pool_id, sub, step) IN"
    " (SELECT pool_id, sub, step FROM totp_steps WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_DEVICES[] =
    "DELETE FROM devices WHERE (pool_id, sub, key) IN"
    " (SELECT pool_id, sub, key FROM devices WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_GROUPS[] =
    "DELETE FROM user_groups WHERE (pool_id, name) IN"
    " (SELECT pool_id, name FROM user_groups WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_MEMBERS[] =
    "DELETE FROM group_members WHERE (pool_id, sub, group_id) IN"
    " (SELECT pool_id, sub, group_id FROM group_members WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_PASSKEYS[] =
    "DELETE FROM passkeys WHERE (pool_id, id) IN"
    " (SELECT pool_id, id FROM passkeys WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_SESSIONS[] =
    "DELETE FROM token_sessions WHERE (pool_id, sub, id) IN"
    " (SELECT pool_id, sub, id FROM token_sessions WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_IDENTITIES[] =
    "DELETE FROM identities WHERE (pool_id, provider, attribute, value) IN (SELECT pool_id,"
    " provider, attribute, value FROM identities WHERE pool_id = $1 LIMIT 500)";
/* Pieces are large. */
static const char PURGE_PIECES[] =
    "DELETE FROM import_pieces WHERE (pool_id, upload, number) IN"
    " (SELECT pool_id, upload, number FROM import_pieces WHERE pool_id = $1 LIMIT 16)";
static const char PURGE_LINES[] =
    "DELETE FROM import_lines WHERE (pool_id, job_id, line) IN"
    " (SELECT pool_id, job_id, line FROM import_lines WHERE pool_id = $1 LIMIT 500)";
static const char PURGE_CONFIGURATIONS[] = "DELETE FROM configurations WHERE pool_id = $1";
static const char PURGE_LOGS[] = "DELETE FROM log_events WHERE pool_id = $1";
static const char PURGE_LEASES[] = "DELETE FROM log_leases WHERE pool_id = $1";
static const char PURGE_OUTBOX[] = "DELETE FROM outbox WHERE pool_id = $1";
static const char PURGE_PARKED[] = "DELETE FROM parked WHERE pool_id = $1";
static const char PURGED[] = "DELETE FROM deleted_pools WHERE id = $1";

static const char *const PURGES[] = {
    PURGE_USERS,          PURGE_ALIASES, PURGE_CODES,   PURGE_LOCKOUTS, PURGE_ATTEMPTS,
    PURGE_FAMILIES,       PURGE_EVENTS,  PURGE_TOTP,    PURGE_STEPS,    PURGE_DEVICES,
    PURGE_PASSKEYS,       PURGE_GROUPS,  PURGE_MEMBERS, PURGE_SESSIONS, PURGE_IDENTITIES,
    PURGE_CONFIGURATIONS, PURGE_LOGS,    PURGE_LEASES,  PURGE_OUTBOX,   PURGE_PARKED,
    PURGE_PIECES,         PURGE_LINES,
};

static const char IS_DELETED[] = "SELECT 1 FROM deleted_pools WHERE id = $1";

/* False when nothing was left. */
static bool purge_piece(struct ph_tx *tx, struct ph_str id)
{
    int64_t gone = 0;

    for (size_t i = 0; i < sizeof PURGES / sizeof PURGES[0]; i++) {
        gone += PH_RUN(tx, PURGES[i], ph_v_text(id));
    }
    if (gone == 0) {
        (void)PH_RUN(tx, PURGED, ph_v_text(id));
    }
    return gone > 0;
}

void ph_purge_before_reuse(struct ph_tx *tx, struct ph_str pool_id)
{
    if (ph_row_exists(tx, IS_DELETED, pool_id)) {
        while (purge_piece(tx, pool_id)) {
        }
    }
}

void ph_purge_pools(struct ph_tx *tx, struct ph_arena *arena)
{
    struct ph_str id = { 0 };
    struct ph_q q;

    ph_tx_query(tx, &q, NEXT_DELETED, NULL, 0);
    if (ph_q_row(&q)) {
        id = ph_q_str(&q, arena, 0);
    }
    ph_q_end(&q);
    if (id.p != NULL) {
        (void)purge_piece(tx, id);
    }
}

static const char SWEEP_SLOTS[] =
    "DELETE FROM write_slots WHERE id IN"
    " (SELECT id FROM write_slots WHERE at_ms < $1 - 86400000 LIMIT 1000)";

/* Of several processes one sweeps; the clock may have been set back meanwhile. */
static const char TAKE_TURN[] = "INSERT INTO meta (name, number) VALUES ('swept_ms', $1)"
                                " ON CONFLICT (name) DO UPDATE SET number = excluded.number"
                                " WHERE meta.number < $1 - 8000 OR meta.number > $1 + 60000";

struct sweeping {
    int64_t now_ms;
    struct ph_arena arena;
};

static void sweep(struct ph_tx *tx, void *arg)
{
    struct sweeping *s = arg;

    if (tx->driver->several && PH_RUN(tx, TAKE_TURN, ph_v_int(s->now_ms)) == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof SWEEPS / sizeof SWEEPS[0]; i++) {
        (void)PH_RUN(tx, SWEEPS[i], ph_v_int(s->now_ms));
    }
    (void)PH_RUN(tx, SWEEP_SLOTS, ph_v_int(s->now_ms));
    ph_purge_pools(tx, &s->arena);
}

void ph_store_sweep(struct ph_store *store, int64_t now_ms)
{
    struct sweeping s = { .now_ms = now_ms };

    (void)ph_writer_run(store->writer, NULL, sweep, &s,
                        sizeof s); /* a failure is logged; the next tries */
    ph_arena_finish(&s.arena);
}
