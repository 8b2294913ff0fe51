/* Events against tests/vectors/triggers/, member by member; replies; routes. */
#include "trigger/event.h"
#include "trigger/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARN "arn:aws:lambda:eu-west-1:123456789012:function:pre-sign-up"

static struct ph_arena arena;

static int reset(void **state)
{
    (void)state;
    ph_arena_reset(&arena);
    return 0;
}

static struct json_t *json(const char *text)
{
    struct json_t *value = ph_json_parse(&arena, ph_str_from(text));

    assert_non_null(value);
    return value;
}

static const struct json_t *golden(const char *name)
{
    const struct ph_str path = ph_strf(&arena, "%s/triggers/%s.json", PH_VECTORS, name);
    FILE *file = fopen(ph_cstr(&arena, path), "rb");
    char *text = ph_arena_alloc(&arena, 64 * 1024);
    size_t n;

    assert_non_null(file);
    n = fread(text, 1, 64 * 1024 - 1, file);
    fclose(file);
    text[n] = '\0';
    return json(text);
}

static struct ph_user *anna(void)
{
    static const char *const ATTRIBUTES[][2] = { { "email", "anna@example.com" },
                                                 { "email_verified", "true" },
                                                 { "custom:team", "red" },
                                                 { "name", "\xc3\x84nne" } };
    struct ph_user *user = ph_arena_new(&arena, struct ph_user);

    user->sub = PH_STR("11111111-2222-4333-8444-555555555555");
    user->username = PH_STR("anna");
    user->status = PH_USER_CONFIRMED;
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++) {
        ph_attrs_set(&arena, &user->attrs, ph_str_from(ATTRIBUTES[i][0]),
                     ph_str_from(ATTRIBUTES[i][1]));
    }
    return user;
}

/* One event: what the rules say, and the file that says what comes of it. */
struct sample {
    const char *file;
    struct ph_trigger_call call;
    bool nobody; /* without a user */
    const char *version;
    unsigned aliases;
    const char *agent;
    const char *metadata, *validation, *session, *private_parameters, *groups;
};

static void assert_event(const struct sample *s)
{
    const struct ph_pool pool = {
        .id = PH_STR("eu-west-1_ExaMPLe01"),
        .region = PH_STR("eu-west-1"),
        .alias_attributes = s->aliases,
        .settings = json(ph_textf(&arena,
                                  "{\"LambdaConfig\":{\"PreTokenGenerationConfig\":{"
                                  "\"LambdaVersion\":\"%s\",\"LambdaArn\":\"" ARN "\"}}}",
                                  s->version == NULL ? "V1_0" : s->version)),
    };
    struct ph_ctx ctx = { .arena = &arena, .user_agent = ph_str_from(s->agent) };
    struct ph_trigger_call call = s->call;
    const struct json_t *event;

    call.user = s->nobody ? NULL : anna();
    call.client_metadata = s->metadata == NULL ? NULL : json(s->metadata);
    call.validation_data = s->validation == NULL ? NULL : json(s->validation);
    call.session = s->session == NULL ? NULL : json(s->session);
    call.groups = s->groups == NULL ? NULL : json(s->groups);
    call.private_parameters = s->private_parameters == NULL ? NULL : json(s->private_parameters);
    event = ph_event_make(&ctx, &pool, &call);
    if (!ph_json_equal(event, golden(s->file))) {
        fail_msg("%s: %.*s", s->file, PH_FMT(ph_json_text(&arena, event, PH_JSON_SORTED)));
    }
}

#define CLIENT .client_id = PH_STR_INIT("client1")
#define META .metadata = "{\"from\":\"a client\"}"
#define VALIDATION .validation = "{\"invite\":\"42\"}"

