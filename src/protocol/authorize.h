/* Whether the caller's policy allows an operation (protocol/policy.h). */
#ifndef PH_PROTOCOL_AUTHORIZE_H
#define PH_PROTOCOL_AUTHORIZE_H

#include "model/io.h"
#include "util/ctx.h"

/*
 * After the signature and the shape walk, before the operation looks at anything: a caller who may
 * not do it learns nothing about what exists. Only signed operations in `serve` are checked.
 *
 * The resource is the ARN of the pool whose id is given, else "*". AccessDeniedException otherwise.
 */
PH_MUST_USE struct ph_err ph_authorize(struct ph_ctx *ctx, const struct ph_operation *operation,
                                       const struct ph_in *in);

#endif
