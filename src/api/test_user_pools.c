#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/handlers.h"
#include "crypto/random.h"
#include "model/validate.h"
#include "pool/pool.h"

static const struct ph_key MASTER_KEY = { { 1, 2, 3 } };

struct scene {
    struct ph_arena arena;
    struct ph_settings settings;
    struct ph_ctx ctx;
};

static int begin(void **state)
{
    static struct scene scene;
    const struct ph_store_options options = { .master_key = &MASTER_KEY };
    const char *why = NULL;

    scene = (struct scene){ .settings = { .mode = PH_MODE_SERVE,
                                          .account_id = PH_STR("123456789012"),
                                          .default_region = PH_STR("eu-north-1"),
                                          .public_url = PH_STR("http://localhost:1") } };
    scene.ctx = (struct ph_ctx){ .arena = &scene.arena,
                                 .clock = &ph_system_clock,
                                 .random = &ph_system_random,
                                 .settings = &scene.settings,
                                 .pools = ph_pool_cache_create() };
    assert_true(ph_store_open(&options, &scene.ctx.store, &why));
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *s = *state;

    ph_arena_finish(&s->arena);
    ph_pool_cache_destroy(s->ctx.pools);
    ph_store_close(s->ctx.store);
    return 0;
}

/* The id of a pool made from this input. */
static struct ph_str create(struct scene *s, struct ph_str input)
{
    const struct ph_in in = { ph_json_parse(&s->arena, input) };
    struct ph_out out = ph_out_new(&s->arena);

    assert_non_null(in.object);
    assert_null(ph_api_create_user_pool(&s->ctx, &in, &out).type);
    return ph_json_get_str(ph_json_get(out.object, "UserPool"), "Id");
}

static void a_serving_server_chooses_every_id_itself(void **state)
{
    struct scene *s = *state;
    const struct ph_str id = create(
        s, PH_STR("{\"PoolName\":\"p\",\"UserPoolTags\":{\"poolhouse:id\":\"eu-west-1_Mine\"}}"));

    assert_false(ph_str_eq(id, PH_STR("eu-west-1_Mine")));
}

static void the_region_is_that_of_the_signature_or_the_default(void **state)
{
    struct scene *s = *state;
    const struct ph_str input = PH_STR("{\"PoolName\":\"p\"}");

    assert_true(ph_str_starts(create(s, input), PH_STR("eu-north-1_")));
    s->ctx.caller.region = PH_STR("us-gov-west-1");
    assert_true(ph_str_starts(create(s, input), PH_STR("us-gov-west-1_")));
    s->ctx.caller.region = PH_STR("no_region");
    assert_true(ph_str_starts(create(s, input), PH_STR("eu-north-1_")));
    s->ctx.caller.region = PH_STR("a-region-that-is-longer-than-any-one");
    assert_true(ph_str_starts(create(s, input), PH_STR("eu-north-1_")));
}

static void a_new_pool_has_a_key_for_each_kind_of_token(void **state)
{
    struct scene *s = *state;
    const struct ph_pool *pool;

    assert_null(ph_pool_get(&s->ctx, create(s, PH_STR("{\"PoolName\":\"p\"}")), &pool).type);
    assert_int_equal(pool->key_count, 2);
    assert_int_not_equal(pool->keys[0].use, pool->keys[1].use);
    assert_false(ph_str_eq(pool->keys[0].kid, pool->keys[1].kid));
    assert_false(ph_str_eq(pool->keys[0].modulus, pool->keys[1].modulus));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pool->keys[i].kid.n, 44);
        assert_true(pool->keys[i].published_until_ms == INT64_MAX);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_serving_server_chooses_every_id_itself),
        TEST(the_region_is_that_of_the_signature_or_the_default),
        TEST(a_new_pool_has_a_key_for_each_kind_of_token),
    };

    ph_json_start();
    ph_validate_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
