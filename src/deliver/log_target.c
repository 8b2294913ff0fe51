#include "deliver/log_target.h"

#include "deliver/aws.h"
#include "util/buf.h"
#include "util/encode.h"
#include "util/json.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BODY_MAX = 8 * 1024 * 1024, REPLY_MAX = 64 * 1024, LOG_MODE = 0640 };

static const struct {
    struct ph_str scheme;
    enum ph_log_target_kind kind;
    bool keeps_scheme;
    struct ph_str service; /* of the ARNs that it can take; absent: any */
} KINDS[] = {
    { PH_STR_INIT("file:"), PH_LOG_TO_FILE, false, { 0 } },
    { PH_STR_INIT("http://"), PH_LOG_TO_HTTP, true, { 0 } },
    { PH_STR_INIT("https://"), PH_LOG_TO_HTTP, true, { 0 } },
    { PH_STR_INIT("cloudwatch:"), PH_LOG_TO_CLOUDWATCH, false, PH_STR_INIT("logs") },
    { PH_STR_INIT("firehose:"), PH_LOG_TO_FIREHOSE, false, PH_STR_INIT("firehose") },
    { PH_STR_INIT("s3:"), PH_LOG_TO_S3, false, PH_STR_INIT("s3") },
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

/* --- which --- */

static bool is_http(struct ph_str url)
{
    return ph_str_starts(url, PH_STR("http://")) || ph_str_starts(url, PH_STR("https://"));
}

/* Files and URLs must be named; an endpoint is a URL, or that of AWS. */
static bool is_address(enum ph_log_target_kind kind, struct ph_str address)
{
    switch (kind) {
    case PH_LOG_TO_FILE:
        return address.n > 0;
    case PH_LOG_TO_HTTP:
        return is_http(address) && !ph_str_ends(address, PH_STR("//"));
    case PH_LOG_TO_CLOUDWATCH:
    case PH_LOG_TO_FIREHOSE:
    case PH_LOG_TO_S3:
        break;
    }
    return address.n == 0 || (is_http(address) && !ph_str_ends(address, PH_STR("/")));
}

bool ph_log_target_parse(struct ph_arena *arena, struct ph_str line, struct ph_log_target *target,
                         const char **why)
{
    struct ph_str pattern, text;

    if (!ph_str_cut(line, '=', &pattern, &text) || ph_str_trim(pattern).n == 0) {
        *why = ph_textf(arena, "\"%.*s\" is not ARN = TARGET", PH_FMT(line));
        return false;
    }
    text = ph_str_trim(text);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct ph_str address =
            KINDS[i].keeps_scheme ? text : ph_str_skip(text, KINDS[i].scheme.n);

        if (ph_str_starts(text, KINDS[i].scheme) && is_address(KINDS[i].kind, address)) {
            *target = (struct ph_log_target){ ph_str_trim(pattern), KINDS[i].kind, address };
            return true;
        }
    }
    *why = ph_textf(arena,
                    "\"%.*s\" is not file:PATH, http://..., cloudwatch:ENDPOINT, firehose:ENDPOINT "
                    "or s3:ENDPOINT (without ENDPOINT, or with a URL without a slash at its end)",
                    PH_FMT(text));
    return false;
}

/* arn:partition:service:region:account:resource; the resource may have colons. */
static struct ph_str arn_field(struct ph_str arn, int index)
{
    struct ph_str field = arn;

    for (int i = 0; i <= index; i++) {
        if (i == 5) {
            return arn;
        }
        ph_str_cut(arn, ':', &field, &arn);
    }
    return field;
}

bool ph_log_target_fits(const struct ph_log_target *target, struct ph_str arn)
{
    struct ph_str service = { 0 };

    for (size_t i = 0; i < KIND_COUNT; i++) {
        service = KINDS[i].kind == target->kind ? KINDS[i].service : service;
    }
    return ph_str_matches(arn, target->pattern) &&
           (service.n == 0 || ph_str_eq(arn_field(arn, 2), service));
}

