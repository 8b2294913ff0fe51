/*
 * The data directory as a command opens it: beside a running server, or without one.
 */
#ifndef PH_MAIN_DATA_H
#define PH_MAIN_DATA_H

#include "pool/pool.h"

/* The context points into it: it must stay where it is. */
struct ph_data {
    struct ph_log_sink sink;
    struct ph_arena arena; /* also of the context */
    struct ph_ctx ctx;
};

enum ph_data_wanted {
    PH_DATA_EXISTING,   /* a mistyped directory must not become a new, empty database */
    PH_DATA_MADE,       /* makes what is missing, but for the master key */
    PH_DATA_MIGRATED,   /* the same, and brings tables to this version that others may be using */
    PH_DATA_CONTRACTED, /* the same, and takes away what only older versions need */
};

/* "DIR/poolhouse.db". */
struct ph_str ph_data_file(struct ph_arena *arena, const struct ph_settings *settings);

/* Where the store is: memory, the file, or the URL with its password. */
void ph_data_place(struct ph_arena *arena, const struct ph_settings *settings,
                   struct ph_store_options *options);

/* False when nothing is kept there: the database and the master key are elsewhere. */
bool ph_data_needs_directory(const struct ph_settings *settings);

/* Makes the data directory when it is needed, for this user alone; false and a text in why when it
 * cannot be. */
PH_MUST_USE bool ph_data_make_directory(const struct ph_settings *settings, char *why,
                                        size_t why_size);

/*
 * Opens the store with the configured master key; a missing key is never made here. The settings
 * must outlive the data. False and a text in why, and nothing is left open.
 */
PH_MUST_USE bool ph_data_open(struct ph_data *data, const struct ph_settings *settings,
                              enum ph_data_wanted wanted, char *why, size_t why_size);

/*
 * The same for a database elsewhere, or opened in another way: place has all but the key and the
 * log. The directory of a file must be there.
 */
PH_MUST_USE bool ph_data_open_place(struct ph_data *data, const struct ph_settings *settings,
                                    const struct ph_store_options *place, char *why,
                                    size_t why_size);

void ph_data_close(struct ph_data *data);

/* The configured master key, as `serve` finds it: makes none. */
PH_MUST_USE bool ph_data_load_key(const struct ph_settings *settings, struct ph_key *key, char *why,
                                  size_t why_size);

/*
 * Writes the text and a line end to a file that is there or not, readable by this user only. False
 * with the reason in errno.
 */
PH_MUST_USE bool ph_data_write_private(const char *path, struct ph_str text);

#endif
