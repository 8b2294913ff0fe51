#include "model/validate.h"

#include "model/patterns.h"
#include "model/types.h"
#include "util/buf.h"
#include "util/unicode.h"

#include <string.h>

/* What a client sends comes back in the answer: only so much of it. All violations are counted. */
enum { VALUE_MAX = 1024, TEXT_MAX = 8192, ITEM_MAX = 4096, PATH_MAX_BYTES = 1024, UTF8_MAX = 4 };

struct walk {
    struct ph_arena *arena;
    struct ph_buf items;
    size_t count;
};

/* One value: where it is, and whether its text may be repeated. */
struct place {
    struct ph_str path;
    bool hidden;
};

void ph_validate_start(void)
{
    ph_patterns_compile();
}

/* The first n bytes at most, and no half character. */
static struct ph_str cut_text(struct ph_str s, size_t n)
{
    if (s.n <= n) {
        return s;
    }
    while (n > 0 && (s.p[n] & 0xc0) == 0x80) {
        n--;
    }
    return (struct ph_str){ s.p, n };
}

/* As much of a text inside a container as can be shown, and enough to see that it was longer. */
static struct ph_str part_shown(struct ph_str s)
{
    return cut_text(s, VALUE_MAX + UTF8_MAX);
}

static void write_value(struct ph_buf *buf, const struct json_t *value);

/* Containers print as Java prints them: [a, b] and {k=v, l=w}. */
static void write_list(struct ph_buf *buf, const struct json_t *value)
{
    ph_buf_add_byte(buf, '[');
    for (size_t i = 0; i < ph_json_length(value) && !buf->overflowed; i++) {
        ph_buf_addf(buf, "%s", i == 0 ? "" : ", ");
        write_value(buf, ph_json_at(value, i));
    }
    ph_buf_add_byte(buf, ']');
}

static void write_map(struct ph_buf *buf, const struct json_t *value)
{
    const char *between = "";

    ph_buf_add_byte(buf, '{');
    for (void *i = ph_json_first(value); i != NULL && !buf->overflowed;
         i = ph_json_next(value, i)) {
        ph_buf_addf(buf, "%s%.*s=", between, PH_FMT(part_shown(ph_json_key(i))));
        write_value(buf, ph_json_member(i));
        between = ", ";
    }
    ph_buf_add_byte(buf, '}');
}

static void write_value(struct ph_buf *buf, const struct json_t *value)
{
    switch (ph_json_kind(value)) {
    case PH_JSON_STRING:
        ph_buf_add(buf, part_shown(ph_json_str(value)));
        break;
    case PH_JSON_ARRAY:
        write_list(buf, value);
        break;
    case PH_JSON_OBJECT:
        write_map(buf, value);
        break;
    case PH_JSON_INTEGER:
    case PH_JSON_REAL:
        ph_buf_addf(buf, "%lld", (long long)ph_json_int(value));
        break;
    case PH_JSON_TRUE:
    case PH_JSON_FALSE:
        ph_buf_addf(buf, "%s", ph_json_bool(value) ? "true" : "false");
        break;
    case PH_JSON_NULL:
        ph_buf_addf(buf, "null");
        break;
    }
}

/* " 'value'", " null", or nothing when it is a secret. */
static struct ph_str shown(struct walk *w, const struct place *at, const struct json_t *value)
{
    struct ph_buf buf;
    struct ph_str whole;

    if (ph_json_kind(value) == PH_JSON_NULL) {
        return PH_STR(" null");
    }
    if (at->hidden) {
        return PH_STR("");
    }
    if (ph_json_kind(value) == PH_JSON_STRING) {
        whole = ph_json_str(value);
    } else {
        ph_buf_init(&buf, w->arena, ITEM_MAX);
        write_value(&buf, value);
        whole = ph_buf_str(&buf);
    }
    return ph_strf(w->arena, " '%.*s%s'", PH_FMT(cut_text(whole, VALUE_MAX)),
                   whole.n > VALUE_MAX ? "..." : "");
}

static void report(struct walk *w, const struct place *at, const struct json_t *value,
                   struct ph_str constraint)
{
    struct ph_str item;

    w->count++;
    if (w->items.overflowed) {
        return;
    }
    item = ph_strf(w->arena, "%sValue%.*s at '%.*s' failed to satisfy constraint: %.*s",
                   w->count == 1 ? "" : "; ", PH_FMT(shown(w, at, value)), PH_FMT(at->path),
                   PH_FMT(constraint));
    ph_buf_add(&w->items, item);
}

