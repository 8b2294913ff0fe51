#include "util/json_internal.h"

#include <jansson.h>

/*
 * jansson asks a process-wide pair of functions for memory. They serve it from the arena that the
 * current call of this file was given, so that values need no freeing. The arena is remembered per
 * thread and only for the duration of that call.
 */
static _Thread_local struct ph_arena *current;

static void *take(size_t size)
{
    if (current == NULL) {
        ph_fatal("JSON value made outside util/json");
    }
    return ph_arena_alloc(current, size);
}

static void leave(void *p)
{
    (void)p; /* dies with its arena */
}

void ph_json_use_arena(struct ph_arena *arena)
{
    current = arena;
}

void ph_json_start(void)
{
    json_set_alloc_funcs(take, leave);
    json_object_seed(0);
}

static json_t *made(json_t *value)
{
    if (value == NULL) {
        ph_fatal("JSON value could not be made");
    }
    return value;
}

static void done(int result)
{
    if (result != 0) {
        ph_fatal("JSON container could not be changed");
    }
}

static json_t *parse(struct ph_arena *arena, struct ph_str text, json_error_t *error)
{
    ph_json_use_arena(arena);
    return json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      error);
}

struct json_t *ph_json_parse(struct ph_arena *arena, struct ph_str text)
{
    json_error_t error;

    return parse(arena, text, &error);
}

const char *ph_json_problem(struct ph_arena *arena, struct ph_str text)
{
    json_error_t error;

    if (parse(arena, text, &error) != NULL) {
        return NULL;
    }
    return ph_textf(arena, "line %d, column %d: %s", error.line, error.column, error.text);
}

struct json_t *ph_json_copy(struct ph_arena *arena, const struct json_t *value)
{
    ph_json_use_arena(arena);
    return made(json_deep_copy(value));
}

bool ph_json_equal(const struct json_t *a, const struct json_t *b)
{
    return json_equal(a, b) == 1;
}

enum ph_json_kind ph_json_kind(const struct json_t *value)
{
    if (value == NULL) {
        return PH_JSON_NULL;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return PH_JSON_OBJECT;
    case JSON_ARRAY:
        return PH_JSON_ARRAY;
    case JSON_STRING:
        return PH_JSON_STRING;
    case JSON_INTEGER:
        return PH_JSON_INTEGER;
    case JSON_REAL:
        return PH_JSON_REAL;
    case JSON_TRUE:
        return PH_JSON_TRUE;
    case JSON_FALSE:
        return PH_JSON_FALSE;
    case JSON_NULL:
        break;
    }
    return PH_JSON_NULL;
}

struct ph_str ph_json_str(const struct json_t *value)
{
    if (!json_is_string(value)) {
        return (struct ph_str){ 0 };
    }
    return (struct ph_str){ (const uint8_t *)json_string_value(value), json_string_length(value) };
}

/* The range of the conversion is checked first: outside it has no defined result. */
static int64_t whole(double real)
{
    if (real >= 0x1p63) {
        return INT64_MAX;
    }
    return real < -0x1p63 ? INT64_MIN : (int64_t)real;
}

int64_t ph_json_int(const struct json_t *value)
{
    if (json_is_real(value)) {
        return whole(json_real_value(value));
    }
    return json_integer_value(value);
}

bool ph_json_bool(const struct json_t *value)
{
    return json_is_true(value);
}

static struct json_t *present(json_t *value)
{
    return json_is_null(value) ? NULL : value;
}

struct json_t *ph_json_get(const struct json_t *object, const char *key)
{
    return present(json_object_get(object, key));
}

struct json_t *ph_json_get_s(const struct json_t *object, struct ph_str key)
{
    for (void *i = ph_json_first(object); i != NULL; i = ph_json_next(object, i)) {
        if (ph_str_eq(ph_json_key(i), key)) {
            return present(ph_json_member(i));
        }
    }
    return NULL;
}

struct ph_str ph_json_get_str(const struct json_t *object, const char *key)
{
    return ph_json_str(json_object_get(object, key));
}

size_t ph_json_members(const struct json_t *object)
{
    return json_object_size(object);
}

