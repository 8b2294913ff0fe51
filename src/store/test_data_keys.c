/*
 * The data key of a pool is replaced: everything that is described as sealed by it opens before,
 * meanwhile and afterwards, and nothing of it with the old key in the end.
 */
#include "crypto/srp_group.h"
#include "store/configurations.h"
#include "store/data_keys.h"
#include "store/devices.h"
#include "store/imports.h"
#include "store/nodes.h"
#include "store/parked.h"
#include "store/parts.h"
#include "store/passkeys.h"
#include "store/tables.h"
#include "store/test_support.h"
#include "store/totp.h"

static const struct ph_key NEXT_KEY = { { 9, 9, 9 } };

#define SECRET PH_STR("12345678901234567890")
#define DEVICE PH_STR("eu-west-1_00000000-0000-4000-8000-000000000001")

static struct test_store *t;

static struct ph_pool_record *pool_now(void)
{
    struct ph_pool_record *pool;

    assert_ok(ph_store_pool_find(&t->ctx, TEST_POOL.id, &pool));
    assert_non_null(pool);
    return pool;
}

static int open_pool(void **state)
{
    const struct ph_signing_key_record key = { .kid = PH_STR("kid"), .pkcs8 = PH_STR("private") };
    const struct ph_pool_record pool = {
        .id = TEST_POOL.id, .name = PH_STR("p"), .settings = PH_STR("{}"), .data_key = TEST_DATA_KEY
    };
    enum ph_write_result result;

    (void)state;
    t = test_store_create(false);
    assert_ok(ph_store_pool_insert(&t->ctx, &pool, &key, 1, &result));
    assert_int_equal(result, PH_WRITE_DONE);
    return 0;
}

static int close_pool(void **state)
{
    (void)state;
    test_store_destroy(t);
    return 0;
}

/* --- one of everything --- */

static struct ph_str bytes(size_t n, int value)
{
    uint8_t *p = ph_arena_alloc(t->ctx.arena, n);

    memset(p, value, n);
    return (struct ph_str){ p, n };
}

static void write_user(const struct ph_pool_ref *pool, struct ph_user *user,
                       const struct ph_totp_change *totp)
{
    const struct ph_alias alias = { .kind = PH_ALIAS_USERNAME, .value = user->username };
    const struct ph_user_change change = {
        .user = user, .aliases = &alias, .alias_count = 1, .totp = totp
    };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    assert_ok(ph_store_user_write(&t->ctx, pool, &change, &result, &taken));
    assert_int_equal(result, PH_USER_DONE);
}

static void make_factors(const struct ph_pool_ref *pool, struct ph_user *user)
{
    const struct ph_passkey passkey = { .id = PH_STR("\x01\xff"),
                                        .relying_party = PH_STR("example.com"),
                                        .public_key = PH_STR("public") };
    const struct ph_device device = { .key = DEVICE,
                                      .status = PH_DEVICE_REMEMBERED,
                                      .salt = PH_STR("salt"),
                                      .verifier = bytes(PH_SRP_BYTES, 7) };
    struct ph_totp_change verified = { .step = 7 };
    enum ph_passkey_write result;
    bool added;

    assert_ok(ph_store_totp_associate(&t->ctx, pool, user->sub, SECRET));
    assert_ok(ph_store_totp_find(&t->ctx, pool, user->sub, &verified.totp));
    write_user(pool, user, &verified);
    assert_ok(ph_store_totp_associate(&t->ctx, pool, user->sub, PH_STR("pending")));
    assert_ok(ph_store_passkey_add(&t->ctx, pool, user->sub, &passkey, 3, &result));
    assert_int_equal(result, PH_PASSKEY_ADDED);
    assert_ok(ph_store_device_add(&t->ctx, pool, user->sub, &device, &added));
    assert_true(added);
    ph_store_device_await(&t->ctx, pool, user->sub, DEVICE, PH_STR("awaited"));
    ph_store_device_seen(&t->ctx, pool, user->sub, DEVICE, PH_STR("192.0.2.1"));
}

