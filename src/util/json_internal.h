/* Between the files json*.c. */
#ifndef PH_UTIL_JSON_INTERNAL_H
#define PH_UTIL_JSON_INTERNAL_H

#include "util/json.h"

/*
 * Reads what is plain: ASCII without escapes, integers of a moderate size, few levels. NULL for
 * everything else, also for what is no JSON: then the library decides. The library must have been
 * given the arena for its memory.
 */
struct json_t *ph_json_read_plain(struct ph_str text);

#endif
