#include "store/users.h"

#include <string.h>

static struct ph_attr *find(const struct ph_attrs *attrs, struct ph_str name)
{
    for (size_t i = 0; i < attrs->count; i++) {
        if (ph_str_eq(attrs->items[i].name, name)) {
            return &attrs->items[i];
        }
    }
    return NULL;
}

struct ph_str ph_attrs_get(const struct ph_attrs *attrs, struct ph_str name)
{
    const struct ph_attr *attr = find(attrs, name);

    return attr == NULL ? (struct ph_str){ 0 } : attr->value;
}

static void grow(struct ph_arena *arena, struct ph_attrs *attrs)
{
    const size_t capacity = attrs->capacity < 8 ? 16 : attrs->capacity * 2;
    struct ph_attr *items = ph_arena_array(arena, capacity, struct ph_attr);

    if (attrs->count > 0) {
        memcpy(items, attrs->items, attrs->count * sizeof *items);
    }
    attrs->items = items;
    attrs->capacity = capacity;
}

void ph_attrs_set(struct ph_arena *arena, struct ph_attrs *attrs, struct ph_str name,
                  struct ph_str value)
{
    struct ph_attr *attr = find(attrs, name);

    if (attr != NULL) {
        attr->value = value;
        return;
    }
    if (attrs->count >= attrs->capacity) {
        grow(arena, attrs);
    }
    attrs->items[attrs->count++] = (struct ph_attr){ .name = name, .value = value };
}

void ph_attrs_remove(struct ph_attrs *attrs, struct ph_str name)
{
    struct ph_attr *attr = find(attrs, name);

    if (attr != NULL) {
        const size_t after = attrs->count - (size_t)(attr - attrs->items) - 1;

        memmove(attr, attr + 1, after * sizeof *attr);
        attrs->count--;
    }
}