/* The library's iterators want a pointer to a non-const object, and only read it. */
static json_t *unconst(const json_t *value)
{
    union {
        const json_t *in;
        json_t *out;
    } u = { .in = value };

    return u.out;
}

void *ph_json_first(const struct json_t *object)
{
    return json_object_iter(unconst(object));
}

void *ph_json_next(const struct json_t *object, void *at)
{
    return json_object_iter_next(unconst(object), at);
}

struct ph_str ph_json_key(void *at)
{
    return (struct ph_str){ (const uint8_t *)json_object_iter_key(at),
                            json_object_iter_key_len(at) };
}

struct json_t *ph_json_member(void *at)
{
    return json_object_iter_value(at);
}

size_t ph_json_length(const struct json_t *array)
{
    return json_array_size(array);
}

struct json_t *ph_json_at(const struct json_t *array, size_t index)
{
    return json_array_get(array, index);
}

struct json_t *ph_json_object(struct ph_arena *arena)
{
    ph_json_use_arena(arena);
    return made(json_object());
}

struct json_t *ph_json_array(struct ph_arena *arena)
{
    ph_json_use_arena(arena);
    return made(json_array());
}

static bool is_ascii(struct ph_str s)
{
    uint8_t all = 0;

    for (size_t i = 0; i < s.n; i++) {
        all |= s.p[i];
    }
    return all < 0x80;
}

/* The library takes nothing that is not UTF-8, and header fields may be anything. */
static struct ph_str ascii_only(struct ph_arena *arena, struct ph_str s)
{
    uint8_t *text = ph_arena_alloc(arena, s.n + 1);

    for (size_t i = 0; i < s.n; i++) {
        text[i] = s.p[i] < 0x80 ? s.p[i] : '?';
    }
    return (struct ph_str){ text, s.n };
}

struct json_t *ph_json_new_str(struct ph_arena *arena, struct ph_str s)
{
    const char *text = s.n == 0 ? "" : (const char *)s.p;
    json_t *value;

    ph_json_use_arena(arena);
    if (is_ascii(s)) {
        return made(json_stringn_nocheck(text, s.n));
    }
    value = json_stringn(text, s.n);
    return value != NULL ? value
                         : made(json_stringn_nocheck((const char *)ascii_only(arena, s).p, s.n));
}

struct json_t *ph_json_new_int(struct ph_arena *arena, int64_t n)
{
    ph_json_use_arena(arena);
    return made(json_integer(n));
}

struct json_t *ph_json_new_real(struct ph_arena *arena, double n)
{
    ph_json_use_arena(arena);
    return made(json_real(n));
}

struct json_t *ph_json_new_null(void)
{
    return json_null();
}

struct json_t *ph_json_new_bool(bool b)
{
    return json_boolean(b);
}

void ph_json_set(struct ph_arena *arena, struct json_t *object, const char *key,
                 struct json_t *value)
{
    ph_json_use_arena(arena);
    done(json_object_set_new(object, key, value));
}

void ph_json_set_s(struct ph_arena *arena, struct json_t *object, struct ph_str key,
                   struct json_t *value)
{
    const char *name = ph_cstr(arena, key);

    if (name == NULL) {
        ph_fatal("JSON key with a NUL byte");
    }
    ph_json_set(arena, object, name, value);
}

void ph_json_set_str(struct ph_arena *arena, struct json_t *object, const char *key,
                     struct ph_str s)
{
    ph_json_set(arena, object, key, ph_json_new_str(arena, s));
}

void ph_json_set_int(struct ph_arena *arena, struct json_t *object, const char *key, int64_t n)
{
    ph_json_set(arena, object, key, ph_json_new_int(arena, n));
}

void ph_json_set_bool(struct ph_arena *arena, struct json_t *object, const char *key, bool b)
{
    ph_json_set(arena, object, key, ph_json_new_bool(b));
}

void ph_json_remove(struct ph_arena *arena, struct json_t *object, const char *key)
{
    ph_json_use_arena(arena);
    json_object_del(object, key);
}

void ph_json_append(struct ph_arena *arena, struct json_t *array, struct json_t *value)
{
    ph_json_use_arena(arena);
    done(json_array_append_new(array, value));
}
