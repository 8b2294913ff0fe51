/* From the request to the reply: what belongs to no operation, with handlers of the test. */
#include "protocol/test_support.h"

#include "model/validate.h"

#include <fcntl.h>
#include <unistd.h>

struct counted {
    int calls;
    size_t op;
    const char *error;
};

/* A request, ready to be changed by a test before it is sent. */
struct asking {
    struct test_pool *pools;
    struct ph_protocol protocol;
    struct counted counted;
    struct ph_http_request request;
    struct ph_http_reply reply;
};

/* --- handlers --- */

static struct ph_err sign_up(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    (void)ctx;
    ph_out_str(out, M_UserSub, ph_in_str(in, M_Username));
    ph_out_bool(out, M_UserConfirmed, false);
    return PH_OK;
}

static struct ph_err show_pins(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    (void)in;
    ph_out_str(out, M_UserSub, ctx->pinned_id.p == NULL ? PH_STR("none") : ctx->pinned_id);
    ph_out_str(out, M_Session, ctx->pinned_secret.p == NULL ? PH_STR("none") : ctx->pinned_secret);
    return PH_OK;
}

static struct ph_err write_nothing(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    (void)ctx;
    (void)in;
    (void)out;
    return PH_OK;
}

static struct ph_err write_a_stranger(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    (void)ctx;
    (void)in;
    ph_out_str(out, M_AccessToken, PH_STR("secret"));
    return PH_OK;
}

static struct ph_err deny(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    (void)ctx;
    (void)in;
    (void)out;
    return PH_FAIL(AccessDeniedException, "You may not.");
}

static struct ph_err refuse_in_two_lines(struct ph_ctx *ctx, const struct ph_in *in,
                                         struct ph_out *out)
{
    (void)ctx;
    (void)in;
    (void)out;
    return PH_FAIL(UsernameExistsException, "one\r\nX-Two: \xc3\xa4");
}

static struct ph_err refuse_at_length(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    char *text = ph_arena_alloc(ctx->arena, 1026);

    (void)in;
    (void)out;
    memset(text, 'x', 1025);
    return PH_FAIL(UsernameExistsException, text);
}

/* --- asking --- */

static void count(void *self, size_t op, const char *error, int64_t duration_ns)
{
    struct counted *counted = self;

    assert_true(duration_ns >= 0);
    *counted = (struct counted){ counted->calls + 1, op, error };
}

static const struct ph_http_field SIGN_UP_HEADERS[] = {
    { PH_STR_INIT("x-amz-target"), PH_STR_INIT(TARGET("SignUp")) },
    { PH_STR_INIT("content-type"), PH_STR_INIT(API_TYPE) },
};

static const char SIGN_UP_BODY[] =
    "{\"ClientId\":\"client\",\"Username\":\"alice\",\"Password\":\"Passw0rd!\"}";

#define SET_HEADERS(a, fields)                                                                     \
    ((a)->request.headers = (fields),                                                              \
     (a)->request.header_count = sizeof(fields) / sizeof((fields)[0]))

/* A good SignUp; the handler is the test's. */
static void prepare(struct asking *a, struct test_pool *t, enum ph_op op,
                    struct ph_err (*run)(struct ph_ctx *, const struct ph_in *, struct ph_out *))
{
    struct ph_handler *handlers = ph_arena_array(&t->arena, PH_OP_COUNT, struct ph_handler);

    handlers[op].run = run;
    *a = (struct asking){ .pools = t };
    a->protocol = (struct ph_protocol){
        .handlers = handlers, .ctx = t->ctx, .count = count, .count_self = &a->counted
    };
    a->request = (struct ph_http_request){ .method = PH_STR("POST"),
                                           .path = PH_STR("/"),
                                           .body = ph_str_from(SIGN_UP_BODY),
                                           .remote_address = PH_STR("127.0.0.1") };
    SET_HEADERS(a, SIGN_UP_HEADERS);
}

static struct ph_http_reply *ask(struct asking *a)
{
    a->reply = (struct ph_http_reply){ .status = 200 };
    ph_protocol_handle(&a->protocol, &a->pools->arena, &a->request, &a->reply);
    return &a->reply;
}

/* --- success --- */

static void an_answer_has_its_members_in_alphabetical_order(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    assert_int_equal(ask(&a)->status, 200);
    assert_str(a.reply.content_type, API_TYPE);
    assert_str(a.reply.body, "{\"UserConfirmed\":false,\"UserSub\":\"alice\"}");
    assert_int_equal(a.counted.calls, 1);
    assert_int_equal(a.counted.op, OP_SignUp);
    assert_null(a.counted.error);
}

