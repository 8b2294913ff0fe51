/* Lines of import files: users, outcomes and how far the job is, in one transaction. */
#include "store/imports.h"
#include "store/internal.h"
#include "store/user_row.h"

#include <string.h>

struct stepping {
    const struct ph_import_step *step;
    const struct ph_import_line *as_given; /* a copy: the step may run again */
    struct ph_str runner;
    int64_t until_ms;
    struct ph_user_writing **writings; /* NULL for lines that make nobody */
    int64_t counts[PH_LINE_FAILED + 1];
    bool moved;
    bool raced; /* a name was taken by another node at this very moment */
};

enum { TRIES = 5 };

/*
 * Looked up first and not behind a mark: that would keep a copy of every page that a user touches.
 * So a name that is taken in between undoes the step, and the next try finds it.
 */
static void make_user(struct ph_tx *tx, struct stepping *s, struct ph_user_writing *writing,
                      struct ph_import_line *line)
{
    enum ph_alias_kind kind;

    if (ph_user_writing_is_taken(tx, writing, &kind)) {
        s->step->taken(s->step->self, line, kind);
        return;
    }
    ph_user_writing_run(tx, writing);
    s->raced = tx->verdict == PH_DB_CONFLICT;
    line->outcome = PH_LINE_SUCCEEDED;
}

static const char PUT_LINE[] =
    "INSERT INTO import_lines (pool_id, job_id, line, outcome, text) VALUES ($1, $2, $3, $4, $5)";

static void put_line(struct ph_tx *tx, const struct stepping *s, const struct ph_import_line *line)
{
    const struct ph_import_job *job = s->step->job;
    const int64_t kept =
        job->skipped + job->failed + s->counts[PH_LINE_SKIPPED] + s->counts[PH_LINE_FAILED];

    if (line->outcome != PH_LINE_SUCCEEDED && kept < PH_IMPORT_LINES_KEPT) {
        (void)PH_RUN(tx, PUT_LINE, ph_v_text(job->pool_id), ph_v_text(job->id),
                     ph_v_int(line->line), ph_v_int(line->outcome), ph_v_text(line->text));
    }
}

/* First of all: of two that run the same step the other waits here, and finds that it is done. */
static const char HOLD[] = "UPDATE import_jobs SET leased_ms = $5"
                           " WHERE pool_id = $1 AND id = $2 AND status = 2 AND at_byte = $3"
                           " AND (runner IS NULL OR runner = $4)";

static bool hold(struct ph_tx *tx, const struct stepping *s)
{
    const struct ph_import_job *job = s->step->job;

    return PH_RUN(tx, HOLD, ph_v_text(job->pool_id), ph_v_text(job->id), ph_v_int(job->at_byte),
                  ph_v_text(s->runner), ph_v_int(s->until_ms)) > 0;
}

static const char ADVANCE[] =
    "UPDATE import_jobs SET at_byte = $4, at_line = $5, imported = imported + $6,"
    " skipped = skipped + $7, failed = failed + $8"
    " WHERE pool_id = $1 AND id = $2 AND status = 2 AND at_byte = $3";

static void advance(struct ph_tx *tx, struct stepping *s)
{
    const struct ph_import_step *step = s->step;
    const struct ph_import_job *job = step->job;

    s->moved = PH_RUN(tx, ADVANCE, ph_v_text(job->pool_id), ph_v_text(job->id),
                      ph_v_int(job->at_byte), ph_v_int(step->at_byte), ph_v_int(step->at_line),
                      ph_v_int(s->counts[PH_LINE_SUCCEEDED]), ph_v_int(s->counts[PH_LINE_SKIPPED]),
                      ph_v_int(s->counts[PH_LINE_FAILED])) > 0;
    if (!s->moved) {
        ph_tx_abandon(tx);
    }
}

static void step_on(struct ph_tx *tx, void *arg)
{
    struct stepping *s = arg;
    const struct ph_import_step *step = s->step;

    if (!hold(tx, s)) {
        ph_tx_abandon(tx);
        return;
    }
    if (step->count > 0) {
        memcpy(step->lines, s->as_given, step->count * sizeof *step->lines);
    }
    for (size_t i = 0; i < step->count && tx->verdict == PH_DB_DONE; i++) {
        struct ph_import_line *line = &step->lines[i];

        if (s->writings[i] != NULL) {
            make_user(tx, s, s->writings[i], line);
        }
        put_line(tx, s, line);
        s->counts[line->outcome]++;
    }
    if (!s->raced) {
        advance(tx, s);
    }
}

static struct ph_err try_step(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                              const struct ph_import_step *step,
                              const struct ph_import_line *as_given, struct stepping *s)
{
    *s = (struct stepping){
        .step = step,
        .as_given = as_given,
        .runner = ph_store_node(ctx->store),
        .until_ms = ph_now_ms(ctx) + PH_IMPORT_LEASE_MS,
        .writings = ph_arena_array(ctx->arena, step->count + 1, struct ph_user_writing *),
    };
    for (size_t i = 0; i < step->count; i++) {
        if (step->lines[i].change != NULL) {
            s->writings[i] = ph_user_writing_new(ctx, pool, step->lines[i].change);
        }
    }
    return ph_write_sealed(ctx, pool, step_on, s);
}

struct ph_err ph_store_import_step(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   const struct ph_import_step *step, bool *done)
{
    struct ph_import_line *as_given =
        ph_arena_array(ctx->arena, step->count + 1, struct ph_import_line);
    struct stepping s = { .raced = true };

    if (step->count > 0) {
        memcpy(as_given, step->lines, step->count * sizeof *as_given);
    }
    for (int i = 0; i < TRIES && s.raced; i++) {
        PH_TRY(try_step(ctx, pool, step, as_given, &s));
    }
    *done = s.moved;
    return PH_OK;
}

static const char LINES[] = "SELECT line, outcome, text FROM import_lines"
                            " WHERE pool_id = $1 AND job_id = $2 AND line > $3"
                            " ORDER BY line LIMIT $4";

struct ph_err ph_store_import_lines(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str job_id,
                                    int64_t after, size_t limit, struct ph_import_line **lines,
                                    size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LINES, ph_v_text(pool_id), ph_v_text(job_id), ph_v_int(after),
            ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        *PH_LIST_ADD(ctx->arena, &list, struct ph_import_line) = (struct ph_import_line){
            .line = ph_q_int(&q, 0),
            .outcome = ph_q_int(&q, 1) == PH_LINE_SKIPPED ? PH_LINE_SKIPPED : PH_LINE_FAILED,
            .text = ph_q_str(&q, ctx->arena, 2),
        };
    }
    PH_TRY(ph_read_end(&q));
    *lines = list.items;
    *count = list.count;
    return PH_OK;
}
