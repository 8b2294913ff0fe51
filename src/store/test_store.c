/* Opening, durability, a full disk, copies. */
#include "store/backup.h"
#include "store/test_support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void assert_refused(struct test_store *t, const struct ph_key *key, bool exclusive,
                           const char *word)
{
    const char *why = NULL;

    assert_false(test_open_with(t, key, exclusive, &why));
    if (why == NULL || strstr(why, word) == NULL) {
        fail_msg("refused with \"%s\", without \"%s\"", why, word);
    }
}

static void another_master_key_is_refused(void **state)
{
    static const struct ph_key ANOTHER = { { 1, 2, 4 } };
    struct test_store *t = *state;

    test_close(t);
    assert_refused(t, &ANOTHER, false, "master key");
    test_open(t); /* and the refusal changed nothing */
}

static void a_newer_schema_is_refused(void **state)
{
    struct test_store *t = *state;

    test_close(t);
    test_sql(t, "UPDATE meta SET number = 999 WHERE name = 'schema_version'");
    test_open(t); /* still readable by this version, says the number beside it */
    test_close(t);
    test_sql(t, "UPDATE meta SET number = 999 WHERE name = 'schema_min_reader'");
    assert_refused(t, &TEST_MASTER_KEY, false, "newer");
}

static void a_second_server_is_refused_until_the_first_has_gone(void **state)
{
    struct test_store *t = *state;
    struct test_store second = *t;
    const char *why;

    test_needs_file(t);
    test_close(t);
    assert_true(test_open_with(t, &TEST_MASTER_KEY, true, &why));
    assert_refused(&second, &TEST_MASTER_KEY, true, "another server");
    assert_true(test_open_with(&second, &TEST_MASTER_KEY, false, &why)); /* a command may */
    test_close(&second);
    test_close(t);
    assert_true(test_open_with(t, &TEST_MASTER_KEY, true, &why));
}

static void what_is_no_database_is_refused(void **state)
{
    struct test_store *t = *state;
    FILE *file;

    test_needs_file(t);
    test_close(t);
    file = fopen(t->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        fputs("this is no database\n", file);
    }
    fclose(file);
    assert_refused(t, &TEST_MASTER_KEY, false, "cannot be opened");
    snprintf(t->path, sizeof t->path, "%s/none/db", t->directory);
    assert_refused(t, &TEST_MASTER_KEY, false, "cannot be created");
}

/* --- two processes --- */

static void another_process_may_write_at_the_same_time(void **state)
{
    struct test_store *t = *state;
    struct test_store other = *t;
    const char *why;

    other.arena = (struct ph_arena){ 0 };
    other.ctx.arena = &other.arena;
    assert_true(test_open_with(&other, &TEST_MASTER_KEY, false, &why));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
        assert_int_equal(test_write(&other.ctx, test_user(&other.ctx, 100 + i)), PH_USER_DONE);
        assert_non_null(test_find(&t->ctx, test_user(&t->ctx, 100 + i)->sub));
    }
    test_close(&other);
    ph_arena_finish(&other.arena);
}

/* --- group commit --- */

enum { WRITERS = 8, WRITES = 40 };

struct writer_arg {
    struct test_store *t;
    int first;
    int done;
};

static void *write_users(void *self)
{
    struct writer_arg *arg = self;
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = arg->t->ctx;

    ctx.arena = &arena;
    for (int i = 0; i < WRITES; i++) {
        struct ph_user *user = test_user(&ctx, arg->first + i);
        struct ph_user_change change = { .user = user };
        enum ph_user_write result;
        enum ph_alias_kind taken;

        /* Every fourth fails alone, amid the others of its commit. */
        user->sub = i % 4 == 3 ? test_user(&ctx, arg->first + i - 1)->sub : user->sub;
        if (ph_store_user_write(&ctx, &TEST_POOL, &change, &result, &taken).type == NULL) {
            arg->done += result == (i % 4 == 3 ? PH_USER_CONFLICT : PH_USER_DONE);
        }
        ph_arena_reset(&arena);
    }
    ph_arena_finish(&arena);
    return NULL;
}

static void writes_of_many_threads_are_kept_or_undone_one_by_one(void **state)
{
    struct test_store *t = *state;
    struct writer_arg args[WRITERS];
    pthread_t threads[WRITERS];

    for (int i = 0; i < WRITERS; i++) {
        args[i] = (struct writer_arg){ .t = t, .first = i * 1000 };
        assert_int_equal(pthread_create(&threads[i], NULL, write_users, &args[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(args[i].done, WRITES);
    }
    for (int i = 0; i < WRITERS * WRITES; i++) {
        const int n = i / WRITES * 1000 + i % WRITES;
        struct ph_user *user = test_find(&t->ctx, test_user(&t->ctx, n)->sub);

        assert_true((user != NULL) == (n % 4 != 3));
        ph_arena_reset(&t->arena);
    }
}

static void count_begin(void *self)
{
    ((int *)self)[0]++;
}

static void count_end(void *self)
{
    ((int *)self)[1]++;
}

static void waiting_for_a_commit_is_announced(void **state)
{
    struct test_store *t = *state;
    int counts[2] = { 0 };
    const struct ph_blocking blocking = { count_begin, count_end, counts };

    t->ctx.blocking = &blocking;
    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 1)), PH_USER_DONE);
    assert_non_null(test_find(&t->ctx, test_user(&t->ctx, 1)->sub)); /* reading is no wait */
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
}

