/* Files become items: documents, templates, YAML, and everything that is wrong with them. */
#include "seed/internal.h"
#include "seed/yaml.h"
#include "util/encode.h"
#include "util/test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test {
    struct ph_arena arena;
    struct ph_settings settings;
    struct ph_seed_options options;
    struct ph_seed *seed;
    const char *why;
};

static int set_up(void **state)
{
    struct test *t = calloc(1, sizeof *t);

    ph_json_start();
    t->settings.default_region = PH_STR("eu-west-1");
    t->settings.account_id = PH_STR("123456789012");
    t->settings.public_url = PH_STR("http://localhost:9229");
    t->options.settings = &t->settings;
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

static bool reads(struct test *t, struct ph_str text)
{
    return ph_seed_read_text(&t->arena, &t->options, PH_STR("shop"), PH_STR("shop.yaml"), text,
                             &t->seed, &t->why);
}

static void read_well(struct test *t, const char *text)
{
    if (!reads(t, ph_str_from(text))) {
        fail_msg("%s", t->why);
    }
}

static void assert_refused(struct test *t, const char *text, const char *why)
{
    assert_false(reads(t, ph_str_from(text)));
    assert_string_equal(t->why, why);
}

static void assert_body(struct test *t, const struct ph_seed_item *item, const char *expected)
{
    assert_non_null(item);
    assert_str(ph_json_text(&t->arena, item->body, PH_JSON_SORTED), expected);
}

static struct ph_str output(struct test *t, const char *name)
{
    return ph_json_get_str(ph_json_get(t->seed->outputs, "shop"), name);
}

/* --- YAML --- */

static void assert_yaml(struct test *t, const char *yaml, const char *json)
{
    const char *why = "";
    const struct json_t *value = ph_yaml_parse(&t->arena, ph_str_from(yaml), &why);

    if (value == NULL) {
        fail_msg("%s: %s", yaml, why);
    }
    assert_str(ph_json_text(&t->arena, value, PH_JSON_INSERTION), json);
}

static void yaml_reads_as_json(void **state)
{
    struct test *t = *state;

    assert_yaml(t, "a: 1\nb: [x, 'y', \"z\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\"]}");
    assert_yaml(t, "[true, No, null, ~, 1.5, -3, 012, 2012-10-17, '5', 1_000]",
                "[true,false,null,null,1.5,-3,\"012\",\"2012-10-17\",\"5\",\"1_000\"]");
    assert_yaml(t, "a: |\n  x\n  y\nb: >\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\"}");
    assert_yaml(t, "a: &x {b: 1}\nc: *x\n", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}");
    assert_yaml(t, "a: !!str 5\n", "{\"a\":\"5\"}");
}

static void short_forms_become_long_ones(void **state)
{
    struct test *t = *state;

    assert_yaml(t, "!Ref A", "{\"Ref\":\"A\"}");
    assert_yaml(t, "!GetAtt A.B.C", "{\"Fn::GetAtt\":[\"A\",\"B.C\"]}");
    assert_yaml(t, "!GetAtt [A, B]", "{\"Fn::GetAtt\":[\"A\",\"B\"]}");
    assert_yaml(t, "!Join [',', [!Ref A, b]]", "{\"Fn::Join\":[\",\",[{\"Ref\":\"A\"},\"b\"]]}");
    assert_yaml(t, "!If [C, !Sub '${A}', !Ref AWS::NoValue]",
                "{\"Fn::If\":[\"C\",{\"Fn::Sub\":\"${A}\"},{\"Ref\":\"AWS::NoValue\"}]}");
    assert_yaml(t, "!Condition C", "{\"Condition\":\"C\"}");
}

static void yaml_that_is_none_names_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } BAD[] = {
        { "a: 1\na: 2\n", "line 2: the key a stands here twice" },
        { "a: *x\n", "line 1: an alias names nothing" },
        { "a: !Nothing x\n", "line 1: the tag !Nothing is not known" },
        { "<<: {a: 1}\n", "line 1: this key is not supported" },
        { "? [a]\n: b\n", "line 1: a key must be a text" },
        { "a: 1\n---\nb: 1\n", "line 2: there is more than one document in it" },
        { "", "line 1: there is nothing in it" },
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        const char *why = "";

        assert_null(ph_yaml_parse(&t->arena, ph_str_from(BAD[i].text), &why));
        assert_string_equal(why, BAD[i].why);
    }
}

/* A small file that names a tree of 10^9 nodes. */
static void aliases_do_not_multiply_without_end(void **state)
{
    static const char BOMB[] = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
                               "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                               "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                               "f: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    struct test *t = *state;
    const char *why = "";

    assert_null(ph_yaml_parse(&t->arena, ph_str_from(BOMB), &why));
    assert_string_equal(why, "line 6: the aliases copy too much");
}

/* --- documents --- */