/* --- bodies --- */

static struct ph_str as_lines(struct ph_arena *arena, const struct ph_log_event *events,
                              size_t count)
{
    struct ph_buf lines;

    ph_buf_init(&lines, arena, BODY_MAX);
    for (size_t i = 0; i < count; i++) {
        ph_buf_add(&lines, events[i].body);
        ph_buf_add_byte(&lines, '\n');
    }
    return ph_buf_str(&lines);
}

static struct ph_str as_array(struct ph_arena *arena, const struct ph_log_event *events,
                              size_t count)
{
    struct ph_buf array;

    ph_buf_init(&array, arena, BODY_MAX);
    for (size_t i = 0; i < count; i++) {
        ph_buf_add_byte(&array, i == 0 ? '[' : ',');
        ph_buf_add(&array, events[i].body);
    }
    ph_buf_add_byte(&array, ']');
    return ph_buf_str(&array);
}

/* --- files --- */

/* All of it or nothing: half a line would spoil the next one. */
static bool append_whole(int fd, struct ph_str text)
{
    const off_t end = lseek(fd, 0, SEEK_END);
    ssize_t n;

    do {
        n = write(fd, text.p, text.n);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)text.n && fdatasync(fd) == 0) {
        return true;
    }
    if (end >= 0 && n > 0) {
        (void)!ftruncate(fd, end);
    }
    return false;
}

/* Opened each time, so that whoever rotates it may move it away. */
static enum ph_carried to_file(const struct ph_log_target *target, struct ph_arena *arena,
                               struct ph_str text, struct ph_carry_report *report)
{
    const char *path = ph_cstr(arena, target->address);
    const int fd =
        path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, LOG_MODE);
    bool written;

    if (fd < 0) {
        report->why = "the file cannot be opened";
        return PH_CARRY_NO_RELAY;
    }
    written = append_whole(fd, text);
    report->why = written ? "" : "the file cannot be written";
    close(fd);
    return written ? PH_CARRIED : PH_CARRY_NO_RELAY;
}

/* --- HTTP --- */

/* What is wrong with this batch will be wrong with it again; the rest is about the moment. */
static enum ph_carried judge(enum ph_fetch_result result, const struct ph_fetch_reply *reply,
                             struct ph_carry_report *report)
{
    if (result != PH_FETCH_REPLIED) {
        report->why = reply->why;
        return result == PH_FETCH_UNREACHABLE ? PH_CARRY_NO_RELAY : PH_CARRY_LATER;
    }
    report->code = reply->status;
    if (reply->status >= 200 && reply->status < 300) {
        return PH_CARRIED;
    }
    return reply->status == 413 || reply->status == 422 ? PH_CARRY_REFUSED : PH_CARRY_LATER;
}

static enum ph_carried to_http(const struct ph_log_target *target, struct ph_ctx *ctx,
                               struct ph_fetch *fetch, struct ph_str body,
                               struct ph_carry_report *report)
{
    const struct ph_http_field type = { PH_STR("Content-Type"), PH_STR("application/json") };
    const struct ph_fetch_request request = {
        .method = "POST",
        .url = target->address,
        .headers = &type,
        .header_count = 1,
        .body = body,
        .timeout_ms = ctx->settings->logs.timeout_ms,
        .reply_max = REPLY_MAX,
    };
    struct ph_fetch_reply reply;

    return judge(ph_fetch(fetch, ctx->arena, &request, &reply), &reply, report);
}

/* --- services of AWS --- */

static struct ph_aws_service service_of(const struct ph_log_target *target, struct ph_ctx *ctx,
                                        struct ph_fetch *fetch, struct ph_str arn, const char *name)
{
    const struct ph_str region = arn_field(arn, 3);
    struct ph_aws_service service = ph_aws_service(ctx->settings, fetch, target->address, region,
                                                   name, ctx->settings->logs.timeout_ms);

