#include "model/model.h"

#include "model/internal.h"

#include <stdlib.h>
#include <string.h>

/* Rows begin with their name: both tables are sorted bytewise by it. */
static int by_name(struct ph_str wanted, const char *name)
{
    return ph_str_cmp(wanted, ph_str_from(name));
}

static int by_operation(const void *wanted, const void *row)
{
    return by_name(*(const struct ph_str *)wanted, ((const struct ph_operation *)row)->name);
}

static int by_shape(const void *wanted, const void *row)
{
    return by_name(*(const struct ph_str *)wanted, ((const struct ph_shape *)row)->name);
}

static int by_member(const void *wanted, const void *row)
{
    return by_name(*(const struct ph_str *)wanted,
                   ph_member_names[((const struct ph_member *)row)->name]);
}

const struct ph_operation *ph_operation_find(struct ph_str name)
{
    return bsearch(&name, ph_operations, PH_OP_COUNT, sizeof ph_operations[0], by_operation);
}

const struct ph_shape *ph_shape_find(struct ph_str name)
{
    const struct ph_shape *found =
        bsearch(&name, ph_shapes, PH_MODEL_SHAPE_COUNT, sizeof ph_shapes[0], by_shape);

    return found != NULL && found->kind == PH_SHAPE_STRUCTURE ? found : NULL;
}

const struct ph_member *ph_shape_member(const struct ph_shape *structure, struct ph_str name)
{
    if (structure->member_count == 0) {
        return NULL;
    }
    return bsearch(&name, structure->members, structure->member_count, sizeof structure->members[0],
                   by_member);
}
