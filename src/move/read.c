#include "move/read.h"

#include "crypto/passphrase.h"
#include "util/encode.h"
#include "util/json.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 64 * 1024 };

static struct ph_err wrong(const struct ph_reader *r, const char *why)
{
    return ph_move_refuse(ph_textf(r->arena,
                                   "line %lld: %s; the file is damaged, or no export of Poolhouse",
                                   (long long)r->number, why));
}

static struct ph_str line_of(const struct ph_reader *r)
{
    return (struct ph_str){ r->line, r->length };
}

/* --- lines --- */

static void make_room(struct ph_reader *r)
{
    const size_t capacity = r->capacity == 0 ? CAPACITY : r->capacity * 2;
    uint8_t *line = realloc(r->line, capacity);

    if (line == NULL) {
        ph_fatal("out of memory");
    }
    r->line = line;
    r->capacity = capacity;
}

static struct ph_err read_line(struct ph_reader *r)
{
    int c;

    r->number++;
    r->length = 0;
    while ((c = getc_unlocked(r->file)) != '\n') {
        if (c == EOF) {
            return wrong(r, "the end is missing");
        }
        if (r->length == PH_EXPORT_LINE_MAX) {
            return wrong(r, "it is too long");
        }
        if (r->length == r->capacity) {
            make_room(r);
        }
        r->line[r->length++] = (uint8_t)c;
    }
    r->offset += (int64_t)r->length + 1;
    return PH_OK;
}

/* --- the header --- */

static struct ph_err take_version(struct ph_reader *r, const struct json_t *header)
{
    const struct json_t *format = ph_json_get(header, "poolhouse_export");

    if (ph_json_kind(format) != PH_JSON_INTEGER) {
        return wrong(r, "that is not how an export begins");
    }
    r->schema = ph_json_int(ph_json_get(header, "schema"));
    if (ph_json_int(format) != PH_EXPORT_FORMAT || r->schema > ph_schema_version()) {
        return ph_move_refuse("the file was made by a newer version of Poolhouse: import it with"
                              " that version");
    }
    return r->schema < 1 ? wrong(r, "it names no version of the tables") : PH_OK;
}

static struct ph_err read_header(struct ph_reader *r, struct ph_str *wrapped)
{
    const struct json_t *header;

    PH_TRY(read_line(r));
    header = ph_json_parse(r->arena, line_of(r));
    PH_TRY(take_version(r, header));
    *wrapped = ph_json_get_str(header, "key");
    return PH_OK;
}

struct ph_err ph_reader_begin(struct ph_reader *r, struct ph_str passphrase, struct ph_key *root)
{
    struct ph_wrapped_key key;
    struct ph_str wrapped;

    PH_TRY(read_header(r, &wrapped));
    if (!ph_wrapped_key_parse(r->arena, wrapped, &key)) {
        return wrong(r, "there is no key in it");
    }
    if (!ph_passphrase_unwrap(r->arena, passphrase, &key, root)) {
        return ph_move_refuse("the passphrase is not the one that the export was made with");
    }
    ph_chain_begin(&r->chain, root);
    ph_chain_add(&r->chain, line_of(r));
    return PH_OK;
}

struct ph_err ph_reader_again(struct ph_reader *r, const struct ph_key *root)
{
    struct ph_str ignored;

    rewind(r->file);
    r->number = r->offset = r->rows = 0;
    r->table_count = 0;
    r->in_table = false;
    PH_TRY(read_header(r, &ignored));
    ph_chain_begin(&r->chain, root);
    ph_chain_add(&r->chain, line_of(r));
    return PH_OK;
}

/* --- what follows --- */

