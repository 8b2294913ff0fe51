/* The whole database taken and put back, on disk and in memory, also while others write. */
#include "store/image.h"
#include "store/sign_in.h"
#include "store/test_support.h"

#include <pthread.h>
#include <stdatomic.h>

#define TEST(f)                                                                                    \
    cmocka_unit_test_setup_teardown(f, open_store, close_store),                                   \
        cmocka_unit_test_setup_teardown(f, open_memory, close_store)

static void add_user(struct test_store *t, int n)
{
    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, n)), PH_USER_DONE);
}

static bool has_user(struct test_store *t, int n)
{
    return test_find(&t->ctx, test_user(&t->ctx, n)->sub) != NULL;
}

static struct ph_store_image *take(struct test_store *t)
{
    struct ph_store_image *image;
    const char *why = "";

    if (!ph_store_image_take(t->ctx.store, &image, &why)) {
        fail_msg("%s", why);
    }
    return image;
}

static void put(struct test_store *t, const struct ph_store_image *image)
{
    const char *why = "";

    if (!ph_store_image_put(t->ctx.store, image, &why)) {
        fail_msg("%s", why);
    }
}

static void what_was_there_is_back_and_nothing_else(void **state)
{
    struct test_store *t = *state;
    struct ph_store_image *image;
    bool existed;

    add_user(t, 1);
    image = take(t);
    assert_in_range(ph_store_image_bytes(image), 4096, 10 * 1024 * 1024);
    for (int i = 0; i < 3; i++) {
        add_user(t, 2);
        assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, test_user(&t->ctx, 1)->sub, &existed));
        assert_true(existed && !has_user(t, 1) && has_user(t, 2));
        put(t, image);
        assert_true(has_user(t, 1) && !has_user(t, 2));
    }
    ph_store_image_free(image);
}

static void spent_nonces_are_those_of_the_image(void **state)
{
    struct test_store *t = *state;
    const int64_t later_ms = t->now_ms + 100000;
    struct ph_store_image *image;
    bool first;

    assert_ok(ph_store_spend(&t->ctx, PH_STR("before"), later_ms, &first));
    assert_true(first);
    image = take(t); /* its row is written with the next commit: which comes first */
    assert_ok(ph_store_spend(&t->ctx, PH_STR("after"), later_ms, &first));
    assert_true(first);
    put(t, image);
    assert_ok(ph_store_spend(&t->ctx, PH_STR("before"), later_ms, &first));
    assert_false(first);
    assert_ok(ph_store_spend(&t->ctx, PH_STR("after"), later_ms, &first));
    assert_true(first);
    ph_store_image_free(image);
}

static void an_empty_image_is_a_new_database(void **state)
{
    struct test_store *t = *state;
    struct ph_store_image *image;
    const char *why = "";

    add_user(t, 1);
    assert_true(ph_store_image_empty(t->ctx.store, &image, &why));
    put(t, image);
    ph_store_image_free(image);
    assert_false(has_user(t, 1));
    add_user(t, 1);
    if (!t->in_memory) { /* it opens again with the key that it was made with, and with no other */
        static const struct ph_key OTHER = { { 9 } };

        test_close(t);
        assert_false(test_open_with(t, &OTHER, false, &why));
        test_open(t);
        assert_true(has_user(t, 1));
    }
}

/* --- while others work --- */

struct working {
    struct test_store *t;
    int n;
    atomic_bool *stop;
    int failures;
};

static void *work(void *self)
{
    struct working *w = self;
    struct ph_ctx ctx = w->t->ctx;
    struct ph_arena arena = { 0 };

    ctx.arena = &arena;
    while (!atomic_load(w->stop)) {
        struct ph_user *user = test_user(&ctx, w->n), *found;
        const struct ph_user_change change = { .user = user };
        enum ph_user_write result;
        enum ph_alias_kind taken;
        bool existed;

        w->failures += ph_store_user_write(&ctx, &TEST_POOL, &change, &result, &taken).type != NULL;
        w->failures += ph_store_user_by_sub(&ctx, &TEST_POOL, user->sub, &found).type != NULL;
        w->failures += ph_store_user_delete(&ctx, &TEST_POOL, user->sub, &existed).type != NULL;
        ph_arena_reset(&arena);
    }
    ph_arena_finish(&arena);
    return NULL;
}

static void it_is_whole_while_others_read_and_write(void **state)
{
    enum { THREADS = 4, TIMES = 50 };
    struct test_store *t = *state;
    struct working workers[THREADS];
    pthread_t threads[THREADS];
    atomic_bool stop = false;
    struct ph_store_image *image;

    add_user(t, 1);
    image = take(t);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct working){ .t = t, .n = 100 + i, .stop = &stop };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < TIMES; i++) {
        put(t, image);
        ph_store_image_free(take(t));
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
    put(t, image);
    assert_true(has_user(t, 1) && !has_user(t, 100));
    ph_store_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_there_is_back_and_nothing_else),
        TEST(spent_nonces_are_those_of_the_image),
        TEST(an_empty_image_is_a_new_database),
        TEST(it_is_whole_while_others_read_and_write),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
