/*
 * All that the data key of a pool has sealed, sealed anew: each column that tables.c says so of,
 * page by page in the order of the primary key. What the SQL is made from are names of our own.
 */
#include "store/data_keys.h"
#include "store/internal.h"
#include "store/moving.h"
#include "store/tables.h"
#include "util/buf.h"
#include "util/encode.h"

#include <stdlib.h>
#include <string.h>

enum { SQL_MAX = 2048, KEYS_MAX = 4, ROWS_AT_ONCE = 200 };

/*
 * How the verbs of a table name the place of a value where they do not do the usual: the columns of
 * the primary key but the pool's id, with a slash in between. When this says anything else than
 * they do nothing opens, and all stays as it is.
 */
struct rule {
    const char *table;
    const char *column; /* of the place; NULL: the one of the value */
    const char *before; /* a column whose text stands before the key; NULL: none */
    const char *joint;
};

static const struct rule RULES[] = {
    { .table = "clients", .column = "secret", .joint = "/" }, /* either may become the other */
    { .table = "passkeys", .before = "sub", .joint = "/" },
    { .table = "import_pieces", .joint = " " },
    { .joint = "/" }, /* all others */
};

/* A column, and its statements; all of them take the pool's id as $1. */
struct column {
    const struct ph_table *table;
    const struct ph_column *column;
    const struct rule *rule;
    size_t first_key, key_count; /* of the primary key, without the pool's id */
    const char *from_start;      /* key and value */
    const char *from_key;        /* the same behind the key from $2 on */
    const char *update;          /* $2 in the place of $3, in the row with the key from $4 on */
};

struct value {
    struct ph_db_value keys[KEYS_MAX];
    struct ph_str before;
    struct ph_str old;
    struct ph_str fresh; /* absent: it stays */
};

struct ph_reseal {
    struct ph_str pool_id;
    struct ph_key key, other;
    int64_t key_number;
    const struct column *columns;
    size_t column_count;
    size_t at; /* the column that it is at */
    struct ph_arena
        arenas[2]; /* of this page, and of the last one, whose last key is still needed */
    unsigned page;
    struct ph_db_value after[KEYS_MAX];
    bool within; /* after is set */
};

/* --- statements --- */

static void add_keys(struct ph_buf *sql, const struct column *c)
{
    for (size_t i = 0; i < c->key_count; i++) {
        ph_buf_addf(sql, "%s%s", i == 0 ? "" : ", ", c->table->columns[c->first_key + i].name);
    }
}

static void add_select(struct ph_buf *sql, const struct column *c)
{
    ph_buf_addf(sql, "SELECT ");
    add_keys(sql, c);
    ph_buf_addf(sql, ", %s, %s FROM %s WHERE pool_id = $1 AND %s IS NOT NULL", c->column->name,
                c->rule->before != NULL ? c->rule->before : "NULL", c->table->name,
                c->column->name);
}

static size_t rows_of(const struct ph_table *table)
{
    return table->heavy ? PH_ROWS_MAX_HEAVY : ROWS_AT_ONCE;
}

static void add_order(struct ph_buf *sql, const struct column *c)
{
    ph_buf_addf(sql, " ORDER BY ");
    add_keys(sql, c);
    ph_buf_addf(sql, " LIMIT %zu", rows_of(c->table));
}

static void write_from_start(struct ph_buf *sql, const struct column *c)
{
    add_select(sql, c);
    add_order(sql, c);
}

static void write_from_key(struct ph_buf *sql, const struct column *c)
{
    add_select(sql, c);
    ph_buf_addf(sql, " AND (");
    add_keys(sql, c);
    ph_buf_addf(sql, ") > (");
    for (size_t i = 0; i < c->key_count; i++) {
        ph_buf_addf(sql, "%s$%zu", i == 0 ? "" : ", ", i + 2);
    }
    ph_buf_addf(sql, ")");
    add_order(sql, c);
}

static void write_update(struct ph_buf *sql, const struct column *c)
{
    ph_buf_addf(sql, "UPDATE %s SET %s = $2 WHERE pool_id = $1 AND %s = $3", c->table->name,
                c->column->name, c->column->name);
    for (size_t i = 0; i < c->key_count; i++) {
        ph_buf_addf(sql, " AND %s = $%zu", c->table->columns[c->first_key + i].name, i + 4);
    }
}

static const char *make_text(struct ph_store *store, const struct column *c,
                             void (*write)(struct ph_buf *sql, const struct column *c))
{
    struct ph_buf sql;

    ph_buf_init(&sql, &store->texts, SQL_MAX);
    write(&sql, c);
    return ph_sql_made(&sql);
}

