/* The writer on an engine that fails: at the n-th call, in a commit, without space. */
#include "store/sign_in.h"
#include "store/test_support.h"

#include <signal.h>
#include <sys/wait.h>

/* Functions of a driver have no place for state of their own: the tests run one at a time. */
static int calls_left;
static enum ph_verdict failure;
static bool commits_only;

static bool fails_now(void)
{
    return calls_left > 0 && --calls_left == 0;
}

static enum ph_verdict faulty_step(struct ph_db_stmt *stmt)
{
    return !commits_only && fails_now() ? failure : ph_driver_sqlite.step(stmt);
}

static enum ph_verdict faulty_bind(struct ph_db_stmt *stmt, int index,
                                   const struct ph_db_value *value)
{
    return !commits_only && fails_now() ? failure : ph_driver_sqlite.bind(stmt, index, value);
}

static enum ph_verdict faulty_mark(struct ph_db *db)
{
    return !commits_only && fails_now() ? failure : ph_driver_sqlite.mark(db);
}

static enum ph_verdict faulty_begin(struct ph_db *db)
{
    return !commits_only && fails_now() ? failure : ph_driver_sqlite.begin(db);
}

static enum ph_verdict faulty_commit(struct ph_db *db)
{
    return fails_now() ? failure : ph_driver_sqlite.commit(db);
}

static struct ph_driver faulty;

/* A store whose writer works on the faulty engine from here on. */
static void make_faulty(struct test_store *t)
{
    struct ph_store *store = t->ctx.store;

    calls_left = 0;
    commits_only = false;
    faulty = ph_driver_sqlite;
    faulty.step = faulty_step;
    faulty.bind = faulty_bind;
    faulty.mark = faulty_mark;
    faulty.begin = faulty_begin;
    faulty.commit = faulty_commit;
    ph_writer_destroy(store->writer);
    store->writer = ph_writer_create(&(struct ph_writer_options){
        .driver = &faulty,
        .db = store->db,
        .log = &store->log,
    });
}

static int open_faulty(void **state)
{
    *state = test_store_create(false);
    make_faulty(*state);
    return 0;
}

/* Writes user, alias, code and message at once; false when the store answers an error. */
static bool write_everything(struct test_store *t, int n)
{
    struct ph_user *user = test_user(&t->ctx, n);
    const struct ph_alias alias = { .kind = PH_ALIAS_USERNAME, .value = user->username };
    const struct ph_code code = { .purpose = PH_CODE_SIGN_UP };
    const struct ph_message message = { .id = user->sub, .pool_id = TEST_POOL.id };
    const struct ph_user_change change = { .user = user,
                                           .aliases = &alias,
                                           .alias_count = 1,
                                           .put_codes = &code,
                                           .put_code_count = 1,
                                           .messages = &message,
                                           .message_count = 1 };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    if (ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, &taken).type != NULL) {
        return false;
    }
    assert_int_equal(result, PH_USER_DONE);
    return true;
}

/* All of it or nothing. */
static bool is_whole(struct test_store *t, int n)
{
    struct ph_user *user = test_user(&t->ctx, n), *by_alias;
    struct ph_message *messages;
    size_t count, found = 0;
    const bool exists = test_find(&t->ctx, user->sub) != NULL;

    assert_ok(
        ph_store_user_by_alias(&t->ctx, &TEST_POOL, PH_ALIAS_USERNAME, user->username, &by_alias));
    assert_ok(ph_store_outbox_list(&t->ctx, &(struct ph_outbox_query){ .limit = 1000 }, &messages,
                                   &count));
    for (size_t i = 0; i < count; i++) {
        found += ph_str_eq(messages[i].id, user->sub);
    }
    assert_true((by_alias != NULL) == exists);
    assert_true((found == 1) == exists);
    return exists;
}

static void sweep_failures(struct test_store *t, enum ph_verdict verdict)
{
    int n = 0;
    bool written = false;

    failure = verdict;
    while (!written && n < 500) {
        n++;
        calls_left = n;
        written = write_everything(t, n);
        assert_true(written || calls_left == 0);
        calls_left = 0;
        assert_true(is_whole(t, n) == written);
        assert_true(write_everything(t, 1000 + n)); /* and the next one is fine again */
    }
    assert_true(written);
    assert_true(n > 20);
}

static void a_write_that_fails_anywhere_leaves_nothing_behind(void **state)
{
    sweep_failures(*state, PH_DB_BROKEN);
}

static void a_write_without_space_leaves_nothing_behind(void **state)
{
    sweep_failures(*state, PH_DB_FULL);
}

static void what_nobody_waits_for_is_tried_again_after_a_full_disk(void **state)
{
    struct test_store *t = *state;
    bool first;

    commits_only = true;
    failure = PH_DB_FULL;
    calls_left = 1;
    assert_ok(ph_store_spend(&t->ctx, PH_STR("nonce"), t->now_ms + 1000, &first));
    assert_true(first);
    for (int i = 0; i < 500 && ph_writer_state(t->ctx.store->writer) == PH_DB_DONE; i++) {
        usleep(10000);
    }
    assert_int_equal(ph_writer_state(t->ctx.store->writer), PH_DB_FULL);
    assert_true(write_everything(t, 1)); /* takes the other one along */
    test_close(t);
    test_open(t);
    assert_ok(ph_store_spend(&t->ctx, PH_STR("nonce"), t->now_ms + 1000, &first));
    assert_false(first);
}

/* The child must die without answering; what it had acknowledged before is there. */
static void a_commit_of_unknown_outcome_ends_the_process(void **state)
{
    struct test_store *t = *state;
    int status;
    pid_t child;

    test_close(t);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        test_open(t);
        make_faulty(t);
        commits_only = true;
        failure = PH_DB_LOST;
        calls_left = 2;
        signal(SIGABRT, SIG_DFL);
        (void)write_everything(t, 1);
        (void)write_everything(t, 2);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    test_open(t);
    assert_true(is_whole(t, 1));
    (void)is_whole(t, 2); /* there or not, but not in part */
}

#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, open_faulty, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(a_write_that_fails_anywhere_leaves_nothing_behind),
        IN_FILE(a_write_without_space_leaves_nothing_behind),
        IN_FILE(what_nobody_waits_for_is_tried_again_after_a_full_disk),
        IN_FILE(a_commit_of_unknown_outcome_ends_the_process),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
