/* A master key takes the place of another: with either of them everything opens, all the while. */
#include "store/test_support.h"

#include "store/access.h"
#include "store/master.h"
#include "store/nodes.h"
#include "store/outbox.h"
#include "store/pools.h"

static const struct ph_key NEXT_KEY = { { 9, 8, 7 } };
static const struct ph_key THIRD_KEY = { { 5, 5, 5 } };
static const char ACCESS_KEY[] = "AKIAAAAAAAAAAAAAAAAA";

/* A second process on the same database. */
struct second {
    struct test_store t;
};

static void open_second(struct test_store *t, struct second *second, const struct ph_key *key)
{
    const char *why = "";

    second->t = *t;
    second->t.arena = (struct ph_arena){ 0 };
    second->t.ctx.arena = &second->t.arena;
    if (!test_open_with(&second->t, key, false, &why)) {
        fail_msg("the second does not open: %s", why);
    }
}

static void close_second(struct second *second)
{
    test_close(&second->t);
    ph_arena_finish(&second->t.arena);
}

static void assert_refused(struct test_store *t, const struct ph_key *key)
{
    struct test_store other = *t;
    const char *why = NULL;

    assert_false(test_open_with(&other, key, false, &why));
    assert_non_null(strstr(why, "master key"));
}

static void make_pool(struct test_store *t, const char *id)
{
    const struct ph_pool_record pool = { .id = ph_str_from(id),
                                         .name = PH_STR("a pool"),
                                         .settings = PH_STR("{}"),
                                         .data_key = TEST_DATA_KEY };
    enum ph_write_result result;

    assert_ok(ph_store_pool_insert(&t->ctx, &pool, NULL, 0, &result));
    assert_int_equal(result, PH_WRITE_DONE);
}

static void send_code(struct test_store *t, const char *id)
{
    const struct ph_message message = { .id = ph_str_from(id),
                                        .pool_id = TEST_POOL.id,
                                        .medium = PH_MEDIUM_SMS,
                                        .body = PH_STR("Your code is 123456"),
                                        .code = PH_STR("123456") };

    assert_ok(ph_store_outbox_put(&t->ctx, &message, 1));
}

static void make_access_key(struct test_store *t)
{
    const struct ph_access_key key = { .id = ph_str_from(ACCESS_KEY),
                                       .secret = PH_STR("s3cret"),
                                       .session_token = PH_STR("t0ken") };
    bool taken;

    assert_ok(ph_store_access_key_insert(&t->ctx, &key, &taken));
    assert_false(taken);
}

static void make_one_of_each(struct test_store *t)
{
    make_pool(t, "eu-west-1_AAAAAAAAA");
    make_access_key(t);
    send_code(t, "1");
}

static void assert_all_opens(struct test_store *t, size_t messages_wanted)
{
    struct ph_pool_record *pools;
    struct ph_access_key *key;
    struct ph_message *messages;
    size_t count;

    assert_ok(ph_store_pool_list(&t->ctx, (struct ph_str){ 0 }, (struct ph_str){ 0 }, 100, &pools,
                                 &count));
    assert_true(count >= 1);
    assert_memory_equal(&pools[0].data_key, &TEST_DATA_KEY, sizeof TEST_DATA_KEY);
    assert_ok(ph_store_access_key_find(&t->ctx, ph_str_from(ACCESS_KEY), &key));
    assert_str(key->secret, "s3cret");
    assert_str(key->session_token, "t0ken");
    assert_ok(ph_store_outbox_list(&t->ctx, &(struct ph_outbox_query){ .limit = 100 }, &messages,
                                   &count));
    assert_int_equal(count, messages_wanted);
    for (size_t i = 0; i < count; i++) {
        assert_str(messages[i].code, "123456");
        assert_str(messages[i].body, "Your code is 123456");
    }
}

static void announce(struct test_store *t, const struct ph_key *key, enum ph_master_result wanted)
{
    enum ph_master_result result;

    assert_ok(ph_store_master_announce(&t->ctx, key, &result));
    assert_int_equal(result, wanted);
}

static void switch_to(struct test_store *t, const struct ph_key *key, enum ph_master_result wanted)
{
    enum ph_master_result result;

    assert_ok(ph_store_master_switch(&t->ctx, key, &result));
    assert_int_equal(result, wanted);
}

static size_t reseal(struct test_store *t)
{
    size_t count;

    assert_ok(ph_store_master_reseal(&t->ctx, &count));
    return count;
}

static void retire(struct test_store *t, enum ph_master_result wanted)
{
    enum ph_master_result result;

    assert_ok(ph_store_master_retire(&t->ctx, &result));
    assert_int_equal(result, wanted);
}

