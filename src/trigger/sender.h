/*
 * Calls that nobody waits for: custom senders, whose outcome is nobody's concern (5.1).
 *
 * A bounded queue in memory and a few threads. What waits when the process dies is lost, as is what
 * does not fit; both are in the log.
 */
#ifndef PH_TRIGGER_SENDER_H
#define PH_TRIGGER_SENDER_H

#include "trigger/functions.h"

struct ph_sender;

struct ph_sender *ph_sender_create(struct ph_functions *functions, const struct ph_log *log);

/* Works off what is queued for some seconds, and logs what was left. NULL is fine. */
void ph_sender_destroy(struct ph_sender *sender);

/* Copies both; wiped when they are done with. False when the queue is full. */
PH_MUST_USE bool ph_sender_push(struct ph_sender *sender, struct ph_str arn, struct ph_str event);

/* functions.c: one such call, with all its tries. */
void ph_function_deliver(struct ph_functions *functions, struct ph_arena *arena, struct ph_str arn,
                         struct ph_str event, struct ph_function_answer *answer);

#endif
