/* What the tests of the store share: a store in a new directory, a context, small makers. */
#ifndef PH_STORE_TEST_SUPPORT_H
#define PH_STORE_TEST_SUPPORT_H

#include "crypto/random.h"
#include "store/internal.h"
#include "store/users.h"
#include "util/json.h"
#include "util/test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct ph_key TEST_MASTER_KEY = { { 1, 2, 3 } };
static const struct ph_key TEST_DATA_KEY = { { 4, 5, 6 } };
static const struct ph_pool_ref TEST_POOL = { .id = PH_STR_INIT("eu-west-1_AAAAAAAAA"),
                                              .data_key = &TEST_DATA_KEY };

struct test_store {
    char directory[64];
    char path[512]; /* a file, or a URL */
    const struct ph_driver *driver;
    bool in_memory;
    int64_t now_ms;
    struct ph_clock clock;
    struct ph_arena arena;
    struct ph_ctx ctx;
};

static inline int64_t test_now(void *self)
{
    return ((struct test_store *)self)->now_ms;
}

static inline bool test_open_with(struct test_store *t, const struct ph_key *key, bool exclusive,
                                  const char **why)
{
    const struct ph_store_options options = {
        .path = t->in_memory ? (struct ph_str){ 0 } : ph_str_from(t->path),
        .master_key = key,
        .exclusive = exclusive,
    };

    return ph_store_open(&options, &t->ctx.store, why);
}

static inline void test_open(struct test_store *t)
{
    const char *why = NULL;

    if (!test_open_with(t, &TEST_MASTER_KEY, false, &why)) {
        fail_msg("the store does not open: %s", why);
    }
}

static inline void test_close(struct test_store *t)
{
    ph_store_close(t->ctx.store);
    t->ctx.store = NULL;
}

/* NULL: the tests run on SQLite. */
static inline const char *test_server(void)
{
    return getenv("POOLHOUSE_TEST_DATABASE");
}

/* Skips the rest on a server. */
static inline void test_needs_file(const struct test_store *t)
{
    if (t->driver->several) {
        skip();
    }
}

/* Skips the rest on SQLite. */
static inline void test_needs_server(const struct test_store *t)
{
    if (!t->driver->several) {
        skip();
    }
}

static inline struct ph_db *test_connect(struct test_store *t, enum ph_db_role role)
{
    static struct ph_db_target targets[64];
    static size_t count;
    struct ph_db_target *target = &targets[count++ % 64];
    char why[256] = "";
    struct ph_db *db;

    *target = (struct ph_db_target){ .path = t->path };
    db = t->driver->open(target, role, why, sizeof why);
    if (db == NULL) {
        fail_msg("no connection: %s", why);
    }
    return db;
}

/* On a server each store has a schema of its own, named like its directory. */
static inline void test_run_on_server(const char *format, const struct test_store *t)
{
    struct ph_db_target target = { .path = test_server() };
    struct ph_db *db = ph_driver_postgres.open(&target, PH_DB_WRITER, NULL, 0);
    char sql[128];

    assert_non_null(db);
    snprintf(sql, sizeof sql, "%s \"%s\"%s", format, strrchr(t->directory, '/') + 1,
             strncmp(format, "DROP", 4) == 0 ? " CASCADE" : "");
    assert_int_equal(ph_driver_postgres.run(db, sql), PH_DB_DONE);
    ph_driver_postgres.close(db);
}

static inline void test_choose_path(struct test_store *t)
{
    if (test_server() == NULL) {
        snprintf(t->path, sizeof t->path, "%s/db", t->directory);
    } else {
        snprintf(t->path, sizeof t->path, "%s&options=-csearch_path%%3D\"%s\"", test_server(),
                 strrchr(t->directory, '/') + 1);
        test_run_on_server("CREATE SCHEMA", t);
    }
    t->driver = ph_driver_for(t->path);
}

static inline struct test_store *test_store_create(bool in_memory)
{
    struct test_store *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->in_memory = in_memory && test_server() == NULL;
    snprintf(t->directory, sizeof t->directory, "/tmp/poolhouse-test-XXXXXX");
    assert_non_null(mkdtemp(t->directory));
    test_choose_path(t);
    t->now_ms = 1700000000000;
    t->clock = (struct ph_clock){ .now_ms = test_now, .self = t };
    t->ctx = (struct ph_ctx){
        .arena = &t->arena,
        .clock = &t->clock,
        .random = &ph_system_random,
    };
    test_open(t);
    return t;
}

static inline void test_unlink(struct test_store *t, const char *name)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", t->directory, name);
    unlink(path);
}

static inline void test_store_destroy(struct test_store *t)
{
    static const char *const NAMES[] = { "db", "db-wal", "db-shm", "db.lock", "copy" };

    test_close(t);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        test_unlink(t, NAMES[i]);
    }
    if (t->driver->several) {
        test_run_on_server("DROP SCHEMA", t);
    }
    assert_int_equal(rmdir(t->directory), 0);
    ph_arena_finish(&t->arena);
    free(t);
}

/* What a test has before and after it: a store on disk, or in memory where that is possible. */
static inline int open_store(void **state)
{
    *state = test_store_create(false);
    return 0;
}

static inline int open_memory(void **state)
{
    *state = test_store_create(true);
    return 0;
}

static inline int close_store(void **state)
{
    test_store_destroy(*state);
    return 0;
}

/* Runs SQL of the test on the file, beside the store. */
static inline void test_sql(struct test_store *t, const char *sql)
{
    struct ph_db *db = test_connect(t, PH_DB_WRITER);

    if (t->driver->run(db, sql) != PH_DB_DONE) {
        fail_msg("%s: %s", sql, t->driver->message(db));
    }
    t->driver->close(db);
}

/* A confirmed user whose sub, username and e-mail come from the number. */
static inline struct ph_user *test_user(struct ph_ctx *ctx, int n)
{
    struct ph_user *user = ph_arena_new(ctx->arena, struct ph_user);

    user->sub = ph_strf(ctx->arena, "00000000-0000-4000-8000-%012d", n);
    user->username = ph_strf(ctx->arena, "user%d", n);
    user->status = PH_USER_CONFIRMED;
    user->enabled = true;
    user->created_ms = ph_now_ms(ctx) + n;
    user->modified_ms = user->created_ms;
    ph_attrs_set(ctx->arena, &user->attrs, PH_STR("email"),
                 ph_strf(ctx->arena, "user%d@example.com", n));
    ph_attrs_set(ctx->arena, &user->attrs, PH_STR("email_verified"), PH_STR("true"));
    user->password = ph_arena_new(ctx->arena, struct ph_password);
    memset(user->password->verifier, n, sizeof user->password->verifier);
    return user;
}

/* Writes the user with its username as the only alias. */
static inline enum ph_user_write test_write(struct ph_ctx *ctx, struct ph_user *user)
{
    const struct ph_alias alias = { .kind = PH_ALIAS_USERNAME, .value = user->username };
    const struct ph_user_change change = { .user = user, .aliases = &alias, .alias_count = 1 };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    assert_ok(ph_store_user_write(ctx, &TEST_POOL, &change, &result, &taken));
    return result;
}

static inline struct ph_user *test_find(struct ph_ctx *ctx, struct ph_str sub)
{
    struct ph_user *user;

    assert_ok(ph_store_user_by_sub(ctx, &TEST_POOL, sub, &user));
    return user;
}

#endif