static void everything_opens_with_either_key_until_one_is_retired(void **state)
{
    struct test_store *t = *state;
    struct second second;

    make_one_of_each(t);
    assert_refused(t, &NEXT_KEY);
    announce(t, &NEXT_KEY, PH_MASTER_DONE);
    open_second(t, &second, &NEXT_KEY); /* before the switch, with the key that does not seal yet */
    assert_all_opens(&second.t, 1);
    send_code(&second.t, "2");
    assert_all_opens(t, 2);

    switch_to(t, &NEXT_KEY, PH_MASTER_DONE);
    send_code(&second.t, "3"); /* by one that has not heard of it */
    assert_all_opens(t, 3);
    assert_int_equal(reseal(t), 3 + 3 * 2); /* pool, access key; each message has two secrets */
    assert_int_equal(reseal(t), 0);
    assert_all_opens(&second.t, 3);
    retire(t, PH_MASTER_OPENED);
    assert_true(ph_store_reload_keys(second.t.ctx.store));
    retire(&second.t, PH_MASTER_DONE);
    assert_all_opens(&second.t, 3);
    close_second(&second);
    assert_refused(t, &TEST_MASTER_KEY);

    test_close(t);
    open_second(t, &second, &NEXT_KEY);
    assert_all_opens(&second.t, 3);
    retire(&second.t, PH_MASTER_NONE);
    t->ctx.store = second.t.ctx.store;
    ph_arena_finish(&second.t.arena);
}

static void each_step_may_be_repeated(void **state)
{
    struct test_store *t = *state;

    make_one_of_each(t);
    announce(t, &TEST_MASTER_KEY, PH_MASTER_SAME);
    switch_to(t, &NEXT_KEY, PH_MASTER_BUSY); /* nobody was told */
    announce(t, &NEXT_KEY, PH_MASTER_DONE);
    announce(t, &NEXT_KEY, PH_MASTER_DONE);
    announce(t, &THIRD_KEY, PH_MASTER_BUSY);
    switch_to(t, &NEXT_KEY, PH_MASTER_DONE);
    announce(t, &NEXT_KEY, PH_MASTER_DONE);
    announce(t, &THIRD_KEY, PH_MASTER_BUSY);
    switch_to(t, &NEXT_KEY, PH_MASTER_DONE);
    assert_int_equal(reseal(t), 5);
    assert_all_opens(t, 1);
}

static void a_key_that_was_replaced_can_be_replaced_again(void **state)
{
    struct test_store *t = *state;
    const struct ph_key *keys[] = { &NEXT_KEY, &THIRD_KEY, &TEST_MASTER_KEY };
    const char *why;

    make_one_of_each(t);
    for (size_t i = 0; i < 3; i++) {
        announce(t, keys[i], PH_MASTER_DONE);
        switch_to(t, keys[i], PH_MASTER_DONE);
        assert_int_equal(reseal(t), 5);
        test_close(t);
        assert_true(test_open_with(t, keys[i], false, &why));
        retire(t, PH_MASTER_DONE);
        assert_all_opens(t, 1);
    }
}

static void a_server_that_has_not_loaded_the_keys_is_waited_for(void **state)
{
    struct test_store *t = *state;
    struct second server;
    const char *why = NULL;
    int64_t data_keys;
    size_t behind;

    test_close(t);
    server.t = *t;
    server.t.arena = (struct ph_arena){ 0 };
    server.t.ctx.arena = &server.t.arena;
    assert_true(test_open_with(&server.t, &TEST_MASTER_KEY, true, &why));
    test_open(t);
    t->now_ms = ph_system_clock.now_ms(ph_system_clock.self);
    announce(t, &NEXT_KEY, PH_MASTER_DONE);
    assert_ok(ph_store_master_behind(&t->ctx, &behind));
    assert_int_equal(behind, 1);
    assert_true(ph_store_watch(server.t.ctx.store, t->now_ms, &data_keys));
    assert_ok(ph_store_master_behind(&t->ctx, &behind));
    assert_int_equal(behind, 0);
    switch_to(t, &NEXT_KEY, PH_MASTER_DONE);
    test_close(t);

    assert_true(test_open_with(t, &NEXT_KEY, false, &why));
    retire(t, PH_MASTER_USED); /* the server has the other key */
    t->now_ms += PH_NODE_SILENT_MS + 1;
    retire(t, PH_MASTER_DONE); /* it is dead */
    close_second(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_opens_with_either_key_until_one_is_retired,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(each_step_may_be_repeated, open_store, close_store),
        cmocka_unit_test_setup_teardown(a_key_that_was_replaced_can_be_replaced_again, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_server_that_has_not_loaded_the_keys_is_waited_for,
                                        open_store, close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
