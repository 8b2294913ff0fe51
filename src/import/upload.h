/*
 * A file on its way to its import job: taken in pieces, each durable before the next is asked for,
 * and the job's file only when all of it is there. Of two that are sent at once the later one
 * counts.
 */
#ifndef PH_IMPORT_UPLOAD_H
#define PH_IMPORT_UPLOAD_H

#include "import/upload_url.h"

struct ph_upload;

enum ph_upload_verdict {
    PH_UPLOAD_TAKEN,
    PH_UPLOAD_UNKNOWN,   /* no such pool or job, or not our signature: one answer for all */
    PH_UPLOAD_EXPIRED,   /* the time of the address is over */
    PH_UPLOAD_CLOSED,    /* the job takes no file any more */
    PH_UPLOAD_REPLACED,  /* another file is being sent for the job, or it was started */
    PH_UPLOAD_TOO_LARGE, /* PH_IMPORT_BYTES_MAX */
    PH_UPLOAD_BROKEN,    /* the store failed, which was logged */
};

/* On TAKEN *upload is to be freed. Durable: what was being sent before is given up. */
enum ph_upload_verdict ph_upload_begin(struct ph_ctx *ctx, const struct ph_upload_url *url,
                                       struct ph_upload **upload);

/* Every piece but the last is of PH_IMPORT_PIECE_BYTES. */
enum ph_upload_verdict ph_upload_take(struct ph_ctx *ctx, struct ph_upload *upload,
                                      struct ph_str piece);

/* From now on it is the job's file. */
enum ph_upload_verdict ph_upload_end(struct ph_ctx *ctx, struct ph_upload *upload);

int64_t ph_upload_bytes(const struct ph_upload *upload);   /* so far */
const char *ph_upload_id(const struct ph_upload *upload);  /* UUID */
const char *ph_upload_job(const struct ph_upload *upload); /* id of the job */

/* Whatever became of it; waits for nothing. NULL is fine. */
void ph_upload_free(struct ph_upload *upload);

#endif
