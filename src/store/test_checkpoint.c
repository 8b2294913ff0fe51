#include "store/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGES = 4096, PAGE_BYTES = 4096, TRIES = 1000, PAUSE_NS = 10000000 };

static const struct ph_driver *const driver = &ph_driver_sqlite;
static char directory[] = "/tmp/poolhouse-checkpoint-XXXXXX";
static char path[64];

static off_t file_size(void)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

/* So many pages in one commit; the log gets each of them. */
static void fill(struct ph_db *db)
{
    assert_int_equal(driver->begin(db), PH_DB_DONE);
    for (int i = 0; i < PAGES; i++) {
        assert_int_equal(driver->run(db, "INSERT INTO t VALUES (zeroblob(4000))"), PH_DB_DONE);
    }
    assert_int_equal(driver->commit(db), PH_DB_DONE);
}

static struct ph_db *open_filled(struct ph_db_target *target)
{
    struct ph_db *db;

    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/db", directory);
    target->path = path;
    db = driver->open(target, PH_DB_WRITER, NULL, 0);
    assert_non_null(db);
    assert_int_equal(driver->run(db, "CREATE TABLE t (b BLOB)"), PH_DB_DONE);
    assert_false(driver->log_has_grown(db));
    fill(db);
    return db;
}

static void a_log_that_grows_is_told_of_once(struct ph_db *db)
{
    assert_true(driver->log_has_grown(db));
    assert_false(driver->log_has_grown(db));
    fill(db);
    assert_true(driver->log_has_grown(db));
}

static void the_log_is_moved_while_the_writer_is_at_work(void **state)
{
    struct ph_db_target target = { 0 };
    const struct ph_log log = { 0 };
    struct ph_db *db = open_filled(&target);
    struct ph_checkpointer *checkpointer = ph_checkpointer_create(driver, &target, &log);

    (void)state;
    a_log_that_grows_is_told_of_once(db);
    assert_true(file_size() < (off_t)PAGES * PAGE_BYTES);
    assert_int_equal(driver->begin(db), PH_DB_DONE);
    assert_int_equal(driver->run(db, "DELETE FROM t"), PH_DB_DONE);
    ph_checkpointer_wake(checkpointer);
    for (int i = 0; i < TRIES && file_size() < (off_t)2 * PAGES * PAGE_BYTES; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
    }
    assert_true(file_size() >= (off_t)2 * PAGES * PAGE_BYTES);
    assert_int_equal(driver->commit(db), PH_DB_DONE);
    ph_checkpointer_destroy(checkpointer);
    driver->close(db);
    assert_int_equal(unlink(path), 0); /* its log went with the last connection */
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_is_moved_while_the_writer_is_at_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
