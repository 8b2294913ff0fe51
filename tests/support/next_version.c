/*
 * The tables of a later version of the program: poolhouse_next (meson.build) is the program with
 * these in the place of its own, for tests/fault/test_upgrade.py. One step expands, one contracts.
 */
static const char *const STEP_LATER_EXPAND[] = {
    "ALTER TABLE users ADD COLUMN later_note TEXT",
    "CREATE TABLE later_notes (pool_id TEXT NOT NULL, id TEXT NOT NULL, text TEXT,"
    " PRIMARY KEY (pool_id, id))",
    "CREATE INDEX users_later ON users (pool_id, later_note, sub) WHERE later_note IS NOT NULL",
    "ALTER TABLE clients ADD COLUMN later_number BIGINT NOT NULL DEFAULT 7",
    (void *)0,
};

static const char *const STEP_LATER_CONTRACT[] = {
    "DROP INDEX users_later",
    "DROP TABLE later_notes",
    (void *)0,
};

/* Far beyond those that the program will have for long. */
#define PH_LATER_STEPS                                                                             \
    { .version = 1000, .min_reader = 1, .statements = STEP_LATER_EXPAND },                         \
        { .version = 1001, .min_reader = 1000, .statements = STEP_LATER_CONTRACT },

#include "store/schema.c"
