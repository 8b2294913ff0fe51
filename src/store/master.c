#include "store/master.h"

#include "crypto/random.h"
#include "store/internal.h"
#include "store/master_keys.h"
#include "store/node_row.h"
#include "store/nodes.h"

enum { AT_ONCE = 200 /* rows that are sealed anew in one transaction */ };

static struct ph_master *master_of(struct ph_ctx *ctx)
{
    return &ctx->store->master;
}

/* What was just committed, for this process as well. */
static struct ph_err reload(struct ph_ctx *ctx)
{
    return ph_store_reload_keys(ctx->store) ? PH_OK : ph_internal(ctx, "the keys cannot be read");
}

static void next_epoch(struct ph_tx *tx)
{
    ph_meta_write_number(tx, PH_META_EPOCH, ph_meta_number(tx, PH_META_EPOCH) + 1);
}

/* --- announcing --- */

struct changing {
    struct ph_arena *arena;
    const struct ph_master *master;
    struct ph_master_key next;
    struct ph_str sealed_records; /* for PH_META_RECORDS and PH_META_OTHER_RECORDS */
    struct ph_str sealed_other;
    enum ph_master_result result;
};

static void wipe_changing(struct changing *c)
{
    ph_master_key_wipe(&c->next);
}

/* Of two commands at the same time the second one finds what the first has written. */
static const char HOLD_CHECK[] = "UPDATE meta SET bytes = bytes WHERE name = 'master_key_check'";

bool ph_master_hold(struct ph_tx *tx, struct ph_master *master)
{
    (void)ph_tx_run(tx, HOLD_CHECK, NULL, 0);
    return ph_meta_number(tx, PH_META_EPOCH) == ph_master_epoch(master);
}

static bool seals(struct ph_tx *tx, struct ph_arena *arena, const struct ph_digest *check)
{
    return ph_equal_secret(ph_meta_bytes(tx, arena, PH_META_CHECK), ph_digest_str(check));
}

static bool has_link(struct ph_tx *tx, struct ph_arena *arena, const struct ph_digest *check)
{
    return ph_meta_bytes(tx, arena, ph_master_link_name(arena, check)).p != NULL;
}

static void write_links(struct ph_tx *tx, const struct changing *c)
{
    const struct ph_master_key *given = &c->master->given;

    ph_meta_write_bytes(tx, ph_master_link_name(c->arena, &given->check),
                        ph_master_link_seal(c->arena, given, &c->next));
    ph_meta_write_bytes(tx, ph_master_link_name(c->arena, &c->next.check),
                        ph_master_link_seal(c->arena, &c->next, given));
}

static void announce(struct ph_tx *tx, void *arg)
{
    struct changing *c = arg;

    (void)ph_tx_run(tx, HOLD_CHECK, NULL, 0);
    if (has_link(tx, c->arena, &c->next.check)) {
        c->result = PH_MASTER_DONE; /* by a command that was interrupted */
    } else if (ph_meta_bytes(tx, c->arena, PH_META_OTHER_RECORDS).p != NULL) {
        c->result = PH_MASTER_BUSY;
    } else if (seals(tx, c->arena, &c->next.check)) {
        c->result = PH_MASTER_SAME;
    } else if (!seals(tx, c->arena, &c->master->given.check)) {
        ph_tx_fail(tx, PH_DB_BROKEN, "another master key seals by now");
    } else {
        write_links(tx, c);
        ph_meta_write_bytes(tx, PH_META_RECORDS, c->sealed_records);
        ph_meta_write_bytes(tx, PH_META_OTHER_RECORDS, c->sealed_other);
        next_epoch(tx);
    }
}

static struct ph_str seal_records(struct ph_arena *arena, const struct ph_key *wrapping,
                                  const struct ph_key *records)
{
    const struct ph_place place = ph_record_key_place();

    return ph_place_seal(arena, wrapping, &place,
                         (struct ph_str){ records->bytes, sizeof records->bytes });
}

struct ph_err ph_store_master_announce(struct ph_ctx *ctx, const struct ph_key *next,
                                       enum ph_master_result *result)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair wrapping = { 0 };
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };
    PH_AUTO(ph_key_wipe) struct ph_key fresh = { 0 };
    PH_AUTO(wipe_changing)
    struct changing c = { .arena = ctx->arena, .master = master_of(ctx), .result = PH_MASTER_DONE };

    ph_master_key_derive(next, &c.next);
    ph_master_wrapping(master_of(ctx), &wrapping);
    ph_master_records(master_of(ctx), &records);
    ctx->random->fill(ctx->random->self, fresh.bytes, sizeof fresh.bytes);
    c.sealed_records = seal_records(ctx->arena, &wrapping.seals, &records.seals);
    c.sealed_other = seal_records(ctx->arena, &wrapping.seals, &fresh);
    PH_TRY(ph_write(ctx, announce, &c));
    *result = c.result;
    return reload(ctx);
}

struct ph_err ph_store_master_behind(struct ph_ctx *ctx, size_t *count)
{
    const int64_t epoch = ph_master_epoch(master_of(ctx));
    struct ph_node *nodes;
    size_t n, behind = 0;

