#include "protocol/reply.h"

#define CONTENT_TYPE PH_STR("application/x-amz-json-1.1")

enum { ERROR_HEADER_MAX = 1024 }; /* a longer text stands in the body alone */

void ph_reply_success(struct ph_http_reply *reply, struct ph_arena *arena, const struct ph_out *out)
{
    reply->status = 200;
    reply->content_type = CONTENT_TYPE;
    if (out != NULL) {
        reply->body = ph_json_text(arena, out->object, PH_JSON_SORTED);
    }
}

/* Recorded: these two carry their text under a capital letter, all others under a small one. */
static const char *message_key(const struct ph_exception *type)
{
    return type == &ph_ex_SerializationException || type == &ph_ex_AccessDeniedException
               ? "Message"
               : "message";
}

static struct ph_str error_body(struct ph_arena *arena, struct ph_err err, struct ph_str message)
{
    struct json_t *body = ph_json_object(arena);

    ph_json_set_str(arena, body, "__type", ph_str_from(err.type->name));
    if (message.n > 0) {
        ph_json_set_str(arena, body, message_key(err.type), message);
    }
    return ph_json_text(arena, body, PH_JSON_INSERTION);
}

void ph_reply_error(struct ph_http_reply *reply, struct ph_arena *arena, struct ph_err err)
{
    const struct ph_str message = ph_str_from(err.message);

    reply->status = err.type->status;
    reply->content_type = CONTENT_TYPE;
    reply->body = error_body(arena, err, message);
    /* The colon is the service's; Dart and others cut there. */
    ph_http_reply_header(reply, arena, PH_STR("x-amzn-ErrorType"),
                         ph_strf(arena, "%s:", err.type->name));
    if (message.n > 0 && message.n <= ERROR_HEADER_MAX) {
        ph_http_reply_header(reply, arena, PH_STR("x-amzn-ErrorMessage"), message);
    }
}

void ph_reply_not_found(struct ph_http_reply *reply)
{
    reply->status = 404;
    reply->content_type = PH_STR("text/xml");
    reply->body = PH_STR("<UnknownOperationException/>\n");
}

static void echo_header(struct ph_http_reply *reply, struct ph_arena *arena, struct ph_str name,
                        struct ph_str value)
{
    if (value.n > 0) {
        ph_http_reply_header(reply, arena, name, value);
    }
}

void ph_reply_preflight(struct ph_http_reply *reply, struct ph_arena *arena,
                        const struct ph_http_request *request)
{
    reply->status = 200;
    echo_header(reply, arena, PH_STR("Access-Control-Allow-Headers"),
                ph_http_header(request, PH_STR("Access-Control-Request-Headers")));
    echo_header(reply, arena, PH_STR("Access-Control-Allow-Methods"),
                ph_http_header(request, PH_STR("Access-Control-Request-Method")));
    ph_http_reply_header(reply, arena, PH_STR("Access-Control-Max-Age"), PH_STR("172800"));
}

void ph_reply_common_headers(struct ph_http_reply *reply, struct ph_arena *arena,
                             struct ph_str request_id)
{
    ph_http_reply_header(reply, arena, PH_STR("x-amzn-RequestId"), request_id);
    ph_http_reply_header(reply, arena, PH_STR("Access-Control-Allow-Origin"), PH_STR("*"));
    ph_http_reply_header(reply, arena, PH_STR("Access-Control-Expose-Headers"),
                         PH_STR("x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"));
}
