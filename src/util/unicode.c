#include "util/unicode.h"

#include <stdlib.h>
#include <utf8proc.h>

/* Bytes at the beginning that are ASCII; most texts have no others. */
static size_t ascii_prefix(struct ph_str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] < 0x80) {
        n++;
    }
    return n;
}

struct ph_str ph_fold_case(struct ph_arena *arena, struct ph_str s)
{
    struct ph_str copy;
    uint8_t *folded = NULL;
    ssize_t n;

    if (ascii_prefix(s) == s.n) {
        return ph_str_lower(arena, s);
    }
    n = utf8proc_map(s.p, (ssize_t)s.n, &folded, UTF8PROC_CASEFOLD | UTF8PROC_STABLE);
    if (n == UTF8PROC_ERROR_NOMEM) {
        ph_fatal("out of memory");
    }
    if (n < 0) {
        return ph_str_dup(arena, s);
    }
    copy = ph_str_dup(arena, (struct ph_str){ folded, (size_t)n });
    free(folded);
    return copy;
}

size_t ph_utf16_length(struct ph_str s)
{
    size_t units = ascii_prefix(s);

    s = ph_str_skip(s, units);
    while (s.n > 0) {
        utf8proc_int32_t point;
        const ssize_t used = utf8proc_iterate(s.p, (ssize_t)s.n, &point);

        units += used > 0 && point > 0xffff ? 2 : 1;
        s = ph_str_skip(s, used > 0 ? (size_t)used : 1);
    }
    return units;
}
