/*
 * ListUsers among 100,000 users: by an index, whatever it is filtered by. Plans, not times: without
 * statistics they do not depend on how many there are, and those of 20,000 say the same.
 */
#include "store/driver/driver.h"
#include "store/test_support.h"
#include "store/user_row.h"

#include <string.h>

/* Half of them disabled, every attribute set: the worst that the planner may find. */
static const char MANY_USERS[] =
    "INSERT INTO users (pool_id, sub, username, status, enabled, created_ms, modified_ms, revision,"
    " tokens_valid_after_ms, password_set_ms, attrs, email, phone_number, name, given_name,"
    " family_name, preferred_username) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
    " FROM n WHERE i < 20000) SELECT 'pool', 'sub' || i, 'user' || i, 'CONFIRMED', i % 2, i, i, 1,"
    " 0, 0, '{}', 'mail' || i, '+' || i, 'name' || i, 'given' || i, 'family' || i, 'nick' || i"
    " FROM n";

static const char *const INDEXES[] = {
    [PH_BY_NOTHING] = "users_created",
    [PH_BY_USERNAME] = "users_username",
    [PH_BY_SUB] = "sqlite_autoindex_users_1", /* the primary key */
    [PH_BY_EMAIL] = "users_email",
    [PH_BY_PHONE] = "users_phone",
    [PH_BY_NAME] = "users_name",
    [PH_BY_GIVEN_NAME] = "users_given_name",
    [PH_BY_FAMILY_NAME] = "users_family_name",
    [PH_BY_PREFERRED_USERNAME] = "users_preferred",
    [PH_BY_USER_STATUS] = "users_by_status",
    [PH_BY_ENABLED] = "users_by_enabled",
};

static struct ph_str plan_of(struct test_store *t, struct ph_db *db, const char *sql)
{
    enum { DETAIL = 3 };
    const char *question = ph_textf(t->ctx.arena, "EXPLAIN QUERY PLAN %s", sql);
    struct ph_db_stmt *stmt = ph_driver_sqlite.prepare(db, question);
    struct ph_str plan = PH_STR("");

    assert_non_null(stmt);
    while (ph_driver_sqlite.step(stmt) == PH_DB_ROW) {
        const struct ph_str detail = ph_driver_sqlite.column_bytes(stmt, DETAIL);

        plan = ph_strf(t->ctx.arena, "%.*s%.*s\n", PH_FMT(plan), PH_FMT(detail));
    }
    ph_driver_sqlite.reset(stmt);
    return plan;
}

static void check_plans(struct test_store *t)
{
    struct ph_db_target target = { .path = t->path };
    struct ph_db *db = ph_driver_sqlite.open(&target, PH_DB_WRITER, NULL, 0);

    assert_non_null(db);
    for (size_t by = 0; by < sizeof INDEXES / sizeof INDEXES[0]; by++) {
        const struct ph_str plan = plan_of(t, db, ph_user_list_sql((enum ph_user_filter_by)by));
        const struct ph_str wanted =
            ph_strf(t->ctx.arena, "SEARCH u USING INDEX %s (pool_id=? AND ", INDEXES[by]);

        if (!ph_str_contains(plan, wanted) || ph_str_contains(plan, PH_STR("SCAN")) ||
            ph_str_contains(plan, PH_STR("TEMP B-TREE"))) {
            fail_msg("filter %zu: wanted %.*s, the plan is\n%.*s", by, PH_FMT(wanted),
                     PH_FMT(plan));
        }
    }
    ph_driver_sqlite.close(db);
}

static void every_filter_has_its_index(void **state)
{
    struct test_store *t = *state;

    check_plans(t);
    test_sql(t, MANY_USERS);
    check_plans(t);
    test_sql(t, "ANALYZE");
    check_plans(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_filter_has_its_index, open_store, close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