/* --- a crash --- */

/* The child writes users and tells each acknowledged number through the pipe, until killed. */
static _Noreturn void write_until_killed(struct test_store *t, int ledger)
{
    test_open(t);
    for (int i = 0;; i++) {
        if (test_write(&t->ctx, test_user(&t->ctx, i)) != PH_USER_DONE ||
            write(ledger, &i, sizeof i) != sizeof i) {
            _exit(1);
        }
    }
}

static int kill_amid_writes(struct test_store *t)
{
    int ends[2], acknowledged = -1, n;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        write_until_killed(t, ends[1]);
    }
    close(ends[1]);
    while (acknowledged < 200 && read(ends[0], &n, sizeof n) == sizeof n) {
        acknowledged = n;
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (read(ends[0], &n, sizeof n) == sizeof n) { /* told before it died */
        acknowledged = n;
    }
    close(ends[0]);
    return acknowledged;
}

static void a_killed_server_loses_nothing_that_it_acknowledged(void **state)
{
    struct test_store *t = *state;
    int acknowledged;

    test_close(t);
    acknowledged = kill_amid_writes(t);
    assert_true(acknowledged >= 200);
    test_open(t);
    for (int i = 0; i <= acknowledged; i++) {
        assert_non_null(test_find(&t->ctx, test_user(&t->ctx, i)->sub));
    }
}

/* --- a full disk --- */

static void fill_up(struct test_store *t, const struct ph_user *wanted)
{
    struct ph_err err = PH_OK;

    for (int i = 10; err.type == NULL && i < 20000; i++) {
        struct ph_user_change change = { .user = test_user(&t->ctx, i) };
        enum ph_user_write result;
        enum ph_alias_kind taken;

        err = ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, &taken);
    }
    assert_non_null(err.type);
    assert_string_equal(err.type->name, "InternalErrorException");
    assert_non_null(test_find(&t->ctx, wanted->sub)); /* reading goes on */
}

static void limit_pages(struct test_store *t, const char *sql)
{
    assert_int_equal(ph_driver_sqlite.run(t->ctx.store->db, sql), PH_DB_DONE);
}

static void a_full_disk_stops_writes_only_and_until_there_is_space(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    const char *why = NULL;

    test_needs_file(t);
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_true(ph_store_is_ready(t->ctx.store, &why));
    limit_pages(t, "PRAGMA max_page_count = 80");
    fill_up(t, user);
    assert_false(ph_store_is_ready(t->ctx.store, &why));
    assert_non_null(strstr(why, "full"));
    limit_pages(t, "PRAGMA max_page_count = 100000");
    assert_true(ph_store_is_ready(t->ctx.store, &why));
    assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, 99999)), PH_USER_DONE);
}

static off_t size_of(const struct test_store *t, const char *suffix)
{
    char path[sizeof t->path + 8];
    struct stat file;

    snprintf(path, sizeof path, "%s%s", t->path, suffix);
    assert_int_equal(stat(path, &file), 0);
    return file.st_size;
}

/* Seen once: a hook that was lost, and a log of gigabytes beside a database of one page. */
static void the_log_is_moved_into_the_database_and_stays_bounded(void **state)
{
    enum { USERS = 3000, LOG_MAX = 80 << 20 }; /* they write 120 MB */
    struct test_store *t = *state;

    test_needs_file(t);
    for (int i = 0; i < USERS; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
        ph_arena_reset(&t->arena);
    }
    assert_true(size_of(t, "-wal") < LOG_MAX);
    assert_true(size_of(t, "") > USERS * 1024);
}

/* --- copies --- */

static void a_backup_is_a_whole_database_and_overwrites_nothing(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    char copy[sizeof t->directory + 8];
    const char *why = NULL;

    test_needs_file(t);
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    snprintf(copy, sizeof copy, "%s/copy", t->directory);
    assert_true(ph_store_backup(t->ctx.store, copy, (struct ph_str){ 0 }, &why));
    assert_false(ph_store_backup(t->ctx.store, copy, (struct ph_str){ 0 }, &why));
    assert_non_null(strstr(why, "exists"));
    test_close(t);
    assert_int_equal(rename(copy, t->path), 0);
    test_open(t);
    assert_non_null(test_find(&t->ctx, user->sub));
}

#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(another_master_key_is_refused),
        IN_FILE(a_newer_schema_is_refused),
        IN_FILE(a_second_server_is_refused_until_the_first_has_gone),
        IN_FILE(what_is_no_database_is_refused),
        IN_FILE(another_process_may_write_at_the_same_time),
        IN_FILE(writes_of_many_threads_are_kept_or_undone_one_by_one),
        IN_FILE(waiting_for_a_commit_is_announced),
        IN_FILE(a_killed_server_loses_nothing_that_it_acknowledged),
        IN_FILE(a_full_disk_stops_writes_only_and_until_there_is_space),
        IN_FILE(the_log_is_moved_into_the_database_and_stays_bounded),
        IN_FILE(a_backup_is_a_whole_database_and_overwrites_nothing),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