static void make_users(const struct ph_pool_ref *pool, int count)
{
    for (int i = 1; i <= count; i++) {
        struct ph_user *user = test_user(&t->ctx, i);

        user->password_history = user->password;
        user->password_history_count = 1;
        if (i == 2) { /* came with a hash */
            user->password = NULL;
            user->password_hash = PH_STR("$2b$hash");
        }
        write_user(pool, user, NULL);
        if (i == 1) {
            make_factors(pool, user);
        }
    }
}

static void make_job(const struct ph_pool_ref *pool)
{
    const struct ph_import_job job = {
        .pool_id = pool->id, .id = PH_STR("job"), .name = PH_STR("j"), .role = PH_STR("r")
    };
    enum ph_import_insert inserted;
    bool done;

    assert_ok(ph_store_import_insert(&t->ctx, &job, &inserted));
    assert_ok(ph_store_upload_begin(&t->ctx, pool->id, job.id, PH_STR("upload"), &done));
    for (int i = 0; i < 40; i++) { /* more than a page */
        assert_ok(ph_store_upload_piece(&t->ctx, pool, job.id, PH_STR("upload"), i,
                                        PH_STR("a piece"), &done));
        assert_true(done);
    }
}

static void make_one_of_each(const struct ph_pool_ref *pool, int users)
{
    const struct ph_client_record client = {
        .id = PH_STR("client"),
        .name = PH_STR("c"),
        .settings = PH_STR("{}"),
        .secrets = { { PH_STR("first"), 1 }, { PH_STR("second"), 2 } },
    };
    const struct ph_part part = { .kind = PH_PART_PROVIDER,
                                  .name = PH_STR("idp"),
                                  .document =
                                      ph_json_parse(&t->arena, PH_STR("{\"secret\":\"x\"}")) };
    enum ph_write_result result;
    enum ph_part_write part_result;

    make_users(pool, users);
    assert_ok(ph_store_client_insert(&t->ctx, pool, &client, &result));
    assert_ok(ph_store_part_insert(&t->ctx, pool, &part, 10, &part_result));
    assert_int_equal(part_result, PH_PART_DONE);
    assert_ok(ph_store_parked_put(&t->ctx, pool, PH_STR("id"), PH_STR("parked"), INT64_MAX));
    make_job(pool);
}

/* --- all of it opens --- */

static void assert_factors(const struct ph_pool_ref *pool, struct ph_str sub)
{
    struct ph_passkey *passkeys;
    struct ph_device *device;
    struct ph_totp totp;
    struct ph_str session;
    size_t count;

    assert_ok(ph_store_totp_find(&t->ctx, pool, sub, &totp));
    assert_true(ph_str_eq(totp.secret, SECRET));
    assert_str(totp.pending, "pending");
    assert_ok(ph_store_passkey_list(&t->ctx, pool, sub, &passkeys, &count));
    assert_int_equal(count, 1);
    assert_str(passkeys[0].public_key, "public");
    assert_ok(ph_store_device_find(&t->ctx, pool, sub, DEVICE, &device));
    assert_str(device->salt, "salt");
    assert_ok(ph_store_device_awaited(&t->ctx, pool, sub, DEVICE, &session));
    assert_str(session, "awaited");
}

static void assert_users(const struct ph_pool_ref *pool, int users)
{
    for (int i = 1; i <= users; i++) {
        struct ph_user *wanted = test_user(&t->ctx, i), *user;

        assert_ok(ph_store_user_by_sub(&t->ctx, pool, wanted->sub, &user));
        assert_int_equal(user->password_history_count, 1);
        if (i == 2) {
            assert_str(user->password_hash, "$2b$hash");
        } else {
            assert_memory_equal(user->password, wanted->password, sizeof *user->password);
        }
        if (i == 1) {
            assert_factors(pool, user->sub);
        }
    }
}

