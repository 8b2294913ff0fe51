#include "util/str.h"

#include "util/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ph_str ph_str_from(const char *terminated)
{
    if (terminated == NULL) {
        return (struct ph_str){ 0 };
    }
    return (struct ph_str){ (const uint8_t *)terminated, strlen(terminated) };
}

bool ph_str_eq(struct ph_str a, struct ph_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool ph_str_eq_nocase(struct ph_str a, struct ph_str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

int ph_str_cmp(struct ph_str a, struct ph_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    if (order != 0) {
        return order;
    }
    return (a.n > b.n) - (a.n < b.n);
}

bool ph_str_starts(struct ph_str s, struct ph_str prefix)
{
    return s.n >= prefix.n && ph_str_eq((struct ph_str){ s.p, prefix.n }, prefix);
}

bool ph_str_ends(struct ph_str s, struct ph_str suffix)
{
    return s.n >= suffix.n && ph_str_eq(ph_str_skip(s, s.n - suffix.n), suffix);
}

bool ph_str_has_byte(struct ph_str s, uint8_t byte)
{
    return s.n > 0 && memchr(s.p, byte, s.n) != NULL;
}

bool ph_str_contains(struct ph_str s, struct ph_str needle)
{
    if (needle.n == 0) {
        return true;
    }
    return s.n >= needle.n && memmem(s.p, s.n, needle.p, needle.n) != NULL;
}

bool ph_str_cut(struct ph_str s, uint8_t byte, struct ph_str *head, struct ph_str *tail)
{
    const uint8_t *at = s.n == 0 ? NULL : memchr(s.p, byte, s.n);
    const size_t before = at == NULL ? s.n : (size_t)(at - s.p);

    if (head != NULL) {
        *head = (struct ph_str){ s.p, before };
    }
    if (tail != NULL) {
        *tail = at == NULL ? (struct ph_str){ 0 } : ph_str_skip(s, before + 1);
    }
    return at != NULL;
}

struct ph_str ph_str_take(struct ph_str *s, size_t n)
{
    struct ph_str taken = { s->p, n < s->n ? n : s->n };

    *s = ph_str_skip(*s, taken.n);
    return taken;
}

struct ph_str ph_str_skip(struct ph_str s, size_t n)
{
    if (n > s.n) {
        n = s.n;
    }
    if (n == 0) {
        return s;
    }
    return (struct ph_str){ s.p + n, s.n - n };
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct ph_str ph_str_trim(struct ph_str s)
{
    while (s.n > 0 && is_blank(s.p[0])) {
        s = ph_str_skip(s, 1);
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

struct ph_str ph_str_dup(struct ph_arena *arena, struct ph_str s)
{
    uint8_t *copy;

    if (s.p == NULL) {
        return (struct ph_str){ 0 };
    }
    copy = ph_arena_alloc(arena, s.n + 1);
    memcpy(copy, s.p, s.n);
    return (struct ph_str){ copy, s.n };
}

struct ph_str ph_str_lower(struct ph_arena *arena, struct ph_str s)
{
    uint8_t *copy = ph_arena_alloc(arena, s.n + 1);

    for (size_t i = 0; i < s.n; i++) {
        copy[i] = ascii_lower(s.p[i]);
    }
    return (struct ph_str){ copy, s.n };
}

const char *ph_cstr(struct ph_arena *arena, struct ph_str s)
{
    char *copy;

    if (ph_str_has_byte(s, 0)) {
        return NULL;
    }
    copy = ph_arena_alloc(arena, s.n + 1); /* zeroed, so terminated */
    if (s.n > 0) {
        memcpy(copy, s.p, s.n);
    }
    return copy;
}

char *ph_heap_cstr(struct ph_str s)
{
    char *copy = ph_heap_zeroed(1, s.n + 1); /* strndup() would look for an end beyond the slice */

    if (s.n > 0) {
        memcpy(copy, s.p, s.n);
    }
    return copy;
}

struct ph_str ph_concat(struct ph_arena *arena, const struct ph_str *parts, size_t count)
{
    size_t n = 0;
    uint8_t *text;

    for (size_t i = 0; i < count; i++) {
        n += parts[i].n;
    }
    text = ph_arena_alloc(arena, n);
    n = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n > 0) {
            memcpy(text + n, parts[i].p, parts[i].n);
            n += parts[i].n;
        }
    }
    return (struct ph_str){ text, n };
}

PH_PRINTF(2, 0)
static struct ph_str format_into(struct ph_arena *arena, const char *format, va_list args)
{
    va_list again;
    int length;
    char *text;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        ph_fatal("bad format");
    }
    text = ph_arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return (struct ph_str){ (const uint8_t *)text, (size_t)length };
}

struct ph_str ph_strf(struct ph_arena *arena, const char *format, ...)
{
    struct ph_str s;
    va_list args;

    va_start(args, format);
    s = format_into(arena, format, args);
    va_end(args);
    return s;
}

const char *ph_textf(struct ph_arena *arena, const char *format, ...)
{
    struct ph_str s;
    va_list args;

    va_start(args, format);
    s = format_into(arena, format, args);
    va_end(args);
    return (const char *)s.p;
}

bool ph_str_to_int(struct ph_str s, int64_t min, int64_t max, int64_t *value)
{
    const bool negative = s.n > 0 && s.p[0] == '-';
    struct ph_str digits = negative ? ph_str_skip(s, 1) : s;
    int64_t v = 0;

    if (digits.n == 0) {
        return false;
    }
    for (size_t i = 0; i < digits.n; i++) {
        const uint8_t c = digits.p[i];

        if (c < '0' || c > '9' || __builtin_mul_overflow(v, (int64_t)10, &v) ||
            __builtin_add_overflow(v, (int64_t)(c - '0'), &v)) {
            return false;
        }
    }
    v = negative ? -v : v;
    if (v < min || v > max) {
        return false;
    }
    *value = v;
    return true;
}

/* Goes back to the last '*' only, which is enough. */
bool ph_str_matches(struct ph_str text, struct ph_str pattern)
{
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

bool ph_str_line(struct ph_str *text, struct ph_str *line)
{
    while (text->n > 0) {
        ph_str_cut(*text, '\n', line, text);
        *line = ph_str_trim(*line);
        if (line->n > 0) {
            return true;
        }
    }
    return false;
}
