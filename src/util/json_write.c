/*
 * Writing JSON text. The library can do it, but looks at each character through several layers:
 * tokens and replies are long strings without anything to escape.
 */
#include "util/json.h"

#include "util/buf.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Enough for milliseconds of the epoch; 17 would write 1691768546.123 as 1691768546.1229999. */
    REAL_DIGITS = 15,
    REAL_CHARS = 32,
    INT_CHARS = 20, /* of INT64_MIN */
};

/* Kept out of the functions that call each other, whose frames are to be small: depth is foreign.
 */
#define LEAF __attribute__((noinline)) static

struct writer {
    struct ph_buf text;
    struct ph_arena *arena;
    bool sorted;
};

static void write_value(struct writer *w, const json_t *value);

static void add(struct writer *w, const char *text, size_t n)
{
    ph_buf_add(&w->text, (struct ph_str){ (const uint8_t *)text, n });
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Bytes from `at` on that need no escape, in steps of eight; some of the rest may need none, too.
 */
static size_t skip_plain(const char *s, size_t at, size_t n)
{
    const uint64_t ones = UINT64_MAX / 255, high = ones * 0x80;
    uint64_t eight, quote, backslash;

    for (; n - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, s + at, sizeof eight);
        quote = eight ^ ones * '"';
        backslash = eight ^ ones * '\\';
        if ((((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote) |
             ((backslash - ones) & ~backslash)) &
            high) {
            break;
        }
    }
    return at;
}

LEAF void add_escape(struct writer *w, uint8_t c)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c == '\0' ? NULL : strchr(named, c);

    if (found != NULL) {
        add(w, (const char[]){ '\\', letters[found - named] }, 2);
    } else {
        add(w, (const char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
    }
}

/* UTF-8 already: the library takes nothing else. */
LEAF void add_string(struct writer *w, const char *s, size_t n)
{
    size_t from = 0;

    add(w, "\"", 1);
    for (size_t i = skip_plain(s, 0, n); i < n; i++) {
        if (!is_plain((uint8_t)s[i])) {
            add(w, s + from, i - from);
            add_escape(w, (uint8_t)s[i]);
            from = i + 1;
            i = skip_plain(s, from, n) - 1;
        }
    }
    add(w, s + from, n - from);
    add(w, "\"", 1);
}

LEAF void add_int(struct writer *w, int64_t n)
{
    char digits[INT_CHARS];
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0) {
        digits[--at] = '-';
    }
    add(w, digits + at, sizeof digits - at);
}

/* Always with a point or an exponent, so that it is read as a real again: 2.0, 1e20, 5e-7. */
LEAF void add_real(struct writer *w, double n)
{
    char text[REAL_CHARS];
    const char *digits = text;
    const char *exponent;

    snprintf(text, sizeof text, "%.*g", REAL_DIGITS, n);
    exponent = strchr(text, 'e');
    if (exponent != NULL) { /* e+20, e-07 */
        add(w, text, (size_t)(exponent - text) + 1);
        add(w, "-", exponent[1] == '-' ? 1 : 0);
        digits = exponent + 2 + strspn(exponent + 2, "0");
    }
    add(w, digits, strlen(digits));
    if (strpbrk(text, ".e") == NULL) {
        add(w, ".0", 2);
    }
}

static void add_member(struct writer *w, void *at)
{
    add_string(w, json_object_iter_key(at), json_object_iter_key_len(at));
    add(w, ":", 1);
    write_value(w, json_object_iter_value(at));
}

static int by_key(const void *a, const void *b)
{
    void *const x = *(void *const *)a, *const y = *(void *const *)b;
    const size_t n = json_object_iter_key_len(x), m = json_object_iter_key_len(y);
    const int order = memcmp(json_object_iter_key(x), json_object_iter_key(y), n < m ? n : m);

    return order != 0 ? order : (n > m) - (n < m);
}

LEAF void **sorted_members(struct writer *w, const json_t *object, size_t count)
{
    void **members = ph_arena_array(w->arena, count, void *);
    size_t n = 0;

    for (void *i = ph_json_first(object); i != NULL; i = ph_json_next(object, i)) {
        members[n++] = i;
    }
    qsort(members, n, sizeof *members, by_key);
    return members;
}

static void add_object(struct writer *w, const json_t *object)
{
    const size_t count = json_object_size(object);
    void **const members = w->sorted && count > 1 ? sorted_members(w, object, count) : NULL;
    void *at = ph_json_first(object);

    for (size_t n = 0; n < count; n++) {
        add(w, n == 0 ? "{" : ",", 1);
        add_member(w, members != NULL ? members[n] : at);
        at = ph_json_next(object, at);
    }
    add(w, count == 0 ? "{}" : "}", count == 0 ? 2 : 1);
}

static void add_array(struct writer *w, const json_t *array)
{
    const size_t count = json_array_size(array);

    for (size_t i = 0; i < count; i++) {
        add(w, i == 0 ? "[" : ",", 1);
        write_value(w, json_array_get(array, i));
    }
    add(w, count == 0 ? "[]" : "]", count == 0 ? 2 : 1);
}

/* As deep as values are, which the parser bounds. */
static void write_value(struct writer *w, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(w, value);
        break;
    case JSON_ARRAY:
        add_array(w, value);
        break;
    case JSON_STRING:
        add_string(w, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        add_int(w, json_integer_value(value));
        break;
    case JSON_REAL:
        add_real(w, json_real_value(value));
        break;
    case JSON_TRUE:
        add(w, "true", 4);
        break;
    case JSON_FALSE:
        add(w, "false", 5);
        break;
    case JSON_NULL:
        add(w, "null", 4);
        break;
    }
}

struct ph_str ph_json_text(struct ph_arena *arena, const struct json_t *value,
                           enum ph_json_order order)
{
    struct writer w = { .arena = arena, .sorted = order == PH_JSON_SORTED };

    ph_buf_init(&w.text, arena, SIZE_MAX / 4);
    write_value(&w, value);
    return ph_buf_str(&w.text);
}
