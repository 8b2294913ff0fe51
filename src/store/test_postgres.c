/*
 * The driver for PostgreSQL and the pool of its writers, on a real server: answers that are lost,
 * connections that end, locks, servers that do not fit. Runs only where one is given.
 */
#include "store/driver/postgres.h"
#include "store/test_support.h"
#include "store/user_row.h"

#include <pthread.h>

/* --- a commit whose answer is lost --- */

/* Functions of a driver have no place for state of their own: the tests run one at a time. */
enum trouble { ALL_WELL, LOSE_ANSWER, LOSE_COMMIT };

static enum trouble trouble;
static int times;

/* The transaction is over, or never was; whoever committed does not hear of it. */
static enum ph_verdict losing_commit(struct ph_db *db)
{
    enum ph_verdict verdict;

    if (trouble == ALL_WELL || times-- <= 0) {
        return ph_driver_postgres.commit(db);
    }
    if (trouble == LOSE_COMMIT) {
        ph_pg_disconnect(db);
        return PH_DB_LOST;
    }
    verdict = ph_driver_postgres.commit(db);
    assert_int_equal(verdict, PH_DB_DONE);
    db->turn--;
    ph_pg_disconnect(db);
    return PH_DB_LOST;
}

static struct ph_driver losing;

static struct ph_write_pool *losing_pool(struct test_store *t, enum trouble how, int how_often)
{
    trouble = how;
    times = how_often;
    losing = ph_driver_postgres;
    losing.commit = losing_commit;
    return ph_write_pool_create(&losing, &t->ctx.store->target, test_connect(t, PH_DB_WRITER),
                                &t->ctx.store->log);
}

struct counting {
    int64_t runs; /* put back before each run */
    int64_t changed;
};

static int runs;

static void add_one(struct ph_tx *tx, void *arg)
{
    static const char ADD[] = "INSERT INTO meta (name, number) VALUES ('n', 1)"
                              " ON CONFLICT (name) DO UPDATE SET number = meta.number + 1";
    struct counting *c = arg;

    runs++;
    c->runs++;
    c->changed = ph_tx_run(tx, ADD, NULL, 0);
}

static int64_t read_n(struct test_store *t)
{
    struct ph_db *db = test_connect(t, PH_DB_READER);
    struct ph_db_stmt *stmt =
        ph_driver_postgres.prepare(db, "SELECT number FROM meta WHERE name = 'n'");
    const int64_t n =
        ph_driver_postgres.step(stmt) == PH_DB_ROW ? ph_driver_postgres.column_int(stmt, 0) : -1;

    ph_driver_postgres.close(db);
    return n;
}

static void assert_happens_once(struct test_store *t, enum trouble how, int how_often,
                                int expected_runs)
{
    struct ph_write_pool *pool = losing_pool(t, how, how_often);
    struct counting c = { 0 };

    runs = 0;
    test_sql(t, "DELETE FROM meta WHERE name = 'n'");
    assert_int_equal(ph_write_pool_run(pool, &(struct ph_pooled_job){ add_one, &c, sizeof c }),
                     PH_DB_DONE);
    assert_int_equal(read_n(t), 1);
    assert_int_equal(runs, expected_runs);
    assert_int_equal(c.runs, 1);
    assert_int_equal(c.changed, 1);
    /* The connection is as good as before. */
    assert_int_equal(ph_write_pool_run(pool, &(struct ph_pooled_job){ add_one, &c, sizeof c }),
                     PH_DB_DONE);
    assert_int_equal(read_n(t), 2);
    ph_write_pool_destroy(pool);
}

static void a_commit_whose_answer_is_lost_is_not_made_again(void **state)
{
    assert_happens_once(*state, LOSE_ANSWER, 1, 1);
}

static void a_commit_that_was_lost_is_made_again(void **state)
{
    assert_happens_once(*state, LOSE_COMMIT, 1, 2);
    assert_happens_once(*state, LOSE_COMMIT, 3, 4);
}

