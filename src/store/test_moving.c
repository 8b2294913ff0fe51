/* All rows from one database into another: in batches, resumed, complete; secrets sealed anew. */
#include "store/access.h"
#include "store/moving.h"
#include "store/test_support.h"

enum { USERS = 20 };

/* Some batches and a part of one. */
#define MANY_ROWS                                                                                  \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203)"               \
    " INSERT INTO totp_steps (pool_id, sub, step) SELECT 'p', 's', i FROM n"

static const struct ph_key OTHER_MASTER_KEY = { { 9, 9 } };

static void make_rows(struct test_store *t)
{
    const struct ph_access_key key = {
        .id = PH_STR("AKIAEXAMPLE"),
        .secret = PH_STR("the secret"),
        .created_ms = 5,
    };
    bool taken;

    for (int i = 0; i < USERS; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
    }
    test_sql(t, MANY_ROWS);
    assert_ok(ph_store_access_key_insert(&t->ctx, &key, &taken));
}

/* Ready to be filled, under its own master key. */
static void reopen_to_fill(struct test_store *t, const struct ph_key *key)
{
    const struct ph_store_options options = {
        .path = ph_str_from(t->path),
        .master_key = key,
        .filling = true,
    };
    const char *why = "";

    test_close(t);
    if (!ph_store_open(&options, &t->ctx.store, &why)) {
        fail_msg("%s", why);
    }
}

struct moving {
    struct ph_snapshot *snapshot;
    struct ph_fill fill;
    struct ph_store_keys from, to;
    size_t batches; /* to stop after */
};

static void move_table(struct moving *m, const struct ph_table *table)
{
    struct ph_walk walk = ph_walk_begin(m->snapshot, table, NULL);
    const char *sql = ph_fill_prepare(m->fill.ctx, table);
    const char *why = "";

    for (;;) {
        assert_ok(ph_walk_next(&walk));
        assert_true(walk.rows.count <= 1000);
        if (walk.rows.count == 0 || m->batches == 0) {
            break;
        }
        if (!ph_rows_reseal(m->fill.ctx->arena, &walk.rows, &m->from, &m->to, &why)) {
            fail_msg("%s", why);
        }
        assert_ok(ph_fill_put(&m->fill, sql, &walk.rows, PH_STR("so far")));
        m->batches--;
    }
    ph_walk_end(&walk);
}

static void move(struct test_store *from, struct test_store *to, size_t batches)
{
    struct moving m = { .batches = batches };
    const char *why = "";

    m.snapshot = ph_snapshot_begin(&from->ctx, &why);
    assert_non_null(m.snapshot);
    ph_store_keys_of(from->ctx.store, &m.from);
    ph_store_keys_of(to->ctx.store, &m.to);
    assert_ok(ph_fill_begin(&m.fill, &to->ctx, PH_STR("the first")));
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES) {
            move_table(&m, &ph_tables[i]);
        }
    }
    ph_snapshot_end(m.snapshot);
    if (m.batches > 0) {
        assert_ok(ph_fill_end(&m.fill));
    }
}

static int64_t count_steps(struct test_store *t)
{
    struct ph_q q;
    int64_t count;

    ph_read_begin(&t->ctx, &q, "SELECT COUNT(*) FROM totp_steps", NULL, 0);
    count = ph_q_row(&q) ? ph_q_int(&q, 0) : -1;
    assert_ok(ph_read_end(&q));
    return count;
}

static void all_rows_move_and_open_under_another_master_key(void **state)
{
    struct test_store *from = *state, *to = test_store_create(false);
    struct ph_access_key *key;

    make_rows(from);
    test_sql(to, "DELETE FROM meta WHERE name = 'master_key_check'");
    reopen_to_fill(to, &OTHER_MASTER_KEY);
    move(from, to, SIZE_MAX);
    for (int i = 0; i < USERS; i++) {
        const struct ph_user *user = test_find(&to->ctx, test_user(&to->ctx, i)->sub);

        assert_non_null(user);
        assert_int_equal(user->password->verifier[0], i & 0xff);
    }
    test_sql(to, "DELETE FROM totp_steps WHERE step > 1202");
    assert_int_equal(count_steps(to), 1202);
    assert_ok(ph_store_access_key_find(&to->ctx, PH_STR("AKIAEXAMPLE"), &key));
    assert_non_null(key);
    assert_str(key->secret, "the secret");
    test_store_destroy(to);
}

