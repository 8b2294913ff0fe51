#include "store/moving.h"

#include "store/internal.h"
#include "store/schema.h"
#include "util/buf.h"
#include "util/json.h"

#include <stdlib.h>

enum { SQL_MAX = 4096 };

size_t ph_rows_max(const struct ph_table *table)
{
    return table->heavy ? PH_ROWS_MAX_HEAVY : PH_ROWS_MAX;
}

static struct ph_err refuse(const char *why)
{
    return PH_FAIL(InternalErrorException, why);
}

/* --- SQL from the description of a table: names and numbers of our own, nothing else --- */

static void add(struct ph_buf *sql, const char *text)
{
    ph_buf_add(sql, ph_str_from(text));
}

static void add_columns(struct ph_buf *sql, const struct ph_table *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ph_buf_addf(sql, "%s%s", i == 0 ? "" : ", ", table->columns[i].name);
    }
}

static void add_parameters(struct ph_buf *sql, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        ph_buf_addf(sql, "%s$%zu", i == 1 ? "" : ", ", i);
    }
}

static void add_limit(struct ph_buf *sql, size_t rows)
{
    ph_buf_addf(sql, " LIMIT %zu", rows);
}

static const char *make_text(struct ph_store *store, const struct ph_table *table,
                             void (*write)(struct ph_buf *sql, const struct ph_table *table))
{
    struct ph_buf sql;

    ph_buf_init(&sql, &store->texts, SQL_MAX);
    write(&sql, table);
    return ph_sql_made(&sql);
}

static void write_from(struct ph_buf *sql, const struct ph_table *table)
{
    add(sql, "SELECT ");
    add_columns(sql, table, table->column_count);
    add(sql, " FROM ");
    add(sql, table->name);
}

static void write_order(struct ph_buf *sql, const struct ph_table *table)
{
    add(sql, " ORDER BY ");
    add_columns(sql, table, table->key_count);
    add_limit(sql, ph_rows_max(table));
}

static void write_first(struct ph_buf *sql, const struct ph_table *table)
{
    write_from(sql, table);
    write_order(sql, table);
}

static void write_next(struct ph_buf *sql, const struct ph_table *table)
{
    write_from(sql, table);
    add(sql, " WHERE (");
    add_columns(sql, table, table->key_count);
    add(sql, ") > (");
    add_parameters(sql, table->key_count);
    add(sql, ")");
    write_order(sql, table);
}

static void write_insert(struct ph_buf *sql, const struct ph_table *table)
{
    add(sql, "INSERT INTO ");
    add(sql, table->name);
    add(sql, " (");
    add_columns(sql, table, table->column_count);
    add(sql, ") VALUES (");
    add_parameters(sql, table->column_count);
    add(sql, ")");
}

static void write_probe(struct ph_buf *sql, const struct ph_table *table)
{
    add(sql, "SELECT 1 FROM ");
    add(sql, table->name);
    add_limit(sql, 1);
}

static void write_delete(struct ph_buf *sql, const struct ph_table *table)
{
    add(sql, "DELETE FROM ");
    add(sql, table->name);
    add(sql, " WHERE (");
    add_columns(sql, table, table->key_count);
    add(sql, ") IN (SELECT ");
    add_columns(sql, table, table->key_count);
    add(sql, " FROM ");
    add(sql, table->name);
    add_limit(sql, PH_ROWS_MAX);
    add(sql, ")");
}

const char *ph_fill_prepare(struct ph_ctx *ctx, const struct ph_table *table)
{
    return make_text(ctx->store, table, write_insert);
}

/* --- reading --- */

struct ph_snapshot {
    struct ph_store *store;
    struct ph_tx tx;
};

static bool begin(struct ph_snapshot *s, const char **why)
{
    const struct ph_driver *driver = s->store->driver;
    /* A reader of several servers changes the server when one is gone: another moment. */
    const enum ph_db_role role = driver->several ? PH_DB_WRITER : PH_DB_READER;

    s->tx.driver = driver;
    if (s->store->path == NULL) {
        *why = "what is in memory only cannot be moved";
        return false;
    }
    s->tx.db = driver->open(&s->store->target, role, NULL, 0);
    if (s->tx.db == NULL || driver->begin_snapshot(s->tx.db) != PH_DB_DONE) {
        *why = "the database does not answer";
        return false;
    }
    return true;
}

