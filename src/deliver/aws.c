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

/* `more`: a header beside those of the signature; NULL: none. */
static enum ph_fetch_result post(const struct ph_aws_service *service, struct ph_arena *arena,
                                 int64_t now_s, const struct ph_aws_request *wanted,
                                 const struct ph_http_field *more, struct ph_fetch_reply *reply)
{
    struct ph_http_field headers[PH_AWS_HEADERS + 1];
    struct ph_fetch_request request = {
        .method = "POST",
        .url = wanted->url,
        .headers = headers,
        .body = wanted->body,
        .timeout_ms = service->timeout_ms,
        .reply_max = REPLY_MAX,
    };

    *reply = (struct ph_fetch_reply){ .why = "the request cannot be signed" };
    if (!ph_aws_sign(arena, &service->credentials, wanted, now_s, headers, &request.header_count)) {
        return PH_FETCH_UNREACHABLE;
    }
    if (more != NULL) {
        headers[request.header_count++] = *more;
    }
    return ph_fetch(service->fetch, arena, &request, reply);
}

static struct ph_aws_request request_of(const struct ph_aws_service *service, struct ph_str url,
                                        struct ph_str content_type, struct ph_str body)
{
    return (struct ph_aws_request){
        .method = PH_STR("POST"),
        .url = url,
        .content_type = content_type,
        .body = body,
        .region = service->region,
        .service = service->name,
    };
}

enum ph_fetch_result ph_aws_post(const struct ph_aws_service *service, struct ph_arena *arena,
                                 int64_t now_s, struct ph_str path, struct ph_str content_type,
                                 struct ph_str body, struct ph_fetch_reply *reply)
{
    const struct ph_aws_request wanted =
        request_of(service, PH_CONCAT(arena, service->endpoint, path), content_type, body);

    return post(service, arena, now_s, &wanted, NULL, reply);
}

enum ph_fetch_result ph_aws_post_json(const struct ph_aws_service *service, struct ph_arena *arena,
                                      int64_t now_s, const struct ph_http_field *target,
                                      struct ph_str body, struct ph_fetch_reply *reply)
{
    const struct ph_aws_request wanted =
        request_of(service, PH_CONCAT(arena, service->endpoint, PH_STR("/")),
                   PH_STR("application/x-amz-json-1.1"), body);

    return post(service, arena, now_s, &wanted, target, reply);
}