    PH_TRY(ph_store_nodes(ctx, &nodes, &n));
    for (size_t i = 0; i < n; i++) {
        behind += nodes[i].keys < epoch ? 1 : 0;
    }
    *count = behind;
    return PH_OK;
}

/* --- switching --- */

static void take_place(struct ph_tx *tx, void *arg)
{
    struct changing *c = arg;

    (void)ph_tx_run(tx, HOLD_CHECK, NULL, 0);
    if (seals(tx, c->arena, &c->next.check)) {
        return;
    }
    if (!has_link(tx, c->arena, &c->next.check)) {
        c->result = PH_MASTER_BUSY;
        return;
    }
    ph_meta_write_bytes(tx, PH_META_CHECK, ph_digest_str(&c->next.check));
    ph_meta_write_bytes(tx, PH_META_RECORDS, c->sealed_records);
    ph_meta_write_bytes(tx, PH_META_OTHER_RECORDS, c->sealed_other);
    next_epoch(tx);
}

struct ph_err ph_store_master_switch(struct ph_ctx *ctx, const struct ph_key *next,
                                     enum ph_master_result *result)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };
    PH_AUTO(wipe_changing)
    struct changing c = { .arena = ctx->arena, .master = master_of(ctx), .result = PH_MASTER_DONE };

    ph_master_key_derive(next, &c.next);
    ph_master_records(master_of(ctx), &records);
    c.sealed_records = seal_records(ctx->arena, &c.next.wrapping, &records.other);
    c.sealed_other = seal_records(ctx->arena, &c.next.wrapping, &records.seals);
    PH_TRY(ph_write(ctx, take_place, &c));
    *result = c.result;
    return reload(ctx);
}

/* --- sealing anew --- */

/* A column of a table whose values are sealed by keys of the master key. */
struct column {
    const char *table;
    const char *name;
    bool wraps;         /* by the wrapping key; else by the record key */
    const char *list;   /* id, the pool of the place, value: those after $1, in their order */
    const char *update; /* $2 instead of $3 in the row $1 */
};

static const struct column COLUMNS[] = {
    { "pools", "data_key", true,
      "SELECT id, id, data_key FROM pools WHERE id > $1 ORDER BY id LIMIT $2",
      "UPDATE pools SET data_key = $2 WHERE id = $1 AND data_key = $3" },
    { "pools", "other_data_key", true,
      "SELECT id, id, other_data_key FROM pools WHERE id > $1 AND other_data_key IS NOT NULL"
      " ORDER BY id LIMIT $2",
      "UPDATE pools SET other_data_key = $2 WHERE id = $1 AND other_data_key = $3" },
    { "pools", "kept_keys", true,
      "SELECT id, id, kept_keys FROM pools WHERE id > $1 AND kept_keys IS NOT NULL"
      " ORDER BY id LIMIT $2",
      "UPDATE pools SET kept_keys = $2 WHERE id = $1 AND kept_keys = $3" },
    { "access_keys", "secret", false,
      "SELECT id, NULL, secret FROM access_keys WHERE id > $1 ORDER BY id LIMIT $2",
      "UPDATE access_keys SET secret = $2 WHERE id = $1 AND secret = $3" },
    { "access_keys", "session_token", false,
      "SELECT id, NULL, session_token FROM access_keys WHERE id > $1 AND session_token IS NOT NULL"
      " ORDER BY id LIMIT $2",
      "UPDATE access_keys SET session_token = $2 WHERE id = $1 AND session_token = $3" },
    { "outbox", "body", false,
      "SELECT id, pool_id, body FROM outbox WHERE id > $1 AND body IS NOT NULL ORDER BY id"
      " LIMIT $2",
      "UPDATE outbox SET body = $2 WHERE id = $1 AND body = $3" },
    { "outbox", "code", false,
      "SELECT id, pool_id, code FROM outbox WHERE id > $1 AND code IS NOT NULL ORDER BY id"
      " LIMIT $2",
      "UPDATE outbox SET code = $2 WHERE id = $1 AND code = $3" },
};

enum { COLUMN_COUNT = sizeof COLUMNS / sizeof COLUMNS[0] };

struct value {
    struct ph_str id;
    struct ph_str pool_id;
    struct ph_str old;
    struct ph_str fresh; /* absent: it stays */
};

struct resealing {
    const struct column *column;
    const struct value *values;
    size_t count;
};

/* A row that has changed meanwhile was sealed by its writer. */
static void write_values(struct ph_tx *tx, void *arg)
{
    const struct resealing *r = arg;

    for (size_t i = 0; i < r->count; i++) {
        const struct value *v = &r->values[i];

        if (v->fresh.p != NULL) {
            (void)PH_RUN(tx, r->column->update, ph_v_text(v->id), ph_v_bytes(v->fresh),
                         ph_v_bytes(v->old));
        }
    }
}

static struct ph_err list_values(struct ph_ctx *ctx, const struct column *column,
                                 struct ph_str after, struct ph_list *list)
{
    struct ph_q q;

