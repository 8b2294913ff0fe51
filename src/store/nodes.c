#include "store/nodes.h"

#include "store/node_row.h"
#include "store/schema.h"

#define MIN_READER PH_STR("schema_min_reader")

static const char READ_NUMBER[] = "SELECT number FROM meta WHERE name = $1";
static const char WRITE_NUMBER[] = "INSERT INTO meta (name, number) VALUES ($1, $2)"
                                   " ON CONFLICT (name) DO UPDATE SET number = excluded.number";

int64_t ph_meta_number(struct ph_tx *tx, struct ph_str name)
{
    int64_t number = 0;
    struct ph_q q;

    PH_QUERY(tx, &q, READ_NUMBER, ph_v_text(name));
    if (ph_q_row(&q)) {
        number = ph_q_int(&q, 0);
    }
    ph_q_end(&q);
    return number;
}

void ph_meta_write_number(struct ph_tx *tx, struct ph_str name, int64_t number)
{
    (void)PH_RUN(tx, WRITE_NUMBER, ph_v_text(name), ph_v_int(number));
}

int64_t ph_schema_min_reader(struct ph_tx *tx)
{
    return ph_meta_number(tx, MIN_READER);
}

void ph_schema_write_min_reader(struct ph_tx *tx, int64_t version)
{
    ph_meta_write_number(tx, MIN_READER, version);
}

/* --- rows --- */

static const char ENTER[] =
    "INSERT INTO nodes (id, program, knows, master, keys, seen_ms, data_keys)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET keys = excluded.keys,"
    " seen_ms = excluded.seen_ms, data_keys = excluded.data_keys";
static const char LEAVE[] = "DELETE FROM nodes WHERE id = $1";
static const char FORGET[] = "DELETE FROM nodes";

void ph_node_enter(struct ph_tx *tx, const struct ph_node *node, int64_t now_ms)
{
    (void)PH_RUN(tx, ENTER, ph_v_text(node->id), ph_v_text(node->program), ph_v_int(node->knows),
                 ph_v_text(node->master), ph_v_int(node->keys), ph_v_int(now_ms),
                 ph_v_int(node->data_keys));
}

void ph_node_leave(struct ph_tx *tx, struct ph_str id)
{
    (void)PH_RUN(tx, LEAVE, ph_v_text(id));
}

void ph_nodes_forget(struct ph_tx *tx)
{
    (void)ph_tx_run(tx, FORGET, NULL, 0);
}

static const char LIST[] = "SELECT id, program, knows, master, keys, seen_ms, data_keys FROM nodes"
                           " WHERE seen_ms > $1 AND knows < $2 ORDER BY id";

static void decode(struct ph_q *q, struct ph_arena *arena, struct ph_node *node)
{
    node->id = ph_q_str(q, arena, 0);
    node->program = ph_q_str(q, arena, 1);
    node->knows = ph_q_int(q, 2);
    node->master = ph_q_str(q, arena, 3);
    node->keys = ph_q_int(q, 4);
    node->seen_ms = ph_q_int(q, 5);
    node->data_keys = ph_q_int(q, 6);
}

static void log_older(const struct ph_log *log, const struct ph_node *node, int64_t version,
                      int64_t now_ms)
{
    PH_LOG(log, PH_WARN, "older_server", ph_f_str("program", node->program),
           ph_f_str("node", node->id), ph_f_int("knows", node->knows), ph_f_int("needed", version),
           ph_f_int("seen_s_ago", (now_ms - node->seen_ms) / 1000));
}

size_t ph_nodes_older(struct ph_tx *tx, int64_t version, int64_t now_ms, const struct ph_log *log)
{
    struct ph_arena arena = { 0 };
    struct ph_node node;
    size_t count = 0;
    struct ph_q q;

    PH_QUERY(tx, &q, LIST, ph_v_int(now_ms - PH_NODE_SILENT_MS), ph_v_int(version));
    for (; ph_q_row(&q); count++) {
        decode(&q, &arena, &node);
        log_older(log, &node, version, now_ms);
    }
    ph_q_end(&q);
    ph_arena_finish(&arena);
    return count;
}

struct ph_err ph_store_nodes(struct ph_ctx *ctx, struct ph_node **nodes, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST, ph_v_int(ph_now_ms(ctx) - PH_NODE_SILENT_MS), ph_v_int(INT64_MAX));
    while (ph_q_row(&q)) {
        decode(&q, ctx->arena, PH_LIST_ADD(ctx->arena, &list, struct ph_node));
    }
    PH_TRY(ph_read_end(&q));
    *nodes = list.items;
    *count = list.count;
    return PH_OK;
}

/* --- this one --- */

struct beating {
    struct ph_store *store;
    int64_t now_ms;
};

static void beat(struct ph_tx *tx, void *arg)
{
    struct beating *b = arg;
    const struct ph_node node = ph_store_as_node(b->store);

    ph_node_enter(tx, &node, b->now_ms);
}

void ph_store_beat(struct ph_store *store, int64_t now_ms)
{
    struct beating b = { .store = store, .now_ms = now_ms };

    (void)ph_writer_run(store->writer, NULL, beat, &b, sizeof b);
}

struct watched {
    int64_t epoch;
    int64_t data_keys;
    int64_t min_reader;
};

static bool look(struct ph_store *store, struct watched *seen)
{
    struct ph_tx tx = { .driver = store->driver, .db = ph_readers_take(store->readers) };

    if (tx.db == NULL) {
        return false;
    }
    seen->epoch = ph_meta_number(&tx, PH_META_EPOCH);
    seen->data_keys = ph_meta_number(&tx, PH_META_DATA_KEYS);
    seen->min_reader = ph_schema_min_reader(&tx);
    ph_readers_give(store->readers, tx.db);
    return tx.verdict == PH_DB_DONE;
}

void ph_store_uses_data_keys(struct ph_store *store, int64_t epoch, int64_t now_ms)
{
    if (store->data_keys != epoch) {
        store->data_keys = epoch;
        ph_store_beat(store, now_ms);
    }
}

bool ph_store_watch(struct ph_store *store, int64_t now_ms, int64_t *data_keys)
{
    struct watched seen;

    *data_keys = store->data_keys;
    if (!look(store, &seen)) {
        return true;
    }
    if (seen.min_reader > ph_schema_version()) {
        PH_LOG(&store->log, PH_ERROR, "schema_too_new", ph_f_int("knows", ph_schema_version()),
               ph_f_int("readable_from", seen.min_reader),
               ph_f_text("text", "a newer version has taken away what this one needs: it stops"));
        return false;
    }
    *data_keys = seen.data_keys;
    if (seen.epoch != ph_master_epoch(&store->master) && ph_store_reload_keys(store)) {
        ph_store_beat(store, now_ms); /* somebody waits for all servers to have them */
    }
    return true;
}
