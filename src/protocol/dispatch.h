/*
 * From an HTTP request to the operation and back: the API's listener.
 *
 * Target -> row of the operation table -> signature -> JSON -> shape walk -> policy -> handler ->
 * reply.
 */
#ifndef PH_PROTOCOL_DISPATCH_H
#define PH_PROTOCOL_DISPATCH_H

#include "api/handlers.h"
#include "control/control.h"
#include "protocol/outbox.h"
#include "util/message.h"

struct ph_protocol {
    const struct ph_handler *handlers; /* PH_OP_COUNT of them */
    struct ph_ctx ctx;                 /* what all requests share; copied for each */
    /* After each answer; op is PH_OP_COUNT when no operation was found. May be NULL. */
    void (*count)(void *self, size_t op, const char *error, int64_t duration_ns);
    void *count_self;
    struct ph_outbox_waiters *waiters; /* in `serve` it is not used */
    struct ph_control *control;        /* NULL in `serve` */
};

/* Thread-safe; everything of the request is made in the arena. */
void ph_protocol_handle(const struct ph_protocol *protocol, struct ph_arena *arena,
                        const struct ph_http_request *request, struct ph_http_reply *reply);

#endif
