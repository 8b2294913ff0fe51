/* The tables, as numbered steps forward. Included only inside store/. */
#ifndef PH_STORE_SCHEMA_H
#define PH_STORE_SCHEMA_H

#include "store/driver/driver.h"

/*
 * Brings the schema up to date. False: *why is a static text that says what to do, or NULL when
 * the engine failed (its message says how).
 */
PH_MUST_USE bool ph_schema_migrate(const struct ph_driver *driver, struct ph_db *db,
                                   const char **why);

#endif