static void an_operation_without_output_answers_no_body(void **state)
{
    static const struct ph_http_field headers[] = {
        { PH_STR_INIT("X-Amz-Target"), PH_STR_INIT(TARGET("AdminDeleteUser")) },
        { PH_STR_INIT("Content-Type"), PH_STR_INIT(API_TYPE) },
        SIGNED,
    };
    struct asking a;

    prepare(&a, *state, OP_AdminDeleteUser, write_nothing);
    SET_HEADERS(&a, headers);
    a.request.body = PH_STR("{\"UserPoolId\":\"eu-west-1_AAAAAAAAA\",\"Username\":\"u\"}");
    assert_int_equal(ask(&a)->status, 200);
    assert_str(a.reply.content_type, API_TYPE);
    assert_int_equal(a.reply.body.n, 0);
}

static void an_empty_output_is_an_empty_object(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, write_nothing);
    assert_int_equal(ask(&a)->status, 200);
    assert_str(a.reply.body, "{}");
}

/* --- where a request goes --- */

static void what_names_no_operation_is_unknown(void **state)
{
    static const char *const targets[] = { "",
                                           "SignUp",
                                           TARGET(""),
                                           TARGET("NoSuchThing"),
                                           TARGET("signup"),
                                           TARGET("SignUp "),
                                           "awscognitoidentityproviderservice.SignUp" };
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const struct ph_http_field headers[] = {
            { PH_STR("X-Amz-Target"), ph_str_from(targets[i]) },
            { PH_STR("Content-Type"), PH_STR(API_TYPE) },
        };

        SET_HEADERS(&a, headers);
        assert_refused(ask(&a), 400, "{\"__type\":\"UnknownOperationException\"}");
        assert_str(reply_header(&a.reply, "x-amzn-ErrorType"), "UnknownOperationException:");
        assert_null(reply_header(&a.reply, "x-amzn-ErrorMessage").p);
        assert_int_equal(a.counted.op, PH_OP_COUNT);
        assert_string_equal(a.counted.error, "UnknownOperationException");
    }
}

static const char *outcome_of_type(struct asking *a, const char *type)
{
    const struct ph_http_field headers[] = {
        SIGN_UP_HEADERS[0],
        { PH_STR("Content-Type"), ph_str_from(type) },
    };

    SET_HEADERS(a, headers);
    return ask(a)->status == 200 ? "answered" : "not found";
}

static void only_json_is_an_api_call(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    assert_string_equal(outcome_of_type(&a, API_TYPE), "answered");
    assert_string_equal(outcome_of_type(&a, API_TYPE "; charset=utf-8"), "answered");
    assert_string_equal(outcome_of_type(&a, "Application/X-Amz-JSON-1.1 ;x"), "answered");
    assert_string_equal(outcome_of_type(&a, "application/json"), "answered");
    assert_string_equal(outcome_of_type(&a, "application/x-amz-json-1.0"), "not found");
    assert_int_equal(a.reply.status, 404);
    assert_str(a.reply.content_type, "text/xml");
    assert_str(a.reply.body, "<UnknownOperationException/>\n");
    assert_string_equal(outcome_of_type(&a, "text/plain"), "not found");
    assert_string_equal(outcome_of_type(&a, ""), "not found");
}

static int status_of(struct asking *a, const char *method, const char *path)
{
    a->request.method = ph_str_from(method);
    a->request.path = ph_str_from(path);
    return ask(a)->status;
}

static void the_api_is_at_the_root_and_takes_post(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    assert_int_equal(status_of(&a, "POST", "/"), 200);
    assert_int_equal(status_of(&a, "POST", "//"), 200); /* Dart's "//?" */
    assert_int_equal(status_of(&a, "POST", "/x"), 404);
    assert_int_equal(status_of(&a, "POST", "///"), 404);
    assert_int_equal(status_of(&a, "POST", ""), 404);
    assert_int_equal(status_of(&a, "PUT", "/"), 404);
    assert_int_equal(status_of(&a, "GET", "/"), 404);
    assert_int_equal(status_of(&a, "GET", "/eu-west-1_NoSuchOne/.well-known/jwks.json"), 404);
    assert_str(a.reply.content_type, "application/json");
}

static void an_operation_that_is_not_built_says_so(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_ConfirmSignUp, sign_up);
    assert_refused(ask(&a), 501,
                   "{\"__type\":\"OperationNotBuiltException\","
                   "\"message\":\"SignUp is not built yet.\"}");
    assert_string_equal(a.counted.error, "OperationNotBuiltException");
}