static const struct sample SAMPLES[] = {
    { .file = "pre-sign-up",
      .call = { .trigger = PH_TRIGGER_PRE_SIGN_UP,
                .source = PH_STR_INIT("PreSignUp_SignUp"),
                CLIENT },
      .agent = "curl aws-sdk-nodejs/2.856.0 linux/v14.17.3 promise",
      META,
      VALIDATION },
    { .file = "pre-sign-up-admin",
      .call = { .trigger = PH_TRIGGER_PRE_SIGN_UP,
                .source = PH_STR_INIT("PreSignUp_AdminCreateUser") },
      .agent = "Boto3/1.26 aws-sdk-without-a-version" },
    { .file = "post-confirmation",
      .call = { .trigger = PH_TRIGGER_POST_CONFIRMATION,
                .source = PH_STR_INIT("PostConfirmation_ConfirmSignUp"),
                CLIENT },
      META },
    { .file = "pre-authentication",
      .call = { .trigger = PH_TRIGGER_PRE_AUTHENTICATION,
                .source = PH_STR_INIT("PreAuthentication_Authentication"),
                CLIENT },
      .metadata = "{\"invite\":\"42\"}",
      VALIDATION },
    { .file = "pre-authentication-nobody",
      .call = { .trigger = PH_TRIGGER_PRE_AUTHENTICATION,
                .source = PH_STR_INIT("PreAuthentication_Authentication"),
                .user_name = PH_STR_INIT("nobody"),
                .user_not_found = true,
                CLIENT },
      .nobody = true },
    { .file = "post-authentication",
      .call = { .trigger = PH_TRIGGER_POST_AUTHENTICATION,
                .source = PH_STR_INIT("PostAuthentication_Authentication"),
                .new_device_used = true,
                CLIENT },
      META },
    { .file = "pre-token-1",
      .call = { .trigger = PH_TRIGGER_PRE_TOKEN_GENERATION,
                .source = PH_STR_INIT("TokenGeneration_Authentication"),
                .scope = PH_STR_INIT("aws.cognito.signin.user.admin"),
                CLIENT },
      .aliases = PH_EMAIL | PH_PHONE },
    { .file = "pre-token-2",
      .call = { .trigger = PH_TRIGGER_PRE_TOKEN_GENERATION,
                .source = PH_STR_INIT("TokenGeneration_RefreshTokens"),
                .scope = PH_STR_INIT("aws.cognito.signin.user.admin openid"),
                CLIENT },
      .version = "V2_0",
      .groups = "{\"groupsToOverride\":[\"a\",\"b\"],\"iamRolesToOverride\":[\"r\"],"
                "\"preferredRole\":\"r\"}",
      META },
    { .file = "pre-token-3",
      .call = { .trigger = PH_TRIGGER_PRE_TOKEN_GENERATION,
                .source = PH_STR_INIT("TokenGeneration_NewPasswordChallenge"),
                .scope = PH_STR_INIT("aws.cognito.signin.user.admin"),
                CLIENT },
      .version = "V3_0" },
    { .file = "migration-sign-in",
      .call = { .trigger = PH_TRIGGER_USER_MIGRATION,
                .source = PH_STR_INIT("UserMigration_Authentication"),
                .user_name = PH_STR_INIT("typed"),
                .password = PH_STR_INIT("s3cret"),
                CLIENT },
      .nobody = true,
      .metadata = "{\"invite\":\"42\"}",
      VALIDATION },
    { .file = "migration-forgot-password",
      .call = { .trigger = PH_TRIGGER_USER_MIGRATION,
                .source = PH_STR_INIT("UserMigration_ForgotPassword"),
                .user_name = PH_STR_INIT("typed"),
                CLIENT },
      .nobody = true,
      META },
    { .file = "custom-message",
      .call = { .trigger = PH_TRIGGER_CUSTOM_MESSAGE,
                .source = PH_STR_INIT("CustomMessage_ResendCode"),
                CLIENT },
      META },
    { .file = "custom-message-admin",
      .call = { .trigger = PH_TRIGGER_CUSTOM_MESSAGE,
                .source = PH_STR_INIT("CustomMessage_AdminCreateUser") } },
    { .file = "email-sender",
      .call = { .trigger = PH_TRIGGER_CUSTOM_EMAIL_SENDER,
                .source = PH_STR_INIT("CustomEmailSender_SignUp"),
                .code = PH_STR_INIT("MTIzNDU2"),
                CLIENT },
      META },
    { .file = "sms-sender",
      .call = { .trigger = PH_TRIGGER_CUSTOM_SMS_SENDER,
                .source = PH_STR_INIT("CustomSMSSender_Authentication"),
                .code = PH_STR_INIT("MTIzNDU2"),
                CLIENT } },
    { .file = "define",
      .call = { .trigger = PH_TRIGGER_DEFINE_AUTH_CHALLENGE,
                .source = PH_STR_INIT("DefineAuthChallenge_Authentication"),
                CLIENT },
      .session = "[{\"challengeName\":\"SRP_A\",\"challengeResult\":true,"
                 "\"challengeMetadata\":null},{\"challengeName\":\"CUSTOM_CHALLENGE\","
                 "\"challengeResult\":false,\"challengeMetadata\":\"MATHS\"}]",
      META },
    { .file = "create",
      .call = { .trigger = PH_TRIGGER_CREATE_AUTH_CHALLENGE,
                .source = PH_STR_INIT("CreateAuthChallenge_Authentication"),
                .user_name = PH_STR_INIT("nobody"),
                .user_not_found = true,
                CLIENT },
      .nobody = true },
    { .file = "verify",
      .call = { .trigger = PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE,
                .source = PH_STR_INIT("VerifyAuthChallengeResponse_Authentication"),
                .challenge_answer = PH_STR_INIT("43"),
                CLIENT },
      .private_parameters = "{\"answer\":\"42\"}",
      META },
};

