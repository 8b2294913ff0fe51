#include "move/format.h"

#include "util/encode.h"
#include "util/json.h"

#include <string.h>

/* --- rows --- */

static struct json_t *text_value(struct ph_arena *arena, struct ph_str text)
{
    struct json_t *value = ph_json_new_str(arena, text);

    if (ph_str_has_byte(text, 0) || !ph_str_eq(ph_json_str(value), text)) {
        value = ph_json_object(arena);
        ph_json_set_str(arena, value, "base64", ph_base64(arena, text));
    }
    return value;
}

static struct json_t *value_of(struct ph_arena *arena, const struct ph_column *column,
                               const struct ph_db_value *value)
{
    if (column->type == PH_COLUMN_INT) {
        return ph_json_new_int(arena, value->n);
    }
    if (value->s.p == NULL) {
        return ph_json_new_null();
    }
    return column->type == PH_COLUMN_TEXT ? text_value(arena, value->s)
                                          : ph_json_new_str(arena, ph_base64(arena, value->s));
}

struct ph_str ph_row_text(struct ph_arena *arena, const struct ph_table *table,
                          const struct ph_db_value *row)
{
    struct json_t *array = ph_json_array(arena);

    for (size_t i = 0; i < table->column_count; i++) {
        ph_json_append(arena, array, value_of(arena, &table->columns[i], &row[i]));
    }
    return ph_json_text(arena, array, PH_JSON_INSERTION);
}

static bool parse_bytes(struct ph_arena *arena, const struct json_t *json, struct ph_str *bytes)
{
    return ph_json_kind(json) == PH_JSON_STRING &&
           ph_base64_decode(arena, ph_json_str(json), bytes);
}

static bool parse_text(struct ph_arena *arena, const struct json_t *json, struct ph_str *text)
{
    if (ph_json_kind(json) == PH_JSON_STRING) {
        *text = ph_json_str(json);
        return true;
    }
    return ph_json_kind(json) == PH_JSON_OBJECT && ph_json_members(json) == 1 &&
           parse_bytes(arena, ph_json_get(json, "base64"), text);
}

/* Empty is not absent. */
static bool keep(struct ph_str s, enum ph_db_kind kind, struct ph_db_value *value)
{
    *value = (struct ph_db_value){ .kind = kind, .s = s.n == 0 ? PH_STR("") : s };
    return true;
}

static bool parse_value(struct ph_arena *arena, const struct ph_column *column,
                        const struct json_t *json, struct ph_db_value *value)
{
    const enum ph_db_kind kind = column->type == PH_COLUMN_TEXT ? PH_DB_TEXT : PH_DB_BYTES;
    struct ph_str s = { 0 };

    if (column->type == PH_COLUMN_INT) {
        *value = (struct ph_db_value){ .kind = PH_DB_INT, .n = ph_json_int(json) };
        return ph_json_kind(json) == PH_JSON_INTEGER;
    }
    if (ph_json_kind(json) == PH_JSON_NULL) {
        *value = (struct ph_db_value){ .kind = kind };
        return true;
    }
    return (kind == PH_DB_TEXT ? parse_text(arena, json, &s) : parse_bytes(arena, json, &s)) &&
           keep(s, kind, value);
}

bool ph_row_parse(struct ph_arena *arena, const struct ph_table *table, struct ph_str text,
                  struct ph_db_value *values)
{
    const struct json_t *array = ph_json_parse(arena, text);

    if (ph_json_kind(array) != PH_JSON_ARRAY || ph_json_length(array) != table->column_count) {
        return false;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        if (!parse_value(arena, &table->columns[i], ph_json_at(array, i), &values[i])) {
            return false;
        }
    }
    return true;
}

/* --- tables --- */

struct ph_str ph_table_line(struct ph_arena *arena, const struct ph_table *table)
{
    struct json_t *line = ph_json_object(arena), *columns = ph_json_array(arena);

    ph_json_set_str(arena, line, "table", ph_str_from(table->name));
    for (size_t i = 0; i < table->column_count; i++) {
        ph_json_append(arena, columns, ph_json_new_str(arena, ph_str_from(table->columns[i].name)));
    }
    ph_json_set(arena, line, "columns", columns);
    return ph_json_text(arena, line, PH_JSON_INSERTION);
}

static bool is_named_before(const struct ph_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (columns[i].name == name) {
            return true;
        }
    }
    return false;
}

static bool take_columns(const struct ph_table *known, const struct json_t *names,
                         struct ph_column *columns)
{
    for (size_t i = 0; i < ph_json_length(names); i++) {
        const struct ph_column *column = ph_table_column(known, ph_json_str(ph_json_at(names, i)));

        if (column == NULL || is_named_before(columns, i, column->name) ||
            (i < known->key_count && column != &known->columns[i])) {
            return false;
        }
        columns[i] = *column;
    }
    return true;
}

const struct ph_table *ph_table_parse(struct ph_arena *arena, const struct json_t *line,
                                      const char **why)
{
    const struct ph_table *known = ph_table_find(ph_json_get_str(line, "table"));
    const struct json_t *names = ph_json_get(line, "columns");
    const size_t count = ph_json_length(names);
    struct ph_column *columns;
    struct ph_table *table;

    if (known == NULL || known->use != PH_TABLE_MOVES) {
        *why = "there is no such table";
        return NULL;
    }
    columns = ph_arena_array(arena, known->column_count, struct ph_column);
    if (ph_json_kind(names) != PH_JSON_ARRAY || count < known->key_count ||
        count > known->column_count || !take_columns(known, names, columns)) {
        *why = "there are no such columns in the table";
        return NULL;
    }
    table = ph_arena_new(arena, struct ph_table);
    *table = *known;
    table->columns = columns;
    table->column_count = count;
    return table;
}

struct ph_table ph_table_key(const struct ph_table *table)
{
    struct ph_table key = *table;

    key.column_count = table->key_count;
    return key;
}

/* --- the chain --- */

void ph_chain_begin(struct ph_chain *chain, const struct ph_key *root)
{
    *chain = (struct ph_chain){ 0 };
    ph_key_derive(root, PH_STR("poolhouse export chain 1"), &chain->key);
    ph_chain_add(chain, PH_STR("poolhouse export"));
}

void ph_chain_add(struct ph_chain *chain, struct ph_str line)
{
    const struct ph_digest before = chain->mac;

    PH_HMAC(((struct ph_str){ chain->key.bytes, sizeof chain->key.bytes }), &chain->mac,
            ph_digest_str(&before), line);
}

void ph_chain_wipe(struct ph_chain *chain)
{
    ph_wipe(chain, sizeof *chain);
}
