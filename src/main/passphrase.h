/* The passphrase of a key that leaves the installation: from a file, or from the terminal. */
#ifndef PH_MAIN_PASSPHRASE_H
#define PH_MAIN_PASSPHRASE_H

#include "util/str.h"

enum ph_passphrase_use { PH_PASSPHRASE_NEW, PH_PASSPHRASE_KNOWN };

/*
 * The first line of the file; without one the terminal is asked, twice for a new one. False and a
 * text in why: others may read the file, there is no terminal, or it is too short to be a new one.
 */
PH_MUST_USE bool ph_passphrase_read(struct ph_arena *arena, const char *file,
                                    enum ph_passphrase_use use, struct ph_str *passphrase,
                                    char *why, size_t why_size);

#endif