static void the_moment_stays_while_others_write(void **state)
{
    struct test_store *t = *state;
    const char *why = "";
    struct ph_snapshot *snapshot;
    struct ph_walk walk;

    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 1)), PH_USER_DONE);
    snapshot = ph_snapshot_begin(&t->ctx, &why);
    walk = ph_walk_begin(snapshot, ph_table_find(PH_STR("users")), NULL);
    assert_ok(ph_walk_next(&walk));
    assert_int_equal(walk.rows.count, 1);
    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 2)), PH_USER_DONE);
    assert_ok(ph_walk_next(&walk));
    assert_int_equal(walk.rows.count, 0);
    ph_walk_end(&walk);
    ph_snapshot_end(snapshot);
}

static void what_is_half_filled_opens_for_nobody_else(void **state)
{
    struct test_store *from = *state, *to = test_store_create(false);
    struct ph_fill fill;
    const char *why = "";

    make_rows(from);
    reopen_to_fill(to, &TEST_MASTER_KEY);
    move(from, to, 2);
    test_close(to);
    assert_false(test_open_with(to, &TEST_MASTER_KEY, false, &why));
    assert_non_null(strstr(why, "not complete"));

    reopen_to_fill(to, &TEST_MASTER_KEY);
    assert_ok(ph_fill_begin(&fill, &to->ctx, PH_STR("the first")));
    assert_str(fill.position, "so far");
    assert_non_null(ph_fill_begin(&fill, &to->ctx, PH_STR("another")).type);

    assert_ok(ph_fill_undo(&to->ctx));
    test_close(to);
    test_open(to);
    assert_null(test_find(&to->ctx, test_user(&to->ctx, 0)->sub));
    test_store_destroy(to);
}

static void a_database_with_rows_is_not_filled_nor_undone(void **state)
{
    struct test_store *t = *state;
    struct ph_fill fill;
    struct ph_err err;

    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 1)), PH_USER_DONE);
    err = ph_fill_begin(&fill, &t->ctx, PH_STR("the first"));
    assert_non_null(err.type);
    assert_non_null(strstr(err.message, "not empty (there are rows in user"));
    assert_ok(ph_fill_undo(&t->ctx));
    assert_non_null(test_find(&t->ctx, test_user(&t->ctx, 1)->sub));
    test_close(t);
    test_open(t); /* nor marked */
}

static void a_secret_that_does_not_open_is_named(void **state)
{
    struct test_store *t = *state;
    struct ph_store_keys keys, wrong;
    const char *why = "";
    struct ph_snapshot *snapshot;
    struct ph_walk walk;

    make_rows(t);
    snapshot = ph_snapshot_begin(&t->ctx, &why);
    walk = ph_walk_begin(snapshot, ph_table_find(PH_STR("access_keys")), NULL);
    assert_ok(ph_walk_next(&walk));
    ph_store_keys_of(t->ctx.store, &keys);
    ph_store_keys_derive(&OTHER_MASTER_KEY, &wrong);
    assert_false(ph_rows_reseal(t->ctx.arena, &walk.rows, &wrong, &keys, &why));
    assert_string_equal(why, "a secret in access_keys.secret does not open: the data is damaged");
    ph_walk_end(&walk);
    ph_snapshot_end(snapshot);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_rows_move_and_open_under_another_master_key),
        TEST(the_moment_stays_while_others_write),
        TEST(what_is_half_filled_opens_for_nobody_else),
        TEST(a_database_with_rows_is_not_filled_nor_undone),
        TEST(a_secret_that_does_not_open_is_named),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
