#include "import/run.h"

#include "import/row.h"

#include "util/clock.h"

enum { LINES_AT_ONCE = 64, USERS_MAX = 500000 };

#define STOPPED "The Import Job was stopped by the developer."
#define SUCCEEDED "Import Job Completed Successfully."
#define TOO_MANY "Too many users have failed or been skipped during the import."

/* A job on its way. Its own arenas, for what outlives a step. */
struct run {
    struct ph_ctx *ctx;
    struct ph_import_tally *tally;
    struct ph_import_job job;   /* as it is after the last step; slices in `arena` */
    const struct ph_pool *pool; /* of this step */
    struct ph_import_columns columns;
    struct ph_arena arena;       /* as long as the run */
    struct ph_arena piece_arena; /* as long as one piece of the file */
    struct ph_csv csv;
    int64_t fed;    /* bytes of the file that the reader has been given */
    bool is_broken; /* a piece of the file is missing */
    int64_t began_ns;
};

static void finish(struct run *run)
{
    ph_arena_finish(&run->piece_arena);
    ph_arena_finish(&run->arena);
}

static struct ph_import_job copy_job(struct ph_arena *arena, const struct ph_import_job *job)
{
    struct ph_import_job copy = *job;

    copy.pool_id = ph_str_dup(arena, job->pool_id);
    copy.id = ph_str_dup(arena, job->id);
    copy.name = ph_str_dup(arena, job->name);
    copy.upload = ph_str_dup(arena, job->upload);
    copy.role = (struct ph_str){ 0 }; /* not used here */
    copy.message = (struct ph_str){ 0 };
    return copy;
}

/* --- the log --- */

static struct ph_str log_group(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    return ph_strf(ctx->arena, "/aws/cognito/userpools/%.*s/%.*s", PH_FMT(pool->id),
                   PH_FMT(pool->name));
}

static struct ph_str log_stream(struct ph_ctx *ctx, const struct ph_import_job *job)
{
    return ph_strf(ctx->arena, "%.*s/%.*s", PH_FMT(job->id), PH_FMT(job->name));
}

static void log_lines(const struct run *run, const struct ph_import_line *lines, size_t count)
{
    const struct ph_str group = log_group(run->ctx, run->pool);
    const struct ph_str stream = log_stream(run->ctx, &run->job);

    for (size_t i = 0; i < count; i++) {
        PH_LOG(&run->ctx->log, lines[i].outcome == PH_LINE_SUCCEEDED ? PH_DEBUG : PH_WARN,
               "import_line", ph_f_str("log_group", group), ph_f_str("log_stream", stream),
               ph_f_str("text", ph_import_log_line(run->ctx->arena, &lines[i])));
    }
}

static void log_end(const struct run *run, enum ph_import_status status, struct ph_str message)
{
    const struct ph_import_job *job = &run->job;

    PH_LOG(&run->ctx->log, status == PH_IMPORT_FAILED ? PH_WARN : PH_INFO, "import_ended",
           ph_f_str("pool", job->pool_id), ph_f_str("job", job->id),
           ph_f_str("status", ph_import_status_name(status)), ph_f_int("imported", job->imported),
           ph_f_int("skipped", job->skipped), ph_f_int("failed", job->failed),
           ph_f_int("duration_ms", (ph_monotonic_ns() - run->began_ns) / 1000000),
           ph_f_str("text", message));
}

/* --- the end --- */

/* When somebody has moved the job meanwhile, it is looked at again. */
static struct ph_err end(struct run *run, enum ph_import_status from, enum ph_import_status to,
                         struct ph_str message)
{
    const struct ph_import_move move = {
        .pool_id = run->job.pool_id,
        .id = run->job.id,
        .from = from,
        .or_from = from,
        .to = to,
        .message = message,
        .completes = true,
    };
    bool moved;

    PH_TRY(ph_store_import_move(run->ctx, &move, &moved));
    if (moved) {
        log_end(run, to, message);
    }
    return PH_OK;
}

static struct ph_err fail(struct run *run, const char *why)
{
    return end(run, PH_IMPORT_IN_PROGRESS, PH_IMPORT_FAILED, ph_str_from(why));
}

/* A file of which nobody came in has failed, whatever its lines say for themselves. */
static struct ph_err complete(struct run *run)
{
    const bool nobody = run->job.imported == 0 && run->job.skipped + run->job.failed > 0;