static const char DOCUMENT[] =
    "{\"UserPools\":[{\"PoolName\":\"shop\",\"Clients\":[{\"ClientName\":\"web\","
    "\"GenerateSecret\":true},{\"ClientName\":\"api\",\"ClientId\":\"abc\"}],"
    "\"Groups\":[{\"GroupName\":\"staff\"}],"
    "\"Users\":[{\"Username\":\"ann\",\"Password\":\"Passw0rd!\",\"Groups\":[\"staff\"]}],"
    "\"MfaConfig\":{\"MfaConfiguration\":\"OFF\"}}]}";

static const char PARTS_OF_CLIENTS[] =
    "{\"UserPools\":[{\"PoolName\":\"shop\",\"Id\":\"eu-west-1_Shop\",\"Clients\":[{\"ClientName\":"
    "\"web\",\"GenerateSecret\":true,\"SecondClientSecret\":\"second_secret\"}],"
    "\"SessionConfiguration\":{\"UserSessionTracking\":\"ENABLED\"},"
    "\"ClientSessionConfigurations\":[{\"ClientId\":\"web\"}],"
    "\"ManagedLoginBrandings\":[{\"ClientId\":\"web\",\"Settings\":{\"any\":{\"thing\":1}}}],"
    "\"Terms\":[{\"ClientId\":\"web\",\"TermsName\":\"terms-of-use\"}],"
    "\"Users\":[{\"Username\":\"ann\",\"Links\":[{\"ProviderName\":\"Google\"}]}]}]}";

static void what_hangs_on_clients_becomes_requests(void **state)
{
    struct test *t = *state;

    read_well(t, PARTS_OF_CLIENTS);
    assert_body(t, t->seed->items[PH_SEED_SESSIONS],
                "{\"UserPoolId\":\"eu-west-1_Shop\",\"UserSessionTracking\":\"ENABLED\"}");
    assert_body(t, t->seed->items[PH_SEED_CLIENT_SESSIONS],
                "{\"ClientId\":\"web\",\"UserPoolId\":\"eu-west-1_Shop\"}");
    assert_body(t, t->seed->items[PH_SEED_STYLE],
                "{\"ClientId\":\"web\",\"Settings\":{\"any\":{\"thing\":1}},"
                "\"UserPoolId\":\"eu-west-1_Shop\"}");
    assert_body(t, t->seed->items[PH_SEED_TERMS],
                "{\"ClientId\":\"web\",\"TermsName\":\"terms-of-use\","
                "\"UserPoolId\":\"eu-west-1_Shop\"}");
    assert_str(ph_json_get_str(t->seed->items[PH_SEED_CLIENT]->more, "SecondClientSecret"),
               "second_secret");
    assert_null(ph_json_get(t->seed->items[PH_SEED_CLIENT]->body, "SecondClientSecret"));
    assert_int_equal(ph_json_length(ph_json_get(t->seed->items[PH_SEED_USER]->more, "Links")), 1);
}

static void a_document_becomes_requests(void **state)
{
    struct test *t = *state;
    const struct ph_seed_item *client;

    read_well(t, DOCUMENT);
    client = t->seed->items[PH_SEED_CLIENT];
    assert_body(t, t->seed->items[PH_SEED_POOL], "{\"PoolName\":\"shop\"}");
    assert_int_equal(t->seed->items[PH_SEED_POOL]->pool_id.n, strlen("eu-west-1_") + 9);
    assert_int_equal(client->client_id.n, 26);
    assert_int_equal(client->client_secret.n, 51);
    assert_str(client->path, "UserPools[0].Clients[0]");
    assert_str(client->next->client_id, "abc");
    assert_int_equal(client->next->client_secret.n, 0);
    assert_str(ph_json_get_str(t->seed->items[PH_SEED_USER]->more, "Password"), "Passw0rd!");
    assert_null(ph_json_get(t->seed->items[PH_SEED_USER]->body, "Password"));
}

static void the_same_file_gives_the_same_ids(void **state)
{
    struct test *t = *state;
    struct ph_str pool, client, secret;

    read_well(t, DOCUMENT);
    pool = t->seed->items[PH_SEED_POOL]->pool_id;
    client = t->seed->items[PH_SEED_CLIENT]->client_id;
    secret = t->seed->items[PH_SEED_CLIENT]->client_secret;
    read_well(t, DOCUMENT);
    assert_true(ph_str_eq(pool, t->seed->items[PH_SEED_POOL]->pool_id));
    assert_true(ph_str_eq(client, t->seed->items[PH_SEED_CLIENT]->client_id));
    assert_true(ph_str_eq(secret, t->seed->items[PH_SEED_CLIENT]->client_secret));
    t->settings.default_region = PH_STR("eu-west-2");
    read_well(t, DOCUMENT);
    assert_false(ph_str_eq(client, t->seed->items[PH_SEED_CLIENT]->client_id));
}