static void assert_all_opens(const struct ph_pool_ref *pool, int users)
{
    struct ph_signing_key_record *keys;
    struct ph_client_record *client;
    struct ph_part *part;
    struct ph_str text;
    size_t count;

    assert_users(pool, users);
    assert_ok(ph_store_signing_keys(&t->ctx, pool, &keys, &count));
    assert_str(keys[0].pkcs8, "private");
    assert_ok(ph_store_client_find(&t->ctx, PH_STR("client"), &client));
    assert_ok(ph_store_client_open_secrets(&t->ctx, pool, client));
    assert_str(client->secrets[0].value, "first");
    assert_str(client->secrets[1].value, "second");
    assert_ok(ph_store_part_find(&t->ctx, pool, PH_PART_PROVIDER, PH_STR("idp"), &part));
    assert_str(ph_json_get_str(part->document, "secret"), "x");
    assert_ok(ph_store_parked_find(&t->ctx, pool, PH_STR("id"), &text));
    assert_str(text, "parked");
    for (int i = 0; i < 40; i++) {
        assert_ok(ph_store_upload_read(&t->ctx, pool, PH_STR("upload"), i, &text));
        assert_str(text, "a piece");
    }
}

/* --- the steps --- */

static void announce(void)
{
    size_t older = 1;

    assert_ok(ph_store_data_key_announce(&t->ctx, pool_now(), &NEXT_KEY, &older));
    assert_int_equal(older, 0);
}

static void replace(void)
{
    assert_ok(ph_store_data_key_replace(&t->ctx, pool_now(), PH_STR("kept")));
}

static void close_for_writes(void)
{
    assert_ok(ph_store_data_key_close(&t->ctx, pool_now()));
}

static size_t reseal(void)
{
    struct ph_reseal *reseal = ph_store_reseal_begin(&t->ctx, pool_now());
    size_t count = 0;
    bool done = false;

    while (!done) {
        assert_ok(ph_store_reseal_some(&t->ctx, reseal, &count, &done));
    }
    ph_store_reseal_end(reseal);
    return count;
}

static void remove_old(void)
{
    assert_ok(ph_store_data_key_remove(&t->ctx, pool_now(), PH_STR("kept")));
}

static enum ph_data_key_state state_now(void)
{
    return pool_now()->keys.state;
}

enum { USERS = 450 /* more than two pages */ };

static void all_that_a_data_key_has_sealed_is_sealed_anew(void **state)
{
    struct ph_pool_ref pool = ph_pool_record_ref(pool_now());

    (void)state;
    make_one_of_each(&pool, USERS);
    announce();
    pool = ph_pool_record_ref(pool_now());
    assert_memory_equal(pool.data_key, &TEST_DATA_KEY, sizeof TEST_DATA_KEY);
    assert_all_opens(&pool, USERS);
    replace();
    pool = ph_pool_record_ref(pool_now());
    assert_memory_equal(pool.data_key, &NEXT_KEY, sizeof NEXT_KEY);
    assert_str(pool_now()->keys.kept, "kept");
    assert_all_opens(&pool, USERS);
    close_for_writes();
    /* Histories, passwords but one, a hash, pieces, and ten of which there is one. */
    assert_int_equal(reseal(), USERS + (USERS - 1) + 1 + 40 + 10);
    assert_int_equal(reseal(), 0);
    assert_all_opens(&pool, USERS);
    remove_old();
    pool = ph_pool_record_ref(pool_now());
    assert_null(pool.other_key);
    assert_int_equal(pool.key_number, 2);
    assert_all_opens(&pool, USERS);
}

/* --- no column is forgotten --- */

static void assert_filled(struct ph_db *db, const struct ph_table *table,
                          const struct ph_column *column)
{
    char sql[256];
    struct ph_db_stmt *stmt;
    enum ph_verdict verdict;

    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE %s IS NOT NULL", column->name, table->name,
             column->name);
    stmt = t->driver->prepare(db, sql);
    assert_non_null(stmt);
    verdict = t->driver->step(stmt);
    t->driver->reset(stmt);
    if (verdict != PH_DB_ROW) {
        fail_msg("%s.%s is sealed by pools, and nothing here fills it and opens it again",
                 table->name, column->name);
    }
}

static void every_column_that_pools_seal_is_filled_by_these_tests(void **state)
{
    struct ph_pool_ref pool = ph_pool_record_ref(pool_now());
    struct ph_db *db;

    (void)state;
    make_one_of_each(&pool, 2);
    ph_store_close(t->ctx.store); /* also what nobody waits for is written */
    db = test_connect(t, PH_DB_WRITER);
    for (size_t i = 0; i < ph_table_count; i++) {
        for (size_t j = 0; j < ph_tables[i].column_count; j++) {
            if (ph_tables[i].columns[j].seal == PH_SEALED_BY_POOL) {
                assert_filled(db, &ph_tables[i], &ph_tables[i].columns[j]);
            }
        }
    }
    t->driver->close(db);
    test_open(t);
}

