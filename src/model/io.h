/*
 * Typed reading of checked input and writing of output, by the names of the model: a misspelt
 * member does not compile.
 *
 * Input has passed model/validate.h, so types, lengths and patterns hold. An absent (or null)
 * member reads as empty, 0, false or a ph_in without members; ask ph_in_has() where it matters.
 */
#ifndef PH_MODEL_IO_H
#define PH_MODEL_IO_H

#include "model/model.h"
#include "util/json.h"

struct ph_in {
    const struct json_t *object; /* NULL: absent */
};

bool ph_in_has(const struct ph_in *in, enum ph_member_name m);
struct ph_str ph_in_str(const struct ph_in *in, enum ph_member_name m);
int64_t ph_in_int(const struct ph_in *in, enum ph_member_name m);
int64_t ph_in_int_or(const struct ph_in *in, enum ph_member_name m, int64_t otherwise);
bool ph_in_bool(const struct ph_in *in, enum ph_member_name m);
bool ph_in_bool_or(const struct ph_in *in, enum ph_member_name m, bool otherwise);
struct ph_in ph_in_object(const struct ph_in *in, enum ph_member_name m);

/* The raw value, for documents that are stored as they came; NULL when absent. */
const struct json_t *ph_in_json(const struct ph_in *in, enum ph_member_name m);

/* Lists: elements that are null are skipped by nobody: validation refused them. */
size_t ph_in_count(const struct ph_in *in, enum ph_member_name m);
struct ph_str ph_in_str_at(const struct ph_in *in, enum ph_member_name m, size_t i);
struct ph_in ph_in_object_at(const struct ph_in *in, enum ph_member_name m, size_t i);

/* String maps (AuthParameters, ClientMetadata): the value, or absent. null reads as absent. */
struct ph_str ph_in_map(const struct ph_in *map, const char *key);

struct ph_out {
    struct ph_arena *arena;
    struct json_t *object;
};

struct ph_out ph_out_new(struct ph_arena *arena);

/* An absent string (p == NULL) writes nothing; use PH_STR("") for an empty one. */
void ph_out_str(struct ph_out *out, enum ph_member_name m, struct ph_str s);
void ph_out_int(struct ph_out *out, enum ph_member_name m, int64_t n);
void ph_out_bool(struct ph_out *out, enum ph_member_name m, bool b);

/* Epoch milliseconds, written as epoch seconds with three decimals. */
void ph_out_time(struct ph_out *out, enum ph_member_name m, int64_t epoch_ms);

/* A value of the same arena, or NULL, which writes nothing. */
void ph_out_json(struct ph_out *out, enum ph_member_name m, struct json_t *value);

struct ph_out ph_out_object(struct ph_out *out, enum ph_member_name m);

struct ph_out_list {
    struct ph_arena *arena;
    struct json_t *array;
};

struct ph_out_list ph_out_list(struct ph_out *out, enum ph_member_name m);
void ph_out_list_str(struct ph_out_list *list, struct ph_str s);
struct ph_out ph_out_list_object(struct ph_out_list *list);

/* A free key, for string maps (ChallengeParameters). */
void ph_out_map(struct ph_out *map, const char *key, struct ph_str s);

#endif
