#include "protocol/upload.h"

#include "import/upload.h"
#include "protocol/reply.h"
#include "util/encode.h"

struct answer {
    int status;
    const char *code;
    const char *text;
};

static const struct answer ANSWERS[] = {
    [PH_UPLOAD_UNKNOWN] = { 403, "SignatureDoesNotMatch",
                            "The request signature we calculated does not match the signature you "
                            "provided. Check your key and signing method." },
    [PH_UPLOAD_EXPIRED] = { 403, "AccessDenied", "Request has expired" },
    [PH_UPLOAD_CLOSED] = { 403, "AccessDenied", "The import job takes no file any more" },
    [PH_UPLOAD_REPLACED] = { 409, "OperationAborted",
                             "Another file is being uploaded for the import job, or it was "
                             "started." },
    [PH_UPLOAD_TOO_LARGE] = { 400, "EntityTooLarge",
                              "Your proposed upload exceeds the maximum allowed size" },
    [PH_UPLOAD_BROKEN] = { 500, "InternalError",
                           "We encountered an internal error. Please try again." },
};
static const struct answer BUSY = { 503, "SlowDown", "Please reduce your request rate." };

/* Texts are ours: nothing of the request is in them. */
static void refuse(struct ph_ctx *ctx, const struct answer *answer, struct ph_http_reply *reply)
{
    PH_LOG(&ctx->log, PH_WARN, "import_upload_refused", ph_f_int("status", answer->status),
           ph_f_text("error", answer->code), ph_f_str("remote_address", ctx->remote_address));
    reply->status = answer->status;
    reply->content_type = PH_STR("application/xml");
    reply->body = ph_strf(ctx->arena,
                          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"
                          "<Message>%s</Message><RequestId>%.*s</RequestId></Error>",
                          answer->code, answer->text, PH_FMT(ctx->request_id));
}

static struct ph_ctx context(const struct ph_uploads *uploads, struct ph_arena *arena,
                             struct ph_http_reply *reply)
{
    struct ph_ctx ctx = uploads->ctx;

    ctx.arena = arena;
    ctx.request_id = ph_new_uuid4(&ctx);
    ctx.log.request_id = ctx.request_id;
    ph_reply_common_headers(reply, arena, ctx.request_id);
    return ctx;
}

bool ph_upload_wants(struct ph_str method, struct ph_str path)
{
    return ph_str_eq(method, PH_STR("PUT")) && ph_upload_url_is_path(path);
}

/* The signature says that this header is there: without it S3 refuses, too. */
static enum ph_upload_verdict check_head(const struct ph_http_request *request)
{
    int64_t length = 0;

    if (!ph_str_eq(ph_http_header(request, PH_STR("x-amz-server-side-encryption")),
                   PH_STR("aws:kms"))) {
        return PH_UPLOAD_UNKNOWN;
    }
    return ph_str_to_int(ph_http_header(request, PH_STR("Content-Length")), 0, INT64_MAX,
                         &length) &&
                   length > PH_IMPORT_BYTES_MAX
               ? PH_UPLOAD_TOO_LARGE
               : PH_UPLOAD_TAKEN;
}

static enum ph_upload_verdict begin(struct ph_ctx *ctx, const struct ph_http_request *request,
                                    struct ph_upload **upload)
{
    struct ph_upload_url url;
    enum ph_upload_verdict verdict;

    if (!ph_upload_url_parse(request->path, request->query, &url)) {
        return PH_UPLOAD_UNKNOWN;
    }
    verdict = check_head(request);
    return verdict == PH_UPLOAD_TAKEN ? ph_upload_begin(ctx, &url, upload) : verdict;
}

/* Only who may send is counted: nobody else can take their places. */
void *ph_uploads_begin(struct ph_uploads *uploads, struct ph_arena *arena,
                       const struct ph_http_request *request, struct ph_http_reply *reply)
{
    struct ph_ctx ctx = context(uploads, arena, reply);
    struct ph_upload *upload = NULL;
    enum ph_upload_verdict verdict;

    ctx.remote_address = request->remote_address;
    verdict = begin(&ctx, request, &upload);
    if (verdict != PH_UPLOAD_TAKEN) {
        refuse(&ctx, &ANSWERS[verdict], reply);
        return NULL;
    }
    if (atomic_fetch_add(&uploads->under_way, 1) >= PH_UPLOADS_MAX) {
        ph_uploads_drop(uploads, upload);
        refuse(&ctx, &BUSY, reply);
        return NULL;
    }
    return upload;
}

bool ph_uploads_take(struct ph_uploads *uploads, struct ph_arena *arena, void *upload,
                     struct ph_str piece, struct ph_http_reply *reply)
{
    struct ph_ctx ctx = context(uploads, arena, reply);
    const enum ph_upload_verdict verdict = ph_upload_take(&ctx, upload, piece);

    if (verdict != PH_UPLOAD_TAKEN) {
        refuse(&ctx, &ANSWERS[verdict], reply);
    }
    return verdict == PH_UPLOAD_TAKEN;
}

void ph_uploads_end(struct ph_uploads *uploads, struct ph_arena *arena, void *upload,
                    struct ph_str rest, struct ph_http_reply *reply)
{
    struct ph_ctx ctx = context(uploads, arena, reply);
    enum ph_upload_verdict verdict = ph_upload_take(&ctx, upload, rest);

    if (verdict == PH_UPLOAD_TAKEN) {
        verdict = ph_upload_end(&ctx, upload);
    }
    if (verdict != PH_UPLOAD_TAKEN) {
        refuse(&ctx, &ANSWERS[verdict], reply);
        return;
    }
    ph_http_reply_header(reply, arena, PH_STR("ETag"),
                         ph_strf(arena, "\"%s\"", ph_upload_id(upload)));
    ph_http_reply_header(reply, arena, PH_STR("x-amz-server-side-encryption"), PH_STR("aws:kms"));
    PH_LOG(&ctx.log, PH_INFO, "import_uploaded", ph_f_text("job", ph_upload_job(upload)),
           ph_f_int("bytes", ph_upload_bytes(upload)));
}

void ph_uploads_drop(struct ph_uploads *uploads, void *upload)
{
    if (upload != NULL) {
        ph_upload_free(upload);
        atomic_fetch_sub(&uploads->under_way, 1);
    }
}