static bool is_known(const struct ph_reader *r, const char *name)
{
    for (size_t i = 0; i < r->table_count; i++) {
        if (strcmp(r->tables[i].table->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Of the same version all columns are there. */
static bool is_whole(const struct ph_reader *r, const struct ph_table *table)
{
    return r->schema < ph_schema_version() ||
           table->column_count == ph_table_find(ph_str_from(table->name))->column_count;
}

static struct ph_err begin_table(struct ph_reader *r, const struct json_t *line)
{
    const char *why = "";
    const struct ph_table *table = ph_table_parse(r->arena, line, &why);

    if (table == NULL) {
        return wrong(r, why);
    }
    if (r->in_table || is_known(r, table->name) || !is_whole(r, table) ||
        table->since > r->schema || r->table_count == PH_READ_TABLES_MAX) {
        return wrong(r, "this table cannot stand here");
    }
    r->tables[r->table_count++] = (struct ph_read_table){ .table = table };
    r->in_table = true;
    return PH_OK;
}

static struct ph_err take_row(struct ph_reader *r, struct ph_arena *arena,
                              struct ph_db_value *values)
{
    struct ph_read_table *now = &r->tables[r->table_count - 1];
    struct ph_rows rows = { .values = values, .count = 1 };

    if (!r->in_table || !ph_row_parse(arena, now->table, line_of(r), values)) {
        return wrong(r, "that is no row of the table");
    }
    rows.table = now->table;
    ph_sum_add(&now->sum, &rows);
    r->rows++;
    return PH_OK;
}

static struct ph_err end_table(struct ph_reader *r, const struct json_t *line)
{
    const struct ph_sum *sum = &r->tables[r->table_count - 1].sum;
    const struct ph_str bytes = { sum->bytes, sizeof sum->bytes };

    if (!r->in_table || ph_json_int(ph_json_get(line, "rows")) != sum->count ||
        !ph_str_eq(ph_json_get_str(line, "sum"), ph_hex(&r->line_arena, bytes))) {
        return wrong(r, "the rows before it are not those that were written");
    }
    r->in_table = false;
    return PH_OK;
}

static bool has_all_tables(const struct ph_reader *r)
{
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES && ph_tables[i].since <= r->schema &&
            !is_known(r, ph_tables[i].name)) {
            return false;
        }
    }
    return true;
}

static struct ph_err end(struct ph_reader *r, const struct json_t *line)
{
    struct ph_str mac = { 0 };

    if (r->in_table || ph_json_int(ph_json_get(line, "tables")) != (int64_t)r->table_count ||
        ph_json_int(ph_json_get(line, "rows")) != r->rows || !has_all_tables(r)) {
        return wrong(r, "tables or rows are missing before it");
    }
    if (!ph_hex_decode(&r->line_arena, ph_json_get_str(line, "hmac"), &mac) ||
        !ph_equal_secret(mac, ph_digest_str(&r->chain.mac))) {
        return wrong(r, "the lines before it are not those that were written");
    }
    return getc(r->file) == EOF ? PH_OK : wrong(r, "something follows the end");
}

static struct ph_err take_object(struct ph_reader *r, enum ph_line_kind *kind)
{
    const struct json_t *line;

    ph_arena_reset(&r->line_arena);
    line = ph_json_parse(&r->line_arena, line_of(r));
    if (ph_json_get(line, "table") != NULL) {
        *kind = PH_LINE_TABLE;
        PH_TRY(begin_table(r, line));
    } else if (ph_json_get(line, "sum") != NULL && r->table_count > 0) {
        *kind = PH_LINE_TABLE_END;
        PH_TRY(end_table(r, line));
    } else if (ph_json_get(line, "hmac") != NULL) {
        *kind = PH_LINE_END;
        return end(r, line);
    } else {
        return wrong(r, "it is none of an export");
    }
    ph_chain_add(&r->chain, line_of(r));
    return PH_OK;
}

struct ph_err ph_reader_next(struct ph_reader *r, struct ph_arena *arena, enum ph_line_kind *kind,
                             struct ph_db_value *values)
{
    PH_TRY(read_line(r));
    if (r->length == 0 || r->line[0] != '[' || r->table_count == 0) {
        return take_object(r, kind);
    }
    *kind = PH_LINE_ROW;
    PH_TRY(take_row(r, arena, values));
    ph_chain_add(&r->chain, line_of(r));
    return PH_OK;
}

void ph_reader_end(struct ph_reader *r)
{
    if (r->file != NULL) {
        fclose(r->file);
    }
    if (r->line != NULL) {
        ph_wipe(r->line, r->capacity);
        free(r->line);
    }
    ph_arena_finish(&r->line_arena);
    ph_chain_wipe(&r->chain);
}
