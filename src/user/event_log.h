/* An event of a user as a pool's log has it: USER_AUTH_EVENTS (deliver/logs.h). */
#ifndef PH_USER_EVENT_LOG_H
#define PH_USER_EVENT_LOG_H

#include "pool/pool.h"
#include "store/sign_in.h"

/* has_context: the app sent data about its user's device. */
void ph_event_log(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_auth_event *event,
                  bool has_context);

#endif
