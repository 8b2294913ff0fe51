/*
 * Types of JSON values against shapes. Inside of model/.
 */
#ifndef PH_MODEL_TYPES_H
#define PH_MODEL_TYPES_H

#include "model/model.h"
#include "util/json.h"

/* The text of the first mismatch in order of the document, "" for one without a text, or NULL. */
const char *ph_types_check(struct ph_arena *arena, const struct ph_shape *shape,
                           const struct json_t *value);

/* The same for our own replies: members that the model does not know are mismatches, too. */
const char *ph_types_check_output(struct ph_arena *arena, const struct ph_shape *shape,
                                  const struct json_t *value);

/* A blob is base64; false leaves *bytes untouched. */
bool ph_types_blob(struct ph_arena *arena, const struct json_t *value, struct ph_str *bytes);

#endif
