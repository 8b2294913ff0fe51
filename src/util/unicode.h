/*
 * Unicode rules for names: case folding and counting (utf8proc).
 */
#ifndef PH_UTIL_UNICODE_H
#define PH_UTIL_UNICODE_H

#include "util/str.h"

/* Case-folded copy for comparing user names; text that is not UTF-8 comes back unchanged. */
struct ph_str ph_fold_case(struct ph_arena *arena, struct ph_str s);

/* Length in UTF-16 units, the way the service counts; malformed bytes count one each. */
size_t ph_utf16_length(struct ph_str s);

#endif
