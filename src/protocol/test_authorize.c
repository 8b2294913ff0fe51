/* Which resource an operation is authorized for, and the words of a refusal. */
#include "protocol/authorize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define ACCOUNT "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"
#define POOL "eu-west-1_AAAAAAAAA"
#define NOBODY "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}}"
#define USER "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: "

static struct ph_arena arena;
static struct ph_settings settings;

static int reset(void **state)
{
    (void)state;
    ph_arena_reset(&arena);
    settings = (struct ph_settings){ .mode = PH_MODE_SERVE,
                                     .account_id = PH_STR("123456789012"),
                                     .public_url = PH_STR("http://localhost:9229") };
    return 0;
}

static struct ph_err authorize(const char *policy, const char *operation, const char *input)
{
    const struct ph_in in = { ph_json_parse(&arena, ph_str_from(input)) };
    struct ph_ctx ctx = { .arena = &arena,
                          .settings = &settings,
                          .remote_address = PH_STR("192.0.2.7"),
                          .caller = { .kind = PH_CALLER_IAM,
                                      .arn = PH_STR("arn:aws:iam::123456789012:user/reader"),
                                      .region = PH_STR("eu-west-1"),
                                      .policy = ph_str_from(policy) } };

    assert_non_null(in.object);
    return ph_authorize(&ctx, ph_operation_find(ph_str_from(operation)), &in);
}

/* The resource as the refusal of somebody who may do nothing names it. */
static void assert_resource(const char *operation, const char *input, const char *wanted)
{
    const struct ph_err err = authorize(NOBODY, operation, input);

    assert_ptr_equal(err.type, &ph_ex_AccessDeniedException);
    assert_string_equal(err.message,
                        ph_textf(&arena,
                                 USER "cognito-idp:%s on resource: %s because no identity-based "
                                      "policy allows the cognito-idp:%s action",
                                 operation, wanted, operation));
}

static void the_resource_is_the_pool_that_is_named(void **state)
{
    (void)state;
    assert_resource("AdminGetUser", "{\"UserPoolId\":\"" POOL "\",\"Username\":\"x\"}",
                    ACCOUNT POOL);
    assert_resource("DescribeUserPool", "{\"UserPoolId\":\"us-east-1_none\"}",
                    "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_none");
    assert_resource("TagResource", "{\"ResourceArn\":\"" ACCOUNT POOL "\"}", ACCOUNT POOL);
    assert_resource("ListUserPools", "{\"MaxResults\":1}", "*");
    assert_resource("CreateUserPool", "{\"PoolName\":\"x\"}", "*");
    assert_resource("DescribeUserPoolDomain", "{\"Domain\":\"x\"}", "*");
}

/* Else a policy for us-east-1 would open a pool of eu-west-1 to whoever writes so in an ARN. */
static void words_of_the_caller_do_not_choose_the_resource(void **state)
{
    (void)state;
    assert_resource("TagResource",
                    "{\"ResourceArn\":\"arn:x:cognito-idp:us-east-1:999999999999:userpool/" POOL
                    "\"}",
                    ACCOUNT POOL);
    assert_resource("TagResource", "{\"ResourceArn\":\"" ACCOUNT "a/userpool/" POOL "\"}",
                    ACCOUNT "a/userpool/" POOL);
    assert_resource("TagResource", "{\"ResourceArn\":\"arn:aws:s3:::bucket\"}",
                    "arn:aws:s3:::bucket");
}

static const char *for_region(const char *region)
{
    return ph_textf(&arena,
                    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
                    "\"Condition\":{\"StringEquals\":{\"aws:RequestedRegion\":\"%s\"}}}}",
                    region);
}

static void the_region_is_that_of_the_pool_or_else_of_the_signature(void **state)
{
    const char *there = "{\"UserPoolId\":\"us-east-1_none\"}";

    (void)state;
    assert_null(authorize(for_region("eu-west-1"), "ListUserPools", "{}").type);
    assert_non_null(authorize(for_region("us-east-1"), "ListUserPools", "{}").type);
    assert_null(authorize(for_region("us-east-1"), "DescribeUserPool", there).type);
    assert_non_null(authorize(for_region("eu-west-1"), "DescribeUserPool", there).type);
}

static void a_denial_says_that_it_is_one(void **state)
{
    const struct ph_err err =
        authorize("{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}",
                  "ListUserPools", "{}");

    (void)state;
    assert_string_equal(err.message, USER "cognito-idp:ListUserPools on resource: * with an "
                                          "explicit deny in an identity-based policy");
}

static void what_is_no_policy_allows_nothing(void **state)
{
    (void)state;
    assert_ptr_equal(authorize("", "ListUserPools", "{}").type, &ph_ex_AccessDeniedException);
    assert_ptr_equal(authorize("{", "ListUserPools", "{}").type, &ph_ex_AccessDeniedException);
}

static void transport_is_known_without_a_proxy_only(void **state)
{
    const char *tls = "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
                      "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":true}}}}";
    const char *plain = "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
                        "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":false}}}}";

    (void)state;
    assert_non_null(authorize(tls, "ListUserPools", "{}").type);
    assert_null(authorize(plain, "ListUserPools", "{}").type);
    settings.public_url = PH_STR("https://id.example.com");
    assert_non_null(authorize(tls, "ListUserPools", "{}").type);
    assert_non_null(authorize(plain, "ListUserPools", "{}").type);
    settings.server.tls_cert = PH_STR("cert.pem");
    assert_null(authorize(tls, "ListUserPools", "{}").type);
    assert_non_null(authorize(plain, "ListUserPools", "{}").type);
}

static void only_signed_operations_in_serve_are_checked(void **state)
{
    (void)state;
    assert_null(authorize(NOBODY, "InitiateAuth", "{}").type);
    assert_null(authorize(NOBODY, "GlobalSignOut", "{}").type);
    settings.mode = PH_MODE_DEV;
    assert_null(authorize("", "ListUserPools", "{}").type);
}

static void every_signed_operation_is_checked_and_no_other(void **state)
{
    size_t checked = 0;

    (void)state;
    for (size_t i = 0; i < PH_OP_COUNT; i++) {
        const bool refused = authorize(NOBODY, ph_operations[i].name, "{}").type != NULL;

        assert_int_equal(refused, ph_operations[i].auth == PH_AUTH_SIGV4);
        checked += refused ? 1 : 0;
    }
    assert_true(checked > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_resource_is_the_pool_that_is_named, reset),
        cmocka_unit_test_setup(words_of_the_caller_do_not_choose_the_resource, reset),
        cmocka_unit_test_setup(the_region_is_that_of_the_pool_or_else_of_the_signature, reset),
        cmocka_unit_test_setup(a_denial_says_that_it_is_one, reset),
        cmocka_unit_test_setup(what_is_no_policy_allows_nothing, reset),
        cmocka_unit_test_setup(transport_is_known_without_a_proxy_only, reset),
        cmocka_unit_test_setup(every_signed_operation_is_checked_and_no_other, reset),
        cmocka_unit_test_setup(only_signed_operations_in_serve_are_checked, reset),
    };
    int failed;

    ph_json_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ph_arena_finish(&arena);
    return failed;
}