    if (target->address.n == 0) {
        service.endpoint =
            ph_strf(ctx->arena, "https://%s.%.*s.amazonaws.com", name, PH_FMT(service.region));
    }
    if (service.credentials.access_key_id.n == 0) { /* stand-ins take any */
        service.credentials.access_key_id = PH_STR("poolhouse");
        service.credentials.secret = PH_STR("poolhouse");
    }
    return service;
}

static enum ph_carried call(const struct ph_aws_service *service, struct ph_ctx *ctx,
                            const char *target, const struct json_t *body,
                            struct ph_fetch_reply *reply, struct ph_carry_report *report)
{
    const struct ph_aws_call request = {
        .method = "POST",
        .path = PH_STR("/"),
        .content_type = PH_STR("application/x-amz-json-1.1"),
        .target = ph_str_from(target),
        .body = ph_json_text(ctx->arena, body, PH_JSON_INSERTION),
    };

    return judge(ph_aws_send(service, ctx->arena, ph_now_s(ctx), &request, reply), reply, report);
}

/* log-group:NAME, with ":*" behind it or without. */
static struct ph_str group_of(struct ph_str arn)
{
    struct ph_str name;

    ph_str_cut(arn_field(arn, 5), ':', NULL, &name);
    ph_str_cut(name, ':', &name, NULL);
    return name;
}

static struct json_t *stream_of(struct ph_arena *arena, const struct ph_log_lane *lane)
{
    struct json_t *o = ph_json_object(arena);

    ph_json_set_str(arena, o, "logGroupName", group_of(lane->arn));
    ph_json_set_str(arena, o, "logStreamName",
                    PH_CONCAT(arena, lane->source, PH_STR("/"), lane->pool_id));
    return o;
}

/* The service wants them in the order of their times, which may differ from that of their ids. */
static struct json_t *log_entries(struct ph_arena *arena, const struct ph_log_event *events,
                                  size_t count)
{
    struct json_t *list = ph_json_array(arena);
    int64_t last_ms = 0;

    for (size_t i = 0; i < count; i++) {
        struct json_t *one = ph_json_object(arena);

        last_ms = events[i].created_ms > last_ms ? events[i].created_ms : last_ms;
        ph_json_set_int(arena, one, "timestamp", last_ms);
        ph_json_set_str(arena, one, "message", events[i].body);
        ph_json_append(arena, list, one);
    }
    return list;
}

static enum ph_carried to_cloudwatch(const struct ph_log_target *target, struct ph_ctx *ctx,
                                     struct ph_fetch *fetch, const struct ph_log_event *events,
                                     size_t count, struct ph_carry_report *report)
{
    const struct ph_log_lane *lane = &events[0].lane;
    const struct ph_aws_service service = service_of(target, ctx, fetch, lane->arn, "logs");
    struct json_t *body = stream_of(ctx->arena, lane);
    struct ph_fetch_reply reply;
    enum ph_carried carried;

    ph_json_set(ctx->arena, body, "logEvents", log_entries(ctx->arena, events, count));
    carried = call(&service, ctx, "Logs_20140328.PutLogEvents", body, &reply, report);
    if (carried != PH_CARRY_LATER ||
        !ph_str_contains(reply.body, PH_STR("ResourceNotFoundException"))) {
        return carried;
    }
    carried = call(&service, ctx, "Logs_20140328.CreateLogStream", stream_of(ctx->arena, lane),
                   &reply, report);
    return carried == PH_CARRIED
               ? call(&service, ctx, "Logs_20140328.PutLogEvents", body, &reply, report)
               : carried;
}

static struct json_t *records(struct ph_arena *arena, const struct ph_log_event *events,
                              size_t count)
{
    struct json_t *list = ph_json_array(arena);

    for (size_t i = 0; i < count; i++) {
        struct json_t *one = ph_json_object(arena);

        ph_json_set_str(arena, one, "Data",
                        ph_base64(arena, PH_CONCAT(arena, events[i].body, PH_STR("\n"))));
        ph_json_append(arena, list, one);
    }
    return list;
}

