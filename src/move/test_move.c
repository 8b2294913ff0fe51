/* Exports: rows as lines and back, files of older versions, and files that are not as they were. */
#include "crypto/passphrase.h"
#include "move/read.h"
#include "store/access.h"
#include "store/master.h"
#include "store/schema.h"
#include "store/test_support.h"
#include "util/encode.h"

#include <sys/stat.h>

static const struct ph_str PASSPHRASE = PH_STR_INIT("correct horse battery");
static const struct ph_key OTHER_MASTER_KEY = { { 9, 9 } };

struct fixture {
    struct test_store *from, *to;
    char path[128];
};

static void count_nothing(const char *name, int64_t rows)
{
    (void)name;
    (void)rows;
}

static const struct ph_move_report QUIET = { .table = count_nothing };

/* A new database of tables of a version, to be filled; 0: the newest. */
static void open_to_fill(struct test_store *t, const struct ph_key *key, int64_t version)
{
    const struct ph_store_options options = {
        .path = ph_str_from(t->path),
        .master_key = key,
        .filling = true,
        .version = version,
        .migrate = true,
    };
    const char *why = "";

    if (!ph_store_open(&options, &t->ctx.store, &why)) {
        fail_msg("%s", why);
    }
}

static void forget(struct test_store *t)
{
    test_close(t);
    test_unlink(t, "db");
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->from = test_store_create(false);
    f->to = test_store_create(false);
    snprintf(f->path, sizeof f->path, "%s/export", f->from->directory);
    forget(f->to);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    test_store_destroy(f->from);
    test_store_destroy(f->to);
    free(f);
    return 0;
}

static struct ph_err export(struct fixture *f)
{
    return ph_export(&f->from->ctx, f->path, PASSPHRASE, &QUIET);
}

static struct ph_err import(struct fixture *f)
{
    struct ph_export_file *file;
    struct ph_err err;

    PH_TRY(ph_export_open(&f->to->arena, f->path, PASSPHRASE, &file));
    open_to_fill(f->to, &OTHER_MASTER_KEY, ph_export_version(file));
    err = ph_import(&f->to->ctx, file, &QUIET);
    ph_export_close(file);
    return err;
}

/* --- rows --- */

static void every_value_is_read_as_it_was_written(void **state)
{
    static const char NUL[] = "a\0b";
    const struct ph_table *users = ph_table_find(PH_STR("users"));
    struct ph_db_value row[PH_ROW_MAX] = { 0 }, again[PH_ROW_MAX];
    struct ph_arena arena = { 0 };
    struct ph_str text;

    (void)state;
    for (size_t i = 0; i < users->column_count; i++) {
        row[i].kind = (enum ph_db_kind)users->columns[i].type;
        row[i].n = users->columns[i].type == PH_COLUMN_INT ? INT64_MIN + (int64_t)i : 0;
    }
    row[0].s = PH_STR("");
    row[1].s = PH_STR("\xff not UTF-8");
    row[2].s = PH_STR("\xff\xfe");
    row[3].s = PH_STR("");
    row[10].s = (struct ph_str){ (const uint8_t *)NUL, 3 };
    text = ph_row_text(&arena, users, row);
    assert_true(ph_row_parse(&arena, users, text, again));
    for (size_t i = 0; i < users->column_count; i++) {
        assert_int_equal(row[i].kind, again[i].kind);
        assert_int_equal(row[i].n, again[i].n);
        assert_true(ph_str_eq(row[i].s, again[i].s));
        assert_int_equal(row[i].s.p == NULL, again[i].s.p == NULL);
    }
    ph_arena_finish(&arena);
}

static void what_is_no_row_of_the_table_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "{}",
        "[]",
        "[\"p\", \"s\"]",
        "[\"p\", \"s\", \"1\"]",
        "[1,1,1]",
        "[null,1]",
        "[\"p\",{\"base64\":\"*\"},1]",
        "[\"p\",{\"other\":\"AA==\"},1]",
        "[\"p\",\"s\",1.5]",
        "[\"p\",\"s\",1,1]",
        "[\"p\",\"s\",99999999999999999999]",
    };
    const struct ph_table *steps = ph_table_find(PH_STR("totp_steps"));
    struct ph_db_value values[PH_ROW_MAX];
    struct ph_arena arena = { 0 };

    (void)state;
    assert_true(ph_row_parse(&arena, steps, PH_STR("[\"p\",\"s\",1]"), values));
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        assert_false(ph_row_parse(&arena, steps, ph_str_from(TEXTS[i]), values));
    }
    ph_arena_finish(&arena);
}

/* --- files --- */

static void all_of_it_arrives_under_another_master_key(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(test_write(&f->from->ctx, test_user(&f->from->ctx, i)), PH_USER_DONE);
    }
    assert_ok(export(f));
    assert_non_null(export(f).type); /* overwrites nothing */
    assert_ok(import(f));
    for (int i = 0; i < 5; i++) {
        const struct ph_user *user = test_find(&f->to->ctx, test_user(&f->to->ctx, i)->sub);

        assert_non_null(user);
        assert_int_equal(user->password->verifier[0], i);
    }
}