/* --- interrupted, twice, late --- */

static void each_step_may_be_repeated_and_waits_for_the_one_before(void **state)
{
    struct ph_pool_ref pool = ph_pool_record_ref(pool_now());

    (void)state;
    make_one_of_each(&pool, 2);
    replace();
    close_for_writes();
    remove_old();
    assert_int_equal(state_now(), PH_DATA_KEY_ALONE);
    announce();
    remove_old();
    announce();
    close_for_writes();
    assert_int_equal(state_now(), PH_DATA_KEY_ANNOUNCED);
    replace();
    announce();
    replace();
    remove_old();
    assert_int_equal(state_now(), PH_DATA_KEY_REPLACED);
    close_for_writes();
    assert_true(reseal() > 0);
    assert_int_equal(state_now(), PH_DATA_KEY_LEAVING);
    remove_old();
    remove_old();
    assert_int_equal(state_now(), PH_DATA_KEY_ALONE);
    pool = ph_pool_record_ref(pool_now());
    assert_all_opens(&pool, 2);
}

/* Whoever goes on with a record that he read before finds the step taken. */
static void two_who_take_the_same_step_take_it_once(void **state)
{
    const struct ph_pool_record *before = pool_now(), *announced;
    size_t older;

    (void)state;
    announce();
    announced = pool_now();
    assert_ok(ph_store_data_key_announce(&t->ctx, before, &TEST_DATA_KEY, &older));
    assert_memory_equal(&pool_now()->keys.other, &NEXT_KEY, sizeof NEXT_KEY);
    replace();
    assert_ok(ph_store_data_key_replace(&t->ctx, announced, PH_STR("kept")));
    assert_memory_equal(&pool_now()->data_key, &NEXT_KEY, sizeof NEXT_KEY);
    assert_int_equal(pool_now()->keys.number, 2);
    close_for_writes();
    remove_old();
    assert_ok(ph_store_data_key_remove(&t->ctx, announced, (struct ph_str){ 0 }));
    assert_str(pool_now()->keys.kept, "kept");
}

static struct ph_err write_with(const struct ph_pool_ref *pool)
{
    struct ph_user *user = test_user(&t->ctx, 1);
    const struct ph_user_change change = { .user = user };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    user->revision = 1;
    return ph_store_user_write(&t->ctx, pool, &change, &result, &taken);
}

static void nothing_is_written_that_a_key_has_sealed_which_is_leaving(void **state)
{
    struct ph_pool_ref stale = ph_pool_record_ref(pool_now()), pool;

    (void)state;
    make_users(&stale, 1);
    announce();
    replace();
    assert_ok(write_with(&stale)); /* who has not heard of it yet */
    close_for_writes();
    assert_non_null(write_with(&stale).type);
    ph_store_device_await(&t->ctx, &stale, test_user(&t->ctx, 1)->sub, DEVICE, PH_STR("late"));
    (void)reseal();
    remove_old();
    assert_non_null(write_with(&stale).type);
    pool = ph_pool_record_ref(pool_now());
    assert_factors(&pool, test_user(&t->ctx, 1)->sub); /* and nothing of that is there */
}

static void a_software_token_that_is_sealed_anew_meanwhile_is_the_same_one(void **state)
{
    struct ph_pool_ref pool = ph_pool_record_ref(pool_now());
    struct ph_user *user = test_user(&t->ctx, 1);
    struct ph_totp_change verified = { .step = 9 };
    bool first;

    (void)state;
    make_users(&pool, 1);
    announce();
    replace();
    close_for_writes();
    pool = ph_pool_record_ref(pool_now());
    assert_ok(ph_store_totp_find(&t->ctx, &pool, user->sub, &verified.totp));
    assert_true(reseal() > 0);
    assert_ok(ph_store_totp_use(&t->ctx, &pool, user->sub, &verified.totp, 8, &first));
    assert_true(first);
    assert_ok(ph_store_totp_use(&t->ctx, &pool, user->sub, &verified.totp, 8, &first));
    assert_false(first);
    user->revision = 2;
    write_user(&pool, user, &verified);
    assert_ok(ph_store_totp_find(&t->ctx, &pool, user->sub, &verified.totp));
    assert_str(verified.totp.secret, "pending");
}

