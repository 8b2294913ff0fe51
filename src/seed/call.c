/* One request to the API, from inside: the same checks and handlers that clients meet. */
#include "api/handlers.h"
#include "model/validate.h"
#include "seed/internal.h"

struct ph_err ph_seed_call(struct ph_ctx *ctx, enum ph_op op, const struct json_t *body,
                           struct json_t **reply)
{
    struct ph_out out = ph_out_new(ctx->arena);
    const struct ph_in in = { body };

    PH_TRY(ph_validate_input(ctx->arena, ph_operations[op].input, body));
    if (ph_handlers[op].run == NULL) {
        return PH_FAIL(OperationNotBuiltException,
                       ph_textf(ctx->arena, "%s is not built yet.", ph_operations[op].name));
    }
    PH_TRY(ph_handlers[op].run(ctx, &in, &out));
    *reply = out.object;
    return PH_OK;
}
