/*
 * GET /_poolhouse/outbox: the messages to users, for the developer and his tests. Only in `dev`.
 *
 * A page for people; JSON when Accept prefers it, or with ?format=json:
 *
 *   {"messages":[{"id", "poolId", "username", "medium", "destination", "reason", "subject", "body",
 *                 "code", "createdAt"}]}
 *
 * Newest first. Parameters: after=ID, username=, destination=, limit= (100; at most 1000), format=,
 * and wait=SECONDS (at most 60): answers when there is a message, without `after` one that is newer
 * than the request, or at the end with an empty list.
 */
#ifndef PH_PROTOCOL_OUTBOX_H
#define PH_PROTOCOL_OUTBOX_H

#include "util/ctx.h"
#include "util/message.h"

#include <stdatomic.h>

/* Those who wait: each holds a worker, so that some must stay for the others. */
struct ph_outbox_waiters {
    const atomic_bool *stopping; /* ends every wait */
    unsigned max;                /* one more does not wait: he gets what is there */
    atomic_uint count;
};

/* False when this is not a request for the outbox, and always in `serve`; else it is answered. */
bool ph_outbox_handle(struct ph_ctx *ctx, struct ph_outbox_waiters *waiters,
                      const struct ph_http_request *request, struct ph_http_reply *reply);

#endif