static struct ph_str slurp(struct fixture *f)
{
    FILE *file = fopen(f->path, "r");
    uint8_t *text;
    struct stat info;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    text = ph_arena_alloc(&f->from->arena, (size_t)info.st_size + 1);
    assert_int_equal(fread(text, 1, (size_t)info.st_size, file), info.st_size);
    fclose(file);
    return (struct ph_str){ text, (size_t)info.st_size };
}

/* Reads the bytes as a file, with the key that is known. */
static struct ph_err read_bytes(struct ph_arena *arena, struct ph_str bytes,
                                const struct ph_key *root)
{
    struct ph_reader reader = { .arena = arena };
    struct ph_db_value values[PH_ROW_MAX];
    enum ph_line_kind kind = PH_LINE_TABLE;
    struct ph_err err;

    reader.file = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "r");
    err = ph_reader_again(&reader, root);
    while (err.type == NULL && kind != PH_LINE_END) {
        err = ph_reader_next(&reader, arena, &kind, values);
    }
    ph_reader_end(&reader);
    return err;
}

static struct ph_key root_of(struct ph_arena *arena, struct ph_str bytes)
{
    struct ph_reader reader = { .arena = arena };
    struct ph_key root = { 0 };

    reader.file = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "r");
    assert_ok(ph_reader_begin(&reader, PASSPHRASE, &root));
    ph_reader_end(&reader);
    return root;
}

static void no_byte_can_be_changed_nor_left_out(void **state)
{
    struct fixture *f = *state;
    struct ph_arena arena = { 0 };
    struct ph_str whole;
    struct ph_key root;
    uint8_t *changed;

    assert_int_equal(test_write(&f->from->ctx, test_user(&f->from->ctx, 1)), PH_USER_DONE);
    assert_ok(export(f));
    whole = slurp(f);
    root = root_of(&arena, whole);
    assert_ok(read_bytes(&arena, whole, &root));
    changed = ph_arena_alloc(&f->from->arena, whole.n);
    for (size_t i = 0; i < whole.n; i += 101) {
        ph_arena_reset(&arena);
        memcpy(changed, whole.p, whole.n);
        changed[i] ^= 1;
        assert_non_null(read_bytes(&arena, (struct ph_str){ changed, whole.n }, &root).type);
        if (i > 0) {
            assert_non_null(read_bytes(&arena, (struct ph_str){ whole.p, i }, &root).type);
        }
    }
    ph_arena_finish(&arena);
}

/* --- older versions --- */

struct old_file {
    FILE *file;
    struct ph_arena *arena;
    struct ph_chain chain;
    int64_t tables, rows;
};

static void put_old(struct old_file *o, struct ph_str line)
{
    ph_chain_add(&o->chain, line);
    assert_int_equal(fwrite(line.p, 1, line.n, o->file), line.n);
    assert_int_equal(fputc('\n', o->file), '\n');
}

static bool has_column(struct ph_db *db, const char *table, const char *column)
{
    static const char SQL[] = "SELECT 1 FROM pragma_table_info($1) WHERE name = $2";
    const struct ph_db_value values[] = { ph_v_text(ph_str_from(table)),
                                          ph_v_text(ph_str_from(column)) };
    struct ph_db_stmt *stmt = ph_driver_sqlite.prepare(db, SQL);
    bool found;

    assert_int_equal(ph_driver_sqlite.bind(stmt, 1, &values[0]), PH_DB_DONE);
    assert_int_equal(ph_driver_sqlite.bind(stmt, 2, &values[1]), PH_DB_DONE);
    found = ph_driver_sqlite.step(stmt) == PH_DB_ROW;
    ph_driver_sqlite.reset(stmt);
    return found;
}

/* With the columns that the table had then, and of app clients one row. */
static void put_old_table(struct old_file *o, struct ph_db *db, const struct ph_table *known)
{
    struct ph_column columns[PH_ROW_MAX];
    struct ph_table table = *known;
    struct ph_db_value row[PH_ROW_MAX] = { 0 };
    struct ph_rows rows = { .table = &table, .values = row };
    struct ph_sum sum = { 0 };

    table.columns = columns;
    table.column_count = 0;
    for (size_t i = 0; i < known->column_count; i++) {
        if (has_column(db, known->name, known->columns[i].name)) {
            row[table.column_count].kind = (enum ph_db_kind)known->columns[i].type;
            row[table.column_count].n = 5;
            row[table.column_count].s = PH_STR("{}");
            columns[table.column_count++] = known->columns[i];
        }
    }
    put_old(o, ph_table_line(o->arena, &table));
    if (strcmp(known->name, "clients") == 0) {
        rows.count = 1;
        ph_sum_add(&sum, &rows);
        put_old(o, ph_row_text(o->arena, &table, row));
    }
    put_old(o, ph_strf(o->arena, "{\"rows\":%d,\"sum\":\"%.*s\"}", (int)rows.count,
                       PH_FMT(ph_hex(o->arena, (struct ph_str){ sum.bytes, sizeof sum.bytes }))));
    o->tables++;
    o->rows += (int64_t)rows.count;
}

