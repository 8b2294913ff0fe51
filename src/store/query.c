#include "store/internal.h"
#include "util/buf.h"

#include <string.h>

void ph_tx_fail(struct ph_tx *tx, enum ph_verdict verdict, const char *why)
{
    if (tx->verdict == PH_DB_DONE) {
        tx->verdict = verdict;
        tx->why = why;
    }
}

void ph_tx_abandon(struct ph_tx *tx)
{
    ph_tx_fail(tx, PH_DB_CONFLICT, NULL);
}

static void start(struct ph_q *q, const char *sql, const struct ph_db_value *values, size_t count)
{
    struct ph_tx *tx = q->tx;

    q->stmt = NULL;
    if (tx->verdict != PH_DB_DONE) {
        return;
    }
    q->stmt = tx->driver->prepare(tx->db, sql);
    if (q->stmt == NULL) {
        ph_tx_fail(tx, PH_DB_BROKEN, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (tx->driver->bind(q->stmt, (int)i + 1, &values[i]) != PH_DB_DONE) {
            ph_tx_fail(tx, PH_DB_BROKEN, "a parameter could not be bound");
        }
    }
}

void ph_tx_query(struct ph_tx *tx, struct ph_q *q, const char *sql,
                 const struct ph_db_value *values, size_t count)
{
    q->tx = tx;
    q->ctx = NULL;
    start(q, sql, values, count);
}

bool ph_q_row(struct ph_q *q)
{
    enum ph_verdict verdict;

    if (q->tx->verdict != PH_DB_DONE) {
        return false;
    }
    verdict = q->tx->driver->step(q->stmt);
    if (verdict == PH_DB_CONFLICT) { /* a constraint that no text of ours means to meet */
        verdict = PH_DB_BROKEN;
    }
    if (verdict != PH_DB_ROW && verdict != PH_DB_DONE) {
        ph_tx_fail(q->tx, verdict, NULL);
    }
    return verdict == PH_DB_ROW;
}

int64_t ph_q_int(const struct ph_q *q, int column)
{
    return q->tx->driver->column_int(q->stmt, column);
}

struct ph_str ph_q_str(const struct ph_q *q, struct ph_arena *arena, int column)
{
    return ph_str_dup(arena, q->tx->driver->column_bytes(q->stmt, column));
}

void ph_q_broken(struct ph_q *q, const char *why)
{
    ph_tx_fail(q->tx, PH_DB_BROKEN, why);
}

void ph_q_end(struct ph_q *q)
{
    if (q->stmt != NULL) {
        q->tx->driver->reset(q->stmt);
        q->stmt = NULL;
    }
}

int64_t ph_tx_run(struct ph_tx *tx, const char *sql, const struct ph_db_value *values, size_t count)
{
    struct ph_q q;

    ph_tx_query(tx, &q, sql, values, count);
    while (ph_q_row(&q)) {
    }
    ph_q_end(&q);
    return tx->verdict == PH_DB_DONE ? tx->driver->changed(tx->db) : 0;
}

void ph_read_begin(struct ph_ctx *ctx, struct ph_q *q, const char *sql,
                   const struct ph_db_value *values, size_t count)
{
    struct ph_store *store = ctx->store;

    *q = (struct ph_q){ .ctx = ctx };
    q->tx = &q->own;
    q->own.driver = store->driver;
    q->own.db = ph_readers_take(store->readers);
    if (q->own.db == NULL) {
        ph_tx_fail(&q->own, PH_DB_BROKEN, "a connection for reading could not be opened");
        return;
    }
    start(q, sql, values, count);
}

struct ph_err ph_read_end(struct ph_q *q)
{
    struct ph_tx *tx = &q->own;
    const bool failed = tx->verdict != PH_DB_DONE;

    if (failed) {
        const char *why = tx->why != NULL ? tx->why : tx->driver->message(tx->db);

        PH_LOG(&q->ctx->log, PH_ERROR, "store_read_failed", ph_f_text("why", why));
    }
    ph_q_end(q);
    if (tx->db != NULL) {
        ph_readers_give(q->ctx->store->readers, tx->db);
    }
    return failed ? PH_BROKEN : PH_OK;
}

static const struct ph_blocking *blocking_of(const struct ph_ctx *ctx)
{
    return ctx->blocking != NULL ? ctx->blocking : ctx->store->blocking;
}

enum ph_verdict ph_write_verdict(struct ph_ctx *ctx, ph_job_run *run, void *arg, size_t size)
{
    return ph_writer_run(ctx->store->writer, blocking_of(ctx), run, arg, size);
}

struct ph_err ph_write_sized(struct ph_ctx *ctx, ph_job_run *run, void *arg, size_t size)
{
    const enum ph_verdict verdict = ph_write_verdict(ctx, run, arg, size);

    return verdict == PH_DB_DONE || verdict == PH_DB_CONFLICT ? PH_OK : PH_BROKEN;
}

void ph_flush(struct ph_ctx *ctx)
{
    ph_writer_flush(ctx->store->writer, blocking_of(ctx));
}

const char *ph_sql_made(const struct ph_buf *sql)
{
    const char *text = ph_cstr(sql->arena, ph_buf_str(sql));

    if (sql->overflowed || text == NULL) {
        ph_fatal("SQL that is made of the description of a table is too long");
    }
    return text;
}

void *ph_list_add(struct ph_arena *arena, struct ph_list *list, size_t size)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        void *items = ph_arena_alloc_array(arena, capacity, size);

        if (list->count > 0) {
            memcpy(items, list->items, list->count * size);
        }
        list->items = items;
        list->capacity = capacity;
    }
    return (uint8_t *)list->items + size * list->count++;
}
