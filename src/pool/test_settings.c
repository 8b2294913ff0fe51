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
    { "{'SmsConfiguration':{}}", INVALID,
      "1 validation error detected: Value null at 'smsConfiguration.snsCallerArn' failed to "
      "satisfy constraint: Member must not be null" },
    { "{'SmsConfiguration':{'SnsCallerArn':'arn:aws:iam::111111111111:role/r'}}", INVALID,
      "Cross-account pass role is not allowed." },
    { "{'SmsConfiguration':{'EumsSms':{'CallerArn':'arn:aws:iam::111111111111:role/r'}}}", INVALID,
      "Cross-account pass role is not allowed." },
    { "{'SmsConfiguration':{'SnsCallerArn':'a','EumsSms':{'CallerArn':'a'}}}", INVALID,
      "SnsCallerArn and EumsSms cannot both be specified in SmsConfiguration." },
    { "{'EmailConfiguration':{'SourceArn':"
      "'arn:aws:ses:eu-west-1:111111111111:identity/a@example.com'}}",
      "InvalidEmailRoleAccessPolicyException",
      "Cognito is not allowed to use your email identity" },
    { "{'LambdaConfig':{'PreSignUp':'arn:aws:lambda:us-east-1:123456789012:function:f'}}", INVALID,
      "Cross-region lambda functions are not supported" },
    { "{'LambdaConfig':{'KMSKeyID':'arn:aws:kms:us-east-1:123456789012:key/k','CustomSMSSender':"
      "{'LambdaVersion':'V1_0','LambdaArn':'arn:aws:lambda:us-east-1:123456789012:function:f'}}}",
      INVALID, "Cross-region lambda functions are not supported" },
    { "{'UserPoolTags':{'aws:x':'y'}}", INVALID, "Tag keys cannot start with aws:." },
    { "{'Policies':{'SignInPolicy':{'AllowedFirstAuthFactors':['EMAIL_OTP']}}}", INVALID,
      "PASSWORD must be one of the allowed first auth factors." },
    { "{'Policies':{'SignInPolicy':{'AllowedFirstAuthFactors':['PASSWORD','SOFTWARE_TOKEN']}}}",
      INVALID, "SOFTWARE_TOKEN cannot be one of the allowed first auth factors." },
    { "{'UserPoolTier':'LITE','Policies':{'PasswordPolicy':{'PasswordHistorySize':1},"
      "'SignInPolicy':{'AllowedFirstAuthFactors':['PASSWORD','EMAIL_OTP','WEB_AUTHN']}}}",
      "FeatureUnavailableInTierException",
      "The following features need to be disabled for the LITE pricing tier configured: EMAIL_OTP, "
      "WEB_AUTHN, Password History" },
    { "{'UserPoolTier':'LITE','LambdaConfig':{'PreTokenGenerationConfig':{'LambdaVersion':'V2_0',"
      "'LambdaArn':'arn:aws:lambda:eu-west-1:123456789012:function:f'}}}",
      "FeatureUnavailableInTierException",
      "The following features need to be disabled for the LITE pricing tier configured: Access "
      "Token Customization" },
    { "{'UserPoolAddOns':{'AdvancedSecurityMode':'AUDIT'}}", "FeatureUnavailableInTierException",
      "The following features need to be disabled for the ESSENTIALS pricing tier configured: "
      "Threat Protection" },
    { "{'Schema':[{'AttributeDataType':'String'}]}", INVALID,
      "A schema attribute must have a name." },
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
    { "{'ExplicitAuthFlows':['ALLOW_CLIENT_TOKEN_AUTH','ALLOW_USER_SRP_AUTH']}", INVALID,
      "ALLOW_CLIENT_TOKEN_AUTH cannot be used with other auth flows." },
    { "{'SupportedIdentityProviders':['COGNITO','Other']}", INVALID,
      "The provider Other does not exist for User Pool " POOL_ID "." },
    { "{'AllowedOAuthScopes':['openid','a/b']}", "ScopeDoesNotExistException",
      "Invalid scope requested: a/b" },
    { "{'AnalyticsConfiguration':{'ApplicationArn':'arn','RoleArn':'arn'}}", INVALID,
      "Invalid analytics configuration given, either <application arn> or <application id, role "
      "arn, external id> are valid" },
    { "{'AnalyticsConfiguration':{'ApplicationId':'a','RoleArn':'arn'}}", INVALID,
      "Invalid analytics configuration given, either <application arn> or <application id, role "
      "arn, external id> are valid" },
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

