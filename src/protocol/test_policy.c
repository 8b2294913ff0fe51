/* Policies by example: documents, requests and verdicts as tables. */
#include "protocol/policy.h"

#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define POOL "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AAAAAAAAA"

static struct ph_arena arena;

static int reset(void **state)
{
    (void)state;
    ph_arena_reset(&arena);
    return 0;
}

static const struct ph_policy_request USUAL = {
    .action = PH_STR_INIT("cognito-idp:AdminGetUser"),
    .resource = PH_STR_INIT(POOL),
    .source_ip = PH_STR_INIT("192.0.2.7"),
    .region = PH_STR_INIT("eu-west-1"),
    .transport = PH_TRANSPORT_TLS,
};

static enum ph_policy_verdict decide(const char *document, const struct ph_policy_request *request)
{
    return ph_policy_decide(&arena, ph_str_from(document), request);
}

static const char *verdict_name(enum ph_policy_verdict verdict)
{
    static const char *const NAMES[] = { "allowed", "denied", "not allowed", "malformed" };

    return NAMES[verdict];
}

static void assert_verdict(const char *document, const struct ph_policy_request *request,
                           enum ph_policy_verdict wanted)
{
    const enum ph_policy_verdict got = decide(document, request);

    if (got != wanted) {
        fail_msg("%s of %.*s on %.*s: wanted %s, got %s", document, PH_FMT(request->action),
                 PH_FMT(request->resource), verdict_name(wanted), verdict_name(got));
    }
}

/* --- actions and resources --- */

/* One Allow statement with an element in place of %s. */
static const char *allow_with(const char *elements)
{
    return ph_textf(&arena, "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",%s}}",
                    elements);
}

