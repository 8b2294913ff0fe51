#include "crypto/passphrase.h"
#include "move/internal.h"
#include "util/encode.h"
#include "util/files.h"
#include "util/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct writing {
    struct ph_ctx *ctx;
    const char *path;
    FILE *file;
    struct ph_chain chain;
    struct ph_store_keys ours, theirs;
    const struct ph_move_report *report;
    struct ph_arena arena; /* of some rows */
    int64_t tables, rows;
};

static struct ph_err failed(struct writing *w)
{
    return ph_move_refuse(ph_textf(w->ctx->arena, "%s: %s", w->path, strerror(errno)));
}

static struct ph_err put_line(struct writing *w, struct ph_str line)
{
    if (line.n > PH_EXPORT_LINE_MAX) {
        return ph_move_refuse("a row is too large for a line");
    }
    ph_chain_add(&w->chain, line);
    if (fwrite(line.p, 1, line.n, w->file) != line.n || fputc('\n', w->file) == EOF) {
        return failed(w);
    }
    return PH_OK;
}

static struct ph_err put_object(struct writing *w, const struct json_t *object)
{
    return put_line(w, ph_json_text(&w->arena, object, PH_JSON_INSERTION));
}

/* --- the lines --- */

static struct ph_err put_header(struct writing *w, struct ph_str wrapped)
{
    struct json_t *line = ph_json_object(&w->arena);

    ph_json_set_int(&w->arena, line, "poolhouse_export", PH_EXPORT_FORMAT);
    ph_json_set_int(&w->arena, line, "schema", ph_store_version(w->ctx->store));
    ph_json_set_str(&w->arena, line, "made", ph_time_iso(&w->arena, ph_now_s(w->ctx)));
    ph_json_set_str(&w->arena, line, "key", wrapped);
    return put_object(w, line);
}

static struct ph_err put_rows(struct writing *w, struct ph_rows *rows, struct ph_sum *sum)
{
    const char *why = "";

    ph_sum_add(sum, rows);
    if (!ph_rows_reseal(&w->arena, rows, &w->ours, &w->theirs, &why)) {
        return ph_move_refuse(ph_textf(w->ctx->arena, "%s", why));
    }
    for (size_t i = 0; i < rows->count; i++) {
        PH_TRY(put_line(w, ph_row_text(&w->arena, rows->table, ph_rows_at(rows, i))));
    }
    return PH_OK;
}

static struct ph_err put_end_of_table(struct writing *w, const struct ph_sum *sum)
{
    const struct ph_str bytes = { sum->bytes, sizeof sum->bytes };
    struct json_t *line = ph_json_object(&w->arena);

    ph_json_set_int(&w->arena, line, "rows", sum->count);
    ph_json_set_str(&w->arena, line, "sum", ph_hex(&w->arena, bytes));
    return put_object(w, line);
}

static struct ph_err put_walked(struct writing *w, struct ph_walk *walk, struct ph_sum *sum)
{
    for (;;) {
        ph_arena_reset(&w->arena);
        PH_TRY(ph_walk_next(walk));
        if (walk->rows.count == 0) {
            return PH_OK;
        }
        PH_TRY(put_rows(w, &walk->rows, sum));
    }
}

static struct ph_err put_table(struct writing *w, struct ph_snapshot *snapshot,
                               const struct ph_table *table)
{
    struct ph_walk walk = ph_walk_begin(snapshot, table, NULL);
    struct ph_sum sum = { 0 };
    struct ph_err err = put_line(w, ph_table_line(&w->arena, table));

    if (err.type == NULL) {
        err = put_walked(w, &walk, &sum);
    }
    ph_walk_end(&walk);
    PH_TRY(err);
    w->tables++;
    w->rows += sum.count;
    w->report->table(table->name, sum.count);
    return put_end_of_table(w, &sum);
}

static struct ph_err put_tables(struct writing *w, struct ph_snapshot *snapshot)
{
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES) {
            PH_TRY(put_table(w, snapshot, &ph_tables[i]));
        }
    }
    return PH_OK;
}

static struct ph_err put_end(struct writing *w)
{
    struct json_t *line = ph_json_object(&w->arena);

    ph_json_set_int(&w->arena, line, "tables", w->tables);
    ph_json_set_int(&w->arena, line, "rows", w->rows);
    ph_json_set_str(&w->arena, line, "hmac", ph_hex(&w->arena, ph_digest_str(&w->chain.mac)));
    return put_object(w, line);
}

/* --- the file --- */

static struct ph_err put_all(struct writing *w, struct ph_str wrapped)
{
    struct ph_snapshot *snapshot;
    struct ph_err err;

    PH_TRY(put_header(w, wrapped));
    PH_TRY(ph_snapshot_of(w->ctx, &snapshot));
    err = put_tables(w, snapshot);
    ph_snapshot_end(snapshot);
    PH_TRY(err);
    return put_end(w);
}

static struct ph_err make_file(struct writing *w)
{
    w->file = ph_new_file(w->path);
    if (w->file != NULL) {
        return PH_OK;
    }
    return errno == EEXIST ? ph_move_refuse("the file exists already: an export overwrites nothing")
                           : failed(w);
}

static struct ph_err finish_file(struct writing *w)
{
    return ph_new_file_end(w->file, w->path) ? PH_OK : failed(w);
}

/* A key of its own, which the passphrase opens: what it seals is as strong as any other key. */
static struct ph_str make_key(struct writing *w, struct ph_str passphrase)
{
    PH_AUTO(ph_key_wipe) struct ph_key root;

    w->ctx->random->fill(w->ctx->random->self, root.bytes, sizeof root.bytes);
    ph_store_keys_of(w->ctx->store, &w->ours);
    ph_store_keys_derive(&root, &w->theirs);
    ph_chain_begin(&w->chain, &root);
    return ph_passphrase_wrap(w->ctx->arena, passphrase, &root);
}

static void wipe(struct writing *w)
{
    ph_arena_finish(&w->arena);
    ph_store_keys_wipe(&w->ours);
    ph_store_keys_wipe(&w->theirs);
    ph_chain_wipe(&w->chain);
}

struct ph_err ph_export(struct ph_ctx *ctx, const char *path, struct ph_str passphrase,
                        const struct ph_move_report *report)
{
    struct writing w = { .ctx = ctx, .path = path, .report = report };
    struct ph_err err = make_file(&w), ended;

    if (err.type != NULL) {
        return err;
    }
    err = put_all(&w, make_key(&w, passphrase));
    ended = finish_file(&w);
    err = err.type != NULL ? err : ended;
    if (err.type != NULL) {
        unlink(path);
    }
    wipe(&w);
    return err;
}
