/* Requests of ours, against the signatures that botocore makes of the same ones. */
#include "crypto/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ARN "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af"

static const int64_t NOW_S = 1767323045; /* 2026-01-02T03:04:05Z */

static const struct ph_aws_credentials KEYS = {
    .access_key_id = PH_STR_INIT("AKIDEXAMPLE"),
    .secret = PH_STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
};

static struct ph_aws_request request_to(struct ph_str url)
{
    return (struct ph_aws_request){ .method = PH_STR("POST"),
                                    .url = url,
                                    .content_type = PH_STR("application/json"),
                                    .body = PH_STR("{\"a\":1}"),
                                    .region = PH_STR("eu-west-1"),
                                    .service = PH_STR("lambda") };
}

static void assert_signature(const struct ph_http_field *authorization, const char *names,
                             const char *hex)
{
    struct ph_arena arena = { 0 };
    const struct ph_str expected =
        ph_strf(&arena,
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/lambda/aws4_request, "
                "SignedHeaders=%s, Signature=%s",
                names, hex);

    assert_int_equal(authorization->value.n, expected.n);
    assert_memory_equal(authorization->value.p, expected.p, expected.n);
    ph_arena_finish(&arena);
}

static void signs_as_botocore_does(void **state)
{
    const struct ph_aws_request request =
        request_to(PH_STR("https://lambda.eu-west-1.amazonaws.com:443/2015-03-31/functions/" ARN
                          "/invocations?Qualifier=live"));
    struct ph_http_field headers[PH_AWS_HEADERS];
    struct ph_arena arena = { 0 };
    size_t count;

    (void)state;
    assert_true(ph_aws_sign(&arena, &KEYS, &request, NOW_S, headers, &count));
    assert_int_equal(count, 3);
    assert_signature(&headers[2], "content-type;host;x-amz-date",
                     "0cfd68136c3b8a5e01b424fb2fd104d6007fd5d159222a221a813e8f5430ba9a");
    ph_arena_finish(&arena);
}

static void signs_a_session_token_and_a_port(void **state)
{
    const struct ph_aws_request request =
        request_to(PH_STR("http://127.0.0.1:3001/2015-03-31/functions/f/invocations"));
    struct ph_aws_credentials keys = KEYS;
    struct ph_http_field headers[PH_AWS_HEADERS];
    struct ph_arena arena = { 0 };
    size_t count;

    (void)state;
    keys.session_token = PH_STR("TOKEN");
    assert_true(ph_aws_sign(&arena, &keys, &request, NOW_S, headers, &count));
    assert_int_equal(count, 4);
    assert_true(ph_str_eq(headers[2].value, PH_STR("TOKEN")));
    assert_signature(&headers[3], "content-type;host;x-amz-date;x-amz-security-token",
                     "b82607b1f96c0299de4c0a37b4e13e853b90a3984086f647b35d222b1c1df13f");
    ph_arena_finish(&arena);
}

static void signs_the_headers_that_services_want(void **state)
{
    struct ph_aws_request target = request_to(PH_STR("http://127.0.0.1:4566/"));
    struct ph_aws_request object = request_to(PH_STR("http://127.0.0.1:4566/bucket/a+b/c.json"));
    struct ph_http_field headers[PH_AWS_HEADERS];
    struct ph_arena arena = { 0 };
    size_t count;

    (void)state;
    target.target = PH_STR("Logs_20140328.PutLogEvents");
    assert_true(ph_aws_sign(&arena, &KEYS, &target, NOW_S, headers, &count));
    assert_int_equal(count, 4);
    assert_signature(&headers[3], "content-type;host;x-amz-date;x-amz-target",
                     "653e9c812d3d77dfb2ddd5eae27b7ae6fe824edf82b3f6613d15d7774aa69177");
    object.method = PH_STR("PUT");
    object.hashes_body = true;
    assert_true(ph_aws_sign(&arena, &KEYS, &object, NOW_S, headers, &count));
    assert_int_equal(count, 4);
    assert_signature(&headers[3], "content-type;host;x-amz-content-sha256;x-amz-date",
                     "c2966a29f18dc4f5070e8515dd15505f56f9ba01a4166f18d70b4725bfc02bd8");
    ph_arena_finish(&arena);
}

static void refuses_what_is_no_url(void **state)
{
    static const char *const URLS[] = { "", "lambda", "http:/f", "http://", "http:///f" };
    struct ph_http_field headers[PH_AWS_HEADERS];
    struct ph_arena arena = { 0 };
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++) {
        const struct ph_aws_request request = request_to(ph_str_from(URLS[i]));

        assert_false(ph_aws_sign(&arena, &KEYS, &request, NOW_S, headers, &count));
    }
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_botocore_does),
        cmocka_unit_test(signs_a_session_token_and_a_port),
        cmocka_unit_test(signs_the_headers_that_services_want),
        cmocka_unit_test(refuses_what_is_no_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
