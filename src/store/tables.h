/*
 * The tables as data: names, columns, keys, and by which key a secret is sealed. What copies whole
 * databases (store/moving.h) is driven by it. The tables themselves are made by schema.c; the unit
 * test store_tables compares both, so that neither can be changed alone.
 */
#ifndef PH_STORE_TABLES_H
#define PH_STORE_TABLES_H

#include "util/str.h"

enum ph_column_type { PH_COLUMN_INT, PH_COLUMN_TEXT, PH_COLUMN_BYTES };

/* Each column of bytes says one of them. */
enum ph_column_seal {
    PH_SEALED_NOT,
    PH_SEALED_BY_POOL,    /* by the pool's data key: good wherever that key is */
    PH_SEALED_BY_WRAPPER, /* data keys and the like, by a key of the master key */
    PH_SEALED_BY_RECORDS, /* what belongs to no pool, by another one */
};

struct ph_column {
    const char *name;
    enum ph_column_type type;
    enum ph_column_seal seal;
};

enum ph_table_use {
    PH_TABLE_MOVES, /* with the data, to wherever that goes */
    PH_TABLE_STAYS, /* about this very database and the processes that use it */
};

struct ph_table {
    const char *name;
    int64_t since; /* the version of the schema that made it */
    enum ph_table_use use;
    size_t key_count;                /* the first columns are the primary key, in its order */
    const struct ph_column *columns; /* each but those of meta NOT NULL when it is a number */
    size_t column_count;
    bool heavy; /* rows may have megabytes: few are read at once */
};

/* No table has more columns; drivers have no more parameters. */
enum { PH_ROW_MAX = 32 };

extern const struct ph_table ph_tables[];
extern const size_t ph_table_count;

/* NULL: there is none. */
const struct ph_table *ph_table_find(struct ph_str name);
const struct ph_column *ph_table_column(const struct ph_table *table, struct ph_str name);

/* True when the value depends on the master key. */
bool ph_column_is_resealed(const struct ph_column *column);

#endif
