/* One import job from where it stands to its end. Private to import/. */
#ifndef PH_IMPORT_RUN_H
#define PH_IMPORT_RUN_H

#include "store/imports.h"

#include <stdatomic.h>

/* What a run reports to, and what ends it early. Shared with other threads. */
struct ph_import_tally {
    atomic_bool stopping;
    atomic_int_fast64_t counts[PH_LINE_FAILED + 1];
};

/*
 * Runs the job until it has ended, somebody else has moved it, or tally->stopping. Fails when the
 * store does, which is logged: the job stays where it is, and may be run again.
 *
 * ctx->arena is reset again and again.
 */
PH_MUST_USE struct ph_err ph_import_run(struct ph_ctx *ctx, struct ph_import_tally *tally,
                                        const struct ph_import_job *job);

#endif