static void actions_match_with_wildcards_and_without_case(void **state)
{
    static const struct {
        const char *element;
        enum ph_policy_verdict wanted;
    } ROWS[] = {
        { "\"Action\":\"*\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:*\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:AdminGetUser\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"Cognito-IDP:admingetuser\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:Admin*\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:*User\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:A*G*t*r\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:AdminGet?ser\"", PH_POLICY_ALLOWED },
        { "\"Action\":\"cognito-idp:AdminGetUser?\"", PH_POLICY_NOT_ALLOWED },
        { "\"Action\":\"cognito-idp:AdminGetUse\"", PH_POLICY_NOT_ALLOWED },
        { "\"Action\":\"cognito-idp:GetUser\"", PH_POLICY_NOT_ALLOWED },
        { "\"Action\":\"cognito-identity:*\"", PH_POLICY_NOT_ALLOWED },
        { "\"Action\":\"s3:*\"", PH_POLICY_NOT_ALLOWED },
        { "\"Action\":[\"s3:*\",\"cognito-idp:List*\"]", PH_POLICY_NOT_ALLOWED },
        { "\"Action\":[\"s3:*\",\"cognito-idp:AdminGetUser\"]", PH_POLICY_ALLOWED },
        { "\"NotAction\":\"cognito-idp:AdminDelete*\"", PH_POLICY_ALLOWED },
        { "\"NotAction\":[\"s3:*\",\"cognito-idp:Admin*\"]", PH_POLICY_NOT_ALLOWED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        assert_verdict(allow_with(ph_textf(&arena, "\"Resource\":\"*\",%s", ROWS[i].element)),
                       &USUAL, ROWS[i].wanted);
    }
}

static void resources_match_field_by_field(void **state)
{
    static const struct {
        const char *element;
        enum ph_policy_verdict wanted;
    } ROWS[] = {
        { "\"Resource\":\"*\"", PH_POLICY_ALLOWED },
        { "\"Resource\":\"" POOL "\"", PH_POLICY_ALLOWED },
        { "\"Resource\":\"" POOL "x\"", PH_POLICY_NOT_ALLOWED },
        { "\"Resource\":\"arn:aws:cognito-idp:*:*:userpool/*\"", PH_POLICY_ALLOWED },
        { "\"Resource\":\"arn:aws:cognito-idp:eu-*:123456789012:userpool/eu-west-1_A*\"",
          PH_POLICY_ALLOWED },
        { "\"Resource\":\"arn:aws:cognito-idp:*:*:userpool/eu-west-1_???????AA\"",
          PH_POLICY_ALLOWED },
        { "\"Resource\":\"arn:*:*:*:*:*\"", PH_POLICY_ALLOWED },
        { "\"Resource\":\"arn:aws:cognito-idp:us-east-1:*:userpool/*\"", PH_POLICY_NOT_ALLOWED },
        { "\"Resource\":\"arn:aws:cognito-idp:*:userpool/*:x\"", PH_POLICY_NOT_ALLOWED },
        { "\"Resource\":\"arn:aws:cognito-idp:*:*:userpool/EU-WEST-1_AAAAAAAAA\"",
          PH_POLICY_NOT_ALLOWED },
        { "\"Resource\":\"arn:aws:s3:::bucket\"", PH_POLICY_NOT_ALLOWED },
        { "\"Resource\":[\"arn:aws:s3:::bucket\",\"" POOL "\"]", PH_POLICY_ALLOWED },
        { "\"NotResource\":\"" POOL "\"", PH_POLICY_NOT_ALLOWED },
        { "\"NotResource\":\"arn:aws:cognito-idp:us-east-1:*:userpool/*\"", PH_POLICY_ALLOWED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        assert_verdict(allow_with(ph_textf(&arena, "\"Action\":\"*\",%s", ROWS[i].element)), &USUAL,
                       ROWS[i].wanted);
    }
}

static void what_has_no_resource_wants_the_star(void **state)
{
    struct ph_policy_request request = USUAL;

    (void)state;
    request.resource = PH_STR("*");
    assert_verdict(allow_with("\"Action\":\"*\",\"Resource\":\"*\""), &request, PH_POLICY_ALLOWED);
    assert_verdict(
        allow_with("\"Action\":\"*\",\"Resource\":\"arn:aws:cognito-idp:*:*:userpool/*\""),
        &request, PH_POLICY_NOT_ALLOWED);
    assert_verdict(allow_with("\"Action\":\"*\",\"Resource\":\"arn:*:*:*:*:*\""), &request,
                   PH_POLICY_NOT_ALLOWED);
}

/* --- several statements --- */

#define ALLOW_ALL "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"
#define DENY_ADMIN "{\"Effect\":\"Deny\",\"Action\":\"cognito-idp:Admin*\",\"Resource\":\"*\"}"
#define DENY_S3 "{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}"

static void a_denial_wins_in_any_order(void **state)
{
    (void)state;
    assert_verdict("{\"Statement\":[" ALLOW_ALL "]}", &USUAL, PH_POLICY_ALLOWED);
    assert_verdict("{\"Statement\":[" ALLOW_ALL "," DENY_ADMIN "]}", &USUAL, PH_POLICY_DENIED);
    assert_verdict("{\"Statement\":[" DENY_ADMIN "," ALLOW_ALL "]}", &USUAL, PH_POLICY_DENIED);
    assert_verdict("{\"Statement\":[" DENY_S3 "," ALLOW_ALL "]}", &USUAL, PH_POLICY_ALLOWED);
    assert_verdict("{\"Statement\":[" DENY_S3 "]}", &USUAL, PH_POLICY_NOT_ALLOWED);
}

/* --- conditions --- */

static const char *with_condition(const char *effect, const char *condition)
{
    return ph_textf(&arena,
                    "{\"Statement\":[%s{\"Effect\":\"%s\",\"Action\":\"*\",\"Resource\":\"*\","
                    "\"Condition\":{%s}}]}",
                    strcmp(effect, "Deny") == 0 ? ALLOW_ALL "," : "", effect, condition);
}

enum truth { NO, YES, OPEN };

/* What the condition does to an Allow, and to a Deny beside an Allow of everything. */
static void assert_condition(const char *condition, const struct ph_policy_request *request,
                             enum truth truth)
{
    assert_verdict(with_condition("Allow", condition), request,
                   truth == YES ? PH_POLICY_ALLOWED : PH_POLICY_NOT_ALLOWED);
    assert_verdict(with_condition("Deny", condition), request,
                   truth == NO ? PH_POLICY_ALLOWED : PH_POLICY_DENIED);
}

#define IP(values) "\"IpAddress\":{\"aws:SourceIp\":" values "}"
#define NOT_IP(values) "\"NotIpAddress\":{\"aws:SourceIp\":" values "}"
#define REGION(operation, values) "\"" operation "\":{\"aws:RequestedRegion\":" values "}"
#define TLS(value) "\"Bool\":{\"aws:SecureTransport\":" value "}"

static void conditions_hold_or_fail(void **state)
{
    static const struct {
        const char *condition;
        enum truth wanted;
    } ROWS[] = {
        { "", YES },
        { IP("\"192.0.2.7\""), YES },
        { IP("\"192.0.2.0/24\""), YES },
        { IP("\"192.0.2.7/24\""), YES },
        { IP("\"192.0.2.4/30\""), YES },
        { IP("\"192.0.2.0/30\""), NO },
        { IP("\"192.0.2.6/32\""), NO },
        { IP("\"0.0.0.0/0\""), YES },
        { IP("\"::/0\""), NO },
        { IP("[\"10.0.0.0/8\",\"192.0.0.0/8\"]"), YES },
        { IP("[\"10.0.0.0/8\",\"2001:db8::/32\"]"), NO },
        { NOT_IP("\"192.0.2.0/24\""), NO },
        { NOT_IP("[\"10.0.0.0/8\",\"192.0.2.0/24\"]"), NO },
        { NOT_IP("[\"10.0.0.0/8\",\"172.16.0.0/12\"]"), YES },
        { "\"IpAddress\":{\"AWS:sourceip\":\"192.0.2.7\"}", YES },
        { REGION("StringEquals", "\"eu-west-1\""), YES },
        { REGION("StringEquals", "\"eu-*\""), NO },
        { REGION("StringEquals", "[\"us-east-1\",\"eu-west-1\"]"), YES },
        { REGION("StringNotEquals", "[\"us-east-1\",\"eu-west-1\"]"), NO },
        { REGION("StringNotEquals", "\"us-east-1\""), YES },
        { REGION("StringLike", "\"eu-*\""), YES },
        { REGION("StringLike", "\"us-*\""), NO },
        { REGION("StringNotLike", "\"us-*\""), YES },
        { TLS("\"true\""), YES },
        { TLS("true"), YES },
        { TLS("\"false\""), NO },
        { IP("\"192.0.2.7\"") "," REGION("StringLike", "\"us-*\""), NO },
        { IP("\"192.0.2.7\"") "," REGION("StringLike", "\"eu-*\""), YES },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        assert_condition(ROWS[i].condition, &USUAL, ROWS[i].wanted);
    }
}

static void what_is_not_known_never_helps_the_caller(void **state)
{
    static const char *const UNKNOWN[] = {
        "\"DateLessThan\":{\"aws:CurrentTime\":\"2030-01-01T00:00:00Z\"}",
        "\"StringEquals\":{\"aws:PrincipalTag/team\":\"blue\"}",
        "\"IpAddressIfExists\":{\"aws:SourceIp\":\"192.0.2.7\"}",
        "\"stringequals\":{\"aws:RequestedRegion\":\"eu-west-1\"}",
        "\"StringEquals\":{\"aws:SourceIp\":\"192.0.2.7\"}",
        "\"NumericLessThan\":{\"aws:MultiFactorAuthAge\":3600}",
        "\"Null\":{\"aws:SourceIp\":false}",
        IP("\"192.0.2.7\"") ",\"StringEquals\":{\"aws:userid\":\"x\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof UNKNOWN[0]; i++) {
        assert_condition(UNKNOWN[i], &USUAL, OPEN);
    }
    /* Where a known part fails, the unknown part does not matter. */
    assert_condition(IP("\"10.0.0.1\"") ",\"StringEquals\":{\"aws:userid\":\"x\"}", &USUAL, NO);
}

static void missing_facts_leave_a_condition_open(void **state)
{
    struct ph_policy_request request = { .action = USUAL.action, .resource = USUAL.resource };

    (void)state;
    assert_condition(IP("\"0.0.0.0/0\""), &request, OPEN);
    assert_condition(NOT_IP("\"10.0.0.0/8\""), &request, OPEN);
    assert_condition(REGION("StringNotEquals", "\"us-east-1\""), &request, OPEN);
    assert_condition(TLS("\"true\""), &request, OPEN);
    assert_condition(TLS("\"false\""), &request, OPEN);
    request.source_ip = PH_STR("proxy.example.com");
    assert_condition(NOT_IP("\"10.0.0.0/8\""), &request, OPEN);
    request.transport = PH_TRANSPORT_PLAIN;
    assert_condition(TLS("\"false\""), &request, YES);
}

static void addresses_of_both_families_are_compared(void **state)
{
    static const struct {
        const char *address;
        const char *network;
        enum truth wanted;
    } ROWS[] = {
        { "::ffff:192.0.2.7", "\"192.0.2.0/24\"", YES },
        { "192.0.2.7", "\"::ffff:192.0.2.0/120\"", YES },
        { "2001:db8::1", "\"2001:DB8::/32\"", YES },
        { "2001:db8::1", "\"2001:db8::/127\"", YES },
        { "2001:db8::2", "\"2001:db8::/127\"", NO },
        { "2001:db8::1", "\"::/0\"", YES },
        { "2001:db8::1", "\"0.0.0.0/0\"", NO },
        { "fe80::1%eth0", "\"fe80::/10\"", YES },
        { "::1", "\"::1\"", YES },
    };
    struct ph_policy_request request = USUAL;

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        request.source_ip = ph_str_from(ROWS[i].address);
        assert_condition(ph_textf(&arena, "\"IpAddress\":{\"aws:SourceIp\":%s}", ROWS[i].network),
                         &request, ROWS[i].wanted);
    }
}

/* --- documents that are refused --- */

#define ONE(members) "{\"Statement\":[" ALLOW_ALL ",{" members "}]}"
#define EFFECT "\"Effect\":\"Allow\","
#define ACTION "\"Action\":\"*\","
#define RESOURCE "\"Resource\":\"*\""

static void a_malformed_document_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *document;
        const char *beginning; /* of the complaint */
    } ROWS[] = {
        { "", "not JSON: line 1" },
        { "{\n\"Statement\":\n}", "not JSON: line 3, column 1" },
        { "{\"Statement\":[],\"Statement\":[]}", "not JSON: " },
        { "[]", "the document: an object" },
        { "{}", "the document: Statement is missing" },
        { "{\"Statement\":[]}", "Statement: the list is empty" },
        { "{\"Statement\":null}", "Statement: an object" },
        { "{\"Statement\":[" ALLOW_ALL ",7]}", "Statement[1]: an object" },
        { "{\"Version\":\"2013-10-17\",\"Statement\":" ALLOW_ALL "}", "Version: \"2012-10-17\"" },
        { "{\"Version\":null,\"Statement\":" ALLOW_ALL "}", "Version: " },
        { "{\"statement\":" ALLOW_ALL "}", "statement: there is no such element" },
        { ONE(ACTION RESOURCE), "Statement[1]: Effect is missing" },
        { ONE("\"Effect\":\"allow\"," ACTION RESOURCE), "Statement[1].Effect: \"Allow\"" },
        { ONE(EFFECT RESOURCE), "Statement[1]: one of Action and NotAction" },
        { ONE(EFFECT ACTION "\"NotAction\":\"*\"," RESOURCE),
          "Statement[1]: only one of Action and NotAction" },
        { ONE(EFFECT "\"Action\":\"*\""), "Statement[1]: one of Resource and NotResource" },
        { ONE(EFFECT ACTION "\"NotResource\":\"*\"," RESOURCE), "Statement[1]: only one of Res" },
        { ONE(EFFECT "\"Action\":[]," RESOURCE), "Statement[1].Action: the list is empty" },
        { ONE(EFFECT "\"Action\":[\"*\",\"AdminGetUser\"]," RESOURCE),
          "Statement[1].Action[1]: an action is" },
        { ONE(EFFECT "\"Action\":\"cognito-*:Get\"," RESOURCE), "Statement[1].Action: an action" },
        { ONE(EFFECT "\"Action\":\"cognito-idp:\"," RESOURCE), "Statement[1].Action: an action" },
        { ONE(EFFECT "\"Action\":\"\"," RESOURCE), "Statement[1].Action: an action" },
        { ONE(EFFECT "\"Action\":7," RESOURCE), "Statement[1].Action: an action" },
        { ONE(EFFECT "\"NotAction\":null," RESOURCE), "Statement[1].NotAction: an action" },
        { ONE(EFFECT ACTION "\"Resource\":\"eu-west-1_AAAAAAAAA\""),
          "Statement[1].Resource: a resource" },
        { ONE(EFFECT ACTION "\"Resource\":\"arn:aws:cognito-idp:*\""),
          "Statement[1].Resource: a resource" },
        { ONE(EFFECT ACTION "\"Resource\":\"arn:aws:x:::${aws:username}\""),
          "Statement[1].Resource: policy variables" },
        { ONE(EFFECT ACTION RESOURCE ",\"Principal\":\"*\""), "Statement[1].Principal: " },
        { ONE(EFFECT ACTION RESOURCE ",\"Conditions\":{}"), "Statement[1].Conditions: there is" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":[]"), "Statement[1].Condition: an object" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":null"), "Statement[1].Condition: an object" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{\"Bool\":7}"),
          "Statement[1].Condition.Bool: an object" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" TLS("\"perhaps\"") "}"),
          "Statement[1].Condition.Bool.aws:SecureTransport: neither true nor false" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" IP("\"10.0.0.0/33\"") "}"),
          "Statement[1].Condition.IpAddress.aws:SourceIp: not an address" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" IP("[\"10.0.0.1\",\"::1/129\"]") "}"),
          "Statement[1].Condition.IpAddress.aws:SourceIp: not an address" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" IP("\"localhost\"") "}"),
          "Statement[1].Condition.IpAddress.aws:SourceIp: not an address" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" IP("[]") "}"),
          "Statement[1].Condition.IpAddress.aws:SourceIp: a value" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" IP("[null]") "}"),
          "Statement[1].Condition.IpAddress.aws:SourceIp: values are" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{\"Odd\":{\"key\":{}}}"),
          "Statement[1].Condition.Odd.key: a value" },
        { ONE(EFFECT ACTION RESOURCE ",\"Condition\":{" REGION("StringLike", "\"${x}\"") "}"),
          "Statement[1].Condition.StringLike.aws:RequestedRegion: policy variables" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const char *why = ph_policy_check(&arena, ph_str_from(ROWS[i].document));

        if (why == NULL || strncmp(why, ROWS[i].beginning, strlen(ROWS[i].beginning)) != 0) {
            fail_msg("%s: wanted \"%s...\", got \"%s\"", ROWS[i].document, ROWS[i].beginning,
                     why == NULL ? "nothing" : why);
        }
        assert_verdict(ROWS[i].document, &USUAL, PH_POLICY_MALFORMED);
    }
}

