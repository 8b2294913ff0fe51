/*
 * Any bytes are an export or are refused, and every row that is read is written as it was read. The
 * key is fixed: without it no line after the header would be looked at.
 */
#include "move/read.h"
#include "support/fuzz.h"
#include "util/json.h"

#include <string.h>

static void check_row(struct ph_arena *arena, const struct ph_table *table,
                      const struct ph_db_value *values)
{
    const struct ph_str text = ph_row_text(arena, table, values);
    struct ph_db_value again[PH_ROW_MAX];

    fuzz_check(ph_row_parse(arena, table, text, again));
    for (size_t i = 0; i < table->column_count; i++) {
        fuzz_check(values[i].kind == again[i].kind && values[i].n == again[i].n &&
                   (values[i].s.p == NULL) == (again[i].s.p == NULL) &&
                   ph_str_eq(values[i].s, again[i].s));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ph_key ROOT = { { 1, 2, 3 } };
    struct ph_db_value values[PH_ROW_MAX];
    struct ph_arena arena = { 0 };
    struct ph_reader reader = { .arena = &arena };
    enum ph_line_kind kind = PH_LINE_TABLE;
    struct ph_err err;

    if (size == 0) {
        return 0;
    }
    ph_json_start();
    reader.file = fmemopen((void *)(uintptr_t)data, size, "r");
    err = ph_reader_again(&reader, &ROOT);
    while (err.type == NULL && kind != PH_LINE_END) {
        err = ph_reader_next(&reader, &arena, &kind, values);
        if (err.type == NULL && kind == PH_LINE_ROW) {
            check_row(&arena, ph_reader_table(&reader), values);
        }
    }
    fuzz_check(err.type == NULL || err.message[0] != '\0');
    ph_reader_end(&reader);
    ph_arena_finish(&arena);
    return 0;
}