static void makes_the_events_of_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        assert_event(&SAMPLES[i]);
    }
}

/* ---- replies ---- */

static bool reads(enum ph_trigger trigger, const char *response)
{
    const struct json_t *out = NULL;
    const struct ph_str text = ph_strf(
        &arena, "{\"version\":\"1\",\"triggerSource\":\"x\",\"request\":{},\"response\":%s}",
        response);

    return ph_event_read_reply(&arena, trigger, text, &out);
}

static void takes_replies_of_the_right_types_only(void **state)
{
    static const struct {
        enum ph_trigger trigger;
        const char *good, *bad;
    } cases[] = {
        { PH_TRIGGER_PRE_SIGN_UP, "{\"autoConfirmUser\":null,\"other\":1}",
          "{\"autoVerifyEmail\":\"true\"}" },
        { PH_TRIGGER_POST_CONFIRMATION, "{}", "null" },
        { PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE, "{\"answerCorrect\":false}",
          "{\"answerCorrect\":0}" },
        { PH_TRIGGER_CREATE_AUTH_CHALLENGE, "{\"publicChallengeParameters\":{\"a\":null}}",
          "{\"privateChallengeParameters\":{\"a\":{}}}" },
        { PH_TRIGGER_USER_MIGRATION, "{\"desiredDeliveryMediums\":[\"EMAIL\"]}",
          "{\"desiredDeliveryMediums\":\"EMAIL\"}" },
        { PH_TRIGGER_CUSTOM_MESSAGE, "{\"smsMessage\":\"\"}", "{\"smsMessage\":{}}" },
        { PH_TRIGGER_PRE_TOKEN_GENERATION,
          "{\"claimsOverrideDetails\":{\"groupOverrideDetails\":{\"preferredRole\":\"r\"}}}",
          "{\"claimsOverrideDetails\":{\"groupOverrideDetails\":{\"groupsToOverride\":[1]}}}" },
        { PH_TRIGGER_PRE_TOKEN_GENERATION,
          "{\"claimsAndScopeOverrideDetails\":{\"idTokenGeneration\":{\"claimsToAddOrOverride\":"
          "{\"n\":1}}}}",
          "{\"claimsAndScopeOverrideDetails\":{\"accessTokenGeneration\":[]}}" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(reads(cases[i].trigger, cases[i].good));
        assert_false(reads(cases[i].trigger, cases[i].bad));
    }
}

static void wants_the_frame_of_the_event(void **state)
{
    static const char *const TEXTS[] = { "",
                                         "null",
                                         "[]",
                                         "{\"response\":{}}",
                                         "{\"version\":\"1\",\"triggerSource\":\"x\",\"response\":"
                                         "{}}",
                                         "{\"version\":\"1\",\"triggerSource\":\"x\",\"request\":"
                                         "{},\"response\":[]}" };
    const struct json_t *out = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        assert_false(
            ph_event_read_reply(&arena, PH_TRIGGER_PRE_SIGN_UP, ph_str_from(TEXTS[i]), &out));
    }
    assert_null(out);
}