static void what_has_no_effect_is_told_to_its_author(void **state)
{
    static const struct ph_str NAMES[] = { PH_STR_INIT("cognito-idp:AdminGetUser"),
                                           PH_STR_INIT("cognito-idp:ListUsers") };
    const struct ph_policy_actions actions = { NAMES, 2 };
    struct ph_str doubts = PH_STR("untouched");

    (void)state;
    assert_null(ph_policy_review(
        &arena,
        PH_STR("{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":[\"Cognito-Idp:adminget*\","
               "\"s3:Get\",\"cognito-idp:ListUser\"],\"Resource\":\"*\",\"Condition\":{"
               "\"IpAddress\":{\"aws:SourceIp\":\"::1\"},\"Null\":{\"aws:SourceIp\":true}}}]}"),
        &actions, &doubts));
    assert_string_equal(
        "Statement[0].Action[2]: no operation that needs a key is named \"cognito-idp:ListUser\"\n"
        "Statement[0].Condition.Null.aws:SourceIp: not known here: an Allow with it does not "
        "allow, a Deny with it denies\n",
        ph_cstr(&arena, doubts));
    assert_null(
        ph_policy_review(&arena, PH_STR("{\"Statement\":" ALLOW_ALL "}"), &actions, &doubts));
    assert_int_equal(doubts.n, 0);
    assert_non_null(ph_policy_review(&arena, PH_STR("{}"), &actions, &doubts));
}

static void a_document_has_a_greatest_length(void **state)
{
    const char *document =
        ph_textf(&arena, "{\"Id\":\"%*s\",\"Statement\":" ALLOW_ALL "}", PH_POLICY_MAX, "x");

    (void)state;
    assert_string_equal("the policy is longer than 16384 bytes",
                        ph_policy_check(&arena, ph_str_from(document)));
    assert_verdict(document, &USUAL, PH_POLICY_MALFORMED);
}

static void a_document_of_the_service_is_read(void **state)
{
    static const char DOCUMENT[] =
        "{\n"
        "  \"Version\": \"2012-10-17\",\n"
        "  \"Id\": \"support desk\",\n"
        "  \"Statement\": [\n"
        "    {\"Sid\": \"Read\", \"Effect\": \"Allow\",\n"
        "     \"Action\": [\"cognito-idp:AdminGetUser\", \"cognito-idp:ListUsers\"],\n"
        "     \"Resource\": \"" POOL "\",\n"
        "     \"Condition\": {\"IpAddress\": {\"aws:SourceIp\": [\"192.0.2.0/24\"]}}},\n"
        "    {\"Sid\": \"Never\", \"Effect\": \"Deny\", \"NotAction\": \"cognito-idp:*\",\n"
        "     \"Resource\": \"*\"}\n"
        "  ]\n"
        "}\n";
    struct ph_policy_request request = USUAL;

    (void)state;
    assert_null(ph_policy_check(&arena, ph_str_from(DOCUMENT)));
    assert_verdict(DOCUMENT, &request, PH_POLICY_ALLOWED);
    request.source_ip = PH_STR("198.51.100.1");
    assert_verdict(DOCUMENT, &request, PH_POLICY_NOT_ALLOWED);
    request.action = PH_STR("s3:GetObject");
    assert_verdict(DOCUMENT, &request, PH_POLICY_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(actions_match_with_wildcards_and_without_case, reset),
        cmocka_unit_test_setup(resources_match_field_by_field, reset),
        cmocka_unit_test_setup(what_has_no_resource_wants_the_star, reset),
        cmocka_unit_test_setup(a_denial_wins_in_any_order, reset),
        cmocka_unit_test_setup(conditions_hold_or_fail, reset),
        cmocka_unit_test_setup(what_is_not_known_never_helps_the_caller, reset),
        cmocka_unit_test_setup(missing_facts_leave_a_condition_open, reset),
        cmocka_unit_test_setup(addresses_of_both_families_are_compared, reset),
        cmocka_unit_test_setup(a_malformed_document_is_refused_with_its_place, reset),
        cmocka_unit_test_setup(what_has_no_effect_is_told_to_its_author, reset),
        cmocka_unit_test_setup(a_document_has_a_greatest_length, reset),
        cmocka_unit_test_setup(a_document_of_the_service_is_read, reset),
    };
    int failed;

    ph_json_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ph_arena_finish(&arena);
    return failed;
}
