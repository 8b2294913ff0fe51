/* Functions behind HTTP: a plain URL, and the Invoke operation of the AWS Lambda API. */
#include "fetch/fetch.h"
#include "trigger/internal.h"
#include "util/encode.h"
#include "util/json.h"

struct ph_str ph_error_message(struct ph_arena *arena, struct ph_str payload)
{
    const struct json_t *error = ph_json_parse(arena, payload);
    const struct ph_str message = ph_json_get_str(error, "errorMessage");

    return message.n > 0 ? message : ph_str_trim(payload);
}

static void log_failure(const struct ph_try *call, const char *why)
{
    PH_LOG(&call->options->log, PH_WARN, "function_unreachable", ph_f_str("function", call->arn),
           ph_f_str("target", call->target), ph_f_text("why", why));
}

/* True when there is a reply with a status; else *answer says why not. */
static bool fetch(const struct ph_try *call, const struct ph_fetch_request *request,
                  struct ph_fetch_reply *reply, struct ph_function_answer *answer)
{
    switch (ph_fetch(call->options->fetch, call->arena, request, reply)) {
    case PH_FETCH_REPLIED:
        return true;
    case PH_FETCH_TIMEOUT:
        ph_answer_set(answer, PH_FUNCTION_LATE, PH_STR(PH_FUNCTION_TIMED_OUT));
        return false;
    case PH_FETCH_TOO_LARGE:
        ph_answer_set(answer, PH_FUNCTION_THREW,
                      PH_STR("Response payload size exceeded maximum allowed payload size "
                             "(6291456 bytes)"));
        return false;
    case PH_FETCH_UNREACHABLE:
    case PH_FETCH_BROKEN:
        break;
    }
    log_failure(call, reply->why);
    ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ServiceException"));
    return false;
}

static struct ph_str name_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return PH_STR("AccessDeniedException");
    case 404:
        return PH_STR("ResourceNotFoundException");
    case 429:
        return PH_STR("TooManyRequestsException");
    default:
        return PH_STR("ServiceException");
    }
}

/* A throttled call may be tried again (5.1). */
static void refused(int status, struct ph_str name, struct ph_function_answer *answer)
{
    ph_answer_set(answer, status == 429 ? PH_FUNCTION_LATE : PH_FUNCTION_FAILED,
                  name.n > 0 ? name : name_of_status(status));
}

/* ---- http: the event to a URL, the reply is what comes back ---- */

static bool is_error_payload(struct ph_arena *arena, struct ph_str body)
{
    return ph_json_get_str(ph_json_parse(arena, body), "errorMessage").n > 0;
}

void ph_try_http(const struct ph_try *call, struct ph_function_answer *answer)
{
    static const struct ph_http_field JSON = { PH_STR_INIT("Content-Type"),
                                               PH_STR_INIT("application/json") };
    const struct ph_fetch_request request = { .method = "POST",
                                              .url = call->target,
                                              .headers = &JSON,
                                              .header_count = 1,
                                              .body = call->event,
                                              .timeout_ms = call->options->timeout_ms,
                                              .reply_max = PH_FUNCTION_REPLY_MAX };
    struct ph_fetch_reply reply;

    if (!fetch(call, &request, &reply, answer)) {
        return;
    }
    if (reply.status >= 200 && reply.status < 300) {
        ph_answer_set(answer, PH_FUNCTION_REPLIED, reply.body);
    } else if (is_error_payload(call->arena, reply.body)) {
        ph_answer_set(answer, PH_FUNCTION_THREW, ph_error_message(call->arena, reply.body));
    } else {
        refused(reply.status, (struct ph_str){ 0 }, answer);
    }
}

/* ---- lambda: POST /2015-03-31/functions/{name}/invocations, signed ---- */

static struct ph_str endpoint_of(const struct ph_try *call)
{
    struct ph_str endpoint = call->target;

