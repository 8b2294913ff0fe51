/* Which key signs when, and what the next look at a pool sees after a rotation. */
#include "pool/test_support.h"

#include "pool/signing_keys.h"

#define HOUR_MS (3600 * 1000LL)

static int64_t now_ms;

static int64_t read_now(void *self)
{
    (void)self;
    return now_ms;
}

static const struct ph_clock CLOCK = { .now_ms = read_now };

static int open_at_noon(void **state)
{
    const int status = open_pools(state);
    struct test_pool *t = *state;

    now_ms = 1767355200000;
    t->ctx.clock = &CLOCK;
    return status;
}

static const struct ph_pool *look(struct test_pool *t)
{
    const struct ph_pool *pool;

    assert_ok(ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool));
    return pool;
}

static const struct ph_pool *rotate(struct test_pool *t, int64_t announce_s)
{
    assert_ok(ph_signing_keys_rotate(&t->ctx, look(t), announce_s));
    return look(t);
}

static const struct ph_signing_key *access_key(const struct ph_pool *pool, int64_t at_ms)
{
    return ph_signing_key_in_use(pool, PH_KEY_ACCESS_TOKEN, at_ms);
}

static void a_rotation_is_seen_with_the_next_look(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *before = make_pool(t, "{}");
    const struct ph_pool *after = rotate(t, 0);

    assert_int_equal(before->key_count, 0);
    assert_null(access_key(before, now_ms));
    assert_int_equal(after->key_count, 2);
    assert_int_equal(access_key(after, now_ms)->use, PH_KEY_ACCESS_TOKEN);
    assert_int_equal(ph_signing_key_in_use(after, PH_KEY_ID_TOKEN, now_ms)->use, PH_KEY_ID_TOKEN);
    assert_true(access_key(after, now_ms)->published_until_ms == INT64_MAX);
}

static void announced_keys_sign_when_their_time_comes(void **state)
{
    struct test_pool *t = *state;
    const struct ph_signing_key *old, *new;
    const struct ph_pool *pool;

    make_pool(t, "{}");
    rotate(t, 0);
    pool = rotate(t, 3600);
    old = access_key(pool, now_ms + HOUR_MS - 1);
    new = access_key(pool, now_ms + HOUR_MS);
    assert_ptr_not_equal(old, new);
    assert_ptr_equal(access_key(pool, now_ms), old);
    assert_int_equal(old->published_until_ms, now_ms + 26 * HOUR_MS);
    assert_true(new->published_until_ms == INT64_MAX);
}

static void keys_made_since_keep_announced_ones_from_signing(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool;
    struct ph_str signing;

    make_pool(t, "{}");
    rotate(t, 0);
    rotate(t, 7200);
    pool = rotate(t, 0);
    signing = access_key(pool, now_ms)->kid;
    assert_true(access_key(pool, now_ms)->published_until_ms == INT64_MAX);
    assert_true(ph_str_eq(access_key(pool, now_ms + 3 * HOUR_MS)->kid, signing));
}

static void a_clock_that_was_set_back_does_not_hide_new_keys(void **state)
{
    struct test_pool *t = *state;
    struct ph_str first;

    make_pool(t, "{}");
    first = access_key(rotate(t, 0), now_ms)->kid;
    now_ms -= HOUR_MS;
    assert_false(ph_str_eq(access_key(rotate(t, 0), now_ms)->kid, first));
    assert_false(ph_str_eq(access_key(look(t), now_ms + 2 * HOUR_MS)->kid, first));
}

static void a_clock_set_back_before_the_first_key_still_finds_it(void **state)
{
    struct test_pool *t = *state;
    struct ph_str first;

    make_pool(t, "{}");
    first = access_key(rotate(t, 0), now_ms)->kid;
    now_ms += HOUR_MS;
    rotate(t, 0);
    assert_true(ph_str_eq(access_key(look(t), now_ms - 100 * HOUR_MS)->kid, first));
}

static void keys_that_are_no_longer_published_are_deleted(void **state)
{
    struct test_pool *t = *state;

    make_pool(t, "{}");
    rotate(t, 0);
    assert_int_equal(rotate(t, 0)->key_count, 4);
    ph_store_sweep(t->ctx.store, now_ms + 25 * HOUR_MS);
    ph_pool_forget(&t->ctx, PH_STR(POOL_ID));
    assert_int_equal(look(t)->key_count, 4);
    ph_store_sweep(t->ctx.store, now_ms + 25 * HOUR_MS + 1);
    ph_pool_forget(&t->ctx, PH_STR(POOL_ID));
    assert_int_equal(look(t)->key_count, 2);
}

#define KEY_TEST(name) cmocka_unit_test_setup_teardown(name, open_at_noon, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEY_TEST(a_rotation_is_seen_with_the_next_look),
        KEY_TEST(announced_keys_sign_when_their_time_comes),
        KEY_TEST(keys_made_since_keep_announced_ones_from_signing),
        KEY_TEST(a_clock_that_was_set_back_does_not_hide_new_keys),
        KEY_TEST(a_clock_set_back_before_the_first_key_still_finds_it),
        KEY_TEST(keys_that_are_no_longer_published_are_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
