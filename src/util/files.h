/* What must be on the disk before one may say that it is. */
#ifndef PH_UTIL_FILES_H
#define PH_UTIL_FILES_H

#include "util/err.h"

#include <stdbool.h>

/* The bytes of the file; the reason of a failure is in errno. */
PH_MUST_USE bool ph_sync_bytes(const char *path);

/* The name of the file, in its directory. */
PH_MUST_USE bool ph_sync_name(const char *path);

#endif