static struct ph_str text_of_length(struct ph_arena *arena, bool most, int64_t n)
{
    return ph_strf(arena, "Member must have length %s than or equal to %lld",
                   most ? "less" : "greater", (long long)n);
}

static struct ph_str text_of_range(struct ph_arena *arena, bool most, int64_t n)
{
    return ph_strf(arena, "Member must have value %s than or equal to %lld",
                   most ? "less" : "greater", (long long)n);
}

static struct ph_str text_of_pattern(struct ph_arena *arena, const char *pattern)
{
    return ph_strf(arena, "Member must satisfy regular expression pattern: %s", pattern);
}

static struct ph_str text_of_enum(struct ph_arena *arena, const char *const *values)
{
    struct ph_buf buf;

    ph_buf_init(&buf, arena, ITEM_MAX);
    ph_buf_addf(&buf, "Member must satisfy enum value set: [");
    for (size_t i = 0; values[i] != NULL; i++) {
        ph_buf_addf(&buf, "%s%s", i == 0 ? "" : ", ", values[i]);
    }
    ph_buf_add_byte(&buf, ']');
    return ph_buf_str(&buf);
}

/* -1 too small, 1 too large, 0 fine. */
static int outside(const struct ph_shape *shape, int64_t n)
{
    if (shape->min != PH_NO_LIMIT && n < shape->min) {
        return -1;
    }
    return shape->max != PH_NO_LIMIT && n > shape->max ? 1 : 0;
}

static bool in_enum(const struct ph_shape *shape, struct ph_str s)
{
    for (size_t i = 0; shape->enumeration[i] != NULL; i++) {
        if (ph_str_eq(s, ph_str_from(shape->enumeration[i]))) {
            return true;
        }
    }
    return false;
}

static bool fits_enum(const struct ph_shape *shape, struct ph_str s)
{
    return shape->enumeration == NULL || in_enum(shape, s);
}

static bool fits_pattern(const struct ph_shape *shape, struct ph_str s)
{
    return shape->pattern == NULL || ph_pattern_matches(shape->pattern_index, s);
}

/* Characters, bytes, elements or entries. */
static int64_t length_of(struct walk *w, const struct ph_shape *shape, const struct json_t *value)
{
    struct ph_str bytes = { 0 };

    switch (shape->kind) {
    case PH_SHAPE_STRING:
        return (int64_t)ph_utf16_length(ph_json_str(value));
    case PH_SHAPE_BLOB:
        return ph_types_blob(w->arena, value, &bytes) ? (int64_t)bytes.n : 0;
    case PH_SHAPE_LIST:
        return (int64_t)ph_json_length(value);
    case PH_SHAPE_MAP:
        return (int64_t)ph_json_members(value);
    case PH_SHAPE_STRUCTURE:
    case PH_SHAPE_INTEGER:
    case PH_SHAPE_LONG:
    case PH_SHAPE_BOOLEAN:
    case PH_SHAPE_TIMESTAMP:
    case PH_SHAPE_DOCUMENT:
        break;
    }
    return 0;
}

static bool is_number(const struct ph_shape *shape)
{
    return shape->kind == PH_SHAPE_INTEGER || shape->kind == PH_SHAPE_LONG;
}

static bool has_members(const struct ph_shape *shape)
{
    return shape->kind == PH_SHAPE_STRUCTURE || shape->kind == PH_SHAPE_LIST ||
           shape->kind == PH_SHAPE_MAP;
}

static int size_verdict(struct walk *w, const struct ph_shape *shape, const struct json_t *value)
{
    if (shape->min == PH_NO_LIMIT && shape->max == PH_NO_LIMIT) {
        return 0;
    }
    return outside(shape, is_number(shape) ? ph_json_int(value) : length_of(w, shape, value));
}

static struct ph_str text_of_size(struct ph_arena *arena, const struct ph_shape *shape, bool most)
{
    const int64_t limit = most ? shape->max : shape->min;

    return is_number(shape) ? text_of_range(arena, most, limit)
                            : text_of_length(arena, most, limit);
}

