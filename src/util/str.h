/*
 * Slices: the string inside the program. A slice owns nothing and has no terminator.
 *
 * NUL-terminated text exists only at the border to a C library, made by ph_cstr().
 */
#ifndef PH_UTIL_STR_H
#define PH_UTIL_STR_H

#include "util/arena.h"
#include "util/err.h"

#include <stdbool.h>
#include <stdint.h>

struct ph_str {
    const uint8_t *p; /* may be NULL when n is 0: an absent string */
    size_t n;         /* bytes */
};

#define PH_STR(literal) ((struct ph_str){ (const uint8_t *)("" literal), sizeof(literal) - 1 })
#define PH_STR_INIT(literal)                                                                       \
    {                                                                                              \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                         \
    } /* for tables */

/* The two arguments of a "%.*s" conversion. */
#define PH_FMT(s) (int)(s).n, (const char *)((s).p == NULL ? (const uint8_t *)"" : (s).p)

struct ph_str ph_str_from(const char *terminated); /* NULL gives the absent slice */

bool ph_str_eq(struct ph_str a, struct ph_str b);
bool ph_str_eq_nocase(struct ph_str a, struct ph_str b); /* ASCII letters only */
int ph_str_cmp(struct ph_str a, struct ph_str b);        /* bytewise order, as memcmp */
bool ph_str_starts(struct ph_str s, struct ph_str prefix);
bool ph_str_ends(struct ph_str s, struct ph_str suffix);
bool ph_str_has_byte(struct ph_str s, uint8_t byte);

/* True when `needle` occurs in s. */
bool ph_str_contains(struct ph_str s, struct ph_str needle);

/*
 * Splits s at its first `byte`: *head before, *tail after (either may be NULL).
 * Without the byte: false, *head is all of s and *tail is empty.
 */
bool ph_str_cut(struct ph_str s, uint8_t byte, struct ph_str *head, struct ph_str *tail);

/* Takes the first n bytes off *s (at most its length) and returns them. */
struct ph_str ph_str_take(struct ph_str *s, size_t n);

/* Without the first n bytes (all of them when n is too large). */
struct ph_str ph_str_skip(struct ph_str s, size_t n);

/* Without spaces and tabs, carriage returns and line feeds at both ends. */
struct ph_str ph_str_trim(struct ph_str s);

/* Whether the text is as the pattern, in which '*' stands for any text. */
bool ph_str_matches(struct ph_str text, struct ph_str pattern);

/* The next line that is not empty, trimmed, taken from the front of *text; false at its end. */
bool ph_str_line(struct ph_str *text, struct ph_str *line);

/* Copies into the arena; a copy of the absent slice is absent. */
struct ph_str ph_str_dup(struct ph_arena *arena, struct ph_str s);

/* ASCII letters folded to lower case, in the arena. For user names use util/unicode.h. */
struct ph_str ph_str_lower(struct ph_arena *arena, struct ph_str s);

/* A NUL-terminated copy in the arena, or NULL when s contains a NUL byte. */
const char *ph_cstr(struct ph_arena *arena, struct ph_str s);

/* A NUL-terminated copy for what outlives every arena; free() it. Never NULL. */
char *ph_heap_cstr(struct ph_str s);

/* The parts one after the other, count of them. For long texts: far quicker than ph_strf(). */
struct ph_str ph_concat(struct ph_arena *arena, const struct ph_str *parts, size_t count);

#define PH_CONCAT(arena, ...)                                                                      \
    ph_concat((arena), (const struct ph_str[]){ __VA_ARGS__ },                                     \
              sizeof((const struct ph_str[]){ __VA_ARGS__ }) / sizeof(struct ph_str))

/* printf into the arena; use "%.*s" with PH_FMT(slice). */
struct ph_str ph_strf(struct ph_arena *arena, const char *format, ...) PH_PRINTF(2, 3);

/* The same as a NUL-terminated text: for messages of errors. */
const char *ph_textf(struct ph_arena *arena, const char *format, ...) PH_PRINTF(2, 3);

/* A decimal integer that takes all of s, within [min, max]; false otherwise, *value untouched. */
bool ph_str_to_int(struct ph_str s, int64_t min, int64_t max, int64_t *value);

#endif
