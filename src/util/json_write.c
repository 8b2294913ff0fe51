/*
 * Writing JSON text. The library looks at each character through several layers; tokens and replies
 * are long strings without anything to escape. So containers and plain strings are written here,
 * and the library writes reals and what is to be escaped.
 */
#include "util/json_internal.h"

#include "util/buf.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Enough for milliseconds of the epoch; 17 would write 1691768546.123 as 1691768546.1229999. */
    REAL_DIGITS = 15,
};

struct writer {
    struct ph_buf text;
    enum ph_json_order order;
};

static void write_value(struct writer *w, const json_t *value);

static void add(struct writer *w, const char *bytes, size_t n)
{
    ph_buf_add(&w->text, (struct ph_str){ (const uint8_t *)bytes, n });
}

static int take_piece(const char *bytes, size_t n, void *writer)
{
    add(writer, bytes, n);
    return 0;
}

/* Kept out of the functions that call each other, whose frames are to be small: depth is foreign.
 */
#define LEAF __attribute__((noinline)) static

LEAF void add_by_library(struct writer *w, const json_t *value)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS);

    ph_json_use_arena(w->text.arena);
    if (json_dump_callback(value, take_piece, w, flags) != 0) {
        ph_fatal("JSON value could not be written");
    }
}

/* Whether it stands between quotes as it is. It is UTF-8: the library takes nothing else. */
static bool is_plain(struct ph_str s)
{
    uint8_t found = 0;

    for (size_t i = 0; i < s.n; i++) { /* without a way out, so that many are seen at once */
        const uint8_t c = s.p[i];

        found |= (uint8_t)((c < 0x20) | (c == '"') | (c == '\\'));
    }
    return found == 0;
}

static void add_plain(struct writer *w, struct ph_str s)
{
    add(w, "\"", 1);
    ph_buf_add(&w->text, s);
    add(w, "\"", 1);
}

LEAF void add_string(struct writer *w, const json_t *value)
{
    const struct ph_str s = ph_json_str(value);

    if (is_plain(s)) {
        add_plain(w, s);
    } else {
        add_by_library(w, value);
    }
}

LEAF void add_key(struct writer *w, struct ph_str key)
{
    if (is_plain(key)) {
        add_plain(w, key);
    } else {
        add_by_library(w, ph_json_new_str(w->text.arena, key));
    }
    add(w, ":", 1);
}

static int by_key(const void *a, const void *b)
{
    return ph_str_cmp(ph_json_key(*(void *const *)a), ph_json_key(*(void *const *)b));
}

LEAF void **in_order(const struct writer *w, const json_t *object, size_t count)
{
    void **members = ph_arena_array(w->text.arena, count, void *);
    size_t n = 0;

    for (void *at = ph_json_first(object); at != NULL; at = ph_json_next(object, at)) {
        members[n++] = at;
    }
    if (w->order == PH_JSON_SORTED) {
        qsort(members, n, sizeof *members, by_key);
    }
    return members;
}

static void add_object(struct writer *w, const json_t *object)
{
    const size_t count = ph_json_members(object);
    void **const members = in_order(w, object, count);

    add(w, "{", 1);
    for (size_t i = 0; i < count; i++) {
        add(w, ",", i > 0 ? 1 : 0);
        add_key(w, ph_json_key(members[i]));
        write_value(w, ph_json_member(members[i]));
    }
    add(w, "}", 1);
}

static void add_array(struct writer *w, const json_t *array)
{
    const size_t count = ph_json_length(array);

    add(w, "[", 1);
    for (size_t i = 0; i < count; i++) {
        add(w, ",", i > 0 ? 1 : 0);
        write_value(w, ph_json_at(array, i));
    }
    add(w, "]", 1);
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
        add_string(w, value);
        break;
    case JSON_INTEGER:
        ph_buf_addf(&w->text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        add_by_library(w, value);
        break;
    }
}

struct ph_str ph_json_text(struct ph_arena *arena, const struct json_t *value,
                           enum ph_json_order order)
{
    struct writer w = { .order = order };

    ph_buf_init(&w.text, arena, SIZE_MAX / 4);
    write_value(&w, value);
    return ph_buf_str(&w.text);
}
