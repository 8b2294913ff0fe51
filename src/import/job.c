#include "import/job.h"

#include "import/worker.h"
#include "model/exceptions.h"

enum { ID_CHARACTERS = 10 };

struct ph_err ph_import_create(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_import_wish *wish, struct ph_import_job **job)
{
    const struct ph_str random =
        ph_random_text(ctx, ID_CHARACTERS,
                       PH_STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"));
    struct ph_import_job *made = ph_arena_new(ctx->arena, struct ph_import_job);
    enum ph_import_insert result;

    *made = (struct ph_import_job){
        .pool_id = pool->id,
        .id = ph_strf(ctx->arena, "import-%.*s", PH_FMT(random)),
        .name = wish->name,
        .role = wish->role,
        .algorithm = wish->algorithm,
        .status = PH_IMPORT_CREATED,
        .created_ms = ph_now_ms(ctx),
    };
    PH_TRY(ph_store_import_insert(ctx, made, &result));
    if (result == PH_IMPORT_FULL) {
        return PH_FAIL(LimitExceededException, "A user pool can have at most 1000 import jobs.");
    }
    if (result == PH_IMPORT_GONE) {
        return ph_pool_unknown(ctx, pool->id);
    }
    *job = made;
    return PH_OK;
}

struct ph_err ph_import_get(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str id,
                            struct ph_import_job **job)
{
    struct ph_import_job *found;

    PH_TRY(ph_store_import_find(ctx, pool->id, id, &found));
    if (found == NULL) {
        return PH_FAIL(ResourceNotFoundException,
                       ph_textf(ctx->arena, "User import job %.*s does not exist.", PH_FMT(id)));
    }
    *job = found;
    return PH_OK;
}

static struct ph_err wrong_status(struct ph_ctx *ctx, const struct ph_import_job *job,
                                  const char *what)
{
    return PH_FAIL(PreconditionNotMetException,
                   ph_textf(ctx->arena, "The import job cannot be %s. Current status is %.*s", what,
                            PH_FMT(ph_import_status_name(job->status))));
}

/* --- starting --- */

static struct ph_err check_startable(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_import_job *job)
{
    bool active;

    if (job->status != PH_IMPORT_CREATED) {
        return wrong_status(ctx, job, "started");
    }
    if (pool->auto_verified == 0) {
        return PH_FAIL(PreconditionNotMetException,
                       "The user pool does not have any auto verified attributes.");
    }
    if (job->upload.n == 0) {
        return PH_FAIL(PreconditionNotMetException,
                       "No file has been uploaded for the import job.");
    }
    PH_TRY(ph_store_import_is_active(ctx, pool->id, &active));
    return active ? PH_FAIL(PreconditionNotMetException,
                            "There is already an active import job for the user pool.")
                  : PH_OK;
}

struct ph_err ph_import_start(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str id,
                              struct ph_import_job **job)
{
    bool started;

    PH_TRY(ph_import_get(ctx, pool, id, job));
    PH_TRY(check_startable(ctx, pool, *job));
    PH_TRY(ph_store_import_start(ctx, pool->id, id, &started));
    if (!started) { /* of two at once the other one was faster: which one, is found now */
        PH_TRY(ph_import_get(ctx, pool, id, job));
        PH_TRY(check_startable(ctx, pool, *job));
        return PH_FAIL(TooManyRequestsException, "Too many requests");
    }
    PH_TRY(ph_import_get(ctx, pool, id, job)); /* before it can be further than that */
    ph_importer_wake(ctx->importer);
    return PH_OK;
}

/* --- stopping --- */

struct ph_err ph_import_stop(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str id,
                             struct ph_import_job **job)
{
    const struct ph_import_move move = {
        .pool_id = pool->id,
        .id = id,
        .from = PH_IMPORT_PENDING,
        .or_from = PH_IMPORT_IN_PROGRESS,
        .to = PH_IMPORT_STOPPING,
    };
    bool moved;

    PH_TRY(ph_import_get(ctx, pool, id, job));
    PH_TRY(ph_store_import_move(ctx, &move, &moved));
    if (moved) {
        ph_importer_wake(ctx->importer);
        (*job)->status = PH_IMPORT_STOPPING;
        return PH_OK;
    }
    PH_TRY(ph_import_get(ctx, pool, id, job));
    return (*job)->status == PH_IMPORT_STOPPING || (*job)->status == PH_IMPORT_STOPPED
               ? PH_OK
               : wrong_status(ctx, *job, "stopped");
}

struct ph_err ph_import_check_idle(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    bool active;

    PH_TRY(ph_store_import_is_active(ctx, pool->id, &active));
    if (!active) {
        return PH_OK;
    }
    return PH_FAIL(UserImportInProgressException,
                   ph_textf(ctx->arena, "User import is in progress for the user pool %.*s.",
                            PH_FMT(pool->id)));
}
