/* Import jobs (management.md 11). */
#include "api/handlers.h"
#include "api/page_token.h"
#include "import/job.h"
#include "import/row.h"
#include "import/upload_url.h"
#include "model/messages.h"

enum { PAGE_MAX = 50 /* the list of the model has no more */ };

struct ph_err ph_api_get_csv_header(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_out_list list;
    struct ph_str *names;
    size_t count;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    ph_import_header(ctx->arena, pool, &names, &count);
    ph_out_str(out, M_UserPoolId, pool->id);
    list = ph_out_list(out, M_CSVHeader);
    for (size_t i = 0; i < count; i++) {
        ph_out_list_str(&list, names[i]);
    }
    return PH_OK;
}

static void write_job(struct ph_ctx *ctx, const struct ph_pool *pool,
                      const struct ph_import_job *job, struct ph_out *out)
{
    ph_out_str(out, M_JobName, job->name);
    ph_out_str(out, M_JobId, job->id);
    ph_out_str(out, M_UserPoolId, job->pool_id);
    ph_out_str(out, M_PreSignedUrl, ph_upload_url(ctx, pool, job));
    ph_out_time(out, M_CreationDate, job->created_ms);
    if (job->started_ms != 0) {
        ph_out_time(out, M_StartDate, job->started_ms);
    }
    if (job->completed_ms != 0) {
        ph_out_time(out, M_CompletionDate, job->completed_ms);
    }
    ph_out_str(out, M_Status, ph_import_status_name(job->status));
    ph_out_str(out, M_CloudWatchLogsRoleArn, job->role);
    ph_out_int(out, M_ImportedUsers, job->imported);
    ph_out_int(out, M_SkippedUsers, job->skipped);
    ph_out_int(out, M_FailedUsers, job->failed);
    ph_out_str(out, M_CompletionMessage, job->message);
    ph_out_str(out, M_PasswordHashingAlgorithm, ph_hash_algorithm_name(job->algorithm));
}

static struct ph_err answer(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_import_job *job, struct ph_out *out)
{
    struct ph_out one = ph_out_object(out, M_UserImportJob);

    write_job(ctx, pool, job, &one);
    return PH_OK;
}

struct ph_err ph_api_create_user_import_job(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct ph_import_wish wish = {
        .name = ph_in_str(in, M_JobName),
        .role = ph_in_str(in, M_CloudWatchLogsRoleArn),
        .algorithm = ph_hash_algorithm_of(ph_in_str(in, M_PasswordHashingAlgorithm)),
    };
    const struct ph_pool *pool;
    struct ph_import_job *job;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_import_create(ctx, pool, &wish, &job));
    return answer(ctx, pool, job, out);
}

/* The three operations that name a job and answer with it. */
typedef struct ph_err on_job(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str id,
                             struct ph_import_job **job);

static struct ph_err with_job(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out,
                              on_job *act)
{
    const struct ph_pool *pool;
    struct ph_import_job *job;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(act(ctx, pool, ph_in_str(in, M_JobId), &job));
    return answer(ctx, pool, job, out);
}

struct ph_err ph_api_describe_user_import_job(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    return with_job(ctx, in, out, ph_import_get);
}

struct ph_err ph_api_start_user_import_job(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    return with_job(ctx, in, out, ph_import_start);
}

struct ph_err ph_api_stop_user_import_job(struct ph_ctx *ctx, const struct ph_in *in,
                                          struct ph_out *out)
{
    return with_job(ctx, in, out, ph_import_stop);
}

/* --- listing --- */

/* A place in the list: "1700000000000 import-AbCdEfGhIj". */
static struct ph_err read_place(const struct ph_page *page, int64_t *after_ms,
                                struct ph_str *after_id)
{
    struct ph_str made;

    *after_ms = INT64_MAX;
    *after_id = (struct ph_str){ 0 };
    if (page->after.p != NULL && (!ph_str_cut(page->after, ' ', &made, after_id) ||
                                  !ph_str_to_int(made, 0, INT64_MAX, after_ms))) {
        return PH_FAIL(InvalidParameterException, PH_MSG_PAGE_TOKEN);
    }
    return PH_OK;
}

static struct ph_str place_of(struct ph_ctx *ctx, const struct ph_import_job *job)
{
    return ph_strf(ctx->arena, "%lld %.*s", (long long)job->created_ms, PH_FMT(job->id));
}

struct ph_err ph_api_list_user_import_jobs(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_import_job *jobs;
    struct ph_out_list list;
    struct ph_page page;
    struct ph_str after_id;
    int64_t after_ms;
    size_t count;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_page_read(ctx, ph_strf(ctx->arena, "ListUserImportJobs %.*s", PH_FMT(pool->id)),
                        ph_in_str(in, M_PaginationToken), ph_in_int(in, M_MaxResults), PAGE_MAX,
                        &page));
    PH_TRY(read_place(&page, &after_ms, &after_id));
    PH_TRY(ph_store_import_list(ctx, pool->id, after_ms, after_id, page.limit + 1, &jobs, &count));
    list = ph_out_list(out, M_UserImportJobs);
    for (size_t i = 0; i < count && i < page.limit; i++) {
        struct ph_out one = ph_out_list_object(&list);

        write_job(ctx, pool, &jobs[i], &one);
    }
    if (count > page.limit) {
        ph_out_str(out, M_PaginationToken,
                   ph_page_token_make(ctx, page.question, place_of(ctx, &jobs[page.limit - 1])));
    }
    return PH_OK;
}