/* --- browsers --- */

static void a_preflight_is_allowed_what_it_asks_for(void **state)
{
    static const struct ph_http_field headers[] = {
        { PH_STR_INIT("Origin"), PH_STR_INIT("http://localhost:3000") },
        { PH_STR_INIT("Access-Control-Request-Method"), PH_STR_INIT("POST") },
        { PH_STR_INIT("Access-Control-Request-Headers"), PH_STR_INIT("content-type,x-amz-target") },
    };
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    SET_HEADERS(&a, headers);
    assert_int_equal(status_of(&a, "OPTIONS", "/"), 200);
    assert_int_equal(a.reply.body.n, 0);
    assert_str(reply_header(&a.reply, "Access-Control-Allow-Origin"), "*");
    assert_str(reply_header(&a.reply, "Access-Control-Allow-Methods"), "POST");
    assert_str(reply_header(&a.reply, "Access-Control-Allow-Headers"), "content-type,x-amz-target");
    assert_str(reply_header(&a.reply, "Access-Control-Max-Age"), "172800");
    a.request.header_count = 0;
    assert_null(reply_header(ask(&a), "Access-Control-Allow-Methods").p);
}

static void every_reply_has_an_id_of_its_own_and_may_be_read_by_scripts(void **state)
{
    struct ph_str ids[3];
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    for (size_t i = 0; i < 3; i++) { /* a success, an error, a page that is not there */
        a.request.header_count = 2 - i;
        assert_int_equal(ask(&a)->status, i == 0 ? 200 : 404);
        ids[i] = reply_header(&a.reply, "x-amzn-RequestId");
        assert_int_equal(ids[i].n, 36);
        assert_str(reply_header(&a.reply, "Access-Control-Allow-Origin"), "*");
        assert_str(reply_header(&a.reply, "Access-Control-Expose-Headers"),
                   "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date");
    }
    assert_false(ph_str_eq(ids[0], ids[1]) || ph_str_eq(ids[1], ids[2]));
}

/* --- errors --- */

static void a_body_that_is_no_object_is_refused(void **state)
{
    static const char *const bodies[] = { "", "null", "\"a\"", "{", "{\"a\":1,}", "{}x" };
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        a.request.body = ph_str_from(bodies[i]);
        assert_refused(ask(&a), 400, "{\"__type\":\"SerializationException\"}");
    }
    a.request.body = PH_STR("[]");
    assert_refused(ask(&a), 400,
                   "{\"__type\":\"SerializationException\","
                   "\"Message\":\"Start of list found where not expected\"}");
}

static void the_text_stands_under_message_but_for_two_types(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, sign_up);
    a.request.body = PH_STR("{\"ClientId\":\"client\",\"Username\":1,\"Password\":\"Passw0rd!\"}");
    assert_refused(ask(&a), 400,
                   "{\"__type\":\"SerializationException\","
                   "\"Message\":\"NUMBER_VALUE can not be converted to a String\"}");
    a.request.body = PH_STR("{\"ClientId\":\"client\"}");
    assert_refused(ask(&a), 400,
                   "{\"__type\":\"InvalidParameterException\","
                   "\"message\":\"1 validation error detected: Value null at 'username' failed to "
                   "satisfy constraint: Member must not be null\"}");
    prepare(&a, *state, OP_SignUp, deny);
    assert_refused(ask(&a), 400,
                   "{\"__type\":\"AccessDeniedException\",\"Message\":\"You may not.\"}");
    assert_str(reply_header(&a.reply, "x-amzn-ErrorType"), "AccessDeniedException:");
    assert_str(reply_header(&a.reply, "x-amzn-ErrorMessage"), "You may not.");
}

static void a_text_cannot_write_headers(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, refuse_in_two_lines);
    assert_refused(ask(&a), 400,
                   "{\"__type\":\"UsernameExistsException\","
                   "\"message\":\"one\\r\\nX-Two: \xc3\xa4\"}");
    assert_str(reply_header(&a.reply, "x-amzn-ErrorMessage"), "one??X-Two: ??");
}

static void a_long_text_stands_in_the_body_alone(void **state)
{
    struct asking a;

    prepare(&a, *state, OP_SignUp, refuse_at_length);
    assert_int_equal(ask(&a)->status, 400);
    assert_true(a.reply.body.n > 1025);
    assert_null(reply_header(&a.reply, "x-amzn-ErrorMessage").p);
}

