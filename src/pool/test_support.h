/* What the tests of pools share: a store in memory, a context, one pool. */
#ifndef PH_POOL_TEST_SUPPORT_H
#define PH_POOL_TEST_SUPPORT_H

#include "crypto/random.h"
#include "pool/settings.h"
#include "util/test_support.h"

#include <stdlib.h>
#include <string.h>

#define POOL_ID "eu-west-1_AAAAAAAAA"

static const struct ph_key TEST_MASTER_KEY = { { 1, 2, 3 } };

struct test_pool {
    struct ph_settings settings;
    struct ph_arena arena;
    struct ph_ctx ctx;
};

static inline void assert_fails(struct ph_err err, const char *name, const char *message)
{
    if (err.type == NULL) {
        fail_msg("no error, wanted \"%s\"", message);
    }
    assert_string_equal(err.type->name, name);
    assert_string_equal(err.message, message);
}

/* JSON with ' for ". */
static inline struct json_t *json(struct test_pool *t, const char *text)
{
    char *copy = ph_arena_alloc(&t->arena, strlen(text) + 1);

    for (size_t i = 0; text[i] != '\0'; i++) {
        copy[i] = text[i] == '\'' ? '"' : text[i];
    }
    struct json_t *value = ph_json_parse(&t->arena, ph_str_from(copy));
    assert_non_null(value);
    return value;
}

static inline int open_pools(void **state)
{
    struct test_pool *t = calloc(1, sizeof *t);
    const struct ph_store_options options = { .master_key = &TEST_MASTER_KEY };
    const char *why = NULL;

    assert_non_null(t);
    ph_json_start();
    t->settings = (struct ph_settings){ .account_id = PH_STR("123456789012"),
                                        .public_url = PH_STR("http://localhost:1") };
    t->ctx = (struct ph_ctx){ .arena = &t->arena,
                              .clock = &ph_system_clock,
                              .random = &ph_system_random,
                              .settings = &t->settings,
                              .pools = ph_pool_cache_create() };
    assert_true(ph_store_open(&options, &t->ctx.store, &why));
    *state = t;
    return 0;
}

static inline int close_pools(void **state)
{
    struct test_pool *t = *state;

    ph_arena_finish(&t->arena);
    ph_pool_cache_destroy(t->ctx.pools);
    ph_store_close(t->ctx.store);
    free(t);
    return 0;
}

static inline struct ph_str document(struct test_pool *t, const struct json_t *settings)
{
    return ph_json_text(&t->arena, settings, PH_JSON_INSERTION);
}

/* Writes a pool with the input's settings and reads it back. */
static inline const struct ph_pool *make_pool(struct test_pool *t, const char *input)
{
    struct json_t *settings;
    enum ph_write_result result;
    const struct ph_pool *pool;

    assert_ok(ph_pool_settings_create(&t->ctx, PH_STR("eu-west-1"), json(t, input), &settings));
    const struct ph_pool_record record = { .id = PH_STR(POOL_ID),
                                           .name = PH_STR("a pool"),
                                           .settings = document(t, settings),
                                           .data_key = { { 7 } },
                                           .created_ms = 1,
                                           .modified_ms = 1 };
    assert_ok(ph_store_pool_insert(&t->ctx, &record, NULL, 0, &result));
    assert_int_equal(result, PH_WRITE_DONE);
    assert_ok(ph_pool_get(&t->ctx, PH_STR(POOL_ID), &pool));
    return pool;
}

#endif
