/*
 * What many do at once: threads of a process, and processes that share a database. What is about
 * several processes runs on a server only.
 */
#include "store/image.h"
#include "store/imports.h"
#include "store/log_events.h"
#include "store/parts.h"
#include "store/pools.h"
#include "store/test_support.h"
#include "store/token_sessions.h"

#include <pthread.h>

enum { THREADS = 8 };

static int open_with_pool(void **state)
{
    const struct ph_pool_record pool = {
        .id = TEST_POOL.id, .name = PH_STR("p"), .settings = PH_STR("{}"), .data_key = TEST_DATA_KEY
    };
    struct test_store *t = test_store_create(true);
    enum ph_write_result result;

    ph_json_start();
    assert_ok(ph_store_pool_insert(&t->ctx, &pool, NULL, 0, &result));
    *state = t;
    return 0;
}

/* --- many threads --- */

/* True: the thread got what it wanted. */
typedef bool act_run(struct ph_ctx *ctx, int n);

struct actor {
    pthread_t thread;
    pthread_barrier_t *start;
    struct ph_ctx ctx;
    struct ph_arena arena;
    act_run *act;
    int n;
    bool got;
};

static void *run_actor(void *arg)
{
    struct actor *a = arg;

    a->ctx.arena = &a->arena;
    pthread_barrier_wait(a->start);
    a->got = a->act(&a->ctx, a->n);
    return NULL;
}

