/*
 * The tables and how they came to be. Included only inside store/.
 *
 * Steps are of two kinds. One that expands adds: a table, a column with a default, an index.
 * Programs that do not know it go on reading and writing. One that contracts takes away what older
 * programs need, and says so by min_reader: it is taken when none of them runs any more. A program
 * works with the tables from its last expanding step on, and with later ones as long as min_reader
 * allows.
 */
#ifndef PH_STORE_SCHEMA_H
#define PH_STORE_SCHEMA_H

#include "store/driver/driver.h"
#include "store/store.h"
#include "util/log.h"

struct ph_schema_step {
    int64_t version;    /* of the tables after it: 1, 2, ... */
    int64_t min_reader; /* the oldest version that may read and write what this step leaves */
    const char *const *statements;
};

/* In the order of their versions. */
extern const struct ph_schema_step ph_schema_steps[];
extern const size_t ph_schema_step_count;

enum ph_migration_kind {
    PH_MIGRATE_ALL,    /* every step, also those that contract */
    PH_MIGRATE_EXPAND, /* up to the last step that expands */
    PH_MIGRATE_EMPTY,  /* makes the tables of an empty database; others may be using older ones */
};

struct ph_node;

/* What is wanted of a database that is opened; zeroed: the newest version, whatever it is of now.
 */
struct ph_migration {
    enum ph_migration_kind kind;
    bool filling;    /* also one that is being filled (moving.h), which nobody else may open */
    int64_t version; /* no further than this one; 0: the newest */
    const struct ph_node *node; /* a server that enters itself with the same commit; NULL: none */
    bool alone;                 /* no other server can be running, whatever the rows of nodes say */
    int64_t now_ms;
    const struct ph_log *log; /* gets the numbers and names behind a refusal; NULL: nobody does */
};

/*
 * Brings a database to the wanted state, in one transaction: two processes that start at once take
 * turns, a crash leaves the old tables. On failure *why is a static text that says what to do, or
 * NULL: ask the driver for its message.
 */
PH_MUST_USE bool ph_schema_migrate(const struct ph_driver *driver, struct ph_db *db,
                                   const struct ph_migration *wanted, const char **why);

/* Programs before this step cannot live with a pool whose data key was replaced (data_keys.h). */
enum { PH_DATA_KEYS_VERSION = 22 };

/* In the table meta: a database that is being filled is nobody's to use. */
#define PH_SCHEMA_FILLING "filling"

#endif
