/* GET /{poolId}/.well-known/...: what token verifiers fetch. */
#ifndef PH_PROTOCOL_WELL_KNOWN_H
#define PH_PROTOCOL_WELL_KNOWN_H

#include "util/ctx.h"
#include "util/message.h"

/* False when the path is none of these; else the reply is filled (404 for an unknown pool). */
bool ph_well_known_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                          struct ph_http_reply *reply);

#endif
