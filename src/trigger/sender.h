/*
 * Calls that nobody waits for: custom senders, whose outcome is nobody's concern (5.1).
 *
 * They are messages of the outbox (trigger.h writes them), so that a crash loses none; a courier
 * claims them and this carrier makes the calls. What the function throws is its own affair and is
 * not tried again; a function that could not be asked is, as a relay would be.
 */
#ifndef PH_TRIGGER_SENDER_H
#define PH_TRIGGER_SENDER_H

#include "deliver/carrier.h"
#include "trigger/functions.h"

struct ph_codes;
struct ph_sender;

/* Members of the body of such a message. */
#define PH_CALL_KEY "key"     /* KMSKeyID of the pool */
#define PH_CALL_EVENT "event" /* the event, without its code */

/* functions may be NULL: then none is found. Keeps the pointers. */
struct ph_sender *ph_sender_create(struct ph_functions *functions, const struct ph_codes *codes,
                                   int64_t function_timeout_ms);
void ph_sender_destroy(struct ph_sender *sender); /* after its courier; NULL is fine */

struct ph_carrier ph_sender_carrier(struct ph_sender *sender);

#endif