/* ---- routes ---- */

static struct ph_route route(const char *line)
{
    struct ph_route made = { .transport = PH_BY_HTTP };
    const char *why = NULL;

    assert_true(ph_route_parse(&arena, ph_str_from(line), &made, &why));
    return made;
}

static void routes_match_names_and_arns(void **state)
{
    static const struct {
        const char *pattern;
        bool fits;
    } cases[] = {
        { "pre-sign-up", true }, { ARN, true },       { "*", true },
        { "pre-*", true },       { "*sign*", true },  { "*-up", true },
        { "pre-sign", false },   { "up", false },     { "*:eu-west-1:*", true },
        { "*:us-*", false },     { "p*-*x*", false }, { "pre-sign-up*", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ph_route made =
            route(ph_textf(&arena, "%s = http://127.0.0.1:1/", cases[i].pattern));

        assert_int_equal(ph_route_matches(&made, PH_STR(ARN)), cases[i].fits);
        if (strstr(cases[i].pattern, "arn:") == NULL) { /* a version changes nothing */
            assert_int_equal(ph_route_matches(&made, PH_STR(ARN ":live")), cases[i].fits);
        }
    }
}

static void routes_say_where(void **state)
{
    struct ph_str qualifier;
    struct ph_route made;

    (void)state;
    made = route(" f = https://host/{function}/x{function} ");
    assert_int_equal(made.transport, PH_BY_HTTP);
    assert_true(ph_str_eq(ph_route_target(&arena, &made, PH_STR(ARN)),
                          PH_STR("https://host/pre-sign-up/xpre-sign-up")));
    made = route("f=lambda:");
    assert_int_equal(made.transport, PH_BY_LAMBDA);
    assert_int_equal(made.target.n, 0);
    made = route("f=local:/srv/a=b.py:main");
    assert_int_equal(made.transport, PH_BY_PROCESS);
    assert_true(ph_str_eq(made.target, PH_STR("/srv/a=b.py:main")));
    assert_true(ph_str_eq(ph_function_name(PH_STR(ARN ":7"), &qualifier), PH_STR("pre-sign-up")));
    assert_true(ph_str_eq(qualifier, PH_STR("7")));
    assert_true(ph_str_eq(ph_function_region(PH_STR(ARN)), PH_STR("eu-west-1")));
}

static void refuses_what_is_no_route(void **state)
{
    static const char *const LINES[] = { "",    "f",        "=local:x",  "f=",
                                         "f=x", "f=local:", "f=http://", "f=ftp://x" };
    struct ph_route made;

    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        const char *why = NULL;

        assert_false(ph_route_parse(&arena, ph_str_from(LINES[i]), &made, &why));
        assert_non_null(why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(makes_the_events_of_the_vectors, reset),
        cmocka_unit_test_teardown(takes_replies_of_the_right_types_only, reset),
        cmocka_unit_test_teardown(wants_the_frame_of_the_event, reset),
        cmocka_unit_test_teardown(routes_match_names_and_arns, reset),
        cmocka_unit_test_teardown(routes_say_where, reset),
        cmocka_unit_test_teardown(refuses_what_is_no_route, reset),
    };
    int failed;

    ph_json_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ph_arena_finish(&arena);
    return failed;
}
