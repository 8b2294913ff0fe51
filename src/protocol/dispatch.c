#include "protocol/dispatch.h"

#include "limits/limits.h"
#include "model/validate.h"
#include "protocol/authenticate.h"
#include "protocol/authorize.h"
#include "protocol/images.h"
#include "protocol/import_log.h"
#include "protocol/key_service.h"
#include "protocol/reply.h"
#include "protocol/well_known.h"
#include "token/access_token.h"

/* One request on its way; what the log line and the metrics need at its end. */
struct call {
    struct ph_ctx ctx;
    const struct ph_http_request *request;
    const struct ph_operation *operation; /* NULL: none found */
    const char *error;                    /* name of the exception; NULL: success */
};

/* Old Dart clients append a charset; some proxies rewrite the type to plain JSON. */
static bool is_api_content(struct ph_str type)
{
    ph_str_cut(type, ';', &type, NULL);
    type = ph_str_trim(type);
    return ph_str_eq_nocase(type, PH_STR("application/x-amz-json-1.1")) ||
           ph_str_eq_nocase(type, PH_STR("application/json"));
}

/* Dart sends "//?" when its endpoint ends in a slash. */
static bool is_api_path(struct ph_str path)
{
    return ph_str_eq(path, PH_STR("/")) || ph_str_eq(path, PH_STR("//"));
}

static const struct ph_operation *find_operation(const struct ph_http_request *request)
{
    struct ph_str target = ph_http_header(request, PH_STR("X-Amz-Target"));
    const struct ph_str prefix = PH_STR("AWSCognitoIdentityProviderService.");

    if (!ph_str_starts(target, prefix)) {
        return NULL;
    }
    return ph_operation_find(ph_str_skip(target, prefix.n));
}

static struct ph_err parse(struct call *call, const struct json_t **body)
{
    *body = ph_json_parse(call->ctx.arena, call->request->body);
    if (*body == NULL) {
        return PH_FAIL(SerializationException, NULL);
    }
    return ph_validate_input(call->ctx.arena, call->operation->input, *body);
}

/* AssociateSoftwareToken and VerifySoftwareToken may carry a Session instead: no caller then. */
static struct ph_err check_access_token(struct call *call, const struct ph_in *in)
{
    if (call->operation->auth != PH_AUTH_ACCESS_TOKEN || !ph_in_has(in, M_AccessToken)) {
        return PH_OK;
    }
    return ph_access_token_verify(&call->ctx, ph_in_str(in, M_AccessToken));
}

#ifdef NDEBUG
enum { CHECKS_REPLIES = false };
#else
enum { CHECKS_REPLIES = true };
#endif

/* A member that clients do not know is our mistake: found by every test, not looked for later. */
static struct ph_err check_reply(const struct call *call, const struct ph_out *out)
{
    const char *wrong = NULL;

    if (CHECKS_REPLIES) {
        wrong = ph_validate_output(call->ctx.arena, call->operation->output, out->object);
    }
    if (wrong == NULL) {
        return PH_OK;
    }
    PH_LOG(&call->ctx.log, PH_ERROR, "reply_violates_model",
           ph_f_text("operation", call->operation->name), ph_f_text("text", wrong));
    return PH_BROKEN;
}

/* Only administrators have images and style sheets to send: nobody else makes us parse as much. */
static struct ph_err check_size(const struct call *call)
{
    enum { PUBLIC_BODY_MAX = 256 * 1024 };

    return call->operation->auth == PH_AUTH_SIGV4 || call->request->body.n <= PUBLIC_BODY_MAX
               ? PH_OK
               : PH_FAIL(RequestEntityTooLargeException, "The request is too large.");
}

static struct ph_err answer(const struct ph_protocol *protocol, struct call *call,
                            struct ph_out *out)
{
    const struct json_t *body;
    struct ph_in in;

    if (call->operation->auth == PH_AUTH_SIGV4) {
        PH_TRY(ph_authenticate(&call->ctx, call->request));
    }
    PH_TRY(check_size(call));
    PH_TRY(parse(call, &body));
    in = (struct ph_in){ body };
    PH_TRY(ph_authorize(&call->ctx, call->operation, &in));
    PH_TRY(ph_limits_take(&call->ctx, call->operation->id));
    if (protocol->handlers[call->operation->id].run == NULL) {
        return PH_FAIL(OperationNotBuiltException,
                       ph_textf(call->ctx.arena, "%s is not built yet.", call->operation->name));
    }
    PH_TRY(check_access_token(call, &in));
    PH_TRY(protocol->handlers[call->operation->id].run(&call->ctx, &in, out));
    return check_reply(call, out);
}

