/* Events of triggers and their replies as JSON: pure (authentication.md 5.1 and 5.4). */
#ifndef PH_TRIGGER_EVENT_H
#define PH_TRIGGER_EVENT_H

#include "trigger/trigger.h"

/* The LambdaConfig member, which is the trigger's name in texts of errors, too: "PreSignUp". */
extern const char *const ph_trigger_keys[PH_TRIGGER_COUNT];

struct json_t *ph_event_make(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_trigger_call *call);

/*
 * The `response` of a reply. False when the text is no JSON, lacks the frame of an event, or a
 * member of `response` has a type that it must not have; members that are null are left out.
 */
PH_MUST_USE bool ph_event_read_reply(struct ph_arena *arena, enum ph_trigger trigger,
                                     struct ph_str text, const struct json_t **response);

#endif
