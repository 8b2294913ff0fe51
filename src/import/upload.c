#include "import/upload.h"

#include "util/memory.h"

#include <stdlib.h>
#include <string.h>

struct ph_upload {
    char *pool_id;
    char *job_id;
    char *id;
    int64_t pieces;
    int64_t bytes;
    int64_t lines;   /* LFs */
    bool ends_in_lf; /* else the last line has none */
};

void ph_upload_free(struct ph_upload *upload)
{
    if (upload != NULL) {
        free(upload->pool_id);
        free(upload->job_id);
        free(upload->id);
        free(upload);
    }
}

int64_t ph_upload_bytes(const struct ph_upload *upload)
{
    return upload->bytes;
}

const char *ph_upload_id(const struct ph_upload *upload)
{
    return upload->id;
}

const char *ph_upload_job(const struct ph_upload *upload)
{
    return upload->job_id;
}

/* --- beginning --- */

static enum ph_upload_verdict check_address(struct ph_ctx *ctx, const struct ph_upload_url *url,
                                            struct ph_import_job **job)
{
    const struct ph_pool *pool = NULL;

    if (ph_pool_find(ctx, url->pool_id, &pool).type != NULL) {
        return PH_UPLOAD_BROKEN;
    }
    if (pool == NULL || !ph_upload_url_is_signed(pool, url, ph_now_ms(ctx))) {
        return PH_UPLOAD_UNKNOWN;
    }
    if (ph_now_s(ctx) >= url->signed_s + url->expires_s) {
        return PH_UPLOAD_EXPIRED;
    }
    if (ph_store_import_find(ctx, pool->id, url->job_id, job).type != NULL) {
        return PH_UPLOAD_BROKEN;
    }
    return *job == NULL ? PH_UPLOAD_UNKNOWN : PH_UPLOAD_TAKEN;
}

static struct ph_upload *new_upload(struct ph_ctx *ctx, const struct ph_import_job *job)
{
    struct ph_upload *upload = ph_heap_zeroed(1, sizeof *upload);

    upload->pool_id = ph_heap_cstr(job->pool_id);
    upload->job_id = ph_heap_cstr(job->id);
    upload->id = ph_heap_cstr(ph_new_uuid4(ctx));
    return upload;
}

enum ph_upload_verdict ph_upload_begin(struct ph_ctx *ctx, const struct ph_upload_url *url,
                                       struct ph_upload **upload)
{
    struct ph_import_job *job = NULL;
    const enum ph_upload_verdict verdict = check_address(ctx, url, &job);
    struct ph_upload *made;
    bool begun = false;
    struct ph_err err;

    if (verdict != PH_UPLOAD_TAKEN) {
        return verdict;
    }
    made = new_upload(ctx, job);
    err = ph_store_upload_begin(ctx, job->pool_id, job->id, ph_str_from(made->id), &begun);
    if (err.type != NULL || !begun) {
        ph_upload_free(made);
        return err.type != NULL ? PH_UPLOAD_BROKEN : PH_UPLOAD_CLOSED;
    }
    *upload = made;
    return PH_UPLOAD_TAKEN;
}

/* --- going on --- */

static int64_t count_lfs(struct ph_str piece)
{
    int64_t count = 0;
    struct ph_str rest = piece;

    while (ph_str_cut(rest, '\n', NULL, &rest)) {
        count++;
    }
    return count;
}

static enum ph_upload_verdict verdict_of(struct ph_err err, bool kept)
{
    if (err.type != NULL) {
        return PH_UPLOAD_BROKEN;
    }
    return kept ? PH_UPLOAD_TAKEN : PH_UPLOAD_REPLACED;
}

enum ph_upload_verdict ph_upload_take(struct ph_ctx *ctx, struct ph_upload *upload,
                                      struct ph_str piece)
{
    const struct ph_pool *pool = NULL;
    bool kept = false;
    struct ph_err err;

    if (piece.n == 0) {
        return PH_UPLOAD_TAKEN;
    }
    if ((int64_t)piece.n > PH_IMPORT_BYTES_MAX - upload->bytes) {
        return PH_UPLOAD_TOO_LARGE;
    }
    err = ph_pool_find(ctx, ph_str_from(upload->pool_id), &pool);
    if (err.type == NULL && pool != NULL) {
        err = ph_store_upload_piece(ctx, &pool->ref, ph_str_from(upload->job_id),
                                    ph_str_from(upload->id), upload->pieces, piece, &kept);
    }
    upload->pieces++;
    upload->bytes += (int64_t)piece.n;
    upload->lines += count_lfs(piece);
    upload->ends_in_lf = piece.p[piece.n - 1] == '\n';
    return verdict_of(err, kept);
}

enum ph_upload_verdict ph_upload_end(struct ph_ctx *ctx, struct ph_upload *upload)
{
    const int64_t lines = upload->lines + (upload->bytes > 0 && !upload->ends_in_lf ? 1 : 0);
    bool kept = false;
    const struct ph_err err =
        ph_store_upload_end(ctx, ph_str_from(upload->pool_id), ph_str_from(upload->job_id),
                            ph_str_from(upload->id), upload->bytes, lines, &kept);

    return verdict_of(err, kept);
}