static void what_is_wrong_with_a_document_names_its_place(void **state)
{
    struct test *t = *state;

    assert_refused(t, "{\"UserPools\":[{\"PoolName\":\"a\",\"Polices\":{}}]}",
                   "shop.yaml: UserPools[0].Polices: there is no such member here");
    assert_refused(t,
                   "{\"UserPools\":[{\"PoolName\":\"a\",\"Policies\":{\"PasswordPolicy\":"
                   "{\"Minimum\":8}}}]}",
                   "shop.yaml: UserPools[0].Policies.PasswordPolicy.Minimum: there is no such "
                   "member here");
    assert_refused(t, "{\"UserPools\":[{\"PoolName\":\"a\",\"Clients\":{}}]}",
                   "shop.yaml: UserPools[0].Clients: this must be a list");
    assert_refused(t, "{\"UserPools\":[{\"PoolName\":\"a\"},{\"PoolName\":\"a\"}]}",
                   "shop.yaml: UserPools[1]: there is a second one with the id "
                   "eu-west-1_XE89bM8EI: state another id, or name the stack (STACK=FILE)");
    assert_refused(t, "{\"UserPools\":[],\"Users\":[]}",
                   "shop.yaml: beside \"UserPools\" there is nothing to say");
    assert_refused(t, "{\"Pools\":[]}",
                   "shop.yaml: there is neither \"UserPools\" nor \"Resources\" in it");
    assert_refused(t, "{\"UserPools\":[",
                   "shop.yaml: line 1, column 14: ']' expected near end of "
                   "file");
}

/* --- templates --- */

static const char TEMPLATE[] =
    "AWSTemplateFormatVersion: '2010-09-09'\n"
    "Parameters:\n"
    "  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}\n"
    "  Urls: {Type: CommaDelimitedList, Default: 'http://localhost/a, http://localhost/b'}\n"
    "Mappings: {Lengths: {dev: {Min: 8}, prod: {Min: 12}}}\n"
    "Conditions:\n"
    "  IsProd: !Equals [!Ref Stage, prod]\n"
    "  IsDev: !Not [!Condition IsProd]\n"
    "  Both: !And [!Condition IsDev, !Or [!Condition IsProd, !Condition IsDev]]\n"
    "Resources:\n"
    "  Web:\n"
    "    Type: AWS::Cognito::UserPoolClient\n"
    "    Properties:\n"
    "      UserPoolId: !Ref Pool\n"
    "      GenerateSecret: 'true'\n"
    "      RefreshTokenValidity: '30'\n"
    "      AllowedOAuthScopes: [openid, !Sub '${Api}/read']\n"
    "      CallbackURLs: !Ref Urls\n"
    "  Pool:\n"
    "    Type: AWS::Cognito::UserPool\n"
    "    Properties:\n"
    "      UserPoolName: !Sub '${AWS::StackName}-${Stage}'\n"
    "      Policies: {PasswordPolicy: {MinimumLength: !FindInMap [Lengths, !Ref Stage, Min]}}\n"
    "      MfaConfiguration: OPTIONAL\n"
    "      EnabledMfas: [SOFTWARE_TOKEN_MFA, SMS_MFA]\n"
    "      SmsConfiguration: {SnsCallerArn: !GetAtt Role.Arn}\n"
    "      DeletionProtection: !If [IsProd, ACTIVE, !Ref AWS::NoValue]\n"
    "      Schema: [{Name: age, AttributeDataType: Number,\n"
    "                NumberAttributeConstraints: {MinValue: 1}}]\n"
    "  Api:\n"
    "    Type: AWS::Cognito::UserPoolResourceServer\n"
    "    DependsOn: [Pool]\n"
    "    Properties: {UserPoolId: !Ref Pool, Identifier: api, Name: Api}\n"
    "  Role: {Type: AWS::IAM::Role}\n"
    "  Domain:\n"
    "    Type: AWS::Cognito::UserPoolDomain\n"
    "    Condition: IsProd\n"
    "    Properties: {UserPoolId: !Ref Pool, Domain: shop}\n"
    "  Risk:\n"
    "    Type: AWS::Cognito::UserPoolRiskConfigurationAttachment\n"
    "    Properties: {UserPoolId: !Ref Pool, ClientId: ALL}\n"
    "Outputs:\n"
    "  Id: {Value: !Ref Pool}\n"
    "  Secret: {Value: !GetAtt Web.ClientSecret}\n"
    "  Issuer: {Value: !GetAtt Pool.ProviderURL}\n"
    "  Arn: {Value: !GetAtt Pool.Arn}\n"
    "  Both: {Value: !If [Both, 'yes', 'no']}\n"
    "  Second: {Value: !Select [1, !Split ['-', a-b-c]]}\n"
    "  Joined: {Value: !Join ['+', [a, !Ref 'AWS::Region', '${x}']]}\n"
    "  Literal: {Value: !Sub ['${!A} ${B} $ $$', {B: !Ref 'AWS::AccountId'}]}\n"
    "  Encoded: {Value: {'Fn::Base64': abc}}\n"
    "  Domain: {Condition: IsProd, Value: !Ref Domain}\n";

