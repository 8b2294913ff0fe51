#include "deliver/aws.h"

enum { REPLY_MAX = 64 * 1024 };

struct ph_aws_service ph_aws_service(const struct ph_settings *settings, struct ph_fetch *fetch,
                                     struct ph_str endpoint, struct ph_str region, const char *name,
                                     int64_t timeout_ms)
{
    return (struct ph_aws_service){
        .fetch = fetch,
        .credentials = { .access_key_id = settings->aws_access_key_id,
                         .secret = settings->aws_secret_key,
                         .session_token = settings->aws_session_token },
        .endpoint = endpoint,
        .region = region.n > 0 ? region : settings->default_region,
        .name = ph_str_from(name),
        .timeout_ms = timeout_ms,
    };
}

enum ph_fetch_result ph_aws_send(const struct ph_aws_service *service, struct ph_arena *arena,
                                 int64_t now_s, const struct ph_aws_call *call,
                                 struct ph_fetch_reply *reply)
{
    const struct ph_aws_request wanted = {
        .method = ph_str_from(call->method),
        .url = PH_CONCAT(arena, service->endpoint, call->path),
        .content_type = call->content_type,
        .target = call->target,
        .body = call->body,
        .hashes_body = call->hashes_body,
        .region = service->region,
        .service = service->name,
    };
    struct ph_http_field headers[PH_AWS_HEADERS];
    struct ph_fetch_request request = {
        .method = call->method,
        .url = wanted.url,
        .headers = headers,
        .body = call->body,
        .timeout_ms = service->timeout_ms,
        .reply_max = REPLY_MAX,
    };

    *reply = (struct ph_fetch_reply){ .why = "the request cannot be signed" };
    if (!ph_aws_sign(arena, &service->credentials, &wanted, now_s, headers,
                     &request.header_count)) {
        return PH_FETCH_UNREACHABLE;
    }
    return ph_fetch(service->fetch, arena, &request, reply);
}

enum ph_fetch_result ph_aws_post(const struct ph_aws_service *service, struct ph_arena *arena,
                                 int64_t now_s, struct ph_str path, struct ph_str content_type,
                                 struct ph_str body, struct ph_fetch_reply *reply)
{
    const struct ph_aws_call call = {
        .method = "POST", .path = path, .content_type = content_type, .body = body
    };

    return ph_aws_send(service, arena, now_s, &call, reply);
}
