/* What the data key of a pool has made for others is good after the key was replaced. */
#include "pool/origin.h"
#include "pool/purposes.h"
#include "pool/test_support.h"
#include "store/data_keys.h"

static struct ph_pool_record *record_of(struct test_pool *t)
{
    struct ph_pool_record *record;

    assert_ok(ph_store_pool_find(&t->ctx, PH_STR(POOL_ID), &record));
    assert_non_null(record);
    return record;
}

static const struct ph_pool *again(struct test_pool *t)
{
    const struct ph_pool *pool;

    ph_pool_forget(&t->ctx, PH_STR(POOL_ID));
    assert_ok(ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool));
    return pool;
}

static void announce(struct test_pool *t, uint8_t n)
{
    const struct ph_key next = { { n } };
    size_t older;

    assert_ok(ph_store_data_key_announce(&t->ctx, record_of(t), &next, &older));
}

static void replace(struct test_pool *t, int64_t now_ms)
{
    struct ph_pool_record *record = record_of(t);

    assert_ok(
        ph_store_data_key_replace(&t->ctx, record, ph_purposes_keep(&t->arena, record, now_ms)));
}

static void finish(struct test_pool *t)
{
    struct ph_pool_record *record;

    assert_ok(ph_store_data_key_close(&t->ctx, record_of(t)));
    record = record_of(t);
    assert_ok(ph_store_data_key_remove(&t->ctx, record, record->keys.kept));
}