/* Some records of a batch may fail; then all of them go again. */
static enum ph_carried to_firehose(const struct ph_log_target *target, struct ph_ctx *ctx,
                                   struct ph_fetch *fetch, const struct ph_log_event *events,
                                   size_t count, struct ph_carry_report *report)
{
    const struct ph_str arn = events[0].lane.arn;
    const struct ph_aws_service service = service_of(target, ctx, fetch, arn, "firehose");
    struct json_t *body = ph_json_object(ctx->arena);
    struct ph_fetch_reply reply;
    enum ph_carried carried;
    struct ph_str name;

    ph_str_cut(arn_field(arn, 5), '/', NULL, &name);
    ph_json_set_str(ctx->arena, body, "DeliveryStreamName", name);
    ph_json_set(ctx->arena, body, "Records", records(ctx->arena, events, count));
    carried = call(&service, ctx, "Firehose_20150804.PutRecordBatch", body, &reply, report);
    if (carried == PH_CARRIED &&
        ph_json_int(ph_json_get(ph_json_parse(ctx->arena, reply.body), "FailedPutCount")) > 0) {
        report->why = "some records were not taken";
        return PH_CARRY_LATER;
    }
    return carried;
}

/* Bucket and what stands before the names of its objects, each part encoded. */
static struct ph_str bucket_path(struct ph_arena *arena, struct ph_str resource)
{
    struct ph_str path = { 0 }, part;

    while (resource.n > 0) {
        ph_str_cut(resource, '/', &part, &resource);
        path = PH_CONCAT(arena, path, PH_STR("/"), ph_url_encode(arena, part));
    }
    return path;
}

/* By the first event, so that a batch that is sent again replaces itself. */
static struct ph_str object_path(struct ph_arena *arena, const struct ph_log_event *first)
{
    const struct ph_date d = ph_date_from(first->created_ms / 1000);

    return ph_strf(arena, "%.*s/cognito/%.*s/%.*s/%04d/%02d/%02d/%02d/%.*s.json",
                   PH_FMT(bucket_path(arena, arn_field(first->lane.arn, 5))),
                   PH_FMT(first->lane.source), PH_FMT(first->lane.pool_id), d.year, d.month, d.day,
                   d.hour, PH_FMT(first->id));
}

static enum ph_carried to_s3(const struct ph_log_target *target, struct ph_ctx *ctx,
                             struct ph_fetch *fetch, const struct ph_log_event *events,
                             size_t count, struct ph_carry_report *report)
{
    const struct ph_aws_service service = service_of(target, ctx, fetch, events[0].lane.arn, "s3");
    const struct ph_aws_call request = {
        .method = "PUT",
        .path = object_path(ctx->arena, &events[0]),
        .content_type = PH_STR("application/x-ndjson"),
        .body = as_lines(ctx->arena, events, count),
        .hashes_body = true,
    };
    struct ph_fetch_reply reply;

    return judge(ph_aws_send(&service, ctx->arena, ph_now_s(ctx), &request, &reply), &reply,
                 report);
}

enum ph_carried ph_log_target_carry(const struct ph_log_target *target, struct ph_ctx *ctx,
                                    struct ph_fetch *fetch, const struct ph_log_event *events,
                                    size_t count, struct ph_carry_report *report)
{
    switch (target->kind) {
    case PH_LOG_TO_FILE:
        return to_file(target, ctx->arena, as_lines(ctx->arena, events, count), report);
    case PH_LOG_TO_HTTP:
        return to_http(target, ctx, fetch, as_array(ctx->arena, events, count), report);
    case PH_LOG_TO_CLOUDWATCH:
        return to_cloudwatch(target, ctx, fetch, events, count, report);
    case PH_LOG_TO_FIREHOSE:
        return to_firehose(target, ctx, fetch, events, count, report);
    case PH_LOG_TO_S3:
        break;
    }
    return to_s3(target, ctx, fetch, events, count, report);
}
