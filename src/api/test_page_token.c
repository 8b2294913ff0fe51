#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/page_token.h"
#include "crypto/random.h"
#include "store/store.h"
#include "util/json.h"

static const struct ph_key MASTER_KEY = { { 1, 2, 3 } };

struct scene {
    struct ph_arena arena;
    struct ph_clock clock;
    int64_t now_ms;
    struct ph_ctx ctx;
};

static int64_t now(void *self)
{
    return ((struct scene *)self)->now_ms;
}

static struct ph_store *open_store(void)
{
    const struct ph_store_options options = { .master_key = &MASTER_KEY };
    struct ph_store *store = NULL;
    const char *why = NULL;

    assert_true(ph_store_open(&options, &store, &why));
    return store;
}

static int begin(void **state)
{
    static struct scene scene;

    scene = (struct scene){ .now_ms = 1700000000000 };
    scene.clock = (struct ph_clock){ .now_ms = now, .self = &scene };
    scene.ctx = (struct ph_ctx){ .arena = &scene.arena,
                                 .clock = &scene.clock,
                                 .random = &ph_system_random,
                                 .store = open_store() };
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *s = *state;

    ph_store_close(s->ctx.store);
    ph_arena_finish(&s->arena);
    return 0;
}

static void assert_refused(struct scene *s, struct ph_str question, struct ph_str token)
{
    struct ph_str after = PH_STR("untouched");
    const struct ph_err err = ph_page_token_read(&s->ctx, question, token, &after);

    assert_non_null(err.type);
    assert_string_equal(err.type->name, "InvalidParameterException");
    assert_string_equal(err.message, "Invalid pagination token.");
    assert_true(ph_str_eq(after, PH_STR("untouched")));
}

static void a_token_gives_back_where_its_list_goes_on(void **state)
{
    struct scene *s = *state;
    const struct ph_str key = PH_STR("key with spaces \xc3\xa9");
    struct ph_str after;

    const struct ph_str token = ph_page_token_make(&s->ctx, PH_STR("List a"), key);
    assert_null(ph_page_token_read(&s->ctx, PH_STR("List a"), token, &after).type);
    assert_true(ph_str_eq(after, key));
    assert_null(ph_page_token_read(&s->ctx, PH_STR("List a"), (struct ph_str){ 0 }, &after).type);
    assert_null(after.p);
}

static void a_token_is_good_for_its_own_question_only(void **state)
{
    struct scene *s = *state;
    const struct ph_str token = ph_page_token_make(&s->ctx, PH_STR("List a"), PH_STR("k"));

    assert_refused(s, PH_STR("List b"), token);
    assert_refused(s, PH_STR("List a"), PH_STR("abc"));
    assert_refused(s, PH_STR("List a"), PH_STR(""));
    for (size_t i = 0; i < token.n; i++) {
        uint8_t *changed = (uint8_t *)(uintptr_t)ph_str_dup(&s->arena, token).p;

        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_refused(s, PH_STR("List a"), (struct ph_str){ changed, token.n });
        assert_refused(s, PH_STR("List a"), (struct ph_str){ token.p, i });
    }
}

static void a_token_is_good_for_an_hour(void **state)
{
    struct scene *s = *state;
    const struct ph_str token = ph_page_token_make(&s->ctx, PH_STR("List a"), PH_STR("k"));
    struct ph_str after;

    s->now_ms += 3600 * 1000 - 1;
    assert_null(ph_page_token_read(&s->ctx, PH_STR("List a"), token, &after).type);
    s->now_ms += 1;
    assert_refused(s, PH_STR("List a"), token);
}

static void a_token_outlives_the_process(void **state)
{
    struct scene *s = *state;
    const struct ph_str token = ph_page_token_make(&s->ctx, PH_STR("List a"), PH_STR("k"));
    struct ph_str after;

    ph_store_close(s->ctx.store);
    s->ctx.store = open_store();
    assert_null(ph_page_token_read(&s->ctx, PH_STR("List a"), token, &after).type);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_gives_back_where_its_list_goes_on),
        TEST(a_token_is_good_for_its_own_question_only),
        TEST(a_token_is_good_for_an_hour),
        TEST(a_token_outlives_the_process),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