static struct ph_err create(struct test_pool *t, const char *region, const char *input)
{
    struct json_t *settings;

    return ph_pool_settings_create(&t->ctx, ph_str_from(region), json(t, input), &settings);
}

static void what_a_higher_tier_includes_is_accepted_there(void **state)
{
    assert_ok(create(*state, "eu-west-1",
                     "{'Policies':{'PasswordPolicy':{'PasswordHistorySize':1},'SignInPolicy':"
                     "{'AllowedFirstAuthFactors':['PASSWORD','EMAIL_OTP']}}}"));
    assert_ok(create(*state, "eu-west-1",
                     "{'UserPoolTier':'PLUS','UserPoolAddOns':{'AdvancedSecurityMode':'AUDIT'}}"));
    assert_ok(create(*state, "eu-west-1",
                     "{'UserPoolTier':'LITE','UserPoolAddOns':{'AdvancedSecurityMode':'OFF'}}"));
}

static void a_pool_in_no_real_region_finds_nothing_too_far(void **state)
{
    assert_ok(create(*state, "local",
                     "{'SmsConfiguration':{'SnsCallerArn':'a','SnsRegion':'us-east-1'}}"));
    assert_ok(create(*state, "local",
                     "{'LambdaConfig':{'PreSignUp':"
                     "'arn:aws:lambda:us-east-1:123456789012:function:f'}}"));
}

static void a_pool_has_fifty_tags_at_most(void **state)
{
    struct test_pool *t = *state;
    struct json_t *tags = ph_json_object(&t->arena);
    struct json_t *input = ph_json_object(&t->arena);
    struct json_t *settings;

    ph_json_set(&t->arena, input, "UserPoolTags", tags);
    for (int i = 0; i < 50; i++) {
        ph_json_set_str(&t->arena, tags, ph_textf(&t->arena, "%d", i), PH_STR("x"));
    }
    assert_ok(ph_pool_settings_create(&t->ctx, PH_STR("eu-west-1"), input, &settings));
    ph_json_set_str(&t->arena, tags, "one more", PH_STR("x"));
    assert_fails(ph_pool_settings_create(&t->ctx, PH_STR("eu-west-1"), input, &settings),
                 "LimitExceededException", "A user pool can have at most 50 tags.");
}

static void what_the_model_does_not_know_is_not_kept(void **state)
{
    struct test_pool *t = *state;
    struct json_t *settings;

    assert_ok(ph_pool_settings_create(
        &t->ctx, PH_STR("eu-west-1"),
        json(t, "{'DeviceConfiguration':{'ChallengeRequiredOnNewDevice':true,'Strange':1,"
                "'DeviceOnlyRememberedOnUserPrompt':null},"
                "'Policies':{'PasswordPolicy':{'MinimumLength':9.7}},'UserPoolTags':{'a':null}}"),
        &settings));
    assert_str(document(t, ph_json_get(settings, "DeviceConfiguration")),
               "{\"ChallengeRequiredOnNewDevice\":true}");
    assert_str(document(t, ph_json_get(settings, "UserPoolTags")), "{}");
    assert_str(
        document(t, ph_json_get(ph_json_get(ph_json_get(settings, "Policies"), "PasswordPolicy"),
                                "MinimumLength")),
        "9");
}

static void a_machine_asks_for_no_scopes_of_users(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct json_t *settings;

    assert_fails(ph_client_settings_create(&t->ctx, pool, true,
                                           json(t, "{'AllowedOAuthFlows':['client_credentials'],"
                                                   "'AllowedOAuthScopes':['email']}"),
                                           &settings),
                 "InvalidOAuthFlowException",
                 "email scope can not be selected with client_credentials flow.");
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
        POOL_TEST(what_a_higher_tier_includes_is_accepted_there),
        POOL_TEST(a_pool_in_no_real_region_finds_nothing_too_far),
        POOL_TEST(a_pool_has_fifty_tags_at_most),
        POOL_TEST(what_the_model_does_not_know_is_not_kept),
        POOL_TEST(a_machine_asks_for_no_scopes_of_users),
        POOL_TEST(clients_are_refused_in_the_words_of_the_api),
        POOL_TEST(a_pool_reads_back_with_its_defaults),
        POOL_TEST(a_client_reads_back_with_its_defaults),
        POOL_TEST(an_update_resets_what_it_omits_with_few_exceptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