/* Also of a connection that has written before, whose row is there. */
static void the_turn_goes_on_after_losses(void **state)
{
    struct test_store *t = *state;
    struct ph_write_pool *pool = losing_pool(t, ALL_WELL, 0);
    struct counting c = { 0 };
    const struct ph_pooled_job job = { add_one, &c, sizeof c };

    for (int i = 1; i <= 12; i++) {
        trouble = (enum trouble)(i % 3);
        times = 1;
        assert_int_equal(ph_write_pool_run(pool, &job), PH_DB_DONE);
        assert_int_equal(read_n(t), i);
    }
    test_sql(t, "DELETE FROM write_slots"); /* swept after a long silence */
    trouble = LOSE_ANSWER;
    times = 1;
    assert_int_equal(ph_write_pool_run(pool, &job), PH_DB_DONE);
    assert_int_equal(read_n(t), 13);
    ph_write_pool_destroy(pool);
}

/* The old transaction is still open at the server: nobody says that it did not happen. */
static void what_may_still_be_committed_is_waited_for(void **state)
{
    struct test_store *t = *state;
    struct ph_db *db = test_connect(t, PH_DB_WRITER);
    PGconn *old;

    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.commit(db), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    old = db->conn;
    db->conn = NULL; /* lost, while the COMMIT is on its way */
    assert_int_equal(ph_driver_postgres.settle(db), PH_DB_LOST);
    PQclear(PQexec(old, "COMMIT"));
    assert_int_equal(ph_driver_postgres.settle(db), PH_DB_DONE);
    PQfinish(old);
    ph_driver_postgres.close(db);
}

static void a_first_transaction_that_was_lost_never_commits_later(void **state)
{
    struct test_store *t = *state;
    struct ph_db *db = test_connect(t, PH_DB_WRITER);
    PGconn *old;

    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    old = db->conn;
    db->conn = NULL;
    PQfinish(old);
    assert_int_equal(ph_driver_postgres.settle(db), PH_DB_RETRY);
    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.commit(db), PH_DB_DONE);
    ph_driver_postgres.close(db);
}

static void a_warning_during_the_commit_is_no_acknowledgement(void **state)
{
    struct test_store *t = *state;
    struct ph_db *db = test_connect(t, PH_DB_WRITER);

    test_sql(t, "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS"
                " 'BEGIN RAISE WARNING ''only here''; RETURN NULL; END'");
    test_sql(t, "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON spent DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION warn()");
    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.run(db, "INSERT INTO spent VALUES ('a', 1)"), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.commit(db), PH_DB_LOST);
    assert_int_equal(ph_driver_postgres.settle(db), PH_DB_DONE);
    ph_driver_postgres.close(db);
}

static void a_failed_transaction_is_not_committed(void **state)
{
    struct test_store *t = *state;
    struct ph_db *db = test_connect(t, PH_DB_WRITER);

    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.run(db, "SELECT 1 / 0"), PH_DB_BROKEN);
    assert_int_equal(ph_driver_postgres.commit(db), PH_DB_BROKEN);
    assert_int_equal(ph_driver_postgres.begin(db), PH_DB_DONE);
    assert_int_equal(ph_driver_postgres.commit(db), PH_DB_DONE);
    ph_driver_postgres.close(db);
}

/* --- connections that end, locks --- */

static const char END_OTHERS[] = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                                 " AND backend_type = 'client backend'";

static void writes_and_reads_survive_the_end_of_all_connections(void **state)
{
    struct test_store *t = *state;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
        assert_non_null(test_find(&t->ctx, test_user(&t->ctx, i)->sub));
        test_sql(t, END_OTHERS);
        assert_non_null(test_find(&t->ctx, test_user(&t->ctx, i)->sub));
    }
}

struct locking {
    const char *first, *second;
    pthread_barrier_t *both;
    int runs;
};

static int lock_runs[2];