enum { OLD_VERSION = 11 };

static struct ph_db *old_tables(void)
{
    static struct ph_db_target memory;
    const struct ph_migration wanted = { .version = OLD_VERSION };
    struct ph_db *db = ph_driver_sqlite.open(&memory, PH_DB_WRITER, NULL, 0);
    const char *why;

    assert_true(ph_schema_migrate(&ph_driver_sqlite, db, &wanted, &why));
    return db;
}

static void write_old_file(struct fixture *f)
{
    static const struct ph_key ROOT = { { 3 } };
    struct old_file o = { .file = fopen(f->path, "w"), .arena = &f->from->arena };
    struct ph_db *db = old_tables();

    assert_non_null(o.file);
    ph_chain_begin(&o.chain, &ROOT);
    put_old(&o, ph_strf(o.arena, "{\"poolhouse_export\":1,\"schema\":%d,\"key\":\"%.*s\"}",
                        OLD_VERSION, PH_FMT(ph_passphrase_wrap(o.arena, PASSPHRASE, &ROOT))));
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES && ph_tables[i].since <= OLD_VERSION) {
            put_old_table(&o, db, &ph_tables[i]);
        }
    }
    put_old(&o, ph_strf(o.arena, "{\"tables\":%d,\"rows\":%d,\"hmac\":\"%.*s\"}", (int)o.tables,
                        (int)o.rows, PH_FMT(ph_hex(o.arena, ph_digest_str(&o.chain.mac)))));
    fclose(o.file);
    ph_driver_sqlite.close(db);
}

/* What later versions made of rows that were there, they make of these by being opened as usual. */
static void a_file_of_an_older_version_is_read_and_brought_to_this_one(void **state)
{
    struct fixture *f = *state;
    const struct ph_store_options usual = {
        .path = ph_str_from(f->to->path),
        .master_key = &OTHER_MASTER_KEY,
        .migrate = true,
    };
    const char *why = "";
    struct ph_q q;

    write_old_file(f);
    assert_ok(import(f));
    assert_int_equal(ph_store_version(f->to->ctx.store), OLD_VERSION);
    test_close(f->to);
    assert_true(ph_store_open(&usual, &f->to->ctx.store, &why));
    ph_read_begin(&f->to->ctx, &q, "SELECT secret_ms, created_ms FROM clients", NULL, 0);
    assert_true(ph_q_row(&q));
    assert_int_equal(ph_q_int(&q, 0), 5); /* by the step from 11 to 12 */
    assert_int_equal(ph_q_int(&q, 1), 5);
    ph_q_end(&q);
    assert_ok(ph_read_end(&q));
}

/* Its tables have taken the steps already, when there was nothing in them to change. */
static void an_older_file_does_not_go_into_newer_tables(void **state)
{
    struct fixture *f = *state;
    const struct ph_store_options options = {
        .path = ph_str_from(f->to->path),
        .master_key = &OTHER_MASTER_KEY,
        .filling = true,
        .version = OLD_VERSION,
    };
    const char *why = "";

    open_to_fill(f->to, &OTHER_MASTER_KEY, 0);
    test_close(f->to);
    assert_false(ph_store_open(&options, &f->to->ctx.store, &why));
    assert_non_null(strstr(why, "of a newer version than the file"));
}

/* What the record key seals is not derived from the master key any more then. */
static void a_copy_opens_after_the_master_key_was_replaced(void **state)
{
    struct fixture *f = *state;
    const struct ph_access_key made = { .id = PH_STR("AKIAEXAMPLE"), .secret = PH_STR("s3cret") };
    struct ph_access_key *found;
    enum ph_master_result result;
    const char *why = "";
    size_t count;
    bool taken;

    assert_ok(ph_store_access_key_insert(&f->from->ctx, &made, &taken));
    assert_ok(ph_store_master_announce(&f->from->ctx, &OTHER_MASTER_KEY, &result));
    assert_ok(ph_store_master_switch(&f->from->ctx, &OTHER_MASTER_KEY, &result));
    assert_ok(ph_store_master_reseal(&f->from->ctx, &count));
    assert_int_equal(count, 1);
    test_close(f->from);
    assert_true(test_open_with(f->from, &OTHER_MASTER_KEY, false, &why));
    assert_ok(ph_store_master_retire(&f->from->ctx, &result));
    assert_int_equal(result, PH_MASTER_DONE);

    open_to_fill(f->to, &OTHER_MASTER_KEY, 0);
    assert_ok(ph_copy(&f->from->ctx, &f->to->ctx, PH_STR("there"), &QUIET));
    assert_ok(ph_store_access_key_find(&f->to->ctx, PH_STR("AKIAEXAMPLE"), &found));
    assert_str(found->secret, "s3cret");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_copy_opens_after_the_master_key_was_replaced),
        cmocka_unit_test(every_value_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_row_of_the_table_is_refused),
        TEST(all_of_it_arrives_under_another_master_key),
        TEST(no_byte_can_be_changed_nor_left_out),
        TEST(a_file_of_an_older_version_is_read_and_brought_to_this_one),
        TEST(an_older_file_does_not_go_into_newer_tables),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