    if (endpoint.n == 0) {
        return ph_strf(call->arena, "https://lambda.%.*s.amazonaws.com",
                       PH_FMT(ph_function_region(call->arn)));
    }
    while (ph_str_ends(endpoint, PH_STR("/"))) {
        endpoint.n--;
    }
    return endpoint;
}

/* The ARN without its qualifier: functions of other accounts have no shorter name. */
static struct ph_str invoke_url(const struct ph_try *call)
{
    struct ph_str qualifier;
    const struct ph_str name = ph_function_name(call->arn, &qualifier);
    const struct ph_str endpoint = endpoint_of(call);
    const size_t n = (size_t)(name.p - call->arn.p) + name.n;
    struct ph_str rest = { call->arn.p, n }, part;
    struct ph_str path = PH_STR("");

    while (rest.n > 0) {
        const bool more = ph_str_cut(rest, ':', &part, &rest);

        path = PH_CONCAT(call->arena, path, part, more ? PH_STR("%3A") : PH_STR(""));
    }
    return ph_strf(call->arena, "%.*s/2015-03-31/functions/%.*s/invocations%s%.*s",
                   PH_FMT(endpoint), PH_FMT(path), qualifier.n > 0 ? "?Qualifier=" : "",
                   PH_FMT(qualifier));
}

/* "ResourceNotFoundException" of "ResourceNotFoundException:http://..." or of the body's __type. */
static struct ph_str error_name(const struct ph_try *call, const struct ph_fetch_reply *reply)
{
    const struct json_t *body = ph_json_parse(call->arena, reply->body);
    struct ph_str name = ph_fetch_header(reply, PH_STR("x-amzn-ErrorType"));

    if (name.n == 0) {
        name = ph_json_get_str(body, "__type");
    }
    ph_str_cut(name, ':', &name, NULL);
    while (ph_str_has_byte(name, '#')) {
        ph_str_cut(name, '#', &(struct ph_str){ 0 }, &name);
    }
    return name;
}

static bool sign(const struct ph_try *call, struct ph_str url, struct ph_http_field *headers,
                 size_t *count)
{
    const struct ph_aws_request request = { .method = PH_STR("POST"),
                                            .url = url,
                                            .content_type = PH_STR("application/json"),
                                            .body = call->event,
                                            .region = ph_function_region(call->arn),
                                            .service = PH_STR("lambda") };
    const int64_t now_s = ph_system_clock.now_ms(ph_system_clock.self) / 1000;

    return ph_aws_sign(call->arena, &call->options->credentials, &request, now_s, headers, count);
}

static void read_invocation(const struct ph_try *call, const struct ph_fetch_reply *reply,
                            struct ph_function_answer *answer)
{
    if (reply->status < 200 || reply->status >= 300) {
        refused(reply->status, error_name(call, reply), answer);
    } else if (ph_fetch_header(reply, PH_STR("X-Amz-Function-Error")).n > 0) {
        ph_answer_set(answer, PH_FUNCTION_THREW, ph_error_message(call->arena, reply->body));
    } else {
        ph_answer_set(answer, PH_FUNCTION_REPLIED, reply->body);
    }
}

void ph_try_lambda(const struct ph_try *call, struct ph_function_answer *answer)
{
    struct ph_http_field headers[PH_AWS_HEADERS + 1];
    struct ph_fetch_request request = { .method = "POST",
                                        .url = invoke_url(call),
                                        .headers = headers,
                                        .body = call->event,
                                        .timeout_ms = call->options->timeout_ms,
                                        .reply_max = PH_FUNCTION_REPLY_MAX };
    struct ph_fetch_reply reply;

    if (!sign(call, request.url, headers, &request.header_count)) {
        log_failure(call, "the endpoint is no URL");
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ServiceException"));
        return;
    }
    headers[request.header_count++] = (struct ph_http_field){
        PH_STR("X-Amz-Invocation-Type"),
        call->asynchronous ? PH_STR("Event") : PH_STR("RequestResponse"),
    };
    if (fetch(call, &request, &reply, answer)) {
        read_invocation(call, &reply, answer);
    }
}
