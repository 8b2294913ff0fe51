/* Import jobs without a server: addresses, uploads, runs, what stops and what resumes. */
#include "pool/test_support.h"

#include "import/job.h"
#include "import/run.h"
#include "import/upload.h"
#include "user/user.h"

#define HEADER                                                                                     \
    "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website," \
    "email,email_verified,gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,"    \
    "address,updated_at,cognito:mfa_enabled,cognito:username\n"
#define PERSON(name) ",,,,,,,,," name "@example.com,TRUE,,,,,,,,,," name "\n"

static int64_t now_ms;

static int64_t read_now(void *self)
{
    (void)self;
    return now_ms;
}

static const struct ph_clock CLOCK = { .now_ms = read_now };

static const struct ph_pool *begin(struct test_pool *t)
{
    now_ms = 1700000000000;
    t->ctx.clock = &CLOCK;
    return make_pool(t, "{'AutoVerifiedAttributes':['email']}");
}

static struct ph_import_job *new_job(struct test_pool *t, const struct ph_pool *pool)
{
    const struct ph_import_wish wish = { PH_STR("a job"), PH_STR("arn:aws:iam::1:role/x"),
                                         PH_HASH_NONE };
    struct ph_import_job *job;

    assert_ok(ph_import_create(&t->ctx, pool, &wish, &job));
    return job;
}

static struct ph_import_job *find(struct test_pool *t, const struct ph_import_job *job)
{
    struct ph_import_job *found;

    assert_ok(ph_store_import_find(&t->ctx, job->pool_id, job->id, &found));
    assert_non_null(found);
    return found;
}

static struct ph_upload_url address(struct test_pool *t, const struct ph_pool *pool,
                                    const struct ph_import_job *job)
{
    const struct ph_str url = ph_upload_url(&t->ctx, pool, job);
    struct ph_upload_url parsed;
    struct ph_str path, query;

    assert_true(ph_str_starts(url, t->settings.public_url));
    ph_str_cut(ph_str_skip(url, t->settings.public_url.n), '?', &path, &query);
    assert_true(ph_upload_url_parse(path, query, &parsed));
    return parsed;
}

static struct ph_upload *begin_upload(struct test_pool *t, const struct ph_pool *pool,
                                      const struct ph_import_job *job)
{
    const struct ph_upload_url url = address(t, pool, job);
    struct ph_upload *upload = NULL;

    assert_int_equal(ph_upload_begin(&t->ctx, &url, &upload), PH_UPLOAD_TAKEN);
    return upload;
}

static void send(struct test_pool *t, const struct ph_pool *pool, const struct ph_import_job *job,
                 struct ph_str file)
{
    struct ph_upload *upload = begin_upload(t, pool, job);

    while (file.n > PH_IMPORT_PIECE_BYTES) {
        assert_int_equal(ph_upload_take(&t->ctx, upload, ph_str_take(&file, PH_IMPORT_PIECE_BYTES)),
                         PH_UPLOAD_TAKEN);
    }
    assert_int_equal(ph_upload_take(&t->ctx, upload, file), PH_UPLOAD_TAKEN);
    assert_int_equal(ph_upload_end(&t->ctx, upload), PH_UPLOAD_TAKEN);
    ph_upload_free(upload);
}

static struct ph_import_job *start(struct test_pool *t, const struct ph_pool *pool,
                                   struct ph_str file)
{
    struct ph_import_job *job = new_job(t, pool);

    send(t, pool, job, file);
    assert_ok(ph_import_start(&t->ctx, pool, job->id, &job));
    return find(t, job);
}

/* With an arena of its own, as in the thread. */
static struct ph_err run_with(struct test_pool *t, struct ph_import_tally *tally,
                              const struct ph_import_job *job)
{
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = t->ctx;
    struct ph_err err;

    ctx.arena = &arena;
    err = ph_import_run(&ctx, tally, job);
    ph_arena_finish(&arena);
    return err;
}

static struct ph_import_job *run(struct test_pool *t, const struct ph_import_job *job)
{
    struct ph_import_tally tally = { .stopping = false };

    assert_ok(run_with(t, &tally, job));
    return find(t, job);
}

static void assert_job(const struct ph_import_job *job, enum ph_import_status status,
                       int64_t imported, int64_t skipped, int64_t failed)
{
    assert_int_equal(job->status, status);
    assert_int_equal(job->imported, imported);
    assert_int_equal(job->skipped, skipped);
    assert_int_equal(job->failed, failed);
}

