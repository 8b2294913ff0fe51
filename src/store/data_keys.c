#include "store/data_keys.h"

#include "store/internal.h"
#include "store/node_row.h"
#include "store/nodes.h"
#include "store/pool_row.h"
#include "store/schema.h"

/* --- steps --- */

struct stepping {
    struct ph_master *master;
    const struct ph_log *log;
    struct ph_str pool_id;
    int64_t number; /* of the key that was in use when the step was decided */
    int64_t now_ms;
    struct ph_str key, other, kept; /* wrapped */
    size_t older;
    bool is_stale; /* the master key was replaced since the keys were wrapped */
};

static struct ph_str wrap(struct ph_ctx *ctx, struct ph_str pool_id, const char *column,
                          struct ph_str plain)
{
    const struct ph_place place = ph_data_key_place(pool_id, column);

    return ph_master_wrap(ctx, &place, plain);
}

static struct ph_str wrap_key(struct ph_ctx *ctx, struct ph_str pool_id, const char *column,
                              const struct ph_key *key)
{
    return wrap(ctx, pool_id, column, (struct ph_str){ key->bytes, sizeof key->bytes });
}

static void next_epoch(struct ph_tx *tx)
{
    ph_meta_write_number(tx, PH_META_DATA_KEYS, ph_meta_number(tx, PH_META_DATA_KEYS) + 1);
}

/* Commands take turns with each other and with those that replace the master key. */
static bool begin_step(struct ph_tx *tx, struct stepping *s)
{
    s->is_stale = !ph_master_hold(tx, s->master);
    return !s->is_stale;
}

static struct ph_err take_step(struct ph_ctx *ctx, ph_job_run *run, struct stepping *s)
{
    PH_TRY(ph_write(ctx, run, s));
    return s->is_stale ? ph_internal(ctx, "the master key was replaced meanwhile: try again")
                       : PH_OK;
}

static struct ph_err stepping_of(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                 struct stepping *s)
{
    if (!ph_store_reload_keys(ctx->store)) {
        return ph_internal(ctx, "the keys cannot be read");
    }
    *s = (struct stepping){
        .master = &ctx->store->master,
        .log = &ctx->log,
        .pool_id = pool->id,
        .number = pool->keys.number,
        .now_ms = ph_now_ms(ctx),
    };
    return PH_OK;
}

static const char ANNOUNCE[] =
    "UPDATE pools SET other_data_key = $2, key_state = 1, revision = revision + 1"
    " WHERE id = $1 AND key_state = 0 AND key_number = $3";

/* Servers of such versions that start later find out by schema_min_reader. */
static void announce(struct ph_tx *tx, void *arg)
{
    struct stepping *s = arg;

    if (!begin_step(tx, s)) {
        return;
    }
    s->older = ph_nodes_older(tx, PH_DATA_KEYS_VERSION, s->now_ms, s->log);
    if (s->older > 0) {
        return;
    }
    if (ph_schema_min_reader(tx) < PH_DATA_KEYS_VERSION) {
        ph_schema_write_min_reader(tx, PH_DATA_KEYS_VERSION);
    }
    if (PH_RUN(tx, ANNOUNCE, ph_v_text(s->pool_id), ph_v_bytes(s->other), ph_v_int(s->number)) >
        0) {
        next_epoch(tx);
    }
}

struct ph_err ph_store_data_key_announce(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                         const struct ph_key *next, size_t *older)
{
    struct stepping s;

    PH_TRY(stepping_of(ctx, pool, &s));
    s.other = wrap_key(ctx, pool->id, "other_data_key", next);
    PH_TRY(take_step(ctx, announce, &s));
    *older = s.older;
    return PH_OK;
}

static const char REPLACE[] =
    "UPDATE pools SET data_key = $2, other_data_key = $3, kept_keys = $4, key_state = 2,"
    " key_number = key_number + 1, key_ms = $5, revision = revision + 1"
    " WHERE id = $1 AND key_state = 1 AND key_number = $6";

static void replace(struct ph_tx *tx, void *arg)
{
    struct stepping *s = arg;

    if (begin_step(tx, s) &&
        PH_RUN(tx, REPLACE, ph_v_text(s->pool_id), ph_v_bytes(s->key), ph_v_bytes(s->other),
               ph_v_bytes(s->kept), ph_v_int(s->now_ms), ph_v_int(s->number)) > 0) {
        next_epoch(tx);
    }
}

struct ph_err ph_store_data_key_replace(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                        struct ph_str kept)
{
    struct stepping s;

