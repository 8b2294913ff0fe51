/*
 * The shape walk: checks a request body against the tables and collects every violation in the
 * service's words (protocol.md sections 5 and 6). Also checks our own replies in debug builds.
 */
#ifndef PH_MODEL_VALIDATE_H
#define PH_MODEL_VALIDATE_H

#include "model/model.h"
#include "util/json.h"

/* Once, before the first thread: compiles the patterns. Ends the process when one is bad. */
void ph_validate_start(void);

/*
 * Types first (SerializationException with the text of the first mismatch), then constraints
 * (InvalidParameterException, "<n> validation error(s) detected: ..."). Unknown members are
 * ignored, null is the same as absent.
 */
PH_MUST_USE struct ph_err ph_validate_input(struct ph_arena *arena, const struct ph_shape *shape,
                                            const struct json_t *body);

/*
 * A copy of checked input for keeping: without the members that the model does not know and
 * without null, and with the fractions cut off integers.
 */
struct json_t *ph_shape_copy(struct ph_arena *arena, const struct ph_shape *shape,
                             const struct json_t *value);

/*
 * Our own reply against the output shape: NULL when every member is known and of its type, else a
 * text that says what is wrong, without values. Lengths and patterns are not checked. An operation
 * without output (shape NULL) answers an object without members.
 */
const char *ph_validate_output(struct ph_arena *arena, const struct ph_shape *shape,
                               const struct json_t *reply);

#endif