static void lock_two(struct ph_tx *tx, void *arg)
{
    struct locking *l = arg;
    static const char FIRST[] = "UPDATE spent SET expires_ms = expires_ms + 1 WHERE digest = $1";
    static const char SECOND[] = "UPDATE spent SET expires_ms = expires_ms + 10 WHERE digest = $1";

    l->runs++;
    (void)PH_RUN(tx, FIRST, ph_v_bytes(ph_str_from(l->first)));
    if (lock_runs[l->first[0] == 'a']++ == 0) {
        pthread_barrier_wait(l->both);
    }
    (void)PH_RUN(tx, SECOND, ph_v_bytes(ph_str_from(l->second)));
}

struct locker {
    struct test_store *t;
    struct locking locking;
    enum ph_verdict verdict;
};

static void *run_locker(void *arg)
{
    struct locker *l = arg;

    l->verdict = ph_write_pool_run(
        l->t->ctx.store->pool, &(struct ph_pooled_job){ lock_two, &l->locking, sizeof l->locking });
    return NULL;
}

static int64_t sum_of_spent(struct test_store *t)
{
    struct ph_db *db = test_connect(t, PH_DB_READER);
    struct ph_db_stmt *stmt = ph_driver_postgres.prepare(
        db, "SELECT CAST(SUM(expires_ms) AS BIGINT) FROM spent WHERE digest IN ('a', 'b')");
    int64_t sum;

    assert_int_equal(ph_driver_postgres.step(stmt), PH_DB_ROW);
    sum = ph_driver_postgres.column_int(stmt, 0);
    ph_driver_postgres.close(db);
    return sum;
}

static void of_two_that_wait_for_each_other_both_are_done(void **state)
{
    struct test_store *t = *state;
    pthread_barrier_t both;
    struct locker lockers[] = { { .t = t, .locking = { "a", "b", &both, 0 } },
                                { .t = t, .locking = { "b", "a", &both, 0 } } };
    pthread_t threads[2];

    test_sql(t, "INSERT INTO spent VALUES ('a', 0), ('b', 0)");
    memset(lock_runs, 0, sizeof lock_runs);
    pthread_barrier_init(&both, NULL, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_locker, &lockers[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(lockers[i].verdict, PH_DB_DONE);
        assert_int_equal(lockers[i].locking.runs, 1); /* put back before the second run */
    }
    assert_int_equal(lock_runs[0] + lock_runs[1], 3);
    assert_int_equal(sum_of_spent(t), 22);
    pthread_barrier_destroy(&both);
}

/* --- servers that do not fit --- */

static void a_server_at_an_older_timeline_is_refused(void **state)
{
    struct test_store *t = *state;
    struct ph_db_target target = { .path = t->path, .timeline = 99 };
    char why[256] = "";

    assert_null(ph_driver_postgres.open(&target, PH_DB_WRITER, why, sizeof why));
    assert_non_null(strstr(why, "older timeline"));
    assert_null(ph_driver_postgres.open(&target, PH_DB_READER, why, sizeof why));
    assert_int_equal(atomic_load(&target.timeline), 99);
}

static void a_database_that_compares_text_by_a_language_is_refused(void **state)
{
    struct test_store *t = *state;
    struct ph_db_target target = { .path = NULL };
    char url[512], why[256] = "";
    const char *query = strchr(test_server(), '?');

    test_sql(t, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C'"
                " LC_CTYPE 'C'");
    snprintf(url, sizeof url, "postgresql://poolhouse@/latin%s", query);
    target.path = url;
    assert_null(ph_driver_postgres.open(&target, PH_DB_WRITER, why, sizeof why));
    assert_non_null(strstr(why, "by its bytes"));
    test_sql(t, "DROP DATABASE latin");
}

static void hosts_that_do_not_answer_are_passed_over(void **state)
{
    struct test_store *t = *state;
    char url[1024], why[256] = "";
    const char *query = strchr(test_server(), '?');
    struct ph_db_target target = { .path = url };
    struct ph_db *db;

    (void)t;
    snprintf(url, sizeof url, "postgresql://poolhouse@/postgres?host=/nonexistent,%s",
             strchr(query, '=') + 1);
    db = ph_driver_postgres.open(&target, PH_DB_WRITER, why, sizeof why);
    assert_non_null(db);
    assert_int_equal(atomic_load(&target.primary), 1);
    ph_driver_postgres.close(db);
    target.path = "postgresql://poolhouse@/postgres?host=/nonexistent,/neither";
    assert_null(ph_driver_postgres.open(&target, PH_DB_WRITER, why, sizeof why));
    assert_true(why[0] != '\0');
    target.path = "postgresql://[";
    assert_null(ph_driver_postgres.open(&target, PH_DB_READER, why, sizeof why));
    assert_non_null(strstr(why, "malformed"));
}

/* --- plans --- */

/* Enough of them that the server would rather plan each page anew, for its values. */
static const char MANY_USERS[] =
    "INSERT INTO users (pool_id, sub, username, status, enabled, created_ms, modified_ms, revision,"
    " tokens_valid_after_ms, password_set_ms, attrs, email) SELECT 'pool', 'sub' || i,"
    " convert_to('user' || i, 'UTF8'), 'CONFIRMED', 1, i, i, 1, 0, 0, '{}',"
    " convert_to('mail' || i, 'UTF8') FROM generate_series(1, 20000) AS i";

static void read_a_page(struct ph_db *db)
{
    const struct ph_db_value values[] = { ph_v_text(PH_STR("pool")), ph_v_bytes(PH_STR("mail777")),
                                          ph_v_text(PH_STR("")), ph_v_bytes(PH_STR("mail778")),
                                          ph_v_int(61) };
    struct ph_db_stmt *stmt = ph_driver_postgres.prepare(db, ph_user_list_sql(PH_BY_EMAIL));
    int rows = 0;

    assert_non_null(stmt);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ph_driver_postgres.bind(stmt, i + 1, &values[i]), PH_DB_DONE);
    }
    while (ph_driver_postgres.step(stmt) == PH_DB_ROW) {
        rows++;
    }
    ph_driver_postgres.reset(stmt);
    assert_int_equal(rows, 11); /* mail777 and mail7770 to mail7779 */
}

