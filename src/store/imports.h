/*
 * Import jobs in the store (management.md 11): what is known of each, the file that was sent for
 * it, in pieces, and what became of the lines of the file.
 */
#ifndef PH_STORE_IMPORTS_H
#define PH_STORE_IMPORTS_H

#include "crypto/password_hash.h"
#include "store/users.h"

/* Numbers are stored. Active are those from PENDING to STOPPING. */
enum ph_import_status {
    PH_IMPORT_CREATED = 0,
    PH_IMPORT_PENDING = 1,
    PH_IMPORT_IN_PROGRESS = 2,
    PH_IMPORT_STOPPING = 3,
    PH_IMPORT_EXPIRED = 4,
    PH_IMPORT_STOPPED = 5,
    PH_IMPORT_FAILED = 6,
    PH_IMPORT_SUCCEEDED = 7,
};

/* As on the wire: "InProgress". */
struct ph_str ph_import_status_name(enum ph_import_status status);

enum {
    PH_IMPORT_JOBS_MAX = 1000,               /* of a pool */
    PH_IMPORT_BYTES_MAX = 100 * 1024 * 1024, /* of a file */
    PH_IMPORT_PIECE_BYTES = 256 * 1024,      /* of each piece but the last */
    PH_IMPORT_LINES_KEPT = 10000,            /* of a job, that did not succeed: the first ones */
    PH_IMPORT_LEASE_MS = 30 * 1000,          /* of who runs a job, from each step */
};

struct ph_import_job {
    struct ph_str pool_id;
    struct ph_str id;
    struct ph_str name;
    struct ph_str role; /* CloudWatchLogsRoleArn */
    enum ph_hash_algorithm algorithm;
    enum ph_import_status status;
    int64_t created_ms;
    int64_t started_ms;   /* 0: not yet */
    int64_t completed_ms; /* 0: not yet */
    struct ph_str upload; /* id of the file that is there as a whole; absent: none */
    int64_t bytes, lines; /* of that file */
    int64_t at_byte;      /* how far the file has been read: where a line begins */
    int64_t at_line;      /* lines before that place */
    int64_t imported, skipped, failed;
    struct ph_str message; /* CompletionMessage; absent: none */
};

/* FULL: the pool has PH_IMPORT_JOBS_MAX. GONE: there is no such pool. */
enum ph_import_insert { PH_IMPORT_DONE, PH_IMPORT_FULL, PH_IMPORT_GONE };
PH_MUST_USE struct ph_err ph_store_import_insert(struct ph_ctx *ctx,
                                                 const struct ph_import_job *job,
                                                 enum ph_import_insert *result);

/* *job is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_import_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                               struct ph_str id, struct ph_import_job **job);

/* Newest first; those that come after (after_ms, after_id) in this order, or from the first. */
PH_MUST_USE struct ph_err ph_store_import_list(struct ph_ctx *ctx, struct ph_str pool_id,
                                               int64_t after_ms, struct ph_str after_id,
                                               size_t limit, struct ph_import_job **jobs,
                                               size_t *count);

/* Whether a job of the pool is active. */
PH_MUST_USE struct ph_err ph_store_import_is_active(struct ph_ctx *ctx, struct ph_str pool_id,
                                                    bool *active);

/*
 * The active job that was started first, of all pools, of those that no other process runs; NULL
 * when there is none.
 */
PH_MUST_USE struct ph_err ph_store_import_next(struct ph_ctx *ctx, struct ph_import_job **job);

/* How many jobs are active. */
PH_MUST_USE struct ph_err ph_store_import_count(struct ph_ctx *ctx, int64_t *count);

/* --- states: each is one conditional statement, so that of two at once one wins --- */

/*
 * From CREATED to PENDING, when the file is there and no other job of the pool is active. *started
 * is false otherwise: the caller looks why.
 */
PH_MUST_USE struct ph_err ph_store_import_start(struct ph_ctx *ctx, struct ph_str pool_id,
                                                struct ph_str id, bool *started);

