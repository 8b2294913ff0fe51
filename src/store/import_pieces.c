/* The files of import jobs: pieces, each sealed and durable before the next one is taken. */
#include "store/imports.h"
#include "store/internal.h"

struct sending {
    struct ph_str pool_id;
    struct ph_str job_id;
    struct ph_str upload;
    struct ph_str sealed;
    int64_t number;
    int64_t bytes, lines;
    int64_t changed;
};

static struct ph_err send(struct ph_ctx *ctx, ph_job_run *run, struct sending *s, bool *kept)
{
    PH_TRY(ph_write(ctx, run, s));
    *kept = s->changed > 0;
    return PH_OK;
}

/* The number is part of the key: pieces cannot change places. */
static struct ph_place place_of(struct ph_arena *arena, struct ph_str pool_id, struct ph_str upload,
                                int64_t number)
{
    return (struct ph_place){
        .table = "import_pieces",
        .column = "bytes",
        .pool_id = pool_id,
        .key = ph_strf(arena, "%.*s %lld", PH_FMT(upload), (long long)number),
    };
}

static const char BEGIN[] = "UPDATE import_jobs SET uploading = $3"
                            " WHERE pool_id = $1 AND id = $2 AND status = 0";

static void begin(struct ph_tx *tx, void *arg)
{
    struct sending *s = arg;

    s->changed =
        PH_RUN(tx, BEGIN, ph_v_text(s->pool_id), ph_v_text(s->job_id), ph_v_text(s->upload));
}

struct ph_err ph_store_upload_begin(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str job_id,
                                    struct ph_str upload, bool *begun)
{
    struct sending s = { .pool_id = pool_id, .job_id = job_id, .upload = upload };

    return send(ctx, begin, &s, begun);
}

static const char PIECE[] = "INSERT INTO import_pieces (pool_id, upload, number, job_id, bytes)"
                            " SELECT pool_id, uploading, $4, id, $5 FROM import_jobs"
                            " WHERE pool_id = $1 AND id = $2 AND uploading = $3 AND status = 0";

static void piece(struct ph_tx *tx, void *arg)
{
    struct sending *s = arg;

    s->changed = PH_RUN(tx, PIECE, ph_v_text(s->pool_id), ph_v_text(s->job_id),
                        ph_v_text(s->upload), ph_v_int(s->number), ph_v_bytes(s->sealed));
}

struct ph_err ph_store_upload_piece(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_str job_id, struct ph_str upload, int64_t number,
                                    struct ph_str bytes, bool *kept)
{
    const struct ph_place place = place_of(ctx->arena, pool->id, upload, number);
    struct sending s = {
        .pool_id = pool->id,
        .job_id = job_id,
        .upload = upload,
        .number = number,
        .sealed = ph_pool_seal(ctx->arena, pool, &place, bytes),
    };

    PH_TRY(ph_write_sealed(ctx, pool, piece, &s));
    *kept = s.changed > 0;
    return PH_OK;
}

static const char END[] =
    "UPDATE import_jobs SET upload = uploading, uploading = NULL, bytes = $4, lines = $5"
    " WHERE pool_id = $1 AND id = $2 AND uploading = $3 AND status = 0";

static void end(struct ph_tx *tx, void *arg)
{
    struct sending *s = arg;

    s->changed = PH_RUN(tx, END, ph_v_text(s->pool_id), ph_v_text(s->job_id), ph_v_text(s->upload),
                        ph_v_int(s->bytes), ph_v_int(s->lines));
}

struct ph_err ph_store_upload_end(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str job_id,
                                  struct ph_str upload, int64_t bytes, int64_t lines, bool *kept)
{
    struct sending s = {
        .pool_id = pool_id, .job_id = job_id, .upload = upload, .bytes = bytes, .lines = lines
    };

    return send(ctx, end, &s, kept);
}

static const char READ[] = "SELECT bytes FROM import_pieces"
                           " WHERE pool_id = $1 AND upload = $2 AND number = $3";

struct ph_err ph_store_upload_read(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str upload, int64_t number, struct ph_str *bytes)
{
    const struct ph_place place = place_of(ctx->arena, pool->id, upload, number);
    struct ph_str plain = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, READ, ph_v_text(pool->id), ph_v_text(upload), ph_v_int(number));
    if (ph_q_row(&q) &&
        !ph_pool_open(ctx->arena, pool, &place, ph_q_str(&q, ctx->arena, 0), &plain)) {
        ph_q_broken(&q, "a piece of an import file does not open");
    }
    PH_TRY(ph_read_end(&q));
    *bytes = plain;
    return PH_OK;
}

/* A few at a time: each is some dozens of pages. Jobs that have ended need none. */
static const char TIDY[] =
    "DELETE FROM import_pieces WHERE (pool_id, upload, number) IN"
    " (SELECT p.pool_id, p.upload, p.number FROM import_pieces p LEFT JOIN import_jobs j"
    " ON j.pool_id = p.pool_id AND j.id = p.job_id AND j.status < 4"
    " AND (j.upload = p.upload OR j.uploading = p.upload) WHERE j.id IS NULL LIMIT 16)";

static void tidy(struct ph_tx *tx, void *arg)
{
    struct sending *s = arg;

    s->changed = ph_tx_run(tx, TIDY, NULL, 0);
}

struct ph_err ph_store_upload_tidy(struct ph_ctx *ctx, int64_t *deleted)
{
    struct sending s = { 0 };

    PH_TRY(ph_write(ctx, tidy, &s));
    *deleted = s.changed;
    return PH_OK;
}
