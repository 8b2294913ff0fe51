/* The published test suite of the signing process, and a request recorded from botocore. */
#include "protocol/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define KEY_ID "AKIDEXAMPLE"
#define SECRET PH_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

static const int64_t SUITE_TIME_S = 1440938160;    /* 2015-08-30T12:36:00Z */
static const int64_t RECORDED_TIME_S = 1767323045; /* 2026-01-02T03:04:05Z */

static struct ph_arena arena;

static int reset(void **state)
{
    (void)state;
    ph_arena_reset(&arena);
    return 0;
}

static struct ph_err check(const struct ph_http_request *request, struct ph_str service,
                           int64_t now_s)
{
    struct ph_sigv4 parsed;

    PH_TRY(ph_sigv4_parse(&arena, request, &parsed));
    return ph_sigv4_verify(&arena, request, &parsed, service, SECRET, now_s, 900);
}

static void assert_ok(struct ph_err err)
{
    if (err.type != NULL) {
        fail_msg("%s: %s", err.type->name, err.message);
    }
}

static void assert_err(struct ph_err err, const char *name)
{
    assert_non_null(err.type);
    assert_string_equal(err.type->name, name);
}

static struct ph_err suite(const char *method, const char *query, const char *signature)
{
    const struct ph_http_field headers[] = {
        { PH_STR("Host"), PH_STR("example.amazonaws.com") },
        { PH_STR("X-Amz-Date"), PH_STR("20150830T123600Z") },
        { PH_STR("Authorization"),
          ph_strf(&arena,
                  "AWS4-HMAC-SHA256 Credential=" KEY_ID
                  "/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
                  "Signature=%s",
                  signature) },
    };
    const struct ph_http_request request = { .method = ph_str_from(method),
                                             .path = PH_STR("/"),
                                             .query = ph_str_from(query),
                                             .headers = headers,
                                             .header_count = 3 };

    return check(&request, PH_STR("service"), SUITE_TIME_S);
}

