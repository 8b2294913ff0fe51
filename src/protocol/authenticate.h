/* Who signed the request: before its body is looked at (protocol.md section 7). */
#ifndef PH_PROTOCOL_AUTHENTICATE_H
#define PH_PROTOCOL_AUTHENTICATE_H

#include "util/ctx.h"
#include "util/message.h"

/*
 * Fills ctx->caller from the Authorization header. In `serve` the signature is verified against
 * the stored access key; in `dev` it must be well-formed only. The region is that of the scope.
 * MissingAuthenticationToken-, IncompleteSignature-, UnrecognizedClient-, InvalidSignature- or
 * ExpiredTokenException.
 */
PH_MUST_USE struct ph_err ph_authenticate(struct ph_ctx *ctx,
                                          const struct ph_http_request *request);

#endif
