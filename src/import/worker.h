/*
 * The thread that imports users: one job after the other, in the order in which they were started.
 *
 * It reads the file piece by piece and writes some lines at a time, together with how far it is and
 * the counts. So a crash at any moment leaves the job at a place between two lines, and the next
 * start goes on there: no line is lost, none counts twice. Between two writes others have their
 * turn; the thread has a lower priority than requests.
 *
 * Every line that fails or is skipped is logged with the names of the log group and stream that the
 * service would use, and kept in the store; those that succeed are logged at the level debug.
 */
#ifndef PH_IMPORT_WORKER_H
#define PH_IMPORT_WORKER_H

#include "util/ctx.h"

struct ph_importer;

struct ph_importer_count {
    int64_t active;                    /* jobs that wait, run or stop */
    int64_t imported, skipped, failed; /* lines, since the start of the process */
};

/* ctx: clock, random, settings, store, pools, log; outlives it. Ends the process without a thread.
 */
struct ph_importer *ph_importer_create(const struct ph_ctx *ctx);

/* A job was started or is to stop. Any thread; NULL is fine: then nobody imports. */
void ph_importer_wake(struct ph_importer *importer);

/* Any thread, while the store is open. Zeroes for NULL. */
struct ph_importer_count ph_importer_count(struct ph_importer *importer);

/*
 * Ends the thread after the write that it is at. False when that took longer than wait_ms: then the
 * importer must not be destroyed. NULL is fine.
 */
PH_MUST_USE bool ph_importer_stop(struct ph_importer *importer, int64_t wait_ms);
void ph_importer_destroy(struct ph_importer *importer); /* after stop; NULL is fine */

#endif
