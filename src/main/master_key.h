/*
 * The master key: 32 bytes that open everything else in the database.
 *
 * Order: the configured key ([master] key, its file or environment), the credential `master.key` of
 * systemd, then `master.key` in the data directory. Only `dev` makes a missing one; `serve`
 * refuses, because a key that nobody has put away is lost with the disk.
 */
#ifndef PH_MAIN_MASTER_KEY_H
#define PH_MAIN_MASTER_KEY_H

#include "crypto/secret.h"
#include "util/settings.h"

/*
 * The data directory must exist unless settings->memory. *made says that a new key file was
 * written. False and a text in why that says what to do: no key, not 32 bytes of base64, or a file
 * that others may read.
 */
PH_MUST_USE bool ph_master_key_load(const struct ph_settings *settings, struct ph_key *key,
                                    bool *made, char *why, size_t why_size);

/* A file that holds a key, as the configured one does: for no eyes but its owner's. */
PH_MUST_USE bool ph_master_key_read(const char *path, struct ph_key *key, char *why,
                                    size_t why_size);

/* True when a key would be read, good or not: configured, from systemd, or in the data directory.
 */
bool ph_master_key_is_given(const struct ph_settings *settings);

/* Writes a key that came from elsewhere to the data directory, where none may be. */
PH_MUST_USE bool ph_master_key_put(const struct ph_settings *settings, const struct ph_key *key,
                                   char *why, size_t why_size);

#endif