struct ph_snapshot *ph_snapshot_begin(struct ph_ctx *ctx, const char **why)
{
    struct ph_snapshot *snapshot = calloc(1, sizeof *snapshot);

    if (snapshot == NULL) {
        ph_fatal("out of memory");
    }
    snapshot->store = ctx->store;
    if (begin(snapshot, why)) {
        return snapshot;
    }
    ph_snapshot_end(snapshot);
    return NULL;
}

void ph_snapshot_end(struct ph_snapshot *snapshot)
{
    if (snapshot != NULL) {
        if (snapshot->tx.db != NULL) {
            snapshot->tx.driver->rollback(snapshot->tx.db);
        }
        snapshot->tx.driver->close(snapshot->tx.db);
        free(snapshot);
    }
}

struct ph_walk ph_walk_begin(struct ph_snapshot *snapshot, const struct ph_table *table,
                             const struct ph_db_value *after)
{
    return (struct ph_walk){
        .snapshot = snapshot,
        .table = table,
        .first = make_text(snapshot->store, table, write_first),
        .next = make_text(snapshot->store, table, write_next),
        .after = after,
    };
}

void ph_walk_end(struct ph_walk *walk)
{
    ph_arena_finish(&walk->arenas[0]);
    ph_arena_finish(&walk->arenas[1]);
}

static void take_row(const struct ph_q *q, struct ph_arena *arena, const struct ph_table *table,
                     struct ph_db_value *values)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const int column = (int)i;

        switch (table->columns[i].type) {
        case PH_COLUMN_INT:
            values[i] = ph_v_int(ph_q_int(q, column));
            break;
        case PH_COLUMN_TEXT:
            values[i] = ph_v_text(ph_q_str(q, arena, column));
            break;
        case PH_COLUMN_BYTES:
            values[i] = ph_v_bytes(ph_q_str(q, arena, column));
            break;
        }
    }
}

static struct ph_rows read_rows(struct ph_walk *walk, struct ph_arena *arena)
{
    const struct ph_table *table = walk->table;
    const size_t most = ph_rows_max(table);
    const bool first = walk->after == NULL;
    struct ph_rows rows = { .table = table };
    struct ph_q q;

    rows.values = ph_arena_array(arena, most * table->column_count, struct ph_db_value);
    ph_tx_query(&walk->snapshot->tx, &q, first ? walk->first : walk->next, walk->after,
                first ? 0 : table->key_count);
    while (rows.count < most && ph_q_row(&q)) {
        take_row(&q, arena, table, ph_rows_at(&rows, rows.count++));
    }
    ph_q_end(&q);
    return rows;
}

/* The key of the last row is needed while the next ones are read: the arenas take turns. */
struct ph_err ph_walk_next(struct ph_walk *walk)
{
    struct ph_tx *tx = &walk->snapshot->tx;

    walk->turn = 1 - walk->turn;
    ph_arena_reset(&walk->arenas[walk->turn]);
    walk->rows = read_rows(walk, &walk->arenas[walk->turn]);
    if (tx->verdict != PH_DB_DONE) {
        PH_LOG(&walk->snapshot->store->log, PH_ERROR, "table_read_failed",
               ph_f_text("table", walk->table->name),
               ph_f_text("why", tx->driver->message(tx->db)));
        return refuse("a table cannot be read (the log says why)");
    }
    if (walk->rows.count > 0) {
        walk->after = ph_rows_at(&walk->rows, walk->rows.count - 1);
    }
    return PH_OK;
}

static const char READ_WRITTEN[] = "SELECT COALESCE(MAX(at_ms), 0) FROM write_slots";

struct ph_err ph_store_written_ms(struct ph_ctx *ctx, int64_t *at_ms)
{
    struct ph_q q;

    ph_read_begin(ctx, &q, READ_WRITTEN, NULL, 0);
    *at_ms = ph_q_row(&q) ? ph_q_int(&q, 0) : 0;
    return ph_read_end(&q);
}

/* --- writing --- */

static const char READ_MARK[] = "SELECT bytes FROM meta WHERE name = 'filling'";
static const char WRITE_MARK[] =
    "INSERT INTO meta (name, number, bytes) VALUES ('filling', 1, $1)"
    " ON CONFLICT (name) DO UPDATE SET number = excluded.number, bytes = excluded.bytes";
