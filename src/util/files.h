/* What must be on the disk before one may say that it is. */
#ifndef PH_UTIL_FILES_H
#define PH_UTIL_FILES_H

#include "util/err.h"

#include <stdbool.h>
#include <stdio.h>

/* The bytes of the file; the reason of a failure is in errno. */
PH_MUST_USE bool ph_sync_bytes(const char *path);

/* The name of the file, in its directory. */
PH_MUST_USE bool ph_sync_name(const char *path);

/*
 * A file that is not there yet, readable by this user only, to write. NULL: the reason is in errno,
 * EEXIST when it is there.
 */
FILE *ph_new_file(const char *path);

/* Closes it. True when all that was written to it is on the disk, and its name; else errno. */
PH_MUST_USE bool ph_new_file_end(FILE *file, const char *path);

#endif
