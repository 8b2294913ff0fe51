#include "http/internal.h"

#include <stdlib.h>
#include <string.h>

/* A reply's body outlives the worker's arena; it is wiped, for it may carry tokens. */
struct body {
    size_t n;
    char bytes[];
};

static void body_free(void *self)
{
    struct body *body = self;

    explicit_bzero(body->bytes, body->n);
    free(body);
}

static struct MHD_Response *with_body(struct ph_str s)
{
    struct body *body;
    struct MHD_Response *response;

    if (s.n == 0) {
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    body = malloc(sizeof *body + s.n);
    if (body == NULL) {
        return NULL;
    }
    body->n = s.n;
    memcpy(body->bytes, s.p, s.n);
    response =
        MHD_create_response_from_buffer_with_free_callback_cls(s.n, body->bytes, body_free, body);
    if (response == NULL) {
        body_free(body);
    }
    return response;
}

static void add_header(struct MHD_Response *response, struct ph_arena *arena, struct ph_str name,
                       struct ph_str value)
{
    const char *n = ph_cstr(arena, name);
    const char *v = ph_cstr(arena, value);

    if (n != NULL && v != NULL && value.n > 0) {
        (void)MHD_add_response_header(response, n, v);
    }
}

struct MHD_Response *ph_http_response_create(struct ph_arena *arena,
                                             const struct ph_http_reply *reply)
{
    struct MHD_Response *response = with_body(reply->body);

    if (response == NULL) {
        ph_fatal("out of memory");
    }
    add_header(response, arena, PH_STR("Content-Type"), reply->content_type);
    for (size_t i = 0; i < reply->header_count; i++) {
        add_header(response, arena, reply->headers[i].name, reply->headers[i].value);
    }
    if (reply->close) {
        add_header(response, arena, PH_STR("Connection"), PH_STR("close"));
    }
    return response;
}

static struct ph_str plain_text(int status)
{
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE:
        return PH_STR("The request body is too large.\n");
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        return PH_STR("The request head is too large.\n");
    case MHD_HTTP_SERVICE_UNAVAILABLE:
        return PH_STR("The server is busy.\n");
    default:
        return PH_STR("The request is malformed.\n");
    }
}

struct MHD_Response *ph_http_refusal_create(const struct ph_http_handler *handler, int status)
{
    struct ph_arena arena = { 0 };
    struct ph_http_reply reply = { .status = status };
    struct MHD_Response *response;

    if (handler->refuse != NULL) {
        handler->refuse(handler->self, status, &reply);
    } else {
        reply.content_type = PH_STR("text/plain");
        reply.body = plain_text(status);
    }
    reply.close = reply.close || status != MHD_HTTP_SERVICE_UNAVAILABLE;
    response = ph_http_response_create(&arena, &reply);
    ph_arena_finish(&arena);
    return response;
}
