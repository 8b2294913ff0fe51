#include "pool/test_support.h"

struct refusal {
    const char *input;
    const char *exception;
    const char *message;
};

#define INVALID "InvalidParameterException"

static const struct refusal POOL_REFUSALS[] = {
    { "{'AliasAttributes':['email'],'UsernameAttributes':['email']}", INVALID,
      "Only one of the aliasAttributes or usernameAttributes can be set in a User pool." },
    { "{'AutoVerifiedAttributes':['phone_number']}", INVALID,
      "SMS configuration is required when phone_number is selected for auto verification" },
    { "{'MfaConfiguration':'ON'}", INVALID,
      "SMS configuration and Auto verification for phone_number are required when MFA is "
      "required/optional" },
    { "{'UserAttributeUpdateSettings':{'AttributesRequireVerificationBeforeUpdate':['email']}}",
      INVALID,
      "All attributes in AttributesRequireVerificationBeforeUpdate must exist in "
      "AutoVerifiedAttributes" },
    { "{'AccountRecoverySetting':{'RecoveryMechanisms':[{'Priority':1,'Name':'verified_email'},"
      "{'Priority':1,'Name':'verified_phone_number'}]}}",
      INVALID,
      "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms." },
    { "{'EmailConfiguration':{'EmailSendingAccount':'DEVELOPER'}}", INVALID,
      "Source ARN is required to use DEVELOPER email sending owner" },
    { "{'SmsConfiguration':{'SnsCallerArn':'a','SnsRegion':'us-east-1'}}", INVALID,
      "Invalid snsRegion. Allowed SNS region for eu-west-1 is eu-west-1" },
    { "{'Schema':[{'Name':'a','AttributeDataType':'String','Required':true}]}", INVALID,
      "Required custom attributes are not supported currently." },
    { "{'Schema':[{'Name':'a','AttributeDataType':'String'},"
      "{'Name':'a','AttributeDataType':'String'}]}",
      INVALID, "Duplicate custom attribute names custom:a are not allowed in a user pool schema." },
    { "{'Schema':[{'Name':'email','AttributeDataType':'Number'}]}", INVALID,
      "You can not change AttributeDataType or set developerOnlyAttribute for standard schema "
      "attribute email" },
    { "{'Schema':[{'Name':'a','AttributeDataType':'String',"
      "'StringAttributeConstraints':{'MinLength':'3','MaxLength':'2'}}]}",
      INVALID, "Attribute custom:a cannot have a max length shorter than it's min length" },
};

static const struct refusal CLIENT_REFUSALS[] = {
    { "{'ExplicitAuthFlows':['ALLOW_USER_AUTH','ADMIN_NO_SRP_AUTH']}", INVALID,
      "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names." },
    { "{'AccessTokenValidity':25}", INVALID, "Invalid range for token validity." },
    { "{'AccessTokenValidity':3,'RefreshTokenValidity':2,'TokenValidityUnits':"
      "{'RefreshToken':'hours'}}",
      INVALID,
      "Access and Id Token expiration times must be less than or equal to refresh token expiration "
      "times." },
    { "{'ReadAttributes':['nothing']}", INVALID,
      "Invalid read attributes specified while creating a client" },
    { "{'WriteAttributes':['sub']}", INVALID,
      "Invalid write attributes specified while creating a client" },
    { "{'CallbackURLs':['http://example.com/']}", INVALID,
      "http://example.com/ cannot use the HTTP protocol." },
    { "{'CallbackURLs':['https://a/#b']}", INVALID, "https://a/#b cannot use fragment" },
    { "{'DefaultRedirectURI':'https://a'}", INVALID,
      "The default redirect URI https://a is not in the callback URIs list." },
    { "{'AllowedOAuthFlows':['client_credentials']}", "InvalidOAuthFlowException",
      "client_credentials flow can not be selected if client does not have a client secret." },
    { "{'EnablePropagateAdditionalUserContextData':true}", INVALID,
      "Client Secret is required to set EnablePropagateAdditionalUserContextData as true" },
};

