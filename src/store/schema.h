/* The tables and how they came to be. Included only inside store/. */
#ifndef PH_STORE_SCHEMA_H
#define PH_STORE_SCHEMA_H

#include "store/driver/driver.h"

enum ph_migration {
    PH_MIGRATE_ALL,   /* whatever version the tables are of */
    PH_MIGRATE_EMPTY, /* a database without tables only: others may be using those that are there */
};

/*
 * Brings a database to the current schema, in one transaction. On failure *why is a static text
 * that says what to do, or NULL: ask the driver for its message.
 */
PH_MUST_USE bool ph_schema_migrate(const struct ph_driver *driver, struct ph_db *db,
                                   enum ph_migration wanted, const char **why);

#endif