    PH_READ(ctx, &q, column->list, ph_v_text(after), ph_v_int(AT_ONCE));
    while (ph_q_row(&q)) {
        struct value *v = PH_LIST_ADD(ctx->arena, list, struct value);

        v->id = ph_q_str(&q, ctx->arena, 0);
        v->pool_id = ph_q_str(&q, ctx->arena, 1);
        v->old = ph_q_str(&q, ctx->arena, 2);
    }
    return ph_read_end(&q);
}

static struct ph_err seal_value(struct ph_ctx *ctx, const struct column *column,
                                const struct ph_key_pair *keys, struct value *v, size_t *count)
{
    const struct ph_place place = {
        .table = column->table,
        .column = column->name,
        .pool_id = v->pool_id,
        .key = v->id,
    };
    struct ph_str plain;

    if (ph_place_open(ctx->arena, &keys->seals, &place, v->old, &plain)) {
        return PH_OK;
    }
    if (!ph_pair_open(ctx->arena, keys, &place, v->old, &plain)) {
        return ph_internal(ctx, "a sealed value opens with neither master key");
    }
    v->fresh = ph_place_seal(ctx->arena, &keys->seals, &place, plain);
    ++*count;
    return PH_OK;
}

/* A page of a column; *last is where the next one begins, absent after the last one. */
static struct ph_err reseal_page(struct ph_ctx *ctx, const struct column *column,
                                 const struct ph_key_pair *keys, struct ph_str *after,
                                 size_t *count)
{
    struct ph_list list = { 0 };
    struct resealing r = { .column = column };
    struct value *values;

    PH_TRY(list_values(ctx, column, *after, &list));
    values = list.items;
    for (size_t i = 0; i < list.count; i++) {
        PH_TRY(seal_value(ctx, column, keys, &values[i], count));
    }
    r.values = values;
    r.count = list.count;
    *after = list.count < AT_ONCE ? (struct ph_str){ 0 } : values[list.count - 1].id;
    return list.count == 0 ? PH_OK : ph_write(ctx, write_values, &r);
}

struct ph_err ph_store_master_reseal(struct ph_ctx *ctx, size_t *count)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair wrapping = { 0 };
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };

    ph_master_wrapping(master_of(ctx), &wrapping);
    ph_master_records(master_of(ctx), &records);
    *count = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const struct column *column = &COLUMNS[i];
        struct ph_str after = PH_STR("");

        do {
            PH_TRY(reseal_page(ctx, column, column->wraps ? &wrapping : &records, &after, count));
        } while (after.p != NULL);
    }
    return PH_OK;
}

/* --- retiring --- */

static const char DELETE_LINKS[] = "DELETE FROM meta WHERE name LIKE 'master_link %'";

static void retire(struct ph_tx *tx, void *arg)
{
    (void)arg;
    (void)ph_tx_run(tx, HOLD_CHECK, NULL, 0);
    (void)ph_tx_run(tx, DELETE_LINKS, NULL, 0);
    ph_meta_write_bytes(tx, PH_META_OTHER_RECORDS, (struct ph_str){ 0 });
    next_epoch(tx);
}

static struct ph_err is_used(struct ph_ctx *ctx, bool *used)
{
    const struct ph_str name = ph_master_key_name(ctx->arena, &master_of(ctx)->given.check);
    struct ph_node *nodes;
    size_t n;

    *used = false;
    PH_TRY(ph_store_nodes(ctx, &nodes, &n));
    for (size_t i = 0; i < n; i++) {
        if (!ph_str_eq(nodes[i].master, name)) {
            PH_LOG(&ctx->log, PH_WARN, "older_key", ph_f_str("node", nodes[i].id),
                   ph_f_str("program", nodes[i].program),
                   ph_f_int("seen_s_ago", (ph_now_ms(ctx) - nodes[i].seen_ms) / 1000));
            *used = true;
        }
    }
    return PH_OK;
}

struct ph_err ph_store_master_is_leaving(struct ph_ctx *ctx, bool *leaving)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };

    PH_TRY(reload(ctx));
    ph_master_records(master_of(ctx), &records);
    *leaving = records.two;
    return PH_OK;
}

struct ph_err ph_store_master_retire(struct ph_ctx *ctx, enum ph_master_result *result)
{
    struct changing c = { 0 };
    bool leaving, used;
    size_t count;

    PH_TRY(ph_store_master_is_leaving(ctx, &leaving));
    if (!leaving) {
        *result = PH_MASTER_NONE;
        return PH_OK;
    }
    if (!ph_master_given_seals(master_of(ctx))) {
        *result = PH_MASTER_OPENED;
        return PH_OK;
    }
    PH_TRY(is_used(ctx, &used));
    if (used) {
        *result = PH_MASTER_USED;
        return PH_OK;
    }
    PH_TRY(ph_store_master_reseal(ctx, &count)); /* what was sealed in the last moment */
    PH_TRY(ph_write(ctx, retire, &c));
    *result = PH_MASTER_DONE;
    return reload(ctx);
}