    return nobody ? fail(run, TOO_MANY)
                  : end(run, PH_IMPORT_IN_PROGRESS, PH_IMPORT_SUCCEEDED, PH_STR(SUCCEEDED));
}

/* --- the file --- */

/* From the byte that the reader wants next, to the end of the piece that has it. */
static struct ph_err feed(struct run *run)
{
    struct ph_arena *of_step = run->ctx->arena;
    const int64_t number = run->fed / PH_IMPORT_PIECE_BYTES;
    struct ph_str piece = { 0 };
    struct ph_err err;

    ph_arena_reset(&run->piece_arena);
    run->ctx->arena = &run->piece_arena;
    err = ph_store_upload_read(run->ctx, &run->pool->ref, run->job.upload, number, &piece);
    run->ctx->arena = of_step;
    PH_TRY(err);
    piece = ph_str_skip(piece, (size_t)(run->fed - number * PH_IMPORT_PIECE_BYTES));
    run->is_broken = piece.n == 0;
    run->fed += (int64_t)piece.n;
    ph_csv_feed(&run->csv, piece);
    return PH_OK;
}

/* *found is false at the end of the file. */
static struct ph_err next_line(struct run *run, struct ph_csv_line *line, bool *found)
{
    *found = false;
    while (!ph_csv_next(&run->csv, line)) {
        if (run->fed >= run->job.bytes) {
            *found = ph_csv_last(&run->csv, line);
            return PH_OK;
        }
        PH_TRY(feed(run));
        if (run->is_broken) {
            return PH_OK;
        }
    }
    *found = true;
    return PH_OK;
}

static void start_reading(struct run *run, int64_t at_byte, int64_t at_line)
{
    ph_csv_seek(&run->csv, at_byte, at_line);
    run->fed = at_byte;
}

/* *why is what is wrong with the file as a whole; NULL: nothing. Then the reader is at its place.
 */
static struct ph_err read_header(struct run *run, const char **why)
{
    struct ph_csv_line line = { 0 };
    bool found;

    *why = NULL;
    if (run->job.lines > USERS_MAX + 1) {
        *why = "The file has more than 500000 users.";
        return PH_OK;
    }
    start_reading(run, 0, 0);
    PH_TRY(next_line(run, &line, &found));
    if (!found) {
        *why = "The file is empty.";
        return PH_OK;
    }
    *why = ph_import_columns_read(&run->arena, run->pool, run->job.algorithm,
                                  ph_str_dup(&run->arena, line.text), &run->columns);
    if (*why == NULL && run->job.at_byte > 0) {
        start_reading(run, run->job.at_byte, run->job.at_line);
    }
    return PH_OK;
}

/* --- lines --- */