static const struct rule *rule_of(const struct ph_table *table)
{
    const struct rule *rule = RULES;

    while (rule->table != NULL && strcmp(rule->table, table->name) != 0) {
        rule++;
    }
    return rule;
}

static void prepare(struct ph_store *store, const struct ph_table *table,
                    const struct ph_column *column, struct column *c)
{
    const bool begins_with_pool = strcmp(table->columns[0].name, "pool_id") == 0;

    *c = (struct column){ .table = table, .column = column, .rule = rule_of(table) };
    c->first_key = begins_with_pool ? 1 : 0;
    c->key_count = table->key_count - c->first_key;
    if (c->key_count > KEYS_MAX || ph_table_column(table, PH_STR("pool_id")) == NULL) {
        ph_fatal("a table with secrets of pools has too long a key, or no pool");
    }
    c->from_start = make_text(store, c, write_from_start);
    c->from_key = make_text(store, c, write_from_key);
    c->update = make_text(store, c, write_update);
}

/* Made once for each store: by the one thread of a command. */
static const struct column *columns_of(struct ph_store *store, size_t *count)
{
    struct ph_list list = { 0 };

    if (store->resealed == NULL) {
        for (size_t i = 0; i < ph_table_count; i++) {
            for (size_t j = 0; j < ph_tables[i].column_count; j++) {
                if (ph_tables[i].columns[j].seal == PH_SEALED_BY_POOL) {
                    prepare(store, &ph_tables[i], &ph_tables[i].columns[j],
                            PH_LIST_ADD(&store->texts, &list, struct column));
                }
            }
        }
        store->resealed = list.items;
        store->resealed_count = list.count;
    }
    *count = store->resealed_count;
    return store->resealed;
}

/* --- where a value stands --- */

static struct ph_str text_of(struct ph_arena *arena, const struct ph_column *column,
                             const struct ph_db_value *value)
{
    switch (column->type) {
    case PH_COLUMN_INT:
        return ph_strf(arena, "%lld", (long long)value->n);
    case PH_COLUMN_BYTES:
        return ph_base64url(arena, value->s);
    case PH_COLUMN_TEXT:
        break;
    }
    return value->s;
}

static struct ph_place place_of(struct ph_arena *arena, const struct ph_reseal *r,
                                const struct value *value)
{
    const struct column *c = &r->columns[r->at];
    const struct ph_column *columns = &c->table->columns[c->first_key];
    struct ph_str key = text_of(arena, &columns[0], &value->keys[0]);

    for (size_t i = 1; i < c->key_count; i++) {
        key = PH_CONCAT(arena, key, ph_str_from(c->rule->joint),
                        text_of(arena, &columns[i], &value->keys[i]));
    }
    if (c->rule->before != NULL) {
        key = PH_CONCAT(arena, value->before, ph_str_from(c->rule->joint), key);
    }
    return (struct ph_place){
        .table = c->table->name,
        .column = c->rule->column != NULL ? c->rule->column : c->column->name,
        .pool_id = r->pool_id,
        .key = key,
    };
}

/* --- pages --- */

struct writing {
    const struct column *column;
    struct ph_str pool_id;
    const struct value *values;
    size_t count;
};

/* What has changed since it was read was sealed by its writer. */
static void write_values(struct ph_tx *tx, void *arg)
{
    const struct writing *w = arg;

    for (size_t i = 0; i < w->count; i++) {
        const struct value *v = &w->values[i];
        struct ph_db_value parameters[3 + KEYS_MAX] = {
            ph_v_text(w->pool_id),
            ph_v_bytes(v->fresh),
            ph_v_bytes(v->old),
        };

        if (v->fresh.p != NULL) {
            memcpy(parameters + 3, v->keys, w->column->key_count * sizeof *parameters);
            (void)ph_tx_run(tx, w->column->update, parameters, 3 + w->column->key_count);
        }
    }
}

static struct ph_db_value read_key(struct ph_q *q, struct ph_arena *arena,
                                   const struct ph_column *column, int i)
{
    if (column->type == PH_COLUMN_INT) {
        return ph_v_int(ph_q_int(q, i));
    }
    return column->type == PH_COLUMN_TEXT ? ph_v_text(ph_q_str(q, arena, i))
                                          : ph_v_bytes(ph_q_str(q, arena, i));
}

