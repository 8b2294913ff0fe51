/* One call: from the first line of a request to the last byte of its reply. */
#include "http/internal.h"

#include "util/memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Of a request whose body is taken piece by piece: what a worker is to do next. */
enum stream_step { STREAM_BEGIN, STREAM_TAKE, STREAM_END };

struct call {
    struct ph_job job;
    struct ph_http_server *server;
    struct MHD_Connection *library;
    struct ph_http_connection *connection;
    const char *method; /* the library's, until the call ends */
    char *uri;          /* as sent */
    bool head_seen;
    bool counted; /* in server->calls */
    bool refused; /* a reply was queued before the request was whole */
    size_t field_count;
    uint8_t *body;
    size_t body_n;
    size_t body_capacity;
    bool streamed;
    enum stream_step step;
    void *stream;                  /* what `begin` made */
    struct MHD_Response *response; /* made by the worker */
    unsigned status;
};

/* What a head says of its framing; more than one way to say it is an attack on proxies. */
struct framing {
    size_t fields;
    size_t lengths;
    size_t codings;
    bool malformed;
    int64_t length;
};

void *ph_http_call_begin(void *self, const char *uri, struct MHD_Connection *connection)
{
    struct call *call = ph_heap_zeroed(1, sizeof *call);

    call->uri = ph_heap_cstr(ph_str_from(uri));
    call->server = self;
    call->library = connection;
    call->connection = ph_http_connection_of(connection);
    ph_http_connection_enter(call->server, call->connection, PH_PHASE_HEAD);
    return call;
}

static void body_free(struct call *call)
{
    if (call->body != NULL) {
        explicit_bzero(call->body, call->body_capacity); /* it may carry passwords */
        free(call->body);
    }
    call->body = NULL;
}

static void uncount(struct call *call)
{
    struct ph_http_server *server = call->server;

    if (!call->counted) {
        return;
    }
    pthread_mutex_lock(&server->lock);
    server->calls--;
    pthread_mutex_unlock(&server->lock);
}

void ph_http_call_end(void *self, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode reason)
{
    struct call *call = *state;

    (void)self;
    (void)connection;
    (void)reason;
    if (call == NULL) {
        return;
    }
    *state = NULL;
    ph_http_connection_enter(call->server, call->connection, PH_PHASE_IDLE);
    uncount(call);
    if (call->response != NULL) {
        MHD_destroy_response(call->response);
    }
    if (call->stream != NULL) {
        call->server->options.streams->drop(call->server->options.streams->self, call->stream);
    }
    body_free(call);
    free(call->uri);
    free(call);
}

static enum MHD_Result refuse(struct call *call, int status)
{
    struct MHD_Response *response = ph_http_refusal_create(&call->server->handler, status);
    const enum MHD_Result queued = MHD_queue_response(call->library, (unsigned)status, response);

    MHD_destroy_response(response);
    call->refused = true;
    ph_http_connection_enter(call->server, call->connection, PH_PHASE_WRITE);
    return queued;
}

static struct ph_str slice(const char *p, size_t n)
{
    return ph_str_trim((struct ph_str){ (const uint8_t *)p, p == NULL ? 0 : n });
}

static enum MHD_Result read_framing(void *self, enum MHD_ValueKind kind, const char *key,
                                    size_t key_n, const char *value, size_t value_n)
{
    struct framing *framing = self;
    const struct ph_str name = { (const uint8_t *)key, key_n };
    const struct ph_str text = slice(value, value_n);

    (void)kind;
    framing->fields++;
    if (ph_str_eq_nocase(name, PH_STR("Content-Length"))) {
        framing->lengths++;
        framing->malformed |= ph_str_starts(text, PH_STR("-")) ||
                              !ph_str_to_int(text, 0, INT64_MAX, &framing->length);
    } else if (ph_str_eq_nocase(name, PH_STR("Transfer-Encoding"))) {
        framing->codings++;
        framing->malformed |= !ph_str_eq_nocase(text, PH_STR("chunked"));
    }
    return MHD_YES;
}