static void a_template_becomes_requests(void **state)
{
    struct test *t = *state;
    const struct ph_seed_item *pool;

    read_well(t, TEMPLATE);
    pool = t->seed->items[PH_SEED_POOL];
    assert_str(pool->pool_id, "eu-west-1_wPgUHcLaX");
    assert_body(
        t, pool,
        "{\"Policies\":{\"PasswordPolicy\":{\"MinimumLength\":8}},\"PoolName\":\"shop-dev\","
        "\"Schema\":[{\"AttributeDataType\":\"Number\",\"Name\":\"age\","
        "\"NumberAttributeConstraints\":{\"MinValue\":\"1\"}}],\"SmsConfiguration\":"
        "{\"SnsCallerArn\":\"arn:aws:iam::123456789012:role/shop-Role\"}}");
    assert_body(t, t->seed->items[PH_SEED_MFA],
                "{\"MfaConfiguration\":\"OPTIONAL\",\"SmsMfaConfiguration\":{\"SmsConfiguration\":"
                "{\"SnsCallerArn\":\"arn:aws:iam::123456789012:role/shop-Role\"}},"
                "\"SoftwareTokenMfaConfiguration\":{\"Enabled\":true},"
                "\"UserPoolId\":\"eu-west-1_wPgUHcLaX\"}");
    assert_body(t, t->seed->items[PH_SEED_CLIENT],
                "{\"AllowedOAuthScopes\":[\"openid\",\"api/read\"],\"CallbackURLs\":"
                "[\"http://localhost/a\",\"http://localhost/b\"],\"ClientName\":\"shop-Web\","
                "\"GenerateSecret\":true,\"RefreshTokenValidity\":30,"
                "\"UserPoolId\":\"eu-west-1_wPgUHcLaX\"}");
    assert_null(t->seed->items[PH_SEED_DOMAIN]);
    assert_body(t, t->seed->items[PH_SEED_RISK], "{\"UserPoolId\":\"eu-west-1_wPgUHcLaX\"}");
    assert_int_equal(ph_json_length(t->seed->ignored), 1);
}

static void outputs_are_worked_out(void **state)
{
    struct test *t = *state;

    read_well(t, TEMPLATE);
    assert_str(output(t, "Id"), "eu-west-1_wPgUHcLaX");
    assert_true(ph_str_eq(output(t, "Secret"), t->seed->items[PH_SEED_CLIENT]->client_secret));
    assert_str(output(t, "Issuer"), "http://localhost:9229/eu-west-1_wPgUHcLaX");
    assert_str(output(t, "Arn"),
               "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_wPgUHcLaX");
    assert_str(output(t, "Both"), "yes");
    assert_str(output(t, "Second"), "b");
    assert_str(output(t, "Joined"), "a+eu-west-1+${x}");
    assert_str(output(t, "Literal"), "${A} 123456789012 $ $$");
    assert_str(output(t, "Encoded"), "YWJj");
    assert_null(ph_json_get(ph_json_get(t->seed->outputs, "shop"), "Domain"));
}

static void parameters_are_given_by_name(void **state)
{
    struct test *t = *state;

    t->options.parameters = PH_STR("Stage=dev\nStage=prod");
    read_well(t, TEMPLATE);
    assert_str(ph_json_get_str(t->seed->items[PH_SEED_POOL]->body, "DeletionProtection"), "ACTIVE");
    assert_non_null(t->seed->items[PH_SEED_DOMAIN]);
    t->options.parameters = PH_STR("Stage=test");
    assert_refused(t, TEMPLATE,
                   "shop.yaml: Parameters.Stage: test is not one of the AllowedValues: dev, prod");
    t->options.parameters = PH_STR("Stag=prod");
    assert_refused(t, TEMPLATE, "no template declares the parameter Stag");
}

/* As the CDK writes its templates: a version in SSM that nobody refers to. */
static void a_parameter_without_a_value_is_no_mistake_until_it_is_needed(void **state)
{
    struct test *t = *state;

    read_well(t, "Parameters:\n"
                 "  BootstrapVersion: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /v}\n"
                 "Resources:\n"
                 "  C: {Type: Custom::Thing}\n"
                 "Outputs: {A: {Value: !GetAtt C.Arn}}\n");
    assert_str(output(t, "A"), "arn:aws:custom:eu-west-1:123456789012:shop-C");
}