/* The constraints of a value itself: length or range, then pattern, then enumeration. */
static void check_own(struct walk *w, const struct ph_shape *shape, const struct place *at,
                      const struct json_t *value)
{
    const int verdict = size_verdict(w, shape, value);
    struct ph_str s = ph_json_str(value);

    if (verdict != 0) {
        report(w, at, value, text_of_size(w->arena, shape, verdict > 0));
    }
    if (shape->kind != PH_SHAPE_STRING) {
        return;
    }
    if (!fits_pattern(shape, s)) {
        report(w, at, value, text_of_pattern(w->arena, shape->pattern));
    }
    if (!fits_enum(shape, s)) {
        report(w, at, value, text_of_enum(w->arena, shape->enumeration));
    }
}

static bool scalar_fits(struct walk *w, const struct ph_shape *shape, const struct json_t *value)
{
    const struct ph_str s = ph_json_str(value);

    if (size_verdict(w, shape, value) != 0) {
        return false;
    }
    return shape->kind != PH_SHAPE_STRING || (fits_pattern(shape, s) && fits_enum(shape, s));
}

static void add_text(struct ph_buf *buf, struct ph_str text)
{
    if (buf->n > 0) {
        ph_buf_addf(buf, ", ");
    }
    ph_buf_add(buf, text);
}

/* "Member must satisfy constraint: [a, b]": all that an element, key or value has to satisfy. */
static struct ph_str text_of_parts(struct ph_arena *arena, const char *who,
                                   const struct ph_shape *shape)
{
    struct ph_buf buf;

    ph_buf_init(&buf, arena, ITEM_MAX);
    if (shape->max != PH_NO_LIMIT) {
        add_text(&buf, text_of_size(arena, shape, true));
    }
    if (shape->min != PH_NO_LIMIT) {
        add_text(&buf, text_of_size(arena, shape, false));
    }
    if (shape->pattern != NULL) {
        add_text(&buf, text_of_pattern(arena, shape->pattern));
    }
    if (shape->enumeration != NULL) {
        add_text(&buf, text_of_enum(arena, shape->enumeration));
    }
    return ph_strf(arena, "%s must satisfy constraint: [%.*s]", who, PH_FMT(ph_buf_str(&buf)));
}

static void check_value(struct walk *w, const struct ph_shape *shape, const struct place *at,
                        const struct json_t *value);

static struct ph_str longer_path(struct walk *w, struct ph_str path, struct ph_str step)
{
    if (path.n == 0) {
        return ph_str_dup(w->arena, step);
    }
    return ph_strf(w->arena, "%.*s.%.*s", PH_FMT(cut_text(path, PATH_MAX_BYTES)), PH_FMT(step));
}

/* The member's name with its first letter lowered. */
static struct ph_str lower_camel(struct ph_arena *arena, enum ph_member_name m)
{
    const struct ph_str name = ph_str_from(ph_member_names[m]);

    return ph_strf(arena, "%.*s%.*s", PH_FMT(ph_str_lower(arena, (struct ph_str){ name.p, 1 })),
                   PH_FMT(ph_str_skip(name, 1)));
}

static void check_structure(struct walk *w, const struct ph_shape *shape, const struct place *at,
                            const struct json_t *value)
{
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ph_member *member = &shape->members[i];
        const struct json_t *inner = ph_json_get(value, ph_member_names[member->name]);
        struct place there = { .hidden = at->hidden || member->shape->sensitive };

        if (inner == NULL && !member->required) {
            continue;
        }
        there.path = longer_path(w, at->path, lower_camel(w->arena, member->name));
        if (inner == NULL) {
            report(w, &there, NULL, PH_STR("Member must not be null"));
        } else {
            check_value(w, member->shape, &there, inner);
        }
    }
}

/* Elements that are no containers are reported at the list, once. */
static void check_scalar_list(struct walk *w, const struct ph_shape *shape, const struct place *at,
                              const struct json_t *value)
{
    const struct place here = { at->path, at->hidden || shape->element->sensitive };

    for (size_t i = 0; i < ph_json_length(value); i++) {
        const struct json_t *element = ph_json_at(value, i);

        if (ph_json_kind(element) == PH_JSON_NULL) {
            report(w, &here, value,
                   PH_STR("Member must satisfy constraint: [Member must not be null]"));
            return;
        }
        if (!scalar_fits(w, shape->element, element)) {
            report(w, &here, value, text_of_parts(w->arena, "Member", shape->element));
            return;
        }
    }
}

static void check_element(struct walk *w, const struct ph_shape *shape, const struct place *at,
                          const struct json_t *element)
{
    if (ph_json_kind(element) == PH_JSON_NULL) {
        report(w, at, NULL, PH_STR("Member must not be null"));
        return;
    }
    check_value(w, shape, at, element);
}