/* How many of the threads got what they wanted. */
static int act_at_once(struct test_store *t, act_run *act)
{
    struct actor actors[THREADS];
    pthread_barrier_t start;
    int got = 0;

    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        actors[i] = (struct actor){ .start = &start, .ctx = t->ctx, .act = act, .n = i };
        assert_int_equal(pthread_create(&actors[i].thread, NULL, run_actor, &actors[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(actors[i].thread, NULL);
        ph_arena_finish(&actors[i].arena);
        got += actors[i].got;
    }
    pthread_barrier_destroy(&start);
    return got;
}

static struct ph_str numbered(struct ph_ctx *ctx, const char *what, int n)
{
    return ph_strf(ctx->arena, "%s-%d", what, n);
}

static void make_client(struct ph_ctx *ctx, int n)
{
    const struct ph_client_record client = { .id = numbered(ctx, "client", n),
                                             .name = PH_STR("c"),
                                             .settings = PH_STR("{}") };
    enum ph_write_result result;

    assert_ok(ph_store_client_insert(ctx, &TEST_POOL, &client, &result));
    assert_int_equal(result, PH_WRITE_DONE);
}

static bool begin_session(struct ph_ctx *ctx, int n)
{
    const int64_t now_ms = ph_now_ms(ctx);
    const struct ph_token_session session = {
        .id = numbered(ctx, "session", n),
        .sub = test_user(ctx, 1)->sub,
        .family = numbered(ctx, "family", n),
        .client_id = PH_STR("client-0"),
        .device_type = PH_STR("d"),
        .address = PH_STR("a"),
        .created_ms = now_ms + n,
        .active_ms = now_ms + n,
        .expires_ms = now_ms + 1000000,
    };

    return ph_store_token_session_begin(ctx, TEST_POOL.id, &session, 3).type == NULL;
}

static void sessions_that_begin_at_once_keep_to_their_number(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    struct ph_token_session *sessions;
    size_t count;

    make_client(&t->ctx, 0);
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_int_equal(act_at_once(t, begin_session), THREADS);
    assert_ok(ph_store_token_session_list(&t->ctx, TEST_POOL.id, user->sub, t->now_ms, 100,
                                          &sessions, &count));
    assert_int_equal(count, 3);
}

static bool insert_part(struct ph_ctx *ctx, int n)
{
    const struct ph_part part = {
        .kind = PH_PART_STYLE,
        .name = numbered(ctx, "part", n),
        .client_id = numbered(ctx, "client", n),
        .document = ph_json_parse(ctx->arena, PH_STR("{}")),
    };
    enum ph_part_write result;

    return ph_store_part_insert(ctx, &TEST_POOL, &part, 2, &result).type == NULL &&
           result == PH_PART_DONE;
}

static void parts_of_several_clients_keep_to_the_number_of_the_pool(void **state)
{
    struct test_store *t = *state;

    for (int i = 0; i < THREADS; i++) {
        make_client(&t->ctx, i);
    }
    assert_int_equal(act_at_once(t, insert_part), 2);
}

/* --- import jobs --- */

static struct ph_import_job *find_job(struct ph_ctx *ctx, int n)
{
    struct ph_import_job *job;

    assert_ok(ph_store_import_find(ctx, TEST_POOL.id, numbered(ctx, "job", n), &job));
    assert_non_null(job);
    return job;
}

/* One whose file is there. */
static void make_job(struct ph_ctx *ctx, int n)
{
    const struct ph_import_job job = {
        .pool_id = TEST_POOL.id,
        .id = numbered(ctx, "job", n),
        .name = PH_STR("j"),
        .role = PH_STR("r"),
        .created_ms = ph_now_ms(ctx),
    };
    const struct ph_str upload = numbered(ctx, "upload", n);
    enum ph_import_insert inserted;
    bool done;

    assert_ok(ph_store_import_insert(ctx, &job, &inserted));
    assert_int_equal(inserted, PH_IMPORT_DONE);
    assert_ok(ph_store_upload_begin(ctx, TEST_POOL.id, job.id, upload, &done));
    assert_true(done);
    assert_ok(ph_store_upload_end(ctx, TEST_POOL.id, job.id, upload, 100, 3, &done));
    assert_true(done);
}

static bool start_job(struct ph_ctx *ctx, int n)
{
    bool started;

    return ph_store_import_start(ctx, TEST_POOL.id, numbered(ctx, "job", n), &started).type ==
               NULL &&
           started;
}

static void of_jobs_that_start_at_once_one_does(void **state)
{
    struct test_store *t = *state;

    for (int i = 0; i < THREADS; i++) {
        make_job(&t->ctx, i);
    }
    assert_int_equal(act_at_once(t, start_job), 1);
}

static bool claim_job(struct ph_ctx *ctx)
{
    bool claimed;

    assert_ok(ph_store_import_claim(ctx, TEST_POOL.id, PH_STR("job-0"), &claimed));
    return claimed;
}

/* Reads the next line, which makes nobody. */
static bool step(struct ph_ctx *ctx)
{
    struct ph_import_job *job = find_job(ctx, 0);
    struct ph_import_line line = { .line = job->at_line + 1,
                                   .outcome = PH_LINE_FAILED,
                                   .text = PH_STR("no") };
    const struct ph_import_step step = { .job = job,
                                         .lines = &line,
                                         .count = 1,
                                         .at_byte = job->at_byte + 10,
                                         .at_line = job->at_line + 1 };
    bool done;

    assert_ok(ph_store_import_step(ctx, &TEST_POOL, &step, &done));
    return done;
}

static struct ph_import_job *next_job(struct ph_ctx *ctx)
{
    struct ph_import_job *job;

    assert_ok(ph_store_import_next(ctx, &job));
    return job;
}

/* Another process on the same database. */
static struct ph_ctx other_process(struct test_store *t)
{
    const struct ph_store_options options = { .path = ph_str_from(t->path),
                                              .master_key = &TEST_MASTER_KEY };
    struct ph_ctx other = t->ctx;
    const char *why = NULL;

    if (!ph_store_open(&options, &other.store, &why)) {
        fail_msg("the store does not open: %s", why);
    }
    return other;
}

static void a_job_is_run_by_one_process(void **state)
{
    struct test_store *t = *state;
    struct ph_ctx other;

    test_needs_server(t);
    other = other_process(t);
    make_job(&t->ctx, 0);
    assert_true(start_job(&t->ctx, 0));
    assert_true(claim_job(&t->ctx));
    assert_true(claim_job(&t->ctx)); /* after trouble */
    assert_non_null(next_job(&t->ctx));
    assert_false(claim_job(&other));
    assert_null(next_job(&other));
    assert_true(step(&t->ctx));
    assert_false(step(&other));

    t->now_ms += PH_IMPORT_LEASE_MS; /* nothing is heard of the first one */
    assert_non_null(next_job(&other));
    assert_true(claim_job(&other));
    assert_false(step(&t->ctx));
    assert_true(step(&other));
    assert_int_equal(find_job(&t->ctx, 0)->failed, 2);

    assert_ok(ph_store_import_release(&t->ctx, TEST_POOL.id, PH_STR("job-0"))); /* not his */
    assert_false(claim_job(&t->ctx));
    assert_ok(ph_store_import_release(&other, TEST_POOL.id, PH_STR("job-0")));
    assert_true(claim_job(&t->ctx));
    ph_store_close(other.store);
}

/* The one process that has the store goes on at once after a crash. */
static void a_job_goes_on_after_a_restart(void **state)
{
    struct test_store *t = *state;

    test_needs_file(t);
    test_close(t);
    t->in_memory = false;
    test_open(t);
    const struct ph_pool_record pool = {
        .id = TEST_POOL.id, .name = PH_STR("p"), .settings = PH_STR("{}"), .data_key = TEST_DATA_KEY
    };
    enum ph_write_result result;
    assert_ok(ph_store_pool_insert(&t->ctx, &pool, NULL, 0, &result));
    make_job(&t->ctx, 0);
    assert_true(start_job(&t->ctx, 0));
    assert_true(claim_job(&t->ctx));
    test_close(t);
    test_open(t);
    assert_non_null(next_job(&t->ctx));
    assert_true(claim_job(&t->ctx));
    assert_true(step(&t->ctx));
}

/* --- lanes of logs --- */

static struct ph_log_lane lane_of(const char *pool_id)
{
    return (struct ph_log_lane){ .target = PH_STR("t"),
                                 .arn = PH_STR("arn"),
                                 .pool_id = ph_str_from(pool_id),
                                 .source = PH_STR("s") };
}

static bool lease(struct ph_ctx *ctx, const char *pool_id)
{
    const struct ph_log_lane lane = lane_of(pool_id);
    bool leased;

    assert_ok(ph_store_log_lease(ctx, &lane, 1000, &leased));
    return leased;
}

static void a_lane_is_taken_by_one_process(void **state)
{
    struct test_store *t = *state;
    struct ph_ctx other;

    test_needs_server(t);
    other = other_process(t);
    assert_true(lease(&t->ctx, "a"));
    assert_true(lease(&t->ctx, "a"));
    assert_false(lease(&other, "a"));
    assert_true(lease(&other, "b"));
    t->now_ms += 1000;
    assert_true(lease(&other, "a"));
    assert_false(lease(&t->ctx, "a"));
    assert_ok(ph_store_log_release(&other, NULL));
    assert_true(lease(&t->ctx, "a"));
    const struct ph_log_lane lane = lane_of("a");
    assert_ok(ph_store_log_release(&other, &lane)); /* not its own */
    assert_false(lease(&other, "a"));
    assert_ok(ph_store_log_release(&t->ctx, &lane));
    assert_true(lease(&other, "a"));
    ph_store_close(other.store);
}

static bool take_lane(struct ph_ctx *ctx, int n)
{
    struct ph_ctx mine = *ctx;
    const struct ph_store_options options = {
        .path = ph_str_from(((struct test_store *)ctx->clock->self)->path),
        .master_key = &TEST_MASTER_KEY,
    };
    const char *why;
    bool leased;

    (void)n;
    if (!ph_store_open(&options, &mine.store, &why)) {
        return false;
    }
    leased = lease(&mine, "a");
    ph_store_close(mine.store);
    return leased;
}

static void of_processes_that_want_a_lane_at_once_one_has_it(void **state)
{
    struct test_store *t = *state;

    test_needs_server(t);
    assert_int_equal(act_at_once(t, take_lane), 1);
}

/* --- nobody is alone --- */

static void run_nothing(struct ph_tx *tx, void *arg)
{
    (void)tx;
    *(bool *)arg = true;
}

static void nothing_runs_alone_where_several_write(void **state)
{
    struct test_store *t = *state;
    struct ph_store_image *image = NULL;
    const char *why = NULL;
    bool ran = false;

    test_needs_server(t);
    assert_int_equal(ph_writer_alone(t->ctx.store->writer, NULL, run_nothing, &ran), PH_DB_BROKEN);
    assert_false(ran);
    assert_false(ph_store_image_take(t->ctx.store, &image, &why));
    assert_non_null(why);
    assert_false(ph_store_image_empty(t->ctx.store, &image, &why));
    assert_false(ph_store_image_put(t->ctx.store, image, &why));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_with_pool, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sessions_that_begin_at_once_keep_to_their_number),
        TEST(parts_of_several_clients_keep_to_the_number_of_the_pool),
        TEST(of_jobs_that_start_at_once_one_does),
        TEST(a_job_is_run_by_one_process),
        TEST(a_job_goes_on_after_a_restart),
        TEST(a_lane_is_taken_by_one_process),
        TEST(of_processes_that_want_a_lane_at_once_one_has_it),
        TEST(nothing_runs_alone_where_several_write),
    };

    return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