/* --- addresses --- */

static void an_address_is_signed_for_its_job_and_time(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    const struct ph_upload_url url = address(t, pool, new_job(t, pool));
    struct ph_upload_url other = url;

    assert_true(ph_upload_url_is_signed(pool, &url, 0));
    assert_int_equal(url.expires_s, 900);
    assert_int_equal(url.signed_s, now_ms / 1000);
    other.job_id = PH_STR("import-x");
    assert_false(ph_upload_url_is_signed(pool, &other, 0));
    other = url;
    other.expires = PH_STR("90000");
    assert_false(ph_upload_url_is_signed(pool, &other, 0));
    other = url;
    other.date = PH_STR("20300101T000000Z");
    assert_false(ph_upload_url_is_signed(pool, &other, 0));
}

static void malformed_addresses_are_refused(void **state)
{
#define SIGNATURE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D "X-Amz-Date=20260102T030405Z"
#define E "&X-Amz-Expires=900"
#define H "&X-Amz-SignedHeaders=x-amz-server-side-encryption"
#define S "&X-Amz-Signature=" SIGNATURE
    static const struct {
        const char *path;
        const char *query;
    } CASES[] = {
        { "/import-jobs/p/j", "" },
        { "/import-jobs/p/j", D E H },
        { "/import-jobs/p/j", D E S },
        { "/import-jobs/p/j", D H S },
        { "/import-jobs/p/j", E H S },
        { "/import-jobs/p/j", D E H S E },
        { "/import-jobs/p/j", D E H S "&x=y" },
        { "/import-jobs/p/j", D E H S "0" },
        { "/import-jobs/p/j", "X-Amz-Date=20261302T030405Z" E H S },
        { "/import-jobs/p/j", D "&X-Amz-Expires=0" H S },
        { "/import-jobs/p/j", D "&X-Amz-Expires=-1" H S },
        { "/import-jobs/p/j", D "&X-Amz-Expires=99999999999999999999" H S },
        { "/import-jobs/p/j", D E "&X-Amz-SignedHeaders=host" S },
        { "/import-jobs/p", D E H S },
        { "/import-jobs//j", D E H S },
        { "/import-jobs/p/", D E H S },
        { "/import-jobs/p/j/k", D E H S },
        { "/import-jobs/p/..%2f", D E H S },
        { "/other/p/j", D E H S },
    };
    struct ph_upload_url url;

    (void)state;
    assert_true(ph_upload_url_parse(PH_STR("/import-jobs/p/j"), PH_STR(D S H E), &url));
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_false(
            ph_upload_url_parse(ph_str_from(CASES[i].path), ph_str_from(CASES[i].query), &url));
    }
}

/* --- uploads --- */

static void an_address_ends_with_its_time(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    const struct ph_upload_url url = address(t, pool, new_job(t, pool));
    struct ph_upload *upload = NULL;

    now_ms += 899000;
    assert_int_equal(ph_upload_begin(&t->ctx, &url, &upload), PH_UPLOAD_TAKEN);
    ph_upload_free(upload);
    now_ms += 1000;
    assert_int_equal(ph_upload_begin(&t->ctx, &url, &upload), PH_UPLOAD_EXPIRED);
}

static void of_two_uploads_the_later_one_counts(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_import_job *job = new_job(t, pool);
    struct ph_upload *first = begin_upload(t, pool, job), *second;
    int64_t deleted;

    assert_int_equal(ph_upload_take(&t->ctx, first, PH_STR("first")), PH_UPLOAD_TAKEN);
    second = begin_upload(t, pool, job);
    assert_int_equal(ph_upload_take(&t->ctx, second, PH_STR("second")), PH_UPLOAD_TAKEN);
    assert_int_equal(ph_upload_take(&t->ctx, first, PH_STR("first")), PH_UPLOAD_REPLACED);
    assert_int_equal(ph_upload_end(&t->ctx, first), PH_UPLOAD_REPLACED);
    assert_ok(ph_store_upload_tidy(&t->ctx, &deleted));
    assert_int_equal(deleted, 1);
    assert_int_equal(ph_upload_end(&t->ctx, second), PH_UPLOAD_TAKEN);
    assert_ok(ph_store_upload_tidy(&t->ctx, &deleted));
    assert_int_equal(deleted, 0);
    assert_int_equal(find(t, job)->bytes, 6);
    assert_int_equal(find(t, job)->lines, 1);
    ph_upload_free(first);
    ph_upload_free(second);
}

