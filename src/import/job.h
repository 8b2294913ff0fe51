/*
 * Import jobs: what may be done with one when (management.md 11). Statuses are moved by single
 * statements of the store; the file is sent in protocol/upload.c, the work done by worker.c.
 */
#ifndef PH_IMPORT_JOB_H
#define PH_IMPORT_JOB_H

#include "pool/pool.h"
#include "store/imports.h"

struct ph_importer; /* import/worker.h */

struct ph_import_wish {
    struct ph_str name;
    struct ph_str role;
    enum ph_hash_algorithm algorithm;
};

/* LimitExceededException when the pool has its 1000 jobs. */
PH_MUST_USE struct ph_err ph_import_create(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           const struct ph_import_wish *wish,
                                           struct ph_import_job **job);

/* ResourceNotFoundException. */
PH_MUST_USE struct ph_err ph_import_get(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        struct ph_str id, struct ph_import_job **job);

/*
 * PreconditionNotMetException: the pool verifies nothing by itself, nothing was sent, the job was
 * started before, another one of the pool is active. Wakes ctx->importer.
 */
PH_MUST_USE struct ph_err ph_import_start(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          struct ph_str id, struct ph_import_job **job);

/* PreconditionNotMetException for a job that is not active. */
PH_MUST_USE struct ph_err ph_import_stop(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         struct ph_str id, struct ph_import_job **job);

/* UserImportInProgressException while a job of the pool is active: the pool stays as it is. */
PH_MUST_USE struct ph_err ph_import_check_idle(struct ph_ctx *ctx, const struct ph_pool *pool);

#endif