/* From one of two states (which may be the same) to another; *moved is false when it is in none. */
struct ph_import_move {
    struct ph_str pool_id;
    struct ph_str id;
    enum ph_import_status from, or_from;
    enum ph_import_status to;
    struct ph_str message; /* absent: as before */
    bool completes;        /* now is the job's completion */
};
PH_MUST_USE struct ph_err ph_store_import_move(struct ph_ctx *ctx,
                                               const struct ph_import_move *move, bool *moved);

/*
 * From PENDING or IN_PROGRESS to IN_PROGRESS, for this process; *claimed is false when it is in
 * neither, or another process runs it. One that is not heard of for PH_IMPORT_LEASE_MS has lost it.
 */
PH_MUST_USE struct ph_err ph_store_import_claim(struct ph_ctx *ctx, struct ph_str pool_id,
                                                struct ph_str id, bool *claimed);

/* Others may go on with the job at once. */
PH_MUST_USE struct ph_err ph_store_import_release(struct ph_ctx *ctx, struct ph_str pool_id,
                                                  struct ph_str id);

/* Those that were created before and never started; *expired is their number. */
PH_MUST_USE struct ph_err ph_store_import_expire(struct ph_ctx *ctx, int64_t created_before_ms,
                                                 int64_t *expired);

/* --- the file (import_pieces.c): sealed, durable piece by piece --- */

/* A new file is being sent; one that was being sent before is given up. False: not CREATED. */
PH_MUST_USE struct ph_err ph_store_upload_begin(struct ph_ctx *ctx, struct ph_str pool_id,
                                                struct ph_str job_id, struct ph_str upload,
                                                bool *begun);

/* *kept is false when the file was given up meanwhile. */
PH_MUST_USE struct ph_err ph_store_upload_piece(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_str job_id, struct ph_str upload,
                                                int64_t number, struct ph_str bytes, bool *kept);

/* From now on this is the job's file; *kept as above. */
PH_MUST_USE struct ph_err ph_store_upload_end(struct ph_ctx *ctx, struct ph_str pool_id,
                                              struct ph_str job_id, struct ph_str upload,
                                              int64_t bytes, int64_t lines, bool *kept);

/* A piece of the job's file; absent past the end. */
PH_MUST_USE struct ph_err ph_store_upload_read(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str upload, int64_t number,
                                               struct ph_str *bytes);

/*
 * Deletes some pieces that no job needs any more: of files that were replaced or given up, of jobs
 * that have ended. *deleted is their number; call again until it is 0.
 */
PH_MUST_USE struct ph_err ph_store_upload_tidy(struct ph_ctx *ctx, int64_t *deleted);

/* --- lines (import_lines.c) --- */

enum ph_import_outcome { PH_LINE_SUCCEEDED, PH_LINE_SKIPPED, PH_LINE_FAILED };

struct ph_import_line {
    int64_t line;                        /* of the file, from 1 */
    const struct ph_user_change *change; /* a new user; NULL: nobody, for the reason in text */
    enum ph_import_outcome outcome;      /* of a new user it is decided by the write */
    struct ph_str text;
};

/* Lines that are read and written together, and how far that brings the job. */
struct ph_import_step {
    const struct ph_import_job *job;
    struct ph_import_line *lines;
    size_t count;
    int64_t at_byte, at_line; /* afterwards */
    /* The user's name is somebody else's: sets outcome and text. On the writer's thread. */
    void (*taken)(void *self, struct ph_import_line *line, enum ph_alias_kind kind);
    void *self;
};

/*
 * All of the step, or nothing: users, outcomes, counts and place, in one transaction. *done is
 * false, and nothing happened, when the job is not IN_PROGRESS, not at the place that it was read
 * with, or another process has claimed it.
 */
PH_MUST_USE struct ph_err ph_store_import_step(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               const struct ph_import_step *step, bool *done);

/* Lines that did not succeed and were kept, after `after` (0: from the first), in their order. */
PH_MUST_USE struct ph_err ph_store_import_lines(struct ph_ctx *ctx, struct ph_str pool_id,
                                                struct ph_str job_id, int64_t after, size_t limit,
                                                struct ph_import_line **lines, size_t *count);

#endif