static void what_opens_with_neither_key_keeps_the_old_one(void **state)
{
    const struct ph_key other = { { 3 } };
    struct ph_pool_ref strange = { .id = TEST_POOL.id, .data_key = &other };
    struct ph_reseal *reseal;
    struct ph_err err = PH_OK;
    size_t count = 0;
    bool done = false;

    (void)state;
    make_users(&strange, 1);
    announce();
    replace();
    close_for_writes();
    reseal = ph_store_reseal_begin(&t->ctx, pool_now());
    while (!done && err.type == NULL) {
        err = ph_store_reseal_some(&t->ctx, reseal, &count, &done);
    }
    ph_store_reseal_end(reseal);
    assert_non_null(err.type);
    assert_false(done);
}

/* --- servers --- */

static void servers_are_waited_for_and_old_ones_refused(void **state)
{
    struct test_store server = *t;
    const char *why = NULL;
    int64_t epoch;
    size_t count;

    (void)state;
    test_close(t);
    assert_true(test_open_with(&server, &TEST_MASTER_KEY, true, &why));
    test_open(t);
    t->now_ms = ph_system_clock.now_ms(ph_system_clock.self);
    announce();
    assert_ok(ph_store_data_keys_behind(&t->ctx, &count));
    assert_int_equal(count, 1);
    assert_true(ph_store_watch(server.ctx.store, t->now_ms, &epoch));
    assert_int_equal(epoch, 1);
    assert_ok(ph_store_data_keys_behind(&t->ctx, &count));
    assert_int_equal(count, 1); /* its requests may still have the old ones */
    ph_store_uses_data_keys(server.ctx.store, epoch, t->now_ms);
    assert_ok(ph_store_data_keys_behind(&t->ctx, &count));
    assert_int_equal(count, 0);
    ph_store_close(server.ctx.store);
}

static void a_server_of_a_version_that_knows_one_key_only_keeps_it(void **state)
{
    char sql[160];
    size_t older;

    (void)state;
    snprintf(sql, sizeof sql,
             "INSERT INTO nodes (id, program, knows, master, keys, seen_ms)"
             " VALUES ('old', 'poolhouse 0', 21, 'm', 0, %lld)",
             (long long)t->now_ms);
    test_sql(t, sql);
    assert_ok(ph_store_data_key_announce(&t->ctx, pool_now(), &NEXT_KEY, &older));
    assert_int_equal(older, 1);
    assert_int_equal(state_now(), PH_DATA_KEY_ALONE);
    t->now_ms += PH_NODE_SILENT_MS + 1;
    announce();
    assert_int_equal(state_now(), PH_DATA_KEY_ANNOUNCED);
}

static void a_pool_between_two_keys_is_told(void **state)
{
    struct ph_str first;
    int64_t count;

    (void)state;
    assert_ok(ph_store_data_keys_leaving(&t->ctx, &count, &first));
    assert_int_equal(count, 0);
    announce();
    assert_ok(ph_store_data_keys_leaving(&t->ctx, &count, &first));
    assert_int_equal(count, 1);
    assert_true(ph_str_eq(first, TEST_POOL.id));
}

#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, open_pool, close_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STORE(all_that_a_data_key_has_sealed_is_sealed_anew),
        ON_A_STORE(every_column_that_pools_seal_is_filled_by_these_tests),
        ON_A_STORE(each_step_may_be_repeated_and_waits_for_the_one_before),
        ON_A_STORE(two_who_take_the_same_step_take_it_once),
        ON_A_STORE(nothing_is_written_that_a_key_has_sealed_which_is_leaving),
        ON_A_STORE(a_software_token_that_is_sealed_anew_meanwhile_is_the_same_one),
        ON_A_STORE(what_opens_with_neither_key_keeps_the_old_one),
        ON_A_STORE(servers_are_waited_for_and_old_ones_refused),
        ON_A_STORE(a_server_of_a_version_that_knows_one_key_only_keeps_it),
        ON_A_STORE(a_pool_between_two_keys_is_told),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
