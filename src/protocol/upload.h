/*
 * PUT to the address that CreateUserImportJob gives: what S3 would answer, with the headers that
 * clients send it (management.md 11).
 *
 *   curl -T users.csv -H 'x-amz-server-side-encryption: aws:kms' "$PreSignedUrl"
 *
 * The file comes in pieces; between two of them nothing is held but the struct of import/upload.h.
 * 200 without a body; errors as XML with S3's codes.
 */
#ifndef PH_PROTOCOL_UPLOAD_H
#define PH_PROTOCOL_UPLOAD_H

#include "util/ctx.h"
#include "util/message.h"

#include <stdatomic.h>

/* Files that are sent at the same time: each takes memory for a piece. One more is SlowDown. */
enum { PH_UPLOADS_MAX = 16 };

struct ph_uploads {
    struct ph_ctx ctx; /* all but the arena */
    atomic_uint under_way;
};

/* Whether a request is one of these, by its head alone. */
bool ph_upload_wants(struct ph_str method, struct ph_str path);

/* Before any of the body is read. NULL: refused, the reply is filled. */
void *ph_uploads_begin(struct ph_uploads *uploads, struct ph_arena *arena,
                       const struct ph_http_request *request, struct ph_http_reply *reply);

/* A piece of PH_IMPORT_PIECE_BYTES. False: refused, the reply is filled; nothing more is taken. */
bool ph_uploads_take(struct ph_uploads *uploads, struct ph_arena *arena, void *upload,
                     struct ph_str piece, struct ph_http_reply *reply);

/* The rest, which may be empty; fills the reply. */
void ph_uploads_end(struct ph_uploads *uploads, struct ph_arena *arena, void *upload,
                    struct ph_str rest, struct ph_http_reply *reply);

/* Always, at last; waits for nothing. */
void ph_uploads_drop(struct ph_uploads *uploads, void *upload);

#endif
