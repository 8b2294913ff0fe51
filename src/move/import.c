#include "move/read.h"
#include "util/encode.h"

#include <errno.h>
#include <string.h>

enum { BATCH_BYTES = 8 * 1024 * 1024 };

struct ph_export_file {
    struct ph_reader reader;
    struct ph_key root;
    struct ph_store_keys keys;
    struct ph_digest mac; /* of all of it */
};

/* --- the file --- */

static struct ph_err read_all(struct ph_reader *reader)
{
    struct ph_db_value values[PH_ROW_MAX];
    struct ph_arena arena = { 0 };
    enum ph_line_kind kind = PH_LINE_TABLE;
    struct ph_err err = PH_OK;

    while (err.type == NULL && kind != PH_LINE_END) {
        ph_arena_reset(&arena);
        err = ph_reader_next(reader, &arena, &kind, values);
    }
    ph_arena_finish(&arena);
    return err;
}

static struct ph_err open_file(struct ph_export_file *file, const char *path,
                               struct ph_str passphrase)
{
    struct ph_reader *reader = &file->reader;

    reader->file = fopen(path, "re");
    if (reader->file == NULL) {
        return ph_move_refuse(ph_textf(reader->arena, "%s", strerror(errno)));
    }
    PH_TRY(ph_reader_begin(reader, passphrase, &file->root));
    ph_store_keys_derive(&file->root, &file->keys);
    PH_TRY(read_all(reader));
    file->mac = reader->chain.mac;
    return PH_OK;
}

struct ph_err ph_export_open(struct ph_arena *arena, const char *path, struct ph_str passphrase,
                             struct ph_export_file **file)
{
    struct ph_err err;

    *file = ph_arena_new(arena, struct ph_export_file);
    (*file)->reader.arena = arena;
    err = open_file(*file, path, passphrase);
    if (err.type != NULL) {
        ph_export_close(*file);
        *file = NULL;
        return ph_move_refuse(ph_textf(arena, "%s: %s", path, err.message));
    }
    return PH_OK;
}

void ph_export_close(struct ph_export_file *file)
{
    if (file != NULL) {
        ph_reader_end(&file->reader);
        ph_store_keys_wipe(&file->keys);
        ph_key_wipe(&file->root);
    }
}

int64_t ph_export_version(const struct ph_export_file *file)
{
    return file->reader.schema;
}

/* --- filling --- */

struct filling {
    struct ph_ctx *ctx;
    struct ph_export_file *file;
    struct ph_fill fill;
    struct ph_store_keys ours;
    int64_t done;          /* up to which byte the file is in the database */
    const char *sql;       /* of the table whose rows come */
    struct ph_rows rows;   /* not yet written */
    struct ph_arena arena; /* of the rows */
};

static void begin_batch(struct filling *f)
{
    const struct ph_table *table = ph_reader_table(&f->file->reader);

    ph_arena_reset(&f->arena);
    f->rows = (struct ph_rows){ .table = table };
    f->rows.values =
        ph_arena_array(&f->arena, (ph_rows_max(table) + 1) * PH_ROW_MAX, struct ph_db_value);
}

static struct ph_err put_batch(struct filling *f)
{
    const char *why = "";

    if (f->rows.count == 0) {
        return PH_OK;
    }
    if (!ph_rows_reseal(&f->arena, &f->rows, &f->file->keys, &f->ours, &why)) {
        return ph_move_refuse(ph_textf(f->ctx->arena, "%s", why));
    }
    PH_TRY(ph_fill_put(&f->fill, f->sql, &f->rows,
                       ph_strf(&f->arena, "%lld", (long long)f->file->reader.offset)));
    begin_batch(f);
    return PH_OK;
}

/* One that an earlier run wrote is passed over. */
static struct ph_err take_row(struct filling *f)
{
    if (f->file->reader.offset <= f->done) {
        if (ph_arena_used(&f->arena) > BATCH_BYTES) {
            begin_batch(f);
        }
        return PH_OK;
    }
    f->rows.count++;
    return f->rows.count == ph_rows_max(f->rows.table) || ph_arena_used(&f->arena) > BATCH_BYTES
               ? put_batch(f)
               : PH_OK;
}

static struct ph_err take_line(struct filling *f, enum ph_line_kind kind)
{
    switch (kind) {
    case PH_LINE_TABLE:
        f->sql = ph_fill_prepare(f->ctx, ph_reader_table(&f->file->reader));
        begin_batch(f);
        return PH_OK;
    case PH_LINE_ROW:
        return take_row(f);
    case PH_LINE_TABLE_END:
        return put_batch(f);
    case PH_LINE_END:
        return PH_OK;
    }
    return PH_OK;
}

static struct ph_err fill_from_lines(struct filling *f)
{
    struct ph_reader *reader = &f->file->reader;
    enum ph_line_kind kind = PH_LINE_TABLE;

    PH_TRY(ph_reader_again(reader, &f->file->root));
    while (kind != PH_LINE_END) {
        struct ph_db_value *room =
            f->rows.values == NULL ? NULL : ph_rows_at(&f->rows, f->rows.count);

        PH_TRY(ph_reader_next(reader, &f->arena, &kind, room));
        PH_TRY(take_line(f, kind));
    }
    return PH_OK;
}

static struct ph_err compare(struct filling *f, struct ph_snapshot *snapshot,
                             const struct ph_move_report *report)
{
    const struct ph_reader *reader = &f->file->reader;
    struct ph_sum sum;

    for (size_t i = 0; i < reader->table_count; i++) {
        const struct ph_read_table *read = &reader->tables[i];

        PH_TRY(ph_sum_table(snapshot, read->table, &sum));
        if (!ph_sum_eq(&sum, &read->sum)) {
            return ph_move_refuse(ph_textf(
                f->ctx->arena, "the table %s is not what the file says: start over with --restart",
                read->table->name));
        }
        report->table(read->table->name, sum.count);
    }
    return PH_OK;
}

static struct ph_err fill_and_compare(struct filling *f, const struct ph_move_report *report)
{
    struct ph_snapshot *snapshot;
    struct ph_err err;

    PH_TRY(fill_from_lines(f));
    PH_TRY(ph_snapshot_of(f->ctx, &snapshot));
    err = compare(f, snapshot, report);
    ph_snapshot_end(snapshot);
    PH_TRY(err);
    return ph_fill_end(&f->fill);
}

struct ph_err ph_import(struct ph_ctx *ctx, struct ph_export_file *file,
                        const struct ph_move_report *report)
{
    struct filling f = { .ctx = ctx, .file = file };
    const struct ph_str source =
        ph_strf(ctx->arena, "import %.*s", PH_FMT(ph_hex(ctx->arena, ph_digest_str(&file->mac))));
    struct ph_err err;

    PH_TRY(ph_fill_begin(&f.fill, ctx, source));
    if (f.fill.position.p != NULL && !ph_str_to_int(f.fill.position, 0, INT64_MAX, &f.done)) {
        return ph_move_refuse("the database does not say how far it was filled: start over with"
                              " --restart");
    }
    ph_store_keys_of(ctx->store, &f.ours);
    err = fill_and_compare(&f, report);
    ph_store_keys_wipe(&f.ours);
    ph_arena_finish(&f.arena);
    return err;
}
