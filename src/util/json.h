/*
 * JSON values in an arena. The only place that includes the JSON library (jansson).
 *
 * Every value is made in the arena that is passed in and dies with it: there is nothing to free
 * and no reference counting. A value must not be kept in anything that outlives its arena; use
 * ph_json_copy() to move one. Values are read-only once they are shared between threads.
 *
 * Parsing is strict (RFC 8259, UTF-8, no duplicate keys, bounded depth, no NUL in strings).
 */
#ifndef PH_UTIL_JSON_H
#define PH_UTIL_JSON_H

#include "util/str.h"

struct json_t; /* the library's node; only json.c looks inside */

enum ph_json_kind {
    PH_JSON_NULL,
    PH_JSON_OBJECT,
    PH_JSON_ARRAY,
    PH_JSON_STRING,
    PH_JSON_INTEGER,
    PH_JSON_REAL,
    PH_JSON_TRUE,
    PH_JSON_FALSE,
};

/* Once, before the first thread: routes the library's memory to arenas, seeds its hash tables. */
void ph_json_start(void);

/* Any JSON value; NULL when the text is not valid JSON. */
PH_MUST_USE struct json_t *ph_json_parse(struct ph_arena *arena, struct ph_str text);

/* For people: why a text does not parse ("line 3, column 7: ..."); NULL when it does. */
const char *ph_json_problem(struct ph_arena *arena, struct ph_str text);

/* Compact text; sorted: keys in alphabetical order, else in order of insertion. */
enum ph_json_order { PH_JSON_INSERTION, PH_JSON_SORTED };
struct ph_str ph_json_text(struct ph_arena *arena, const struct json_t *value,
                           enum ph_json_order order);

struct json_t *ph_json_copy(struct ph_arena *arena, const struct json_t *value); /* deep */
bool ph_json_equal(const struct json_t *a, const struct json_t *b);

/* A NULL pointer reads as PH_JSON_NULL. */
enum ph_json_kind ph_json_kind(const struct json_t *value);

/* Reading scalars: the empty, zero or false value when the kind is another. */
struct ph_str ph_json_str(const struct json_t *value); /* lives as long as the value */
int64_t ph_json_int(const struct json_t *value);       /* a real is truncated */
bool ph_json_bool(const struct json_t *value);

/* Objects. A member that is absent or null reads as NULL. Keys are NUL-terminated names. */
struct json_t *ph_json_get(const struct json_t *object, const char *key);
struct json_t *ph_json_get_s(const struct json_t *object, struct ph_str key);
struct ph_str ph_json_get_str(const struct json_t *object, const char *key);
size_t ph_json_members(const struct json_t *object);

/* Iterates the members in order: for (void *i = ph_json_first(o); i; i = ph_json_next(o, i)). */
void *ph_json_first(const struct json_t *object);
void *ph_json_next(const struct json_t *object, void *at);
struct ph_str ph_json_key(void *at);
struct json_t *ph_json_member(void *at);

/* Arrays. */
size_t ph_json_length(const struct json_t *array);
struct json_t *ph_json_at(const struct json_t *array, size_t index); /* NULL past the end */

/* Making values. Text that is not UTF-8 keeps its ASCII characters; the other bytes become '?'. */
struct json_t *ph_json_object(struct ph_arena *arena);
struct json_t *ph_json_array(struct ph_arena *arena);
struct json_t *ph_json_new_str(struct ph_arena *arena, struct ph_str s);
struct json_t *ph_json_new_int(struct ph_arena *arena, int64_t n);
struct json_t *ph_json_new_real(struct ph_arena *arena, double n);
struct json_t *ph_json_new_bool(bool b);
struct json_t *ph_json_new_null(void);

/* Changing them: the arena must be the one the container lives in. */
void ph_json_set(struct ph_arena *arena, struct json_t *object, const char *key,
                 struct json_t *value);
void ph_json_set_s(struct ph_arena *arena, struct json_t *object, struct ph_str key,
                   struct json_t *value);
void ph_json_set_str(struct ph_arena *arena, struct json_t *object, const char *key,
                     struct ph_str s);
void ph_json_set_int(struct ph_arena *arena, struct json_t *object, const char *key, int64_t n);
void ph_json_set_bool(struct ph_arena *arena, struct json_t *object, const char *key, bool b);
void ph_json_remove(struct ph_arena *arena, struct json_t *object, const char *key);
void ph_json_append(struct ph_arena *arena, struct json_t *array, struct json_t *value);

#endif