/* The status to refuse a head with, or 0 (RFC 9112, 6.3: one way to find the end of a body). */
static int judge(const struct call *call, const struct framing *framing)
{
    const struct ph_http_options *options = &call->server->options;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(call->library, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (framing->malformed || framing->lengths + framing->codings > 1) {
        return MHD_HTTP_BAD_REQUEST;
    }
    if (framing->fields > PH_HTTP_FIELDS_MAX ||
        (size != NULL && size->header_size > options->header_max)) {
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    }
    if (!call->streamed && (uint64_t)framing->length > options->body_max) {
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    return 0;
}

static bool is_streamed(const struct call *call)
{
    const struct ph_http_streams *streams = call->server->options.streams;
    struct ph_str path;

    ph_str_cut(ph_str_from(call->uri), '?', &path, NULL);
    return streams != NULL && streams->wants(streams->self, ph_str_from(call->method), path);
}

static enum MHD_Result hand_over(struct call *call);

static enum MHD_Result on_head(struct call *call, const char *method)
{
    struct framing framing = { 0 };
    int status;

    call->head_seen = true;
    call->method = method;
    call->streamed = is_streamed(call);
    (void)MHD_get_connection_values_n(call->library, MHD_HEADER_KIND, read_framing, &framing);
    call->field_count = framing.fields;
    status = judge(call, &framing);
    if (status != 0) {
        return refuse(call, status);
    }
    if (call->streamed) {
        return hand_over(call); /* STREAM_BEGIN: who is refused need not send the body */
    }
    call->body_capacity = (size_t)framing.length;
    ph_http_connection_enter(call->server, call->connection, PH_PHASE_BODY);
    return MHD_YES;
}

/* Room for n more bytes; what moves is wiped where it was. */
static bool reserve(struct call *call, size_t n)
{
    size_t wanted = call->body_capacity;
    uint8_t *moved;

    if (n > call->server->options.body_max - call->body_n) {
        return false;
    }
    if (call->body != NULL && call->body_capacity - call->body_n >= n) {
        return true;
    }
    if (wanted < call->body_n + n) { /* chunked: the length is not known beforehand */
        wanted = 2 * (call->body_n + n);
    }
    moved = malloc(wanted);
    if (moved == NULL) {
        return false;
    }
    if (call->body != NULL) {
        memcpy(moved, call->body, call->body_n);
    }
    body_free(call);
    call->body = moved;
    call->body_capacity = wanted;
    return true;
}

static enum MHD_Result on_body(struct call *call, const char *data, size_t *size)
{
    if (call->refused) {
        *size = 0;
        return MHD_YES;
    }
    if (!reserve(call, *size)) {
        return MHD_NO; /* too late to say why: the connection ends */
    }
    memcpy(call->body + call->body_n, data, *size);
    call->body_n += *size;
    *size = 0;
    return MHD_YES;
}

struct collected {
    struct ph_http_field *fields;
    size_t n, max;
};

static enum MHD_Result collect(void *self, enum MHD_ValueKind kind, const char *key, size_t key_n,
                               const char *value, size_t value_n)
{
    struct collected *to = self;

    (void)kind;
    if (to->n < to->max) {
        to->fields[to->n++] =
            (struct ph_http_field){ { (const uint8_t *)key, key_n }, slice(value, value_n) };
    }
    return MHD_YES;
}

static struct ph_str remote_address(const struct call *call, struct ph_arena *arena)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->library, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    struct ph_str address;

    if (info != NULL && info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)info->client_addr;

        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    } else if (info != NULL && info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 =
            (const struct sockaddr_in6 *)(const void *)info->client_addr;

        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    }
    address = ph_str_from(text);
    if (ph_str_starts(address, PH_STR("::ffff:"))) {
        address = ph_str_skip(address, sizeof "::ffff:" - 1);
    }
    return ph_str_dup(arena, address);
}

/* The connection is suspended: the library does not touch its memory meanwhile. */
static void fill_request(struct call *call, struct ph_arena *arena, struct ph_http_request *request)
{
    struct collected collected = {
        .fields = ph_arena_array(arena, call->field_count, struct ph_http_field),
        .max = call->field_count,
    };

    (void)MHD_get_connection_values_n(call->library, MHD_HEADER_KIND, collect, &collected);
    request->method = ph_str_from(call->method);
    ph_str_cut(ph_str_from(call->uri), '?', &request->path, &request->query);
    request->headers = collected.fields;
    request->header_count = collected.n;
    request->body = (struct ph_str){ call->body, call->body_n };
    request->remote_address = remote_address(call, arena);
}

static bool is_quiesced(struct ph_http_server *server)
{
    bool quiesced;

    pthread_mutex_lock(&server->lock);
    quiesced = server->quiesced;
    pthread_mutex_unlock(&server->lock);
    return quiesced;
}

static void answer_busy(struct call *call)
{
    call->status = MHD_HTTP_SERVICE_UNAVAILABLE;
    call->response = ph_http_refusal_create(&call->server->handler, MHD_HTTP_SERVICE_UNAVAILABLE);
}

static void make_response(struct call *call, struct ph_arena *arena, struct ph_http_reply *reply)
{
    reply->close = reply->close || is_quiesced(call->server);
    call->status = (unsigned)reply->status;
    call->response = ph_http_response_create(arena, reply);
}

static void answer(struct call *call, struct ph_worker *worker)
{
    struct ph_http_server *server = call->server;
    struct ph_http_request request = { 0 };
    struct ph_http_reply reply = { .status = MHD_HTTP_OK };

    fill_request(call, &worker->arena, &request);
    server->handler.handle(server->handler.self, worker, &request, &reply);
    make_response(call, &worker->arena, &reply);
}