static const char DELETE_MARK[] = "DELETE FROM meta WHERE name = 'filling'";

static struct ph_str mark_of(struct ph_arena *arena, struct ph_str source, struct ph_str position)
{
    struct json_t *mark = ph_json_object(arena);

    ph_json_set_str(arena, mark, "source", source);
    if (position.p != NULL) {
        ph_json_set_str(arena, mark, "position", position);
    }
    return ph_json_text(arena, mark, PH_JSON_SORTED);
}

static struct ph_err read_mark(struct ph_ctx *ctx, struct ph_str *mark)
{
    struct ph_q q;

    ph_read_begin(ctx, &q, READ_MARK, NULL, 0);
    *mark = ph_q_row(&q) ? ph_q_str(&q, ctx->arena, 0) : (struct ph_str){ 0 };
    return ph_read_end(&q);
}

struct ph_err ph_fill_has_begun(struct ph_ctx *ctx, bool *begun)
{
    struct ph_str mark;

    PH_TRY(read_mark(ctx, &mark));
    *begun = mark.p != NULL;
    return PH_OK;
}

struct marking {
    struct ph_str mark;
    const char *const *probes;
    size_t occupied; /* the number of the first table that has rows, from 1; 0: none */
};

static bool has_row(struct ph_tx *tx, const char *probe)
{
    struct ph_q q;
    bool found;

    ph_tx_query(tx, &q, probe, NULL, 0);
    found = ph_q_row(&q);
    ph_q_end(&q);
    return found;
}

/* Asks and marks in one transaction. */
static void mark_empty(struct ph_tx *tx, void *arg)
{
    struct marking *m = arg;

    for (size_t i = 0; i < ph_table_count && m->occupied == 0; i++) {
        if (m->probes[i] != NULL && has_row(tx, m->probes[i])) {
            m->occupied = i + 1;
        }
    }
    if (m->occupied > 0) {
        ph_tx_abandon(tx);
    } else {
        (void)PH_RUN(tx, WRITE_MARK, ph_v_bytes(m->mark));
    }
}

/* Of an older database not all tables are there yet. */
static struct ph_err begin_filling(struct ph_fill *fill)
{
    struct ph_ctx *ctx = fill->ctx;
    const char **probes = ph_arena_array(ctx->arena, ph_table_count, const char *);
    struct marking m = {
        .mark = mark_of(ctx->arena, fill->source, (struct ph_str){ 0 }),
        .probes = probes,
    };

    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES &&
            ph_tables[i].since <= ctx->store->schema_version) {
            probes[i] = make_text(ctx->store, &ph_tables[i], write_probe);
        }
    }
    PH_TRY(ph_write(ctx, mark_empty, &m));
    if (m.occupied > 0) {
        return refuse(ph_textf(ctx->arena,
                               "the database is not empty (there are rows in %s): only an empty one"
                               " can be filled, and nothing was changed",
                               ph_tables[m.occupied - 1].name));
    }
    return PH_OK;
}

struct ph_err ph_fill_begin(struct ph_fill *fill, struct ph_ctx *ctx, struct ph_str source)
{
    const struct json_t *found;
    struct ph_str mark;

    *fill = (struct ph_fill){ .ctx = ctx, .source = source };
    PH_TRY(read_mark(ctx, &mark));
    if (mark.p == NULL) {
        return begin_filling(fill);
    }
    found = ph_json_parse(ctx->arena, mark);
    if (!ph_str_eq(ph_json_get_str(found, "source"), source)) {
        return refuse("the database is being filled from another source: go on with that one, or"
                      " start over with --restart");
    }
    fill->position = ph_json_get_str(found, "position");
    return PH_OK;
}

struct putting {
    const char *sql;
    const struct ph_rows *rows;
    struct ph_str mark;
};

static void put(struct ph_tx *tx, void *arg)
{
    const struct putting *p = arg;

    for (size_t i = 0; i < p->rows->count && tx->verdict == PH_DB_DONE; i++) {
        (void)ph_tx_run(tx, p->sql, ph_rows_at(p->rows, i), p->rows->table->column_count);
    }
    (void)PH_RUN(tx, WRITE_MARK, ph_v_bytes(p->mark));
}

