/* What unit tests share: cmocka with what it wants to be included before it; errors and slices. */
#ifndef PH_UTIL_TEST_SUPPORT_H
#define PH_UTIL_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/str.h"

#define assert_ok(call) assert_null((call).type)

static inline void assert_str(struct ph_str got, const char *wanted)
{
    if (!ph_str_eq(got, ph_str_from(wanted))) {
        fail_msg("got \"%.*s\", wanted \"%s\"", PH_FMT(got), wanted);
    }
}

#endif
