/*
 * The address that a file is sent to (PreSignedUrl), in the form of those of S3:
 *
 *   {public_url}/import-jobs/{poolId}/{jobId}?X-Amz-Date=20260102T030405Z&X-Amz-Expires=900
 *       &X-Amz-SignedHeaders=x-amz-server-side-encryption&X-Amz-Signature=64 hexadecimal digits
 *
 * Whoever has it may send, and needs nothing else: so it is signed with a key of the pool, for this
 * job and this time. It follows from the job and is kept nowhere.
 */
#ifndef PH_IMPORT_UPLOAD_URL_H
#define PH_IMPORT_UPLOAD_URL_H

#include "pool/pool.h"
#include "store/imports.h"

enum { PH_UPLOAD_URL_SECONDS = 900 };

struct ph_str ph_upload_url(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_import_job *job);

/* Slices point into path and query. Nothing is verified. */
struct ph_upload_url {
    struct ph_str pool_id;
    struct ph_str job_id;
    struct ph_str date;    /* as sent */
    struct ph_str expires; /* as sent */
    struct ph_str signature;
    int64_t signed_s;  /* epoch seconds */
    int64_t expires_s; /* seconds from then on */
};

/* The path of an upload, whatever its query and ids: those are judged later. */
bool ph_upload_url_is_path(struct ph_str path);

/* Pure. False when it is malformed: a member is missing, doubled, unknown or no such value. */
PH_MUST_USE bool ph_upload_url_parse(struct ph_str path, struct ph_str query,
                                     struct ph_upload_url *url);

/* Whether the signature is ours, in constant time; says nothing about the time. */
PH_MUST_USE bool ph_upload_url_is_signed(const struct ph_pool *pool,
                                         const struct ph_upload_url *url, int64_t now_ms);

#endif