    PH_TRY(stepping_of(ctx, pool, &s));
    s.key = wrap_key(ctx, pool->id, "data_key", &pool->keys.other);
    s.other = wrap_key(ctx, pool->id, "other_data_key", &pool->data_key);
    s.kept = wrap(ctx, pool->id, "kept_keys", kept);
    return take_step(ctx, replace, &s);
}

/* --- writes that are under way --- */

static const char LIST_SLOTS[] = "SELECT id FROM write_slots ORDER BY id";
static const char WAIT_FOR_SLOT[] = "UPDATE write_slots SET at_ms = at_ms WHERE id = $1";

static void wait_for_slot(struct ph_tx *tx, void *arg)
{
    const struct ph_str *id = arg;

    (void)PH_RUN(tx, WAIT_FOR_SLOT, ph_v_text(*id));
}

/*
 * Of an engine with several writers each transaction begins with a change of the row of its
 * connection, so that whoever wants to change that waits until it has ended (decision 27). What has
 * begun before is so waited for, one after the other; with one writer nothing is under way.
 */
static struct ph_err wait_for_writes(struct ph_ctx *ctx)
{
    struct ph_list list = { 0 };
    struct ph_str *slots;
    struct ph_q q;

    ph_read_begin(ctx, &q, LIST_SLOTS, NULL, 0);
    while (ph_q_row(&q)) {
        *PH_LIST_ADD(ctx->arena, &list, struct ph_str) = ph_q_str(&q, ctx->arena, 0);
    }
    PH_TRY(ph_read_end(&q));
    slots = list.items;
    for (size_t i = 0; i < list.count; i++) {
        PH_TRY(ph_write(ctx, wait_for_slot, &slots[i]));
    }
    return PH_OK;
}

static const char CLOSE[] = "UPDATE pools SET key_state = 3, revision = revision + 1"
                            " WHERE id = $1 AND key_state = 2 AND key_number = $2";

static void close_for_writes(struct ph_tx *tx, void *arg)
{
    struct stepping *s = arg;

    if (begin_step(tx, s)) {
        (void)PH_RUN(tx, CLOSE, ph_v_text(s->pool_id), ph_v_int(s->number));
    }
}

struct ph_err ph_store_data_key_close(struct ph_ctx *ctx, const struct ph_pool_record *pool)
{
    struct stepping s;

    PH_TRY(stepping_of(ctx, pool, &s));
    PH_TRY(take_step(ctx, close_for_writes, &s));
    return wait_for_writes(ctx);
}

static const char REMOVE[] =
    "UPDATE pools SET other_data_key = NULL, kept_keys = $2, key_state = 0, revision = revision + 1"
    " WHERE id = $1 AND key_state = 3 AND key_number = $3";

static void remove_other(struct ph_tx *tx, void *arg)
{
    struct stepping *s = arg;

    if (begin_step(tx, s)) {
        (void)PH_RUN(tx, REMOVE, ph_v_text(s->pool_id), ph_v_bytes(s->kept), ph_v_int(s->number));
    }
}

struct ph_err ph_store_data_key_remove(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                       struct ph_str kept)
{
    struct stepping s;

    PH_TRY(stepping_of(ctx, pool, &s));
    s.kept = wrap(ctx, pool->id, "kept_keys", kept);
    return take_step(ctx, remove_other, &s);
}

/* --- looking --- */

static const char READ_NUMBER[] = "SELECT number FROM meta WHERE name = $1";

struct ph_err ph_store_data_keys_behind(struct ph_ctx *ctx, size_t *count)
{
    struct ph_node *nodes;
    int64_t epoch;
    size_t n, behind = 0;

    PH_TRY(ph_read_int(ctx, READ_NUMBER, PH_META_DATA_KEYS, &epoch));
    PH_TRY(ph_store_nodes(ctx, &nodes, &n));
    for (size_t i = 0; i < n; i++) {
        behind += nodes[i].data_keys < epoch ? 1 : 0;
    }
    *count = behind;
    return PH_OK;
}

static const char LEAVING[] = "SELECT COUNT(*), MIN(id) FROM pools WHERE key_state > 0";

struct ph_err ph_store_data_keys_leaving(struct ph_ctx *ctx, int64_t *count, struct ph_str *first)
{
    struct ph_q q;

    *count = 0;
    *first = (struct ph_str){ 0 };
    ph_read_begin(ctx, &q, LEAVING, NULL, 0);
    if (ph_q_row(&q)) {
        *count = ph_q_int(&q, 0);
        *first = ph_q_str(&q, ctx->arena, 1);
    }
    return ph_read_end(&q);
}