static void a_signature_is_asked_for_before_the_body_is_read(void **state)
{
    static const struct ph_http_field unsigned_headers[] = {
        { PH_STR_INIT("X-Amz-Target"), PH_STR_INIT(TARGET("ListUserPools")) },
        { PH_STR_INIT("Content-Type"), PH_STR_INIT(API_TYPE) },
    };
    struct asking a;

    prepare(&a, *state, OP_ListUserPools, write_nothing);
    SET_HEADERS(&a, unsigned_headers);
    a.request.body = PH_STR("{");
    assert_int_equal(ask(&a)->status, 400);
    assert_in(a.reply.body, "\"MissingAuthenticationTokenException\"");
}

/* --- headers of dev --- */

static void ids_are_pinned_while_developing_only(void **state)
{
    static const struct ph_http_field headers[] = {
        { PH_STR_INIT("x-amz-target"), PH_STR_INIT(TARGET("SignUp")) },
        { PH_STR_INIT("content-type"), PH_STR_INIT(API_TYPE) },
        { PH_STR_INIT("x-poolhouse-pin-id"), PH_STR_INIT("eu-west-1_Pinned000") },
        { PH_STR_INIT("X-Poolhouse-Pin-Secret"), PH_STR_INIT("s3cret") },
    };
    struct test_pool *t = *state;
    struct asking a;

    prepare(&a, t, OP_SignUp, show_pins);
    assert_str(ask(&a)->body, "{\"Session\":\"none\",\"UserSub\":\"none\"}");
    SET_HEADERS(&a, headers);
    assert_str(ask(&a)->body, "{\"Session\":\"s3cret\",\"UserSub\":\"eu-west-1_Pinned000\"}");
    t->settings.mode = PH_MODE_SERVE;
    assert_str(ask(&a)->body, "{\"Session\":\"none\",\"UserSub\":\"none\"}");
}

/* --- replies against the model --- */

static struct ph_str read_all(struct ph_arena *arena, int fd)
{
    uint8_t *text = ph_arena_alloc(arena, 8192);
    ssize_t n;

    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    n = read(fd, text, 8192);
    return (struct ph_str){ text, n > 0 ? (size_t)n : 0 };
}

static void a_reply_that_the_model_does_not_know_is_our_fault(void **state)
{
    struct test_pool *t = *state;
    struct ph_log_sink sink = { .least = PH_ERROR };
    struct ph_str log;
    struct asking a;
    int ends[2];

#ifdef NDEBUG
    skip();
#endif
    assert_int_equal(pipe(ends), 0);
    sink.fd = ends[1];
    t->ctx.log.sink = &sink;
    prepare(&a, t, OP_SignUp, write_a_stranger);
    assert_int_equal(ask(&a)->status, 500);
    assert_str(a.reply.body,
               "{\"__type\":\"InternalErrorException\",\"message\":\"Internal error\"}");
    log = read_all(&t->arena, ends[0]);
    assert_in(log, "\"reply_violates_model\"");
    assert_in(log, "\"operation\":\"SignUp\"");
    assert_in(log, "SignUpResponse has no member AccessToken");
    assert_not_in(log, "secret");
    close(ends[0]);
    close(ends[1]);
    t->ctx.log.sink = NULL;
}

#define DISPATCH_TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(an_answer_has_its_members_in_alphabetical_order),
        DISPATCH_TEST(an_operation_without_output_answers_no_body),
        DISPATCH_TEST(an_empty_output_is_an_empty_object),
        DISPATCH_TEST(what_names_no_operation_is_unknown),
        DISPATCH_TEST(only_json_is_an_api_call),
        DISPATCH_TEST(the_api_is_at_the_root_and_takes_post),
        DISPATCH_TEST(an_operation_that_is_not_built_says_so),
        DISPATCH_TEST(a_preflight_is_allowed_what_it_asks_for),
        DISPATCH_TEST(every_reply_has_an_id_of_its_own_and_may_be_read_by_scripts),
        DISPATCH_TEST(a_body_that_is_no_object_is_refused),
        DISPATCH_TEST(the_text_stands_under_message_but_for_two_types),
        DISPATCH_TEST(a_text_cannot_write_headers),
        DISPATCH_TEST(a_long_text_stands_in_the_body_alone),
        DISPATCH_TEST(a_signature_is_asked_for_before_the_body_is_read),
        DISPATCH_TEST(ids_are_pinned_while_developing_only),
        DISPATCH_TEST(a_reply_that_the_model_does_not_know_is_our_fault),
    };

    ph_json_start();
    ph_validate_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