struct ph_err ph_fill_put(struct ph_fill *fill, const char *prepared, const struct ph_rows *rows,
                          struct ph_str position)
{
    struct ph_ctx *ctx = fill->ctx;
    struct ph_arena arena = { 0 };
    struct putting p = { prepared, rows, mark_of(&arena, fill->source, position) };
    const struct ph_err err = ph_write(ctx, put, &p);

    ph_arena_finish(&arena);
    return err.type == NULL
               ? PH_OK
               : refuse(ph_textf(ctx->arena, "rows of %s cannot be written (the log says why)",
                                 rows->table->name));
}

/* --- undoing --- */

struct deleting {
    const char *sql;
    int64_t count;
};

static void delete_some(struct ph_tx *tx, void *arg)
{
    struct deleting *d = arg;

    d->count = ph_tx_run(tx, d->sql, NULL, 0);
}

static struct ph_err delete_all(struct ph_ctx *ctx, const struct ph_table *table)
{
    struct deleting d = { .sql = make_text(ctx->store, table, write_delete) };

    do {
        PH_TRY(ph_write(ctx, delete_some, &d));
    } while (d.count > 0);
    return PH_OK;
}

static void delete_mark(struct ph_tx *tx, void *arg)
{
    (void)arg;
    (void)ph_tx_run(tx, DELETE_MARK, NULL, 0);
}

static struct ph_err unmark(struct ph_ctx *ctx)
{
    struct deleting nothing = { 0 };

    return ph_write(ctx, delete_mark, &nothing);
}

struct ph_err ph_fill_undo(struct ph_ctx *ctx)
{
    struct ph_str mark;

    PH_TRY(read_mark(ctx, &mark));
    if (mark.p == NULL) {
        return PH_OK;
    }
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES &&
            ph_tables[i].since <= ctx->store->schema_version) {
            PH_TRY(delete_all(ctx, &ph_tables[i]));
        }
    }
    return unmark(ctx);
}

struct ph_err ph_fill_end(struct ph_fill *fill)
{
    return unmark(fill->ctx);
}

/* --- secrets of the master key --- */

void ph_store_keys_of(struct ph_store *store, struct ph_store_keys *keys)
{
    ph_master_wrapping(&store->master, &keys->wrapping);
    ph_master_records(&store->master, &keys->records);
}

static struct ph_str value_of(const struct ph_table *table, const struct ph_db_value *row,
                              const char *name)
{
    const struct ph_column *column = ph_table_column(table, ph_str_from(name));

    return column == NULL ? (struct ph_str){ 0 } : row[column - table->columns].s;
}

/* Where the verbs of the store say that it stands: a pool's own row has its id for both. */
static struct ph_place place_of(const struct ph_table *table, const struct ph_db_value *row,
                                const struct ph_column *column)
{
    const struct ph_str id = value_of(table, row, "id");

    return (struct ph_place){
        .table = table->name,
        .column = column->name,
        .pool_id = column->seal == PH_SEALED_BY_WRAPPER ? id : value_of(table, row, "pool_id"),
        .key = id,
    };
}

static bool reseal(struct ph_arena *arena, const struct ph_table *table, struct ph_db_value *row,
                   size_t i, const struct ph_store_keys *from, const struct ph_store_keys *to)
{
    const struct ph_column *column = &table->columns[i];
    const struct ph_place place = place_of(table, row, column);
    const bool wraps = column->seal == PH_SEALED_BY_WRAPPER;
    struct ph_str plain;

    if (!ph_pair_open(arena, wraps ? &from->wrapping : &from->records, &place, row[i].s, &plain)) {
        return false;
    }
    row[i].s =
        ph_place_seal(arena, wraps ? &to->wrapping.seals : &to->records.seals, &place, plain);
    return true;
}

bool ph_rows_reseal(struct ph_arena *arena, struct ph_rows *rows, const struct ph_store_keys *from,
                    const struct ph_store_keys *to, const char **why)
{
    const struct ph_table *table = rows->table;

    for (size_t i = 0; i < table->column_count; i++) {
        if (!ph_column_is_resealed(&table->columns[i])) {
            continue;
        }
        for (size_t row = 0; row < rows->count; row++) {
            if (!reseal(arena, table, ph_rows_at(rows, row), i, from, to)) {
                *why = ph_textf(arena, "a secret in %s.%s does not open: the data is damaged",
                                table->name, table->columns[i].name);
                return false;
            }
        }
    }
    return true;
}
