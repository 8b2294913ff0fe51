/* What the AWS CLI prints about pools becomes a seed with the same ids. */
#include "seed/describe.h"
#include "seed/internal.h"
#include "util/test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL                                                                                       \
    "{\"UserPool\":{\"Id\":\"eu-west-1_aB3dE5gH7\",\"Name\":\"shop\",\"MfaConfiguration\":"        \
    "\"OFF\","                                                                                     \
    "\"EstimatedNumberOfUsers\":7,\"Arn\":\"arn:aws:x\",\"UsernameAttributes\":[\"email\"],"       \
    "\"LambdaConfig\":{\"PreSignUp\":\"arn:aws:lambda:eu-west-1:1:function:f\","                   \
    "\"PreTokenGenerationConfig\":{\"LambdaArn\":\"arn:aws:lambda:eu-west-1:1:function:g\","       \
    "\"LambdaVersion\":\"V2_0\"}},\"Policies\":{\"PasswordPolicy\":"                               \
    "{\"MinimumLength\":8,\"TemporaryPasswordValidityDays\":7}},"                                  \
    "\"AdminCreateUserConfig\":{\"UnusedAccountValidityDays\":7},\"NewerThanThis\":true,"          \
    "\"SchemaAttributes\":[{\"Name\":\"email\",\"AttributeDataType\":\"String\","                  \
    "\"DeveloperOnlyAttribute\":false,\"Mutable\":true,\"Required\":true,"                         \
    "\"StringAttributeConstraints\":{\"MinLength\":\"0\",\"MaxLength\":\"2048\"}},"                \
    "{\"Name\":\"custom:tier\",\"AttributeDataType\":\"Number\",\"DeveloperOnlyAttribute\":false," \
    "\"Mutable\":true,\"Required\":false,\"NumberAttributeConstraints\":{}},"                      \
    "{\"Name\":\"identities\",\"AttributeDataType\":\"String\",\"DeveloperOnlyAttribute\":false,"  \
    "\"Mutable\":true,\"Required\":false,\"StringAttributeConstraints\":{}},"                      \
    "{\"Name\":\"locale\",\"AttributeDataType\":\"String\",\"DeveloperOnlyAttribute\":false,"      \
    "\"Mutable\":true,\"Required\":false,\"StringAttributeConstraints\":"                          \
    "{\"MaxLength\":\"2048\",\"MinLength\":\"0\"}}]}}"

#define CLIENT                                                                                     \
    "{\"UserPoolClient\":{\"UserPoolId\":\"eu-west-1_aB3dE5gH7\",\"ClientName\":\"web\","          \
    "\"ClientId\":\"1h57kf5cpq17m0eml12example\",\"ClientSecret\":\"s3cret\","                     \
    "\"CreationDate\":\"2024-01-02T03:04:05.678000+01:00\",\"RefreshTokenValidity\":30}}"

struct test {
    struct ph_arena arena;
    struct ph_described *described;
    struct json_t *document, *notes;
    const char *why;
};