static void a_statement_is_planned_once_however_large_its_table_is(void **state)
{
    enum { PAGES = 20 };
    struct test_store *t = *state;
    struct ph_db *db;
    struct ph_db_stmt *stmt;

    test_sql(t, MANY_USERS);
    test_sql(t, "ANALYZE users");
    db = test_connect(t, PH_DB_READER);
    for (int i = 0; i < PAGES; i++) {
        read_a_page(db);
    }
    stmt = ph_driver_postgres.prepare(
        db, "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%ORDER BY u.email%' AND statement NOT LIKE '%generic%'");
    assert_int_equal(ph_driver_postgres.step(stmt), PH_DB_ROW);
    assert_int_equal(ph_driver_postgres.column_int(stmt, 0), PAGES);
    assert_int_equal(ph_driver_postgres.column_int(stmt, 1), 0);
    ph_driver_postgres.close(db);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(a_commit_whose_answer_is_lost_is_not_made_again),
        ON_SERVER(a_commit_that_was_lost_is_made_again),
        ON_SERVER(the_turn_goes_on_after_losses),
        ON_SERVER(what_may_still_be_committed_is_waited_for),
        ON_SERVER(a_first_transaction_that_was_lost_never_commits_later),
        ON_SERVER(a_warning_during_the_commit_is_no_acknowledgement),
        ON_SERVER(a_failed_transaction_is_not_committed),
        ON_SERVER(writes_and_reads_survive_the_end_of_all_connections),
        ON_SERVER(of_two_that_wait_for_each_other_both_are_done),
        ON_SERVER(a_server_at_an_older_timeline_is_refused),
        ON_SERVER(a_database_that_compares_text_by_a_language_is_refused),
        ON_SERVER(hosts_that_do_not_answer_are_passed_over),
        ON_SERVER(a_statement_is_planned_once_however_large_its_table_is),
    };

    if (test_server() == NULL) {
        return 77; /* skipped */
    }
    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