static void the_published_suite_verifies(void **state)
{
    (void)state;
    assert_ok(
        suite("GET", NULL, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
    assert_ok(
        suite("POST", NULL, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
    assert_ok(suite("GET", "Param2=value2&Param1=value1",
                    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
    assert_err(
        suite("PUT", NULL, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        "InvalidSignatureException");
}

#define RECORDED                                                                                   \
    "AWS4-HMAC-SHA256 Credential=" KEY_ID "/20260102/eu-west-1/cognito-idp/aws4_request, "         \
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "                                    \
    "Signature=6ca63f7d039966d418b6f7f03800ba20b730ae73f251ff0603c5e28168047b62"

/* What botocore sent, with one header and the body to be changed by the tests. */
struct recorded {
    struct ph_http_field headers[5];
    struct ph_http_request request;
};

static struct recorded *recorded(struct ph_str authorization)
{
    struct recorded *r = ph_arena_new(&arena, struct recorded);
    const struct ph_http_field headers[] = {
        { PH_STR("Content-Type"), PH_STR("application/x-amz-json-1.1") },
        { PH_STR("X-Amz-Target"), PH_STR("AWSCognitoIdentityProviderService.ListUserPools") },
        { PH_STR("Host"), PH_STR("localhost:9229") },
        { PH_STR("X-Amz-Date"), PH_STR("20260102T030405Z") },
        { PH_STR("Authorization"), authorization },
    };

    memcpy(r->headers, headers, sizeof headers);
    r->request = (struct ph_http_request){ .method = PH_STR("POST"),
                                           .path = PH_STR("/"),
                                           .headers = r->headers,
                                           .header_count = 5,
                                           .body = PH_STR("{\"MaxResults\": 10}") };
    return r;
}

static struct ph_err check_recorded(const struct recorded *r, int64_t now_s)
{
    return check(&r->request, PH_STR("cognito-idp"), now_s);
}

static void a_request_of_botocore_verifies(void **state)
{
    (void)state;
    assert_ok(check_recorded(recorded(PH_STR(RECORDED)), RECORDED_TIME_S));
}

static void any_change_of_what_was_signed_is_seen(void **state)
{
    struct recorded *r = recorded(PH_STR(RECORDED));

    (void)state;
    r->request.body = PH_STR("{\"MaxResults\": 11}");
    assert_err(check_recorded(r, RECORDED_TIME_S), "InvalidSignatureException");
    for (size_t i = 0; i < 4; i++) {
        r = recorded(PH_STR(RECORDED));
        r->headers[i].value = ph_strf(&arena, "%.*sx", PH_FMT(r->headers[i].value));
        assert_non_null(check_recorded(r, RECORDED_TIME_S).type);
    }
    r = recorded(PH_STR(RECORDED));
    r->request.header_count = 4; /* no Authorization */
    assert_err(check_recorded(r, RECORDED_TIME_S), "MissingAuthenticationTokenException");
}

static void a_request_is_good_for_fifteen_minutes(void **state)
{
    struct ph_err err;

    (void)state;
    assert_ok(check_recorded(recorded(PH_STR(RECORDED)), RECORDED_TIME_S + 900));
    assert_ok(check_recorded(recorded(PH_STR(RECORDED)), RECORDED_TIME_S - 900));
    err = check_recorded(recorded(PH_STR(RECORDED)), RECORDED_TIME_S + 901);
    assert_err(err, "InvalidSignatureException");
    assert_string_equal(err.message, "Signature expired: 20260102T030405Z is now earlier than "
                                     "20260102T030406Z (20260102T031906Z - 15 min.)");
    err = check_recorded(recorded(PH_STR(RECORDED)), RECORDED_TIME_S - 901);
    assert_err(err, "InvalidSignatureException");
    assert_non_null(strstr(err.message, "Signature not yet current"));
}

static struct ph_str with_signature(const char *names, const char *signature)
{
    return ph_strf(&arena,
                   "AWS4-HMAC-SHA256 Credential=" KEY_ID
                   "/20260102/eu-west-1/cognito-idp/aws4_request, SignedHeaders=%s, Signature=%s",
                   names, signature);
}

static void another_service_is_refused(void **state)
{
    const struct recorded *r = recorded(PH_STR(RECORDED));

    (void)state;
    assert_err(check(&r->request, PH_STR("s3"), RECORDED_TIME_S), "InvalidSignatureException");
}

/* Both are right, but the request could be sent elsewhere, or as another operation. */
static void host_and_target_must_be_signed(void **state)
{
    static const struct {
        const char *names;
        const char *signature;
    } ROWS[] = {
        { "x-amz-date;x-amz-target",
          "a9e2ed6149886ae237516760f4dcd870cda50cdeef01e29bdd358266e3d452cb" },
        { "host;x-amz-date", "4f5f2115576ddc869ed1015815fe1e3e7924cecd566b73464e3c4de8d735a723" },
    };

    (void)state;
    assert_ok(
        check_recorded(recorded(with_signature(
                           "host;x-amz-date;x-amz-target",
                           "7e7c6e636386be27de6d1d4581b814436f7c73591c4f783557270c3d37b9e151")),
                       RECORDED_TIME_S));
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        assert_err(check_recorded(recorded(with_signature(ROWS[i].names, ROWS[i].signature)),
                                  RECORDED_TIME_S),
                   "InvalidSignatureException");
    }
}

/* An exact heap copy lets AddressSanitizer see a read of one byte too many. */
static void refuses_a_header_cut_anywhere(void **state)
{
    const struct ph_str whole = PH_STR(RECORDED);

    (void)state;
    for (size_t n = 1; n < whole.n; n++) {
        uint8_t *exact = malloc(n);
        struct ph_sigv4 untouched, parsed;

        assert_non_null(exact);
        memset(&untouched, 0x5a, sizeof untouched);
        parsed = untouched;
        memcpy(exact, whole.p, n);
        assert_err(ph_sigv4_parse(&arena, &recorded((struct ph_str){ exact, n })->request, &parsed),
                   "IncompleteSignatureException");
        assert_memory_equal(&parsed, &untouched, sizeof parsed);
        free(exact);
    }
}

static void refuses_a_part_that_stands_twice(void **state)
{
    struct ph_sigv4 parsed;

    (void)state;
    assert_err(ph_sigv4_parse(&arena, &recorded(PH_STR(RECORDED ", SignedHeaders=host"))->request,
                              &parsed),
               "IncompleteSignatureException");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_published_suite_verifies, reset),
        cmocka_unit_test_setup(a_request_of_botocore_verifies, reset),
        cmocka_unit_test_setup(any_change_of_what_was_signed_is_seen, reset),
        cmocka_unit_test_setup(a_request_is_good_for_fifteen_minutes, reset),
        cmocka_unit_test_setup(another_service_is_refused, reset),
        cmocka_unit_test_setup(host_and_target_must_be_signed, reset),
        cmocka_unit_test_setup(refuses_a_header_cut_anywhere, reset),
        cmocka_unit_test_setup(refuses_a_part_that_stands_twice, reset),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ph_arena_finish(&arena);
    return failed;
}
