#include "model/types.h"

#include "util/encode.h"

/* The texts are recorded (protocol.md, 5): one has a full stop, the other has none. */
#define FOUND_OBJECT "Start of structure or map found where not expected."
#define FOUND_LIST "Start of list found where not expected"

bool ph_types_blob(struct ph_arena *arena, const struct json_t *value, struct ph_str *bytes)
{
    return ph_base64_decode(arena, ph_json_str(value), bytes);
}

/* How the service names a kind of scalar; NULL for others. */
static const char *token(enum ph_json_kind kind)
{
    switch (kind) {
    case PH_JSON_STRING:
        return "STRING_VALUE";
    case PH_JSON_INTEGER:
    case PH_JSON_REAL:
        return "NUMBER_VALUE";
    case PH_JSON_TRUE:
        return "TRUE_VALUE";
    case PH_JSON_FALSE:
        return "FALSE_VALUE";
    case PH_JSON_NULL:
    case PH_JSON_OBJECT:
    case PH_JSON_ARRAY:
        break;
    }
    return NULL;
}

static const char *wanted_scalar(enum ph_shape_kind kind)
{
    switch (kind) {
    case PH_SHAPE_STRING:
        return "a String";
    case PH_SHAPE_BLOB:
        return "a Blob";
    case PH_SHAPE_INTEGER:
        return "an Integer";
    case PH_SHAPE_LONG:
        return "a Long";
    case PH_SHAPE_BOOLEAN:
        return "a Boolean";
    case PH_SHAPE_TIMESTAMP:
        return "a Timestamp";
    case PH_SHAPE_STRUCTURE:
    case PH_SHAPE_LIST:
    case PH_SHAPE_MAP:
    case PH_SHAPE_DOCUMENT:
        break;
    }
    return "a value";
}

static bool scalar_fits(enum ph_shape_kind wanted, enum ph_json_kind found)
{
    switch (wanted) {
    case PH_SHAPE_STRING:
    case PH_SHAPE_BLOB:
        return found == PH_JSON_STRING;
    case PH_SHAPE_INTEGER:
    case PH_SHAPE_LONG:
    case PH_SHAPE_TIMESTAMP:
        return found == PH_JSON_INTEGER || found == PH_JSON_REAL;
    case PH_SHAPE_BOOLEAN:
        return found == PH_JSON_TRUE || found == PH_JSON_FALSE;
    case PH_SHAPE_STRUCTURE:
    case PH_SHAPE_LIST:
    case PH_SHAPE_MAP:
    case PH_SHAPE_DOCUMENT:
        break;
    }
    return false;
}

static const char *check_scalar(struct ph_arena *arena, const struct ph_shape *shape,
                                const struct json_t *value)
{
    const enum ph_json_kind found = ph_json_kind(value);
    struct ph_str bytes;

    if (found == PH_JSON_OBJECT) {
        return FOUND_OBJECT;
    }
    if (found == PH_JSON_ARRAY) {
        return FOUND_LIST;
    }
    if (!scalar_fits(shape->kind, found)) {
        return ph_textf(arena, "%s can not be converted to %s", token(found),
                        wanted_scalar(shape->kind));
    }
    return shape->kind == PH_SHAPE_BLOB && !ph_types_blob(arena, value, &bytes) ? "" : NULL;
}

/* A value that is not the container it should be. */
static const char *not_a_container(enum ph_json_kind found, const char *expected)
{
    if (found == PH_JSON_OBJECT) {
        return FOUND_OBJECT;
    }
    return found == PH_JSON_ARRAY ? FOUND_LIST : expected;
}

static const char *check_structure(struct ph_arena *arena, const struct ph_shape *shape,
                                   const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT) {
        return not_a_container(ph_json_kind(value), "Expected null");
    }
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        const struct ph_member *member = ph_shape_member(shape, ph_json_key(i));
        const char *text =
            member == NULL ? NULL : ph_types_check(arena, member->shape, ph_json_member(i));

        if (text != NULL) {
            return text;
        }
    }
    return NULL;
}

static const char *check_map(struct ph_arena *arena, const struct ph_shape *shape,
                             const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT) {
        return not_a_container(ph_json_kind(value), "Expected map or null");
    }
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        const char *text = ph_types_check(arena, shape->element, ph_json_member(i));

        if (text != NULL) {
            return text;
        }
    }
    return NULL;
}

static const char *check_list(struct ph_arena *arena, const struct ph_shape *shape,
                              const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_ARRAY) {
        return not_a_container(ph_json_kind(value), "Expected list or null");
    }
    for (size_t i = 0; i < ph_json_length(value); i++) {
        const char *text = ph_types_check(arena, shape->element, ph_json_at(value, i));

        if (text != NULL) {
            return text;
        }
    }
    return NULL;
}

/* Recursion ends with the document, whose depth the parser bounds. */
const char *ph_types_check(struct ph_arena *arena, const struct ph_shape *shape,
                           const struct json_t *value)
{
    if (ph_json_kind(value) == PH_JSON_NULL || shape->kind == PH_SHAPE_DOCUMENT) {
        return NULL;
    }
    if (shape->kind == PH_SHAPE_STRUCTURE) {
        return check_structure(arena, shape, value);
    }
    if (shape->kind == PH_SHAPE_MAP) {
        return check_map(arena, shape, value);
    }
    if (shape->kind == PH_SHAPE_LIST) {
        return check_list(arena, shape, value);
    }
    return check_scalar(arena, shape, value);
}

static const char *find_stranger(struct ph_arena *arena, const struct ph_shape *shape,
                                 const struct json_t *value);

static const char *stranger_in_list(struct ph_arena *arena, const struct ph_shape *shape,
                                    const struct json_t *value)
{
    const char *text = NULL;

    for (size_t i = 0; i < ph_json_length(value) && text == NULL; i++) {
        text = find_stranger(arena, shape->element, ph_json_at(value, i));
    }
    return text;
}

static const char *stranger_in_map(struct ph_arena *arena, const struct ph_shape *shape,
                                   const struct json_t *value)
{
    const char *text = NULL;

    for (void *i = ph_json_first(value); i != NULL && text == NULL; i = ph_json_next(value, i)) {
        text = find_stranger(arena, shape->element, ph_json_member(i));
    }
    return text;
}

static const char *stranger_in_structure(struct ph_arena *arena, const struct ph_shape *shape,
                                         const struct json_t *value)
{
    const char *text = NULL;

    for (void *i = ph_json_first(value); i != NULL && text == NULL; i = ph_json_next(value, i)) {
        const struct ph_str key = ph_json_key(i);
        const struct ph_member *member = ph_shape_member(shape, key);

        text = member == NULL ? ph_textf(arena, "%s has no member %.*s", shape->name, PH_FMT(key))
                              : find_stranger(arena, member->shape, ph_json_member(i));
    }
    return text;
}

/* The first member, at any depth, that its structure does not know. */
static const char *find_stranger(struct ph_arena *arena, const struct ph_shape *shape,
                                 const struct json_t *value)
{
    if (shape->kind == PH_SHAPE_LIST) {
        return stranger_in_list(arena, shape, value);
    }
    if (shape->kind == PH_SHAPE_MAP) {
        return stranger_in_map(arena, shape, value);
    }
    return shape->kind == PH_SHAPE_STRUCTURE ? stranger_in_structure(arena, shape, value) : NULL;
}

const char *ph_types_check_output(struct ph_arena *arena, const struct ph_shape *shape,
                                  const struct json_t *value)
{
    const char *text = ph_types_check(arena, shape, value);

    return text != NULL ? text : find_stranger(arena, shape, value);
}
