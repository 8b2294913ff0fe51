#include "model/validate.h"

static struct json_t *copy_structure(struct ph_arena *arena, const struct ph_shape *shape,
                                     const struct json_t *value)
{
    struct json_t *copy = ph_json_object(arena);

    for (size_t i = 0; i < shape->member_count; i++) {
        const char *name = ph_member_names[shape->members[i].name];
        const struct json_t *inner = ph_json_get(value, name);

        if (inner != NULL) {
            ph_json_set(arena, copy, name, ph_shape_copy(arena, shape->members[i].shape, inner));
        }
    }
    return copy;
}

static struct json_t *copy_list(struct ph_arena *arena, const struct ph_shape *shape,
                                const struct json_t *value)
{
    struct json_t *copy = ph_json_array(arena);

    for (size_t i = 0; i < ph_json_length(value); i++) {
        ph_json_append(arena, copy, ph_shape_copy(arena, shape->element, ph_json_at(value, i)));
    }
    return copy;
}

static struct json_t *copy_map(struct ph_arena *arena, const struct ph_shape *shape,
                               const struct json_t *value)
{
    struct json_t *copy = ph_json_object(arena);

    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        if (ph_json_kind(ph_json_member(i)) != PH_JSON_NULL) {
            ph_json_set_s(arena, copy, ph_json_key(i),
                          ph_shape_copy(arena, shape->element, ph_json_member(i)));
        }
    }
    return copy;
}

struct json_t *ph_shape_copy(struct ph_arena *arena, const struct ph_shape *shape,
                             const struct json_t *value)
{
    switch (shape->kind) {
    case PH_SHAPE_STRUCTURE:
        return copy_structure(arena, shape, value);
    case PH_SHAPE_LIST:
        return copy_list(arena, shape, value);
    case PH_SHAPE_MAP:
        return copy_map(arena, shape, value);
    case PH_SHAPE_INTEGER:
    case PH_SHAPE_LONG:
        return ph_json_new_int(arena, ph_json_int(value));
    case PH_SHAPE_STRING:
    case PH_SHAPE_BOOLEAN:
    case PH_SHAPE_TIMESTAMP:
    case PH_SHAPE_BLOB:
    case PH_SHAPE_DOCUMENT:
        break;
    }
    return ph_json_copy(arena, value);
}
