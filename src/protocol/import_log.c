#include "protocol/import_log.h"

#include "import/job.h"
#include "import/row.h"
#include "model/exceptions.h"
#include "util/buf.h"

#define PATH PH_STR("/_poolhouse/imports/")

enum { TEXT_MAX = 16 * 1024 * 1024 };

static void add_job(struct ph_buf *text, const struct ph_pool *pool,
                    const struct ph_import_job *job)
{
    ph_buf_addf(text,
                "/aws/cognito/userpools/%.*s/%.*s %.*s/%.*s %.*s: %lld imported, %lld skipped, "
                "%lld failed. %.*s\n",
                PH_FMT(pool->id), PH_FMT(pool->name), PH_FMT(job->id), PH_FMT(job->name),
                PH_FMT(ph_import_status_name(job->status)), (long long)job->imported,
                (long long)job->skipped, (long long)job->failed, PH_FMT(job->message));
}

static struct ph_err write(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str job_id,
                           int64_t after, struct ph_str *out)
{
    const struct ph_pool *pool;
    struct ph_import_job *job;
    struct ph_import_line *lines;
    struct ph_buf text;
    size_t count;

    PH_TRY(ph_pool_get(ctx, pool_id, &pool));
    PH_TRY(ph_import_get(ctx, pool, job_id, &job));
    PH_TRY(
        ph_store_import_lines(ctx, pool_id, job_id, after, PH_IMPORT_LINES_KEPT, &lines, &count));
    ph_buf_init(&text, ctx->arena, TEXT_MAX);
    add_job(&text, pool, job);
    for (size_t i = 0; i < count; i++) {
        ph_buf_add(&text, ph_import_log_line(ctx->arena, &lines[i]));
        ph_buf_add_byte(&text, '\n');
    }
    *out = ph_buf_str(&text);
    return PH_OK;
}

static int64_t read_after(struct ph_str query)
{
    int64_t after = 0;
    struct ph_str name, value;

    if (ph_str_cut(query, '=', &name, &value) && ph_str_eq(name, PH_STR("after")) &&
        ph_str_to_int(value, 0, INT64_MAX, &after)) {
        return after;
    }
    return 0;
}

bool ph_import_log_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                          struct ph_http_reply *reply)
{
    struct ph_str pool_id, job_id;
    struct ph_err err;

    if (ctx->settings->mode != PH_MODE_DEV || !ph_str_eq(request->method, PH_STR("GET")) ||
        !ph_str_starts(request->path, PATH)) {
        return false;
    }
    ph_str_cut(ph_str_skip(request->path, PATH.n), '/', &pool_id, &job_id);
    err = write(ctx, pool_id, job_id, read_after(request->query), &reply->body);
    reply->content_type = PH_STR("text/plain; charset=utf-8");
    if (err.type != NULL) {
        reply->status = err.type == &ph_ex_ResourceNotFoundException ? 404 : err.type->status;
        reply->body = ph_strf(ctx->arena, "%s\n", err.message);
    }
    return true;
}