/* While developing, tests may want it to fail, or the state that it reads to be another. */
static struct ph_err answer_controlled(const struct ph_protocol *protocol, struct call *call,
                                       struct ph_out *out)
{
    struct ph_err err;

    call->operation = find_operation(call->request);
    if (call->operation == NULL) {
        return PH_FAIL(UnknownOperationException, NULL);
    }
    PH_TRY(ph_control_enter(protocol->control, &call->ctx, call->operation));
    err = answer(protocol, call, out);
    ph_control_leave(protocol->control);
    return err;
}

static void handle_operation(const struct ph_protocol *protocol, struct call *call,
                             struct ph_http_reply *reply)
{
    struct ph_out out = ph_out_new(call->ctx.arena);
    const struct ph_err err = answer_controlled(protocol, call, &out);

    if (err.type != NULL) {
        call->error = err.type->name;
        ph_reply_error(reply, call->ctx.arena, err);
        return;
    }
    ph_reply_success(reply, call->ctx.arena, call->operation->output == NULL ? NULL : &out);
}

static void route(const struct ph_protocol *protocol, struct call *call,
                  struct ph_http_reply *reply)
{
    const struct ph_http_request *request = call->request;

    if (ph_str_eq(request->method, PH_STR("OPTIONS"))) {
        ph_reply_preflight(reply, call->ctx.arena, request);
        return;
    }
    /* The controls come last: they answer for the rest of /_poolhouse/. */
    if (ph_well_known_handle(&call->ctx, request, reply) ||
        ph_images_handle(&call->ctx, request, reply) ||
        ph_outbox_handle(&call->ctx, protocol->waiters, request, reply) ||
        ph_key_service_handle(&call->ctx, request, reply) ||
        ph_import_log_handle(&call->ctx, request, reply) ||
        ph_control_handle(protocol->control, &call->ctx, request, reply)) {
        return;
    }
    if (!ph_str_eq(request->method, PH_STR("POST")) || !is_api_path(request->path) ||
        !is_api_content(ph_http_header(request, PH_STR("Content-Type")))) {
        call->error = ph_ex_UnknownOperationException.name;
        ph_reply_not_found(reply);
        return;
    }
    handle_operation(protocol, call, reply);
}

static void finish(const struct ph_protocol *protocol, const struct call *call,
                   const struct ph_http_reply *reply, int64_t duration_ns)
{
    const struct ph_operation *op = call->operation;

    PH_LOG(&call->ctx.log, PH_INFO, "request", ph_f_text("operation", op == NULL ? "" : op->name),
           ph_f_int("status", reply->status),
           ph_f_text("error", call->error == NULL ? "" : call->error),
           ph_f_int("duration_us", duration_ns / 1000),
           ph_f_str("remote_address", call->ctx.remote_address));
    if (protocol->count != NULL) {
        protocol->count(protocol->count_self, op == NULL ? PH_OP_COUNT : (size_t)op->id,
                        call->error, duration_ns);
    }
}

/* Ids and client secrets that stay the same when a test environment is made anew. */
static void read_pins(struct call *call)
{
    if (call->ctx.settings->mode == PH_MODE_DEV) {
        call->ctx.pinned_id = ph_http_header(call->request, PH_STR("X-Poolhouse-Pin-Id"));
        call->ctx.pinned_secret = ph_http_header(call->request, PH_STR("X-Poolhouse-Pin-Secret"));
    }
}

void ph_protocol_handle(const struct ph_protocol *protocol, struct ph_arena *arena,
                        const struct ph_http_request *request, struct ph_http_reply *reply)
{
    const int64_t began_ns = ph_monotonic_ns();
    struct call call = { .ctx = protocol->ctx, .request = request };

    call.ctx.arena = arena;
    call.ctx.remote_address = request->remote_address;
    call.ctx.user_agent = ph_http_header(request, PH_STR("User-Agent"));
    call.ctx.request_id = ph_new_uuid4(&call.ctx);
    call.ctx.log.request_id = call.ctx.request_id;
    call.ctx.list_users = ph_http_header(request, PH_STR("X-Poolhouse-List-Users"));
    read_pins(&call);
    ph_reply_common_headers(reply, arena, call.ctx.request_id);
    route(protocol, &call, reply);
    finish(protocol, &call, reply, ph_monotonic_ns() - began_ns);
}