/* A user of this step owns what another one is called: nobody but the step knows of him yet. */
static bool meets_in_step(const struct ph_import_line *a, const struct ph_import_line *b)
{
    if (a->change == NULL || b->change == NULL) {
        return false;
    }
    for (size_t i = 0; i < a->change->alias_count; i++) {
        for (size_t j = 0; j < b->change->alias_count; j++) {
            if (a->change->aliases[i].kind != b->change->aliases[j].kind &&
                ph_str_eq(a->change->aliases[i].value, b->change->aliases[j].value)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Whether a line must wait for the lines before it. The same name of the same kind is found by the
 * write itself; only what users call themselves besides is looked up before.
 */
static bool must_wait(const struct run *run, const struct ph_import_line *lines, size_t count)
{
    if ((run->pool->alias_attributes & PH_PREFERRED_USERNAME) == 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (meets_in_step(&lines[i], &lines[count])) {
            return true;
        }
    }
    return false;
}

static void taken(void *self, struct ph_import_line *line, enum ph_alias_kind kind)
{
    const struct run *run = self;

    ph_import_row_taken(run->ctx, run->pool, line, kind);
}

static void count_lines(struct run *run, const struct ph_import_step *step)
{
    int64_t *counts[] = { [PH_LINE_SUCCEEDED] = &run->job.imported,
                          [PH_LINE_SKIPPED] = &run->job.skipped,
                          [PH_LINE_FAILED] = &run->job.failed };

    for (size_t i = 0; i < step->count; i++) {
        ++*counts[step->lines[i].outcome];
        atomic_fetch_add(&run->tally->counts[step->lines[i].outcome], 1);
    }
    run->job.at_byte = step->at_byte;
    run->job.at_line = step->at_line;
}

/* What a step reads: at most so many lines, without empty ones. */
struct batch {
    struct ph_import_line lines[LINES_AT_ONCE];
    size_t count;
    int64_t at_byte, at_line;
    bool is_last;
};

static struct ph_err read_batch(struct run *run, struct batch *batch)
{
    batch->at_byte = run->csv.at_byte;
    batch->at_line = run->csv.at_line;
    while (batch->count < LINES_AT_ONCE) {
        struct ph_csv_line line;
        bool found;

        PH_TRY(next_line(run, &line, &found));
        if (!found) {
            batch->is_last = true;
            return PH_OK;
        }
        if (line.is_too_long || ph_str_trim(line.text).n > 0) {
            PH_TRY(ph_import_row_read(run->ctx, run->pool, run->job.algorithm, &run->columns, &line,
                                      &batch->lines[batch->count]));
            if (must_wait(run, batch->lines, batch->count)) { /* it is read again */
                start_reading(run, batch->at_byte, batch->at_line);
                return PH_OK;
            }
            batch->count++;
        }
        batch->at_byte = run->csv.at_byte;
        batch->at_line = run->csv.at_line;
    }
    return PH_OK;
}

/* *more is false when the job has ended or is no longer ours to run. */
static struct ph_err step(struct run *run, bool *more)
{
    struct batch *batch = ph_arena_new(run->ctx->arena, struct batch);
    struct ph_import_step next = { .job = &run->job, .taken = taken, .self = run };
    bool done = true;

    *more = false;
    PH_TRY(read_batch(run, batch));
    next.lines = batch->lines;
    next.count = batch->count;
    next.at_byte = batch->at_byte;
    next.at_line = batch->at_line;
    if (batch->count > 0) {
        PH_TRY(ph_store_import_step(run->ctx, &run->pool->ref, &next, &done));
    }
    if (!done) {
        return PH_OK;
    }
    count_lines(run, &next);
    log_lines(run, batch->lines, batch->count);
    if (run->is_broken) {
        return fail(run, "The file is damaged.");
    }
    *more = !batch->is_last;
    return *more ? PH_OK : complete(run);
}

/* The pool as it is now; *there is false when it was deleted. */
static struct ph_err take_pool(struct run *run, bool *there)
{
    ph_arena_reset(run->ctx->arena);
    PH_TRY(ph_pool_find(run->ctx, run->job.pool_id, &run->pool));
    *there = run->pool != NULL;
    return PH_OK;
}

static struct ph_err read_all(struct run *run)
{
    const char *why;
    bool there, more;

    PH_TRY(take_pool(run, &there));
    if (!there) {
        return PH_OK;
    }
    PH_TRY(read_header(run, &why));
    if (why != NULL) {
        return fail(run, why);
    }
    PH_LOG(&run->ctx->log, PH_INFO, "import_running", ph_f_str("pool", run->job.pool_id),
           ph_f_str("job", run->job.id), ph_f_int("line", run->job.at_line),
           ph_f_int("lines", run->job.lines));
    do {
        PH_TRY(take_pool(run, &there));
        more = false;
        if (there) {
            PH_TRY(step(run, &more));
        }
    } while (more && !atomic_load(&run->tally->stopping));
    return PH_OK;
}

static struct ph_err begin(struct run *run)
{
    bool claimed;

    PH_TRY(ph_store_import_claim(run->ctx, run->job.pool_id, run->job.id, &claimed));
    if (!claimed) {
        return PH_OK;
    }
    PH_TRY(read_all(run));
    return atomic_load(&run->tally->stopping)
               ? ph_store_import_release(run->ctx, run->job.pool_id, run->job.id)
               : PH_OK;
}

struct ph_err ph_import_run(struct ph_ctx *ctx, struct ph_import_tally *tally,
                            const struct ph_import_job *job)
{
    PH_AUTO(finish)
    struct run run = { .ctx = ctx, .tally = tally, .began_ns = ph_monotonic_ns() };

    run.job = copy_job(&run.arena, job);
    ph_csv_init(&run.csv, &run.arena);
    if (job->status == PH_IMPORT_STOPPING) {
        return end(&run, PH_IMPORT_STOPPING, PH_IMPORT_STOPPED, PH_STR(STOPPED));
    }
    return begin(&run);
}