static bool opens(const struct ph_pool *pool, enum ph_purpose purpose, int64_t now_ms,
                  const struct ph_key *wanted)
{
    struct ph_key key;

    for (size_t i = 0; ph_pool_next_key(pool, purpose, now_ms, &i, &key);) {
        if (memcmp(&key, wanted, sizeof key) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count(const struct ph_pool *pool, enum ph_purpose purpose, int64_t now_ms)
{
    struct ph_key key;
    size_t n = 0;

    for (size_t i = 0; ph_pool_next_key(pool, purpose, now_ms, &i, &key);) {
        n++;
    }
    return n;
}

static struct ph_key key_of(const struct ph_pool *pool, enum ph_purpose purpose)
{
    struct ph_key key;

    ph_pool_key(pool, purpose, &key);
    return key;
}

#define DAY_MS (24 * INT64_C(3600) * 1000)

static void old_keys_open_for_as_long_as_something_of_theirs_is_good(void **state)
{
    struct test_pool *t = *state;
    const int64_t now_ms = 1000;
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_key session = key_of(pool, PH_PURPOSE_SESSION),
                        refresh = key_of(pool, PH_PURPOSE_REFRESH_TOKEN);
    struct ph_key now;

    announce(t, 8);
    replace(t, now_ms);
    finish(t);
    pool = again(t);
    now = key_of(pool, PH_PURPOSE_SESSION);
    assert_memory_not_equal(&session, &now, sizeof session);
    assert_true(opens(pool, PH_PURPOSE_SESSION, now_ms + DAY_MS, &session));
    assert_false(opens(pool, PH_PURPOSE_SESSION, now_ms + 2 * DAY_MS, &session));
    assert_true(opens(pool, PH_PURPOSE_REFRESH_TOKEN, now_ms + 3649 * DAY_MS, &refresh));
    assert_false(opens(pool, PH_PURPOSE_REFRESH_TOKEN, now_ms + 3651 * DAY_MS, &refresh));
}

/* Of two servers one may have heard of the next step a second before the other. */
static void what_the_next_key_makes_opens_where_it_is_only_announced(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *announced, *replaced;

    (void)make_pool(t, "{}");
    announce(t, 8);
    announced = again(t);
    replace(t, 1000);
    replaced = again(t);
    for (enum ph_purpose p = 0; p < PH_PURPOSE_COUNT; p++) {
        const struct ph_key first = key_of(announced, p), second = key_of(replaced, p);

        assert_true(opens(announced, p, 1000, &second));
        assert_true(opens(replaced, p, 1000, &first));
    }
}

static void what_must_stay_the_same_does(void **state)
{
    static const enum ph_purpose FOR_EVER[] = { PH_PURPOSE_DECOY, PH_PURPOSE_DEVICE_KEY,
                                                PH_PURPOSE_DEVICE_GROUP, PH_PURPOSE_ADOPTED_TOKEN };
    struct test_pool *t = *state;
    const struct ph_pool *before = make_pool(t, "{}"), *pool;

    for (uint8_t round = 1; round <= 3; round++) {
        announce(t, (uint8_t)(8 + round));
        replace(t, round * 1000);
        finish(t);
    }
    pool = again(t);
    for (size_t i = 0; i < sizeof FOR_EVER / sizeof FOR_EVER[0]; i++) {
        const struct ph_key wanted = key_of(before, FOR_EVER[i]), key = key_of(pool, FOR_EVER[i]);

        assert_memory_equal(&key, &wanted, sizeof key);
        assert_int_equal(count(pool, FOR_EVER[i], INT64_MAX - 1), 1);
    }
    assert_int_equal(count(pool, PH_PURPOSE_REFRESH_TOKEN, 3000), 4);
}

static void those_whose_time_is_over_are_not_kept(void **state)
{
    struct test_pool *t = *state;
    struct ph_str after_one;

    (void)make_pool(t, "{}");
    announce(t, 8);
    replace(t, 1000);
    finish(t);
    after_one = record_of(t)->keys.kept;
    announce(t, 9);
    replace(t, 4000 * DAY_MS);
    finish(t);
    assert_true(record_of(t)->keys.kept.n < after_one.n + 100); /* longer numbers, not more keys */
    assert_int_equal(count(again(t), PH_PURPOSE_REFRESH_TOKEN, 0), 2);
}

static void after_the_end_only_those_are_kept_that_protect_nothing(void **state)
{
    struct test_pool *t = *state;
    struct ph_pool_record *record;
    const struct ph_pool *pool;
    struct ph_key decoy = key_of(make_pool(t, "{}"), PH_PURPOSE_DECOY), after;

    announce(t, 8);
    replace(t, 1000);
    assert_ok(ph_store_data_key_close(&t->ctx, record_of(t)));
    record = record_of(t);
    assert_ok(ph_store_data_key_remove(&t->ctx, record, ph_purposes_end(&t->arena, record)));
    pool = again(t);
    assert_int_equal(count(pool, PH_PURPOSE_REFRESH_TOKEN, 1000), 1);
    assert_int_equal(count(pool, PH_PURPOSE_CODE, 1000), 1);
    after = key_of(pool, PH_PURPOSE_DECOY);
    assert_memory_equal(&after, &decoy, sizeof decoy);
}

static void the_secrets_of_an_origin_are_sealed_anew(void **state)
{
    static const struct ph_origin ORIGIN = { .endpoint = PH_STR_INIT("https://there.example.com"),
                                             .pool_id = PH_STR_INIT("eu-west-1_OLDPOOL00"),
                                             .secret_key = PH_STR_INIT("of an administrator") };
    struct test_pool *t = *state;
    struct ph_pool_ref ref;

    assert_ok(ph_origin_put(&t->ctx, make_pool(t, "{}"), &ORIGIN));
    announce(t, 8);
    assert_str(again(t)->origin->secret_key, "of an administrator");
    replace(t, 1000);
    assert_str(again(t)->origin->secret_key, "of an administrator");
    assert_ok(ph_store_data_key_close(&t->ctx, record_of(t)));
    ref = ph_pool_record_ref(record_of(t));
    assert_ok(ph_origin_reseal(&t->ctx, &ref));
    assert_ok(ph_origin_reseal(&t->ctx, &ref)); /* by a command that was interrupted */
    finish(t);
    assert_str(again(t)->origin->secret_key, "of an administrator");
}

/* A server says that it uses the newest keys when the last request with older ones has ended. */
static void snapshots_of_before_are_waited_for(void **state)
{
    struct test_pool *t = *state;
    struct ph_arena request = { 0 };
    struct ph_ctx ctx = t->ctx;
    const struct ph_pool *pool;

    (void)make_pool(t, "{}");
    ph_arena_reset(&t->arena); /* what this test itself has asked for */
    assert_int_equal(ph_pool_cache_renew(t->ctx.pools, 1), 1);
    ctx.arena = &request;
    assert_ok(ph_pool_get(&ctx, PH_STR(POOL_ID), &pool));
    assert_int_equal(ph_pool_cache_renew(t->ctx.pools, 2), 1);
    assert_ok(ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool)); /* newer: does not count */
    assert_int_equal(ph_pool_cache_renew(t->ctx.pools, 3), 1);
    ph_arena_finish(&request);
    assert_int_equal(ph_pool_cache_renew(t->ctx.pools, 3), 2);
    assert_int_equal(ph_pool_cache_renew(t->ctx.pools, 3), 2); /* that newer one is of before 3 */
    ph_arena_reset(&t->arena);
    assert_int_equal(ph_pool_cache_renew(t->ctx.pools, 3), 3);
}

#define ON_POOLS(test) cmocka_unit_test_setup_teardown(test, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_POOLS(old_keys_open_for_as_long_as_something_of_theirs_is_good),
        ON_POOLS(what_the_next_key_makes_opens_where_it_is_only_announced),
        ON_POOLS(what_must_stay_the_same_does),
        ON_POOLS(those_whose_time_is_over_are_not_kept),
        ON_POOLS(after_the_end_only_those_are_kept_that_protect_nothing),
        ON_POOLS(the_secrets_of_an_origin_are_sealed_anew),
        ON_POOLS(snapshots_of_before_are_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