static void pools_are_refused_in_the_words_of_the_api(void **state)
{
    struct test_pool *t = *state;
    struct json_t *settings;

    for (size_t i = 0; i < sizeof POOL_REFUSALS / sizeof POOL_REFUSALS[0]; i++) {
        const struct refusal *r = &POOL_REFUSALS[i];

        assert_fails(
            ph_pool_settings_create(&t->ctx, PH_STR("eu-west-1"), json(t, r->input), &settings),
            r->exception, r->message);
    }
}

static void clients_are_refused_in_the_words_of_the_api(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct json_t *settings;

    for (size_t i = 0; i < sizeof CLIENT_REFUSALS / sizeof CLIENT_REFUSALS[0]; i++) {
        const struct refusal *r = &CLIENT_REFUSALS[i];

        assert_fails(ph_client_settings_create(&t->ctx, pool, false, json(t, r->input), &settings),
                     r->exception, r->message);
    }
}

static void a_pool_reads_back_with_its_defaults(void **state)
{
    struct test_pool *t = *state;
    struct json_t *settings;

    assert_ok(ph_pool_settings_create(&t->ctx, PH_STR("eu-west-1"), json(t, "{}"), &settings));
    ph_json_remove(&t->arena, settings, "SchemaAttributes");
    const struct json_t *wanted =
        json(t, "{'Policies':{'PasswordPolicy':{'MinimumLength':8,'RequireUppercase':true,"
                "'RequireLowercase':true,'RequireNumbers':true,'RequireSymbols':true,"
                "'TemporaryPasswordValidityDays':7},"
                "'SignInPolicy':{'AllowedFirstAuthFactors':['PASSWORD']}},"
                "'DeletionProtection':'INACTIVE','LambdaConfig':{},'MfaConfiguration':'OFF',"
                "'VerificationMessageTemplate':{'DefaultEmailOption':'CONFIRM_WITH_CODE'},"
                "'EmailConfiguration':{'EmailSendingAccount':'COGNITO_DEFAULT'},'UserPoolTags':{},"
                "'AdminCreateUserConfig':{'AllowAdminCreateUserOnly':false,"
                "'UnusedAccountValidityDays':7},'AccountRecoverySetting':{'RecoveryMechanisms':["
                "{'Priority':1,'Name':'verified_email'},"
                "{'Priority':2,'Name':'verified_phone_number'}]},'UserPoolTier':'ESSENTIALS'}");
    if (!ph_json_equal(settings, wanted)) {
        fail_msg("%.*s", PH_FMT(document(t, settings)));
    }
}

static void a_client_reads_back_with_its_defaults(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct json_t *settings;

    assert_ok(ph_client_settings_create(&t->ctx, pool, false, json(t, "{}"), &settings));
    assert_str(ph_json_text(&t->arena, settings, PH_JSON_SORTED),
               "{\"AllowedOAuthFlowsUserPoolClient\":false,\"AuthSessionValidity\":3,"
               "\"EnablePropagateAdditionalUserContextData\":false,\"EnableTokenRevocation\":true,"
               "\"RefreshTokenValidity\":30,\"TokenValidityUnits\":{}}");
}

static void an_update_resets_what_it_omits_with_few_exceptions(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(
        t, "{'DeletionProtection':'ACTIVE','UserPoolTags':{'a':'b'},'AliasAttributes':['email']}");
    struct json_t *settings;

    assert_ok(ph_pool_settings_update(&t->ctx, pool, json(t, "{}"), &settings));
    assert_str(ph_json_get_str(settings, "DeletionProtection"), "INACTIVE");
    assert_str(ph_json_get_str(ph_json_get(settings, "UserPoolTags"), "a"), "b");
    assert_int_equal(ph_json_length(ph_json_get(settings, "AliasAttributes")), 1);
    assert_int_equal(ph_json_length(ph_json_get(settings, "SchemaAttributes")), 21);
}

#define POOL_TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(pools_are_refused_in_the_words_of_the_api),
        POOL_TEST(clients_are_refused_in_the_words_of_the_api),
        POOL_TEST(a_pool_reads_back_with_its_defaults),
        POOL_TEST(a_client_reads_back_with_its_defaults),
        POOL_TEST(an_update_resets_what_it_omits_with_few_exceptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
