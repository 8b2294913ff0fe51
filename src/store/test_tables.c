/*
 * The description of the tables against the tables themselves, at every version of the schema: what
 * copies databases copies what is described there, so nothing may be missing.
 */
#include "store/schema.h"
#include "store/tables.h"
#include "store/test_support.h"

static struct ph_db *memory_database(void)
{
    static struct ph_db_target memory;

    return ph_driver_sqlite.open(&memory, PH_DB_WRITER, NULL, 0);
}

static struct ph_db *schema_of(int64_t version)
{
    const struct ph_migration wanted = { .version = version };
    struct ph_db *db = memory_database();
    const char *why;

    assert_true(ph_schema_migrate(&ph_driver_sqlite, db, &wanted, &why));
    return db;
}

static struct ph_str text(struct ph_arena *arena, struct ph_db_stmt *stmt, int column)
{
    return ph_str_dup(arena, ph_driver_sqlite.column_bytes(stmt, column));
}

static const char TABLES[] =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

static size_t count_described(int64_t version)
{
    size_t count = 0;

    for (size_t i = 0; i < ph_table_count; i++) {
        count += ph_tables[i].since <= version;
    }
    return count;
}

static void check_tables(struct ph_arena *arena, int64_t version)
{
    struct ph_db *db = schema_of(version);
    struct ph_db_stmt *stmt = ph_driver_sqlite.prepare(db, TABLES);
    size_t count = 0;

    for (; ph_driver_sqlite.step(stmt) == PH_DB_ROW; count++) {
        const struct ph_str name = text(arena, stmt, 0);
        const struct ph_table *table = ph_table_find(name);

        if (table == NULL) {
            fail_msg("the table %.*s is not described in tables.c: does it move with the data?",
                     PH_FMT(name));
        }
        assert_true(table->since <= version);
    }
    assert_int_equal(count, count_described(version));
    ph_driver_sqlite.reset(stmt);
    ph_driver_sqlite.close(db);
}

static void every_table_is_described_from_the_version_that_made_it(void **state)
{
    struct ph_arena arena = { 0 };

    (void)state;
    for (int64_t version = 1; version <= ph_schema_version(); version++) {
        check_tables(&arena, version);
    }
    ph_arena_finish(&arena);
}

static const char COLUMNS[] =
    "SELECT name, type, \"notnull\", pk FROM pragma_table_info($1) ORDER BY cid";

static void check_column(const struct ph_table *table, struct ph_arena *arena,
                         struct ph_db_stmt *stmt)
{
    static const char *const TYPES[] = { "BIGINT", "TEXT", "BYTEA" };
    const struct ph_str name = text(arena, stmt, 0);
    const struct ph_column *column = ph_table_column(table, name);
    const int64_t key = ph_driver_sqlite.column_int(stmt, 3);

    if (column == NULL) {
        fail_msg("the column %s.%.*s is not described in tables.c", table->name, PH_FMT(name));
    }
    assert_str(text(arena, stmt, 1), TYPES[column->type]);
    if (key > 0) {
        assert_int_equal(column - table->columns, key - 1);
    } else {
        assert_true((size_t)(column - table->columns) >= table->key_count);
    }
    /* A number that is absent would be read as 0. */
    if (column->type == PH_COLUMN_INT && table->use == PH_TABLE_MOVES) {
        assert_int_equal(ph_driver_sqlite.column_int(stmt, 2), 1);
    }
    if (column->seal != PH_SEALED_NOT) {
        assert_int_equal(column->type, PH_COLUMN_BYTES);
    }
}

static void check_columns(const struct ph_table *table, struct ph_db *db, struct ph_arena *arena)
{
    const struct ph_db_value name = { .kind = PH_DB_TEXT, .s = ph_str_from(table->name) };
    struct ph_db_stmt *stmt = ph_driver_sqlite.prepare(db, COLUMNS);
    size_t count = 0, keys = 0;

    assert_int_equal(ph_driver_sqlite.bind(stmt, 1, &name), PH_DB_DONE);
    for (; ph_driver_sqlite.step(stmt) == PH_DB_ROW; count++) {
        check_column(table, arena, stmt);
        keys += ph_driver_sqlite.column_int(stmt, 3) > 0;
    }
    ph_driver_sqlite.reset(stmt);
    assert_int_equal(count, table->column_count);
    assert_int_equal(keys, table->key_count);
}

static void every_column_is_described_with_its_type_and_place_in_the_key(void **state)
{
    struct ph_db *db = schema_of(0);
    struct ph_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < ph_table_count; i++) {
        check_columns(&ph_tables[i], db, &arena);
    }
    ph_driver_sqlite.close(db);
    ph_arena_finish(&arena);
}

static void no_statement_needs_more_parameters_than_there_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < ph_table_count; i++) {
        assert_true(ph_tables[i].column_count <= PH_ROW_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_described_from_the_version_that_made_it),
        cmocka_unit_test(every_column_is_described_with_its_type_and_place_in_the_key),
        cmocka_unit_test(no_statement_needs_more_parameters_than_there_are),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