/* A step of a stream. Without a response more of the body is wanted. */
static void stream(struct call *call, struct ph_worker *worker)
{
    const struct ph_http_streams *streams = call->server->options.streams;
    struct ph_http_request request = { 0 };
    struct ph_http_reply reply = { .status = MHD_HTTP_OK };
    bool over = false;

    switch (call->step) {
    case STREAM_BEGIN:
        fill_request(call, &worker->arena, &request);
        call->stream = streams->begin(streams->self, worker, &request, &reply);
        over = call->stream == NULL;
        break;
    case STREAM_TAKE:
        over = !streams->take(streams->self, worker, call->stream,
                              (struct ph_str){ call->body, streams->piece }, &reply);
        break;
    case STREAM_END:
        streams->end(streams->self, worker, call->stream,
                     (struct ph_str){ call->body, call->body_n }, &reply);
        over = true;
        break;
    }
    if (over) {
        make_response(call, &worker->arena, &reply);
    }
}

static void run(struct ph_job *job, struct ph_worker *worker, enum ph_job_verdict verdict)
{
    struct call *call = (struct call *)job; /* its first member */

    if (verdict == PH_JOB_LATE) {
        answer_busy(call);
    } else if (call->streamed) {
        stream(call, worker);
    } else {
        answer(call, worker);
    }
    MHD_resume_connection(call->library); /* from here on the call may be gone */
}

/* Suspended first: what is queued belongs to a worker. */
static enum MHD_Result hand_over(struct call *call)
{
    struct ph_http_server *server = call->server;

    ph_http_connection_enter(server, call->connection, PH_PHASE_WORK);
    pthread_mutex_lock(&server->lock);
    server->calls++;
    pthread_mutex_unlock(&server->lock);
    call->counted = true;
    call->job.run = run;
    MHD_suspend_connection(call->library);
    if (!ph_workers_submit(server->workers, &call->job)) {
        answer_busy(call);
        MHD_resume_connection(call->library);
        server->again = true;
    }
    return MHD_YES;
}

static enum MHD_Result send_reply(struct call *call)
{
    ph_http_connection_enter(call->server, call->connection, PH_PHASE_WRITE);
    return MHD_queue_response(call->library, call->status, call->response);
}

/* ---- bodies that are taken piece by piece ---- */

/* Room for one piece and for what the library hands over at once; n more bytes are coming. */
static bool reserve_piece(struct call *call, size_t n)
{
    const size_t wanted = call->server->options.streams->piece + n;
    uint8_t *grown;

    if (call->body != NULL && call->body_capacity >= wanted) {
        return true;
    }
    grown = malloc(wanted);
    if (grown == NULL) {
        return false;
    }
    if (call->body != NULL) {
        memcpy(grown, call->body, call->body_n);
    }
    body_free(call);
    call->body = grown;
    call->body_capacity = wanted;
    return true;
}

/* A whole piece goes to a worker before more is read: what has come stays where it is. */
static enum MHD_Result on_stream_body(struct call *call, const char *data, size_t *size)
{
    if (call->response != NULL) { /* refused: the rest is thrown away, within its deadline */
        *size = 0;
        return MHD_YES;
    }
    if (call->body_n >= call->server->options.streams->piece) {
        return hand_over(call);
    }
    if (!reserve_piece(call, *size)) {
        return MHD_NO;
    }
    memcpy(call->body + call->body_n, data, *size);
    call->body_n += *size;
    *size = 0;
    return MHD_YES;
}

/* A worker has done its step. What came beyond a piece moves to the front. */
static void after_step(struct call *call)
{
    const size_t piece = call->server->options.streams->piece;

    uncount(call);
    call->counted = false;
    if (call->step == STREAM_TAKE) {
        memmove(call->body, call->body + piece, call->body_n - piece);
        call->body_n -= piece;
    }
    call->step = STREAM_TAKE;
    ph_http_connection_enter(call->server, call->connection, PH_PHASE_BODY);
}

static enum MHD_Result on_stream(struct call *call, const char *data, size_t *size)
{
    const enum stream_step done = call->step;
    const bool resumed = call->counted;

    if (resumed && call->response != NULL && done != STREAM_TAKE) {
        call->refused = done == STREAM_BEGIN; /* should the body come all the same */
        return send_reply(call);
    }
    if (resumed) {
        after_step(call);
    }
    if (resumed && done == STREAM_BEGIN && *size == 0) {
        return MHD_YES; /* now the body is read */
    }
    if (*size > 0) {
        return on_stream_body(call, data, size);
    }
    if (call->response != NULL) {
        return send_reply(call);
    }
    if (call->body_n >= call->server->options.streams->piece) {
        return hand_over(call);
    }
    call->step = STREAM_END;
    return hand_over(call);
}

enum MHD_Result ph_http_call_continue(void *self, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **state)
{
    struct call *call = *state;

    (void)self;
    (void)connection;
    (void)url; /* decoded; what was sent is in the call */
    (void)version;
    if (!call->head_seen) {
        return on_head(call, method);
    }
    if (call->streamed && !call->refused) {
        return on_stream(call, data, size);
    }
    if (*size > 0) {
        return on_body(call, data, size);
    }
    if (call->response == NULL) {
        return hand_over(call);
    }
    return send_reply(call);
}
