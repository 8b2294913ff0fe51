/* The tables and how they came to be. Included only inside store/. */
#ifndef PH_STORE_SCHEMA_H
#define PH_STORE_SCHEMA_H

#include "store/driver/driver.h"
#include "store/store.h"

/* What is wanted of a database that is opened; zeroed: the newest version, whatever it is of now.
 */
struct ph_migration {
    bool
        empty_only; /* others may be using the tables that are there: makes those of an empty one */
    bool filling;   /* also one that is being filled (moving.h), which nobody else may open */
    int64_t version; /* no further than this one; 0: the newest */
};

/*
 * Brings a database to the current schema, in one transaction. On failure *why is a static text
 * that says what to do, or NULL: ask the driver for its message.
 */
PH_MUST_USE bool ph_schema_migrate(const struct ph_driver *driver, struct ph_db *db,
                                   const struct ph_migration *wanted, const char **why);

/* In the table meta: a database that is being filled is nobody's to use. */
#define PH_SCHEMA_FILLING "filling"

#endif