static void check_list(struct walk *w, const struct ph_shape *shape, const struct place *at,
                       const struct json_t *value)
{
    if (!has_members(shape->element)) {
        check_scalar_list(w, shape, at, value);
        return;
    }
    for (size_t i = 0; i < ph_json_length(value); i++) {
        const struct ph_str step = ph_strf(w->arena, "%zu.member", i + 1);
        const struct place there = { longer_path(w, at->path, step),
                                     at->hidden || shape->element->sensitive };

        check_element(w, shape->element, &there, ph_json_at(value, i));
    }
}

static bool key_fits(const struct ph_shape *shape, struct ph_str key)
{
    return outside(shape, (int64_t)ph_utf16_length(key)) == 0 && fits_pattern(shape, key) &&
           fits_enum(shape, key);
}

static void check_keys(struct walk *w, const struct ph_shape *shape, const struct place *at,
                       const struct json_t *value)
{
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        if (!key_fits(shape->key, ph_json_key(i))) {
            report(w, at, value, text_of_parts(w->arena, "Map keys", shape->key));
            return;
        }
    }
}

/* A value of null is the same as no entry: old clients send such. */
static void check_map_values(struct walk *w, const struct ph_shape *shape, const struct place *at,
                             const struct json_t *value)
{
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        const struct json_t *inner = ph_json_member(i);

        if (ph_json_kind(inner) == PH_JSON_NULL) {
            continue;
        }
        if (has_members(shape->element)) {
            const struct ph_str key = cut_text(ph_json_key(i), VALUE_MAX);
            const struct ph_str step = ph_strf(w->arena, "%.*s.member", PH_FMT(key));
            const struct place there = { longer_path(w, at->path, step), at->hidden };

            check_value(w, shape->element, &there, inner);
        } else if (!scalar_fits(w, shape->element, inner)) {
            report(w, at, value, text_of_parts(w->arena, "Map value", shape->element));
            return;
        }
    }
}

static void check_map(struct walk *w, const struct ph_shape *shape, const struct place *at,
                      const struct json_t *value)
{
    const struct place here = { at->path,
                                at->hidden || shape->element->sensitive || shape->key->sensitive };

    check_keys(w, shape, &here, value);
    check_map_values(w, shape, &here, value);
}

static void check_value(struct walk *w, const struct ph_shape *shape, const struct place *at,
                        const struct json_t *value)
{
    check_own(w, shape, at, value);
    if (shape->kind == PH_SHAPE_STRUCTURE) {
        check_structure(w, shape, at, value);
    } else if (shape->kind == PH_SHAPE_LIST) {
        check_list(w, shape, at, value);
    } else if (shape->kind == PH_SHAPE_MAP) {
        check_map(w, shape, at, value);
    }
}

static struct ph_err check_constraints(struct ph_arena *arena, const struct ph_shape *shape,
                                       const struct json_t *body)
{
    struct walk w = { .arena = arena };
    const struct place top = { .hidden = shape->sensitive };

    ph_buf_init(&w.items, arena, TEXT_MAX);
    check_value(&w, shape, &top, body);
    if (w.count == 0) {
        return PH_OK;
    }
    return PH_FAIL(InvalidParameterException,
                   ph_textf(arena, "%zu validation error%s detected: %.*s", w.count,
                            w.count == 1 ? "" : "s", PH_FMT(ph_buf_str(&w.items))));
}

struct ph_err ph_validate_input(struct ph_arena *arena, const struct ph_shape *shape,
                                const struct json_t *body)
{
    const char *mismatch;

    if (ph_json_kind(body) == PH_JSON_ARRAY) {
        return PH_FAIL(SerializationException, "Start of list found where not expected");
    }
    if (ph_json_kind(body) != PH_JSON_OBJECT) {
        return PH_FAIL(SerializationException, ""); /* no text, as recorded */
    }
    mismatch = ph_types_check(arena, shape, body);
    if (mismatch != NULL) {
        return PH_FAIL(SerializationException, mismatch);
    }
    return check_constraints(arena, shape, body);
}

const char *ph_validate_output(struct ph_arena *arena, const struct ph_shape *shape,
                               const struct json_t *reply)
{
    if (ph_json_kind(reply) != PH_JSON_OBJECT) {
        return "the reply is no object";
    }
    if (shape == NULL) {
        return ph_json_members(reply) == 0 ? NULL : "the operation has no output";
    }
    return ph_types_check_output(arena, shape, reply);
}