static struct ph_err read_page(struct ph_ctx *ctx, const struct ph_reseal *r, struct ph_list *list)
{
    const struct column *c = &r->columns[r->at];
    struct ph_db_value parameters[1 + KEYS_MAX] = { ph_v_text(r->pool_id) };
    struct ph_q q;

    memcpy(parameters + 1, r->after, sizeof r->after);
    ph_read_begin(ctx, &q, r->within ? c->from_key : c->from_start, parameters,
                  r->within ? 1 + c->key_count : 1);
    while (ph_q_row(&q)) {
        struct value *v = PH_LIST_ADD(ctx->arena, list, struct value);

        for (size_t i = 0; i < c->key_count; i++) {
            v->keys[i] = read_key(&q, ctx->arena, &c->table->columns[c->first_key + i], (int)i);
        }
        v->old = ph_q_str(&q, ctx->arena, (int)c->key_count);
        v->before = ph_q_str(&q, ctx->arena, (int)c->key_count + 1);
    }
    return ph_read_end(&q);
}

static struct ph_err seal_anew(struct ph_ctx *ctx, const struct ph_reseal *r, struct value *v)
{
    const struct ph_place place = place_of(ctx->arena, r, v);
    struct ph_str plain;

    if (ph_place_open(ctx->arena, &r->key, &place, v->old, &plain)) {
        return PH_OK;
    }
    if (!ph_place_open(ctx->arena, &r->other, &place, v->old, &plain)) {
        PH_LOG(&ctx->log, PH_ERROR, "secret_does_not_open", ph_f_str("pool", r->pool_id),
               ph_f_text("table", place.table), ph_f_text("column", place.column),
               ph_f_str("key", place.key));
        return ph_internal(ctx, "a secret of the pool opens with neither of its data keys");
    }
    v->fresh = ph_place_seal(ctx->arena, &r->key, &place, plain);
    return PH_OK;
}

static struct ph_err write_page(struct ph_ctx *ctx, const struct ph_reseal *r,
                                const struct value *values, size_t count)
{
    const struct ph_pool_ref ref = { r->pool_id, &r->key, &r->other, r->key_number };
    struct writing w = {
        .column = &r->columns[r->at],
        .pool_id = r->pool_id,
        .values = values,
        .count = count,
    };

    return ph_write_sealed(ctx, &ref, write_values, &w);
}

static void move_on(struct ph_reseal *r, const struct value *values, size_t count)
{
    r->within = count == rows_of(r->columns[r->at].table);
    if (r->within) {
        memcpy(r->after, values[count - 1].keys, sizeof r->after);
    } else {
        r->at++;
    }
}

static struct ph_err reseal_page(struct ph_ctx *ctx, struct ph_reseal *r, size_t *count)
{
    struct ph_list list = { 0 };
    struct value *values;
    size_t fresh = 0;

    PH_TRY(read_page(ctx, r, &list));
    values = list.items;
    for (size_t i = 0; i < list.count; i++) {
        PH_TRY(seal_anew(ctx, r, &values[i]));
        fresh += values[i].fresh.p != NULL;
    }
    if (fresh > 0) {
        PH_TRY(write_page(ctx, r, values, list.count));
    }
    move_on(r, values, list.count);
    *count += fresh;
    return PH_OK;
}

struct ph_err ph_store_reseal_some(struct ph_ctx *ctx, struct ph_reseal *reseal, size_t *count,
                                   bool *done)
{
    struct ph_arena *arena = &reseal->arenas[reseal->page++ % 2];
    struct ph_ctx page = *ctx;
    struct ph_err err;

    ph_arena_reset(arena);
    page.arena = arena;
    err = reseal_page(&page, reseal, count);
    *done = reseal->at == reseal->column_count;
    return err;
}

struct ph_reseal *ph_store_reseal_begin(struct ph_ctx *ctx, const struct ph_pool_record *pool)
{
    struct ph_reseal *r = ph_arena_new(ctx->arena, struct ph_reseal);

    *r = (struct ph_reseal){
        .pool_id = pool->id,
        .key = pool->data_key,
        .other = pool->keys.other,
        .key_number = pool->keys.number,
    };
    r->columns = columns_of(ctx->store, &r->column_count);
    return r;
}

void ph_store_reseal_end(struct ph_reseal *reseal)
{
    ph_arena_finish(&reseal->arenas[0]);
    ph_arena_finish(&reseal->arenas[1]);
    ph_wipe(&reseal->key, sizeof reseal->key);
    ph_wipe(&reseal->other, sizeof reseal->other);
}
