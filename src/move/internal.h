/* What exporting, importing and copying share. Included only inside move/. */
#ifndef PH_MOVE_INTERNAL_H
#define PH_MOVE_INTERNAL_H

#include "move/format.h"
#include "move/move.h"
#include "move/sum.h"

static inline struct ph_err ph_move_refuse(const char *why)
{
    return PH_FAIL(InternalErrorException, why);
}

static inline struct ph_err ph_snapshot_of(struct ph_ctx *ctx, struct ph_snapshot **snapshot)
{
    const char *why = "";

    *snapshot = ph_snapshot_begin(ctx, &why);
    return *snapshot == NULL ? ph_move_refuse(why) : PH_OK;
}

#endif
