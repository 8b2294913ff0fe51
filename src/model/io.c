#include "model/io.h"

static struct json_t *member(const struct ph_in *in, enum ph_member_name m)
{
    return in->object == NULL ? NULL : ph_json_get(in->object, ph_member_names[m]);
}

bool ph_in_has(const struct ph_in *in, enum ph_member_name m)
{
    return member(in, m) != NULL;
}

struct ph_str ph_in_str(const struct ph_in *in, enum ph_member_name m)
{
    return ph_json_str(member(in, m));
}

int64_t ph_in_int(const struct ph_in *in, enum ph_member_name m)
{
    return ph_in_int_or(in, m, 0);
}

int64_t ph_in_int_or(const struct ph_in *in, enum ph_member_name m, int64_t otherwise)
{
    const struct json_t *value = member(in, m);

    return value == NULL ? otherwise : ph_json_int(value);
}

bool ph_in_bool(const struct ph_in *in, enum ph_member_name m)
{
    return ph_in_bool_or(in, m, false);
}

bool ph_in_bool_or(const struct ph_in *in, enum ph_member_name m, bool otherwise)
{
    const struct json_t *value = member(in, m);

    return value == NULL ? otherwise : ph_json_bool(value);
}

struct ph_in ph_in_object(const struct ph_in *in, enum ph_member_name m)
{
    return (struct ph_in){ member(in, m) };
}

const struct json_t *ph_in_json(const struct ph_in *in, enum ph_member_name m)
{
    return member(in, m);
}

size_t ph_in_count(const struct ph_in *in, enum ph_member_name m)
{
    return ph_json_length(member(in, m));
}

struct ph_str ph_in_str_at(const struct ph_in *in, enum ph_member_name m, size_t i)
{
    return ph_json_str(ph_json_at(member(in, m), i));
}

struct ph_in ph_in_object_at(const struct ph_in *in, enum ph_member_name m, size_t i)
{
    return (struct ph_in){ ph_json_at(member(in, m), i) };
}

struct ph_str ph_in_map(const struct ph_in *map, const char *key)
{
    return map->object == NULL ? (struct ph_str){ 0 } : ph_json_get_str(map->object, key);
}

struct ph_out ph_out_new(struct ph_arena *arena)
{
    return (struct ph_out){ arena, ph_json_object(arena) };
}

static void set(struct ph_out *out, enum ph_member_name m, struct json_t *value)
{
    ph_json_set(out->arena, out->object, ph_member_names[m], value);
}

void ph_out_str(struct ph_out *out, enum ph_member_name m, struct ph_str s)
{
    if (s.p != NULL) {
        set(out, m, ph_json_new_str(out->arena, s));
    }
}

void ph_out_int(struct ph_out *out, enum ph_member_name m, int64_t n)
{
    set(out, m, ph_json_new_int(out->arena, n));
}

void ph_out_bool(struct ph_out *out, enum ph_member_name m, bool b)
{
    set(out, m, ph_json_new_bool(b));
}

void ph_out_time(struct ph_out *out, enum ph_member_name m, int64_t epoch_ms)
{
    set(out, m, ph_json_new_real(out->arena, (double)epoch_ms / 1000.0));
}

void ph_out_json(struct ph_out *out, enum ph_member_name m, struct json_t *value)
{
    if (value != NULL) {
        set(out, m, value);
    }
}

struct ph_out ph_out_object(struct ph_out *out, enum ph_member_name m)
{
    struct ph_out inner = ph_out_new(out->arena);

    set(out, m, inner.object);
    return inner;
}

struct ph_out_list ph_out_list(struct ph_out *out, enum ph_member_name m)
{
    struct ph_out_list list = { out->arena, ph_json_array(out->arena) };

    set(out, m, list.array);
    return list;
}

void ph_out_list_str(struct ph_out_list *list, struct ph_str s)
{
    ph_json_append(list->arena, list->array, ph_json_new_str(list->arena, s));
}

struct ph_out ph_out_list_object(struct ph_out_list *list)
{
    struct ph_out inner = ph_out_new(list->arena);

    ph_json_append(list->arena, list->array, inner.object);
    return inner;
}

void ph_out_map(struct ph_out *map, const char *key, struct ph_str s)
{
    if (s.p != NULL) {
        ph_json_set_str(map->arena, map->object, key, s);
    }
}
