/* What does not come along with a description, in words for the operator. */
#ifndef PH_SEED_DESCRIBE_NOTES_H
#define PH_SEED_DESCRIBE_NOTES_H

#include "model/model.h"
#include "util/json.h"

/* Functions, senders, members that are unknown here: of the reply of DescribeUserPool. */
void ph_describe_note_pool(struct ph_arena *arena, struct json_t *notes,
                           const struct json_t *described);

void ph_describe_note_client(struct ph_arena *arena, struct json_t *notes,
                             const struct json_t *described);
void ph_describe_note_certificate(struct ph_arena *arena, struct json_t *notes,
                                  const struct json_t *domain);
void ph_describe_note_image(struct ph_arena *arena, struct json_t *notes,
                            const struct json_t *described);

/* One note for each member that the request does not have and that is no mere description. */
void ph_describe_note_unknown(struct ph_arena *arena, struct json_t *notes, enum ph_op request,
                              const struct json_t *described);

#endif