static void ids_can_be_pinned_in_a_template(void **state)
{
    struct test *t = *state;

    read_well(t, "Resources:\n"
                 "  A: {Type: AWS::Cognito::UserPool,\n"
                 "      Properties: {UserPoolTags: {'poolhouse:id': eu-west-1_Pinned001}}}\n"
                 "  B: {Type: AWS::Cognito::UserPool, Metadata: {Poolhouse: {Id: eu-west-1_B}}}\n"
                 "  C: {Type: AWS::Cognito::UserPoolClient,\n"
                 "      Metadata: {Poolhouse: {ClientId: web, ClientSecret: s3cret}},\n"
                 "      Properties: {UserPoolId: !Ref A, GenerateSecret: true}}\n");
    assert_str(t->seed->items[PH_SEED_POOL]->pool_id, "eu-west-1_Pinned001");
    assert_str(t->seed->items[PH_SEED_POOL]->next->pool_id, "eu-west-1_B");
    assert_str(t->seed->items[PH_SEED_CLIENT]->client_id, "web");
    assert_str(t->seed->items[PH_SEED_CLIENT]->client_secret, "s3cret");
}

/* The API that answers for a function, and the role it has, stand in no template of SAM. */
static void what_sam_adds_can_be_referred_to(void **state)
{
    static const char TEXT[] =
        "Transform: AWS::Serverless-2016-10-31\n"
        "Conditions: {Never: !Equals [a, b]}\n"
        "Resources:\n"
        "  Hello: {Type: AWS::Serverless::Function, Properties: {FunctionName: hi}}\n"
        "  HelloWorld:\n"
        "    {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}\n"
        "  Gone: {Type: AWS::Serverless::Function, Condition: Never}\n"
        "Outputs:\n"
        "  Url: {Value: !Sub 'https://${ServerlessRestApi}.example.com/Prod/hello/'}\n"
        "  Stage: {Value: !Ref ServerlessHttpApiApiGatewayDefaultStage}\n"
        "  Role: {Value: !GetAtt HelloWorldRole.Arn}\n"
        "  Alias: {Value: !Ref HelloWorld.Alias}\n"
        "  Version: {Value: !Ref Hello.Version}\n"
        "  Permission: {Value: !Ref HelloWorldApiPermissionProd}\n";
    struct test *t = *state;

    read_well(t, TEXT);
    assert_str(output(t, "Url"), "https://shop-ServerlessRestApi.example.com/Prod/hello/");
    assert_str(output(t, "Stage"), "shop-ServerlessHttpApiApiGatewayDefaultStage");
    assert_str(output(t, "Role"), "arn:aws:iam::123456789012:role/shop-HelloWorldRole");
    assert_str(output(t, "Alias"),
               "arn:aws:lambda:eu-west-1:123456789012:function:shop-HelloWorld:live");
    assert_str(output(t, "Version"), "arn:aws:lambda:eu-west-1:123456789012:function:hi:1");
    assert_str(output(t, "Permission"), "shop-HelloWorldApiPermissionProd");
    assert_refused(t, ph_textf(&t->arena, "%s  Bad: {Value: !GetAtt GoneRole.Arn}\n", TEXT),
                   "shop.yaml: Outputs.Bad.Value.Fn::GetAtt: Gone is left out by its condition");
    assert_refused(t, ph_textf(&t->arena, "%s  Bad: {Value: !Ref Hell}\n", TEXT),
                   "shop.yaml: Outputs.Bad.Value.Ref: there is no parameter or resource Hell");
    assert_refused(t, strchr(TEXT, '\n') + 1, /* no template of SAM any more */
                   "shop.yaml: Outputs.Url.Value.Fn::Sub: there is no parameter or resource "
                   "ServerlessRestApi");
}

/* Operations check the ARNs that they are given; Ref gives some types by their ARN. */
static void arns_have_the_form_of_their_services(void **state)
{
    static const char TEXT[] =
        "Resources:\n"
        "  Certificate: {Type: AWS::CertificateManager::Certificate}\n"
        "  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /aws/vendedlogs/a}}\n"
        "  Stream: {Type: AWS::KinesisFirehose::DeliveryStream}\n"
        "  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: logs}}\n"
        "  Topic: {Type: AWS::SNS::Topic}\n"
        "  Queue: {Type: AWS::SQS::Queue}\n"
        "  Mail: {Type: AWS::SES::EmailIdentity, Properties: {EmailIdentity: a@example.com}}\n"
        "  Function: {Type: AWS::Lambda::Function, Properties: {FunctionName: f}}\n"
        "  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Function}}\n"
        "  Alias: {Type: AWS::Lambda::Alias, Properties:\n"
        "            {FunctionName: !GetAtt Function.Arn, Name: live}}\n"
        "Outputs:\n"
        "  Certificate: {Value: !Ref Certificate}\n"
        "  Group: {Value: !GetAtt Group.Arn}\n"
        "  Stream: {Value: !GetAtt Stream.Arn}\n"
        "  Bucket: {Value: !GetAtt Bucket.Arn}\n"
        "  Topic: {Value: !Ref Topic}\n"
        "  Queue: {Value: !GetAtt Queue.Arn}\n"
        "  Mail: {Value: !Ref Mail}\n"
        "  Version: {Value: !Ref Version}\n"
        "  Alias: {Value: !Ref Alias}\n";
    struct test *t = *state;

    read_well(t, TEXT);
    assert_str(output(t, "Certificate"),
               "arn:aws:acm:us-east-1:123456789012:certificate/shop-Certificate");
    assert_str(output(t, "Group"),
               "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/a:*");
    assert_str(output(t, "Stream"),
               "arn:aws:firehose:eu-west-1:123456789012:deliverystream/shop-Stream");
    assert_str(output(t, "Bucket"), "arn:aws:s3:::logs");
    assert_str(output(t, "Topic"), "arn:aws:sns:eu-west-1:123456789012:shop-Topic");
    assert_str(output(t, "Queue"), "arn:aws:sqs:eu-west-1:123456789012:shop-Queue");
    assert_str(output(t, "Mail"), "a@example.com");
    assert_str(output(t, "Version"), "arn:aws:lambda:eu-west-1:123456789012:function:f:1");
    assert_str(output(t, "Alias"), "arn:aws:lambda:eu-west-1:123456789012:function:f:live");
}