static void a_started_job_takes_no_more(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_import_job *job = new_job(t, pool);
    const struct ph_upload_url url = address(t, pool, job);
    struct ph_upload *late, *upload = NULL;

    send(t, pool, job, PH_STR("x"));
    late = begin_upload(t, pool, job);
    assert_ok(ph_import_start(&t->ctx, pool, job->id, &job));
    assert_int_equal(ph_upload_take(&t->ctx, late, PH_STR("x")), PH_UPLOAD_REPLACED);
    assert_int_equal(ph_upload_begin(&t->ctx, &url, &upload), PH_UPLOAD_CLOSED);
    ph_upload_free(late);
}

static void a_file_is_bounded_also_when_nobody_says_its_length(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_upload *upload = begin_upload(t, pool, new_job(t, pool));
    uint8_t *zeros = calloc(1, PH_IMPORT_BYTES_MAX);
    const struct ph_str first = { zeros, PH_IMPORT_PIECE_BYTES };
    const struct ph_str rest = { zeros, PH_IMPORT_BYTES_MAX - PH_IMPORT_PIECE_BYTES + 1 };

    assert_non_null(zeros);
    assert_int_equal(ph_upload_take(&t->ctx, upload, first), PH_UPLOAD_TAKEN);
    assert_int_equal(ph_upload_take(&t->ctx, upload, rest), PH_UPLOAD_TOO_LARGE);
    assert_int_equal(ph_upload_bytes(upload), PH_IMPORT_PIECE_BYTES);
    ph_upload_free(upload);
    free(zeros);
}

/* --- running --- */

static void a_job_runs_to_its_end(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    const struct ph_import_job *job =
        run(t, start(t, pool, PH_STR(HEADER PERSON("ann") PERSON("ann") PERSON("") PERSON("bob"))));
    struct ph_import_line *lines;
    struct ph_user *bob;
    size_t count;

    assert_job(job, PH_IMPORT_SUCCEEDED, 2, 1, 1);
    assert_str(job->message, "Import Job Completed Successfully.");
    assert_int_equal(job->completed_ms, now_ms);
    assert_ok(ph_user_find(&t->ctx, pool, PH_STR("bob"), &bob));
    assert_int_equal(bob->status, PH_USER_RESET_REQUIRED);
    assert_ok(ph_store_import_lines(&t->ctx, pool->id, job->id, 0, 10, &lines, &count));
    assert_int_equal(count, 2);
    assert_str(ph_strf(&t->arena, "%lld %.*s", (long long)lines[0].line, PH_FMT(lines[0].text)),
               "3 The user already exists.");
    assert_int_equal(lines[1].outcome, PH_LINE_FAILED);
}

/* A file of so many people, numbered, and its text. */
static struct ph_str people(struct test_pool *t, int count)
{
    struct ph_str *parts = ph_arena_array(&t->arena, (size_t)count + 1, struct ph_str);

    parts[0] = PH_STR(HEADER);
    for (int i = 1; i <= count; i++) {
        parts[i] =
            ph_strf(&t->arena, ",,,,,,,,,u%d@example.com,TRUE,,,,,,,%0*d,,,u%d\n", i, 1500, i, i);
    }
    return ph_concat(&t->arena, parts, (size_t)count + 1);
}

static void a_job_that_is_broken_off_goes_on_at_the_next_line(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    const struct ph_import_job *job = start(t, pool, people(t, 300));
    struct ph_import_tally tally = { .stopping = true }; /* ends after one step each time */
    int64_t before = -1, users;

    while (job->status == PH_IMPORT_PENDING || job->status == PH_IMPORT_IN_PROGRESS) {
        assert_true(job->imported > before || job->imported == 300);
        before = job->imported;
        assert_ok(run_with(t, &tally, job));
        job = find(t, job);
    }
    assert_job(job, PH_IMPORT_SUCCEEDED, 300, 0, 0);
    assert_int_equal(job->at_line, 301);
    assert_int_equal(job->at_byte, job->bytes);
    assert_ok(ph_store_pool_user_count(&t->ctx, pool->id, &users));
    assert_int_equal(users, 300);
}

