/* Between the files json*.c. */
#ifndef PH_UTIL_JSON_INTERNAL_H
#define PH_UTIL_JSON_INTERNAL_H

#include "util/json.h"

/* What the library asks for until the next call of this comes from there. Of this thread alone. */
void ph_json_use_arena(struct ph_arena *arena);

#endif
