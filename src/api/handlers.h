/*
 * The operations that are built: one line in handlers.def and one function each.
 */
#ifndef PH_API_HANDLERS_H
#define PH_API_HANDLERS_H

#include "model/io.h"
#include "util/ctx.h"

/* Reads checked input, calls the domain, fills the reply. */
struct ph_handler {
    struct ph_err (*run)(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out);
};

/* Declares every handler of the list. */
#define HANDLER(operation, function)                                                               \
    PH_MUST_USE struct ph_err function(struct ph_ctx *ctx, const struct ph_in *in,                 \
                                       struct ph_out *out);
#include "api/handlers.def"
#undef HANDLER

/* Indexed by enum ph_op; run is NULL for an operation that is not built. */
extern const struct ph_handler ph_handlers[PH_OP_COUNT];

#endif