static void write_file(struct test *t, const char *directory, const char *name, const char *text)
{
    FILE *file = fopen(ph_textf(&t->arena, "%s/%s", directory, name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_template_imports_what_an_earlier_one_exports(void **state)
{
    static const char FIRST[] =
        "Resources: {P: {Type: AWS::Cognito::UserPool}}\n"
        "Outputs: {Id: {Value: !Ref P, Export: {Name: !Sub '${AWS::StackName}-PoolId'}}}\n";
    static const char SECOND[] =
        "Resources:\n"
        "  C: {Type: AWS::Cognito::UserPoolClient,\n"
        "      Properties: {UserPoolId: !ImportValue first-PoolId}}\n"
        "Outputs: {A: {Value: {'Fn::ImportValue': !Sub 'other:${AWS::Region}'}}}\n";
    struct test *t = *state;
    char directory[] = "/tmp/poolhouse-seed-XXXXXX";
    const struct ph_seed_item *pool;

    assert_non_null(mkdtemp(directory));
    write_file(t, directory, "a.yaml", FIRST);
    write_file(t, directory, "b.yaml", SECOND);
    t->options.files =
        ph_strf(&t->arena, "first=%s/a.yaml\nsecond=%s/b.yaml", directory, directory);
    t->options.parameters = PH_STR("other:eu-west-1=given=here");
    if (!ph_seed_read(&t->arena, &t->options, &t->seed, &t->why)) {
        fail_msg("%s", t->why);
    }
    pool = t->seed->items[PH_SEED_POOL];
    assert_true(ph_str_eq(t->seed->items[PH_SEED_CLIENT]->pool_id, pool->pool_id));
    assert_str(ph_json_get_str(ph_json_get(t->seed->outputs, "second"), "A"), "given=here");
    unlink(ph_textf(&t->arena, "%s/a.yaml", directory));
    unlink(ph_textf(&t->arena, "%s/b.yaml", directory));
    rmdir(directory);
}

static void a_name_is_exported_once(void **state)
{
    assert_refused(*state,
                   "Resources: {}\nOutputs:\n  A: {Value: a, Export: {Name: x}}\n"
                   "  B: {Value: b, Export: {Name: x}}\n",
                   "shop.yaml: Outputs.B: x is exported already");
}

#define RESOURCE(text) "Resources:\n  P: {Type: AWS::Cognito::UserPool, Properties: {" text "}}\n"

static void what_is_wrong_with_a_template_names_its_place(void **state)
{
    static const char P[] = "shop.yaml: Resources.P.Properties.";
    static const struct {
        const char *text;
        const char *why; /* after P, or all of it when it begins with '=' */
    } BAD[] = {
        { RESOURCE("UserPoolNam: a"), "UserPoolNam: there is no such member here" },
        { RESOURCE("UserPoolName: !Ref Q"),
          "UserPoolName.Ref: there is no parameter or resource Q" },
        { RESOURCE("UserPoolName: !GetAtt P.Nothing"),
          "UserPoolName.Fn::GetAtt: a user pool has no attribute Nothing" },
        { RESOURCE("UserPoolName: !Sub '${P'"), "UserPoolName.Fn::Sub: a ${ does not end" },
        { RESOURCE("UserPoolName: !Join [a]"), "UserPoolName.Fn::Join: this must be a list of 2" },
        { RESOURCE("UserPoolName: !If [C, a, b]"), "UserPoolName.Fn::If: there is no condition C" },
        { RESOURCE("UserPoolName: !Select [3, [a]]"),
          "UserPoolName.Fn::Select: the list has no such element" },
        { RESOURCE("UserPoolName: !FindInMap [A, b, c]"),
          "UserPoolName.Fn::FindInMap: the mappings have no A there" },
        { RESOURCE("UserPoolName: !ImportValue a"),
          "UserPoolName.Fn::ImportValue: no template before this one exports a: give the one that "
          "does with another --seed before it, or --parameter a=VALUE" },
        { RESOURCE("UserPoolName: !GetAZs ''"),
          "UserPoolName: the function Fn::GetAZs is not supported here" },
        { RESOURCE("UserPoolName: !Ref AWS::Nothing"),
          "UserPoolName.Ref: there is no pseudo parameter AWS::Nothing" },
        { RESOURCE("EnabledMfas: [PIGEON]"), "EnabledMfas[0]: PIGEON is no second factor" },
        { RESOURCE("UserPoolTags: {'poolhouse:id': !Ref P}"), NULL },
        { "Resources: {C: {Type: AWS::Cognito::UserPoolClient}}\n",
          "=shop.yaml: Resources.C.Properties: the UserPoolId is missing" },
        { "Resources: {C: {}}\n", "=shop.yaml: Resources.C: its Type is missing" },
        { "Resources: {C: {Type: A, DependsOn: D}}\n",
          "=shop.yaml: Resources.C.DependsOn: there is no resource D" },
        { "Resourcen: {}\nResources: {}\n", "=shop.yaml: Resourcen: there is no such section" },
        { "Parameters: {A: {Type: String}}\nResources: {}\nOutputs: {O: {Value: !Ref A}}\n",
          "=shop.yaml: Outputs.O.Value.Ref: the parameter A has no value here: give one with "
          "--parameter A=VALUE" },
        { "Parameters: {A: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}\n"
          "Resources: {}\nOutputs: {O: {Value: !Sub '${A}'}}\n",
          "=shop.yaml: Outputs.O.Value.Fn::Sub: the parameter A has no value here: give one with "
          "--parameter A=VALUE" },
        { "Resources: {}\nOutputs: {A: {Value: !Ref B}}\n",
          "=shop.yaml: Outputs.A.Value.Ref: there is no parameter or resource B" },
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char expected[512];

        assert_false(reads(t, ph_str_from(BAD[i].text)));
        if (BAD[i].why == NULL) {
            assert_non_null(strstr(t->why, ": this refers to itself"));
            continue;
        }
        snprintf(expected, sizeof expected, "%s%s", BAD[i].why[0] == '=' ? "" : P,
                 BAD[i].why + (BAD[i].why[0] == '='));
        assert_string_equal(t->why, expected);
    }
}

/* Each condition asks the one before it twice: 2^40 questions. */
static void a_template_that_asks_for_too_much_is_refused(void **state)
{
    struct test *t = *state;
    struct ph_str text = PH_STR("Conditions:\n  C0: !Equals [a, a]\n");

    for (int i = 1; i < 40; i++) {
        text = ph_strf(&t->arena, "%.*s  C%d: !And [!Condition C%d, !Condition C%d]\n",
                       PH_FMT(text), i, i - 1, i - 1);
    }
    text = ph_strf(&t->arena, "%.*sResources: {}\nOutputs: {A: {Condition: C39, Value: x}}\n",
                   PH_FMT(text));
    assert_false(reads(t, text));
    assert_non_null(strstr(t->why, ": this template is too much work"));
}

/* An exact heap copy lets AddressSanitizer see a read of one byte too many. */
static void a_file_cut_anywhere_is_read_or_refused(void **state)
{
    static const struct ph_str FILES[] = {
        PH_STR_INIT("x"),
        { (const uint8_t *)DOCUMENT, sizeof DOCUMENT - 1 },
        { (const uint8_t *)TEMPLATE, sizeof TEMPLATE - 1 },
    };
    struct test *t = *state;

    for (size_t f = 0; f < sizeof FILES / sizeof FILES[0]; f++) {
        for (size_t n = 0; n < FILES[f].n; n++) {
            uint8_t *exact = test_malloc(n + 1);
            struct ph_arena arena = { 0 };

            memcpy(exact + 1, FILES[f].p, n);
            t->why = NULL;
            assert_true(ph_seed_read_text(&arena, &t->options, PH_STR("shop"), PH_STR("f"),
                                          (struct ph_str){ exact + 1, n }, &t->seed, &t->why) ||
                        t->why != NULL);
            ph_arena_finish(&arena);
            test_free(exact);
        }
    }
}

/* --- functions --- */

static void functions_with_code_at_hand_are_routed(void **state)
{
    static const char TEXT[] =
        "Globals: {Function: {CodeUri: ./}}\n"
        "Resources:\n"
        "  P: {Type: AWS::Cognito::UserPool}\n"
        "  A:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      Handler: code.handler\n"
        "      Events: {S: {Type: Cognito, Properties: {UserPool: !Ref P,\n"
        "                   Trigger: [PreSignUp, PostConfirmation]}}}\n"
        "  B: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://b/k, Handler: a.b}}\n"
        "  C: {Type: AWS::Lambda::Function, Properties: {FunctionName: c, Handler: no.x,\n"
        "      Code: .}}\n";
    struct test *t = *state;
    char directory[] = "/tmp/poolhouse-seed-XXXXXX";

    assert_non_null(mkdtemp(directory));
    write_file(t, directory, "code.js", "");
    write_file(t, directory, "t.yaml", TEXT);
    t->options.files = ph_strf(&t->arena, "shop=%s/t.yaml", directory);
    if (!ph_seed_read(&t->arena, &t->options, &t->seed, &t->why)) {
        fail_msg("%s", t->why);
    }
    assert_str(ph_seed_routes(t->seed),
               ph_textf(&t->arena, "shop-A = local:%s/.//code.js:handler", directory));
    assert_str(ph_json_text(&t->arena,
                            ph_json_get(t->seed->items[PH_SEED_POOL]->body, "LambdaConfig"),
                            PH_JSON_SORTED),
               "{\"PostConfirmation\":\"arn:aws:lambda:eu-west-1:123456789012:function:shop-A\","
               "\"PreSignUp\":\"arn:aws:lambda:eu-west-1:123456789012:function:shop-A\"}");
    assert_int_equal(ph_json_length(t->seed->ignored), 2);
    unlink(ph_textf(&t->arena, "%s/code.js", directory));
    unlink(ph_textf(&t->arena, "%s/t.yaml", directory));
    rmdir(directory);
}

/* --- comparing, and base32 --- */

static void what_is_there_is_compared_by_what_is_wanted(void **state)
{
    static const struct {
        const char *there, *wanted;
        bool says;
    } CASES[] = {
        { "{\"a\":1,\"b\":2}", "{\"a\":1}", true },
        { "{\"a\":1}", "{\"a\":2}", false },
        { "{\"a\":[\"x\",\"y\"]}", "{\"a\":[\"y\",\"x\"]}", true },
        { "{\"a\":[\"x\"]}", "{\"a\":[\"x\",\"y\"]}", false },
        { "{}", "{\"a\":[],\"b\":{},\"c\":null}", true },
        { "{\"a\":[\"x\"]}", "{\"a\":[]}", false },
        { "{\"a\":{\"b\":true,\"c\":1}}", "{\"a\":{\"b\":true}}", true },
        { "{\"a\":\"1\"}", "{\"a\":1}", false },
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct json_t *there = ph_json_parse(&t->arena, ph_str_from(CASES[i].there));
        const struct json_t *wanted = ph_json_parse(&t->arena, ph_str_from(CASES[i].wanted));

        assert_int_equal(ph_seed_says(there, wanted), CASES[i].says);
    }
}

/* RFC 4648, 10. */
static void base32_is_read_back(void **state)
{
    static const char *const PAIRS[][2] = {
        { "", "" },
        { "MY======", "f" },
        { "MZXQ", "fo" },
        { "mzxw6===", "foo" },
        { "MZXW6YQ", "foob" },
        { "MZXW6YTBOI======", "foobar" },
    };
    static const char *const BAD[] = { "M", "MZX", "MZXW6YT", "MZ1Q", "MZ=Q", "MZ", "M Y" };
    struct test *t = *state;
    struct ph_str bytes;

    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        assert_true(ph_base32_decode(&t->arena, ph_str_from(PAIRS[i][0]), &bytes));
        assert_str(bytes, PAIRS[i][1]);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(ph_base32_decode(&t->arena, ph_str_from(BAD[i]), &bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(yaml_reads_as_json),
        TEST(short_forms_become_long_ones),
        TEST(yaml_that_is_none_names_its_line),
        TEST(aliases_do_not_multiply_without_end),
        TEST(a_document_becomes_requests),
        TEST(what_hangs_on_clients_becomes_requests),
        TEST(the_same_file_gives_the_same_ids),
        TEST(what_is_wrong_with_a_document_names_its_place),
        TEST(a_template_becomes_requests),
        TEST(outputs_are_worked_out),
        TEST(parameters_are_given_by_name),
        TEST(a_parameter_without_a_value_is_no_mistake_until_it_is_needed),
        TEST(ids_can_be_pinned_in_a_template),
        TEST(what_sam_adds_can_be_referred_to),
        TEST(arns_have_the_form_of_their_services),
        TEST(a_template_imports_what_an_earlier_one_exports),
        TEST(a_name_is_exported_once),
        TEST(what_is_wrong_with_a_template_names_its_place),
        TEST(a_template_that_asks_for_too_much_is_refused),
        TEST(a_file_cut_anywhere_is_read_or_refused),
        TEST(functions_with_code_at_hand_are_routed),
        TEST(what_is_there_is_compared_by_what_is_wanted),
        TEST(base32_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