static int set_up(void **state)
{
    struct test *t = calloc(1, sizeof *t);

    ph_json_start();
    t->described = ph_described_new(&t->arena);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct test *t = *state;

    ph_arena_finish(&t->arena);
    free(t);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static void add(struct test *t, const char *text)
{
    if (!ph_described_add(t->described, PH_STR("f.json"), ph_str_from(text), &t->why)) {
        fail_msg("%s", t->why);
    }
}

static const struct json_t *the_pool(struct test *t)
{
    if (!ph_described_seed(t->described, &t->document, &t->notes, &t->why)) {
        fail_msg("%s", t->why);
    }
    assert_int_equal(1, ph_json_length(ph_json_get(t->document, "UserPools")));
    return ph_json_at(ph_json_get(t->document, "UserPools"), 0);
}

static void assert_not_seeded(struct test *t, const char *why)
{
    assert_false(ph_described_seed(t->described, &t->document, &t->notes, &t->why));
    assert_string_equal(why, t->why);
}

/* --- */

static void keeps_ids_and_secrets_whatever_the_order(void **state)
{
    struct test *t = *state;
    const struct json_t *pool, *client;

    add(t, CLIENT);
    add(t, POOL);
    pool = the_pool(t);
    client = ph_json_at(ph_json_get(pool, "Clients"), 0);
    assert_str(ph_json_get_str(pool, "Id"), "eu-west-1_aB3dE5gH7");
    assert_str(ph_json_get_str(pool, "PoolName"), "shop");
    assert_null(ph_json_get(pool, "Arn"));
    assert_str(ph_json_get_str(client, "ClientId"), "1h57kf5cpq17m0eml12example");
    assert_str(ph_json_get_str(client, "ClientSecret"), "s3cret");
    assert_null(ph_json_get(client, "CreationDate"));
    assert_null(ph_json_get(client, "UserPoolId"));
}

static void tells_only_attributes_that_are_not_usual(void **state)
{
    struct test *t = *state;
    const struct json_t *schema;

    add(t, POOL);
    schema = ph_json_get(the_pool(t), "Schema");
    assert_int_equal(2, ph_json_length(schema));
    assert_str(ph_json_get_str(ph_json_at(schema, 0), "Name"), "email");
    assert_str(ph_json_get_str(ph_json_at(schema, 1), "Name"), "tier");
}

static void says_the_validity_of_invitations_once(void **state)
{
    struct test *t = *state;

    add(t, POOL);
    assert_null(ph_json_get(ph_json_get(the_pool(t), "AdminCreateUserConfig"),
                            "UnusedAccountValidityDays"));
}

static void notes_what_does_not_come_along(void **state)
{
    struct test *t = *state;

    add(t, POOL);
    (void)the_pool(t);
    assert_int_equal(3, ph_json_length(t->notes));
    assert_str(ph_json_str(ph_json_at(t->notes, 0)),
               "the trigger PreSignUp is arn:aws:lambda:eu-west-1:1:function:f: say with "
               "triggers.function where it runs");
    assert_str(ph_json_str(ph_json_at(t->notes, 2)),
               "NewerThanThis is no member of CreateUserPool: left out");
}

static void asks_for_the_factors_of_a_pool_with_mfa(void **state)
{
    struct test *t = *state;

    add(t, "{\"UserPool\":{\"Id\":\"eu-west-1_b\",\"Name\":\"n\",\"MfaConfiguration\":\"ON\"}}");
    assert_not_seeded(t, "user pool eu-west-1_b has MfaConfiguration ON: give the output of "
                         "get-user-pool-mfa-config, too, which says by which factors");
    add(t, "{\"MfaConfiguration\":\"ON\",\"SoftwareTokenMfaConfiguration\":{\"Enabled\":true}}");
    assert_str(ph_json_get_str(ph_json_get(the_pool(t), "MfaConfig"), "MfaConfiguration"), "ON");
}

static void refuses_parts_of_unknown_pools(void **state)
{
    struct test *t = *state;

    assert_not_seeded(t, "there is no output of describe-user-pool among the files");
    add(t, CLIENT);
    assert_not_seeded(t, "f.json: its user pool is not among the files: give the output of "
                         "describe-user-pool, too");
}

static void refuses_other_files(void **state)
{
    struct test *t = *state;

    assert_false(ph_described_add(t->described, PH_STR("f"), PH_STR("{\"Users\":[]}"), &t->why));
    assert_non_null(strstr(t->why, "this is not what describe-user-pool"));
    assert_false(ph_described_add(t->described, PH_STR("f"), PH_STR("{"), &t->why));
    assert_non_null(strstr(t->why, "line 1"));
}

static void takes_lists_and_looks_and_logs(void **state)
{
    struct test *t = *state;
    const struct json_t *pool;

    add(t, POOL);
    add(t, "{\"Groups\":[{\"GroupName\":\"a\",\"UserPoolId\":\"eu-west-1_aB3dE5gH7\"},"
           "{\"GroupName\":\"b\",\"UserPoolId\":\"eu-west-1_aB3dE5gH7\",\"Precedence\":3}]}");
    add(t, "{\"DomainDescription\":{\"UserPoolId\":\"eu-west-1_aB3dE5gH7\",\"Domain\":\"shop\","
           "\"CustomDomainConfig\":{}}}");
    add(t, "{\"UICustomization\":{\"UserPoolId\":\"eu-west-1_aB3dE5gH7\",\"ClientId\":\"ALL\","
           "\"CSS\":\".x{}\",\"ImageUrl\":\"https://x/y\"}}");
    add(t,
        "{\"LogDeliveryConfiguration\":{\"UserPoolId\":\"eu-west-1_aB3dE5gH7\","
        "\"LogConfigurations\":[{\"LogLevel\":\"ERROR\",\"EventSource\":\"userNotification\"}]}}");
    pool = the_pool(t);
    assert_int_equal(2, ph_json_length(ph_json_get(pool, "Groups")));
    assert_null(ph_json_get(ph_json_at(ph_json_get(pool, "Domains"), 0), "CustomDomainConfig"));
    assert_null(ph_json_get(ph_json_at(ph_json_get(pool, "UICustomizations"), 0), "ClientId"));
    assert_int_equal(1, ph_json_length(ph_json_get(pool, "LogConfigurations")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_ids_and_secrets_whatever_the_order),
        TEST(tells_only_attributes_that_are_not_usual),
        TEST(says_the_validity_of_invitations_once),
        TEST(notes_what_does_not_come_along),
        TEST(asks_for_the_factors_of_a_pool_with_mfa),
        TEST(refuses_parts_of_unknown_pools),
        TEST(refuses_other_files),
        TEST(takes_lists_and_looks_and_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