static void a_job_that_is_stopped_ends_with_what_it_has(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_import_job *job = start(t, pool, people(t, 200));
    struct ph_import_tally tally = { .stopping = true };

    assert_ok(run_with(t, &tally, job));
    assert_ok(ph_import_stop(&t->ctx, pool, job->id, &job));
    assert_int_equal(job->status, PH_IMPORT_STOPPING);
    job = run(t, find(t, job));
    assert_job(job, PH_IMPORT_STOPPED, 64, 0, 0);
    assert_str(job->message, "The Import Job was stopped by the developer.");
    assert_fails(ph_import_start(&t->ctx, pool, job->id, &job), "PreconditionNotMetException",
                 "The import job cannot be started. Current status is Stopped");
}

static void a_job_does_nothing_for_a_place_that_it_has_left(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    const struct ph_import_job *old = start(t, pool, people(t, 100));
    struct ph_import_tally tally = { .stopping = true };
    struct ph_import_line line = { .line = 2, .outcome = PH_LINE_FAILED, .text = PH_STR("x") };
    struct ph_import_step step = { .lines = &line, .count = 1, .at_byte = 7, .at_line = 2 };
    bool done = true;

    assert_ok(run_with(t, &tally, old));
    step.job = old;
    assert_ok(ph_store_import_step(&t->ctx, &pool->ref, &step, &done));
    assert_false(done);
    assert_job(find(t, old), PH_IMPORT_IN_PROGRESS, 64, 0, 0);
}

static void a_file_that_lacks_a_piece_fails_the_job(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_import_job *job = start(t, pool, PH_STR(HEADER PERSON("ann")));

    job->bytes = 1000000; /* as if more had been promised */
    assert_job(run(t, job), PH_IMPORT_FAILED, 1, 0, 0);
    assert_str(find(t, job)->message, "The file is damaged.");
}

static void a_deleted_pool_ends_its_jobs(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    const struct ph_import_job *job = start(t, pool, people(t, 100));
    struct ph_import_tally tally = { .stopping = false };
    enum ph_write_result result;
    struct ph_import_job *found;
    int64_t users;

    assert_ok(ph_store_pool_delete(&t->ctx, pool->id, &result));
    assert_ok(run_with(t, &tally, job));
    assert_ok(ph_store_import_find(&t->ctx, job->pool_id, job->id, &found));
    assert_null(found);
    assert_ok(ph_store_pool_user_count(&t->ctx, job->pool_id, &users));
    assert_int_equal(users, 0);
}

static void jobs_that_nobody_starts_expire(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_import_job *job = new_job(t, pool);
    int64_t expired, deleted;

    send(t, pool, job, PH_STR("x"));
    assert_ok(ph_store_import_expire(&t->ctx, now_ms, &expired));
    assert_int_equal(expired, 0);
    assert_ok(ph_store_import_expire(&t->ctx, now_ms + 1, &expired));
    assert_int_equal(expired, 1);
    assert_int_equal(find(t, job)->status, PH_IMPORT_EXPIRED);
    assert_ok(ph_store_upload_tidy(&t->ctx, &deleted));
    assert_int_equal(deleted, 1);
    assert_fails(ph_import_start(&t->ctx, pool, job->id, &job), "PreconditionNotMetException",
                 "The import job cannot be started. Current status is Expired");
}

static void more_users_than_are_allowed_fail_the_job_before_it_begins(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t);
    struct ph_import_job *job = start(t, pool, PH_STR(HEADER PERSON("ann")));

    job->lines = 500002;
    assert_job(run(t, job), PH_IMPORT_FAILED, 0, 0, 0);
    assert_str(find(t, job)->message, "The file has more than 500000 users.");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_is_signed_for_its_job_and_time),
        TEST(malformed_addresses_are_refused),
        TEST(an_address_ends_with_its_time),
        TEST(of_two_uploads_the_later_one_counts),
        TEST(a_started_job_takes_no_more),
        TEST(a_file_is_bounded_also_when_nobody_says_its_length),
        TEST(a_job_runs_to_its_end),
        TEST(a_job_that_is_broken_off_goes_on_at_the_next_line),
        TEST(a_job_that_is_stopped_ends_with_what_it_has),
        TEST(a_job_does_nothing_for_a_place_that_it_has_left),
        TEST(a_file_that_lacks_a_piece_fails_the_job),
        TEST(a_deleted_pool_ends_its_jobs),
        TEST(jobs_that_nobody_starts_expire),
        TEST(more_users_than_are_allowed_fail_the_job_before_it_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
