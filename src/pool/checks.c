#include "pool/checks.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/acr.h"

bool ph_list_has(const struct json_t *list, struct ph_str value)
{
    for (size_t i = 0; i < ph_json_length(list); i++) {
        if (ph_str_eq(ph_json_str(ph_json_at(list, i)), value)) {
            return true;
        }
    }
    return false;
}

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

/* Part of an ARN by its place: arn:aws:service:region:account:resource. Absent when it is none. */
static struct ph_str arn_part(struct ph_str arn, size_t place)
{
    struct ph_str part = { 0 };

    if (!ph_str_starts(arn, PH_STR("arn:"))) {
        return part;
    }
    for (size_t i = 0; i <= place; i++) {
        ph_str_cut(arn, ':', &part, &arn);
    }
    return part;
}

enum { ARN_REGION = 3, ARN_ACCOUNT = 4 };

static bool is_of_another_account(const struct ph_ctx *ctx, struct ph_str arn)
{
    const struct ph_str account = arn_part(arn, ARN_ACCOUNT);

    return account.n > 0 && !ph_str_eq(account, ctx->settings->account_id);
}

bool ph_pool_is_elsewhere(struct ph_str region, struct ph_str other)
{
    return other.n > 0 && ph_str_has_byte(region, '-') && !ph_str_eq(other, region);
}

static struct ph_err check_first_factors(const struct json_t *input)
{
    const struct json_t *factors = ph_json_get(
        ph_json_get(ph_json_get(input, "Policies"), "SignInPolicy"), "AllowedFirstAuthFactors");

    if (factors != NULL && !ph_list_has(factors, PH_STR("PASSWORD"))) {
        return invalid("PASSWORD must be one of the allowed first auth factors.");
    }
    if (ph_list_has(factors, PH_STR("SOFTWARE_TOKEN"))) {
        return invalid("SOFTWARE_TOKEN cannot be one of the allowed first auth factors.");
    }
    return PH_OK;
}

static struct ph_err check_sign_in(const struct json_t *settings)
{
    if (ph_json_length(ph_json_get(settings, "AliasAttributes")) > 0 &&
        ph_json_length(ph_json_get(settings, "UsernameAttributes")) > 0) {
        return invalid(
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.");
    }
    return PH_OK;
}

static struct ph_err check_sms_sender(struct ph_ctx *ctx, struct ph_str region,
                                      const struct json_t *sms)
{
    const struct ph_str caller = ph_json_get_str(sms, "SnsCallerArn");
    const struct json_t *eums = ph_json_get(sms, "EumsSms");
    const struct ph_str sns_region = ph_json_get_str(sms, "SnsRegion");

    if (sms == NULL) {
        return PH_OK;
    }
    if (caller.n > 0 && eums != NULL) {
        return invalid("SnsCallerArn and EumsSms cannot both be specified in SmsConfiguration.");
    }
    if (caller.n == 0 && eums == NULL) {
        return invalid("1 validation error detected: Value null at 'smsConfiguration.snsCallerArn' "
                       "failed to satisfy constraint: Member must not be null");
    }
    if (is_of_another_account(ctx, caller) ||
        is_of_another_account(ctx, ph_json_get_str(eums, "CallerArn"))) {
        return invalid("Cross-account pass role is not allowed.");
    }
    if (ph_pool_is_elsewhere(region, sns_region)) {
        return invalid(ph_textf(ctx->arena,
                                "Invalid snsRegion. Allowed SNS region for %.*s is %.*s",
                                PH_FMT(region), PH_FMT(region)));
    }
    return PH_OK;
}

/*
 * A pool made with MFA and a sender of SMS asks for codes by SMS, until SetUserPoolMfaConfig names
 * its factors.
 */
unsigned ph_pool_mfa_factors(const struct json_t *settings)
{
    const struct json_t *totp = ph_json_get(settings, "SoftwareTokenMfaConfiguration");
    const struct json_t *sms = ph_json_get(settings, "SmsMfa");
    unsigned factors = 0;

    if (ph_json_bool(ph_json_get(totp, "Enabled"))) {
        factors |= PH_MFA_TOTP;
    }
    if (ph_json_get(settings, "EmailMfaConfiguration") != NULL) {
        factors |= PH_MFA_EMAIL;
    }
    if (ph_json_get(settings, "SmsConfiguration") != NULL && (ph_json_bool(sms) || factors == 0)) {
        factors |= PH_MFA_SMS;
    }
    return factors;
}

static bool has_mfa(const struct json_t *settings)
{
    const struct ph_str mode = ph_json_get_str(settings, "MfaConfiguration");

    return mode.n > 0 && !ph_str_eq(mode, PH_STR("OFF"));
}

/* What may not stand beside MFA for everybody: ways to sign in that are one factor only. */
static struct ph_err check_required_mfa(const struct json_t *policies,
                                        const struct json_t *settings)
{
    const struct json_t *first =
        ph_json_get(ph_json_get(policies, "SignInPolicy"), "AllowedFirstAuthFactors");
    const struct ph_str passkeys =
        ph_json_get_str(ph_json_get(settings, "WebAuthnConfiguration"), "FactorConfiguration");

    if (!ph_str_eq(ph_json_get_str(settings, "MfaConfiguration"), PH_STR("ON"))) {
        return PH_OK;
    }
    if (ph_list_has(first, PH_STR("EMAIL_OTP")) || ph_list_has(first, PH_STR("SMS_OTP"))) {
        return invalid("MFA cannot be required when EMAIL_OTP or SMS_OTP is one of the allowed "
                       "first auth factors.");
    }
    if (ph_list_has(first, PH_STR("WEB_AUTHN")) &&
        !ph_str_eq(passkeys, PH_STR("MULTI_FACTOR_WITH_USER_VERIFICATION"))) {
        return invalid("MFA cannot be required when WEB_AUTHN is one of the allowed first auth "
                       "factors, unless its FactorConfiguration is "
                       "MULTI_FACTOR_WITH_USER_VERIFICATION.");
    }
    return PH_OK;
}

static struct ph_err check_sms(struct ph_ctx *ctx, struct ph_str region,
                               const struct json_t *settings)
{
    const struct json_t *sms = ph_json_get(settings, "SmsConfiguration");

    if (sms == NULL &&
        ph_list_has(ph_json_get(settings, "AutoVerifiedAttributes"), PH_STR("phone_number"))) {
        return invalid(
            "SMS configuration is required when phone_number is selected for auto verification");
    }
    if (has_mfa(settings) && ph_pool_mfa_factors(settings) == 0) {
        return invalid("SMS configuration and Auto verification for phone_number are required when "
                       "MFA is required/optional");
    }
    return check_sms_sender(ctx, region, sms);
}

/* Judged when it is sent: an update that omits it leaves it as it is. */
static struct ph_err check_update_settings(const struct json_t *input,
                                           const struct json_t *settings)
{
    const struct json_t *verify = ph_json_get(ph_json_get(input, "UserAttributeUpdateSettings"),
                                              "AttributesRequireVerificationBeforeUpdate");

    for (size_t i = 0; i < ph_json_length(verify); i++) {
        if (!ph_list_has(ph_json_get(settings, "AutoVerifiedAttributes"),
                         ph_json_str(ph_json_at(verify, i)))) {
            return invalid("All attributes in AttributesRequireVerificationBeforeUpdate must exist "
                           "in AutoVerifiedAttributes");
        }
    }
    return PH_OK;
}

/* Clients send back what they read, so the pair is refused only when the two differ. */
static struct ph_err check_validity_days(const struct json_t *input)
{
    const struct json_t *policy = ph_json_get(ph_json_get(input, "Policies"), "PasswordPolicy");
    const int64_t unused = ph_json_int(
        ph_json_get(ph_json_get(input, "AdminCreateUserConfig"), "UnusedAccountValidityDays"));
    const struct json_t *temporary = ph_json_get(policy, "TemporaryPasswordValidityDays");

    if (unused != 0 && unused != 7 && temporary != NULL && ph_json_int(temporary) != unused) {
        return invalid("Please use TemporaryPasswordValidityDays in PasswordPolicy instead of "
                       "UnusedAccountValidityDays");
    }
    return PH_OK;
}

static bool is_repeated(const struct json_t *mechanisms, size_t a, size_t b)
{
    const struct json_t *x = ph_json_at(mechanisms, a);
    const struct json_t *y = ph_json_at(mechanisms, b);

    return ph_json_equal(ph_json_get(x, "Priority"), ph_json_get(y, "Priority")) ||
           ph_json_equal(ph_json_get(x, "Name"), ph_json_get(y, "Name"));
}

static struct ph_err check_recovery(const struct json_t *settings)
{
    const struct json_t *all =
        ph_json_get(ph_json_get(settings, "AccountRecoverySetting"), "RecoveryMechanisms");
    const size_t count = ph_json_length(all);

    for (size_t i = 0; i < count; i++) {
        const struct ph_str name = ph_json_get_str(ph_json_at(all, i), "Name");

        if (i > 0 && is_repeated(all, i - 1, i)) {
            return invalid("Account Recovery Setting cannot have duplicate priorities or recovery "
                           "mechanisms.");
        }
        if (count > 1 && ph_str_eq(name, PH_STR("admin_only"))) {
            return invalid("Account Recovery Setting cannot use admin_only setting with any other "
                           "recovery mechanisms.");
        }
    }
    return PH_OK;
}

static struct ph_err check_email(const struct ph_ctx *ctx, const struct json_t *settings)
{
    const struct json_t *email = ph_json_get(settings, "EmailConfiguration");
    const struct ph_str source = ph_json_get_str(email, "SourceArn");
    const struct ph_str from = ph_json_get_str(email, "From");

    const bool is_developer =
        ph_str_eq(ph_json_get_str(email, "EmailSendingAccount"), PH_STR("DEVELOPER"));

    if (is_developer && source.n == 0) {
        return invalid("Source ARN is required to use DEVELOPER email sending owner");
    }
    if (source.n > 0 && !ph_str_contains(source, PH_STR(":eu-west-1:")) &&
        !ph_str_contains(source, PH_STR(":us-east-1:")) &&
        !ph_str_contains(source, PH_STR(":us-west-2:"))) {
        return invalid("Provided SourceArn must be in one of the following SES regions: eu-west-1, "
                       "us-east-1, us-west-2.");
    }
    if (!is_developer && is_of_another_account(ctx, source)) {
        return PH_FAIL(InvalidEmailRoleAccessPolicyException,
                       "Cognito is not allowed to use your email identity");
    }
    if (from.n > 0 && !ph_str_has_byte(from, '@')) {
        return invalid("Provided From email address is invalid");
    }
    return PH_OK;
}

/* The function of a member of LambdaConfig; absent for KMSKeyID, which names a key. */
static struct ph_str function_of(void *member)
{
    const struct json_t *value = ph_json_member(member);

    if (ph_json_kind(value) == PH_JSON_OBJECT) {
        return ph_json_get_str(value, "LambdaArn");
    }
    return ph_str_eq(ph_json_key(member), PH_STR("KMSKeyID")) ? (struct ph_str){ 0 }
                                                              : ph_json_str(value);
}

static struct ph_err check_function_regions(struct ph_str region, const struct json_t *lambda)
{
    for (void *i = ph_json_first(lambda); i != NULL; i = ph_json_next(lambda, i)) {
        if (ph_pool_is_elsewhere(region, arn_part(function_of(i), ARN_REGION))) {
            return invalid("Cross-region lambda functions are not supported");
        }
    }
    return PH_OK;
}

static struct ph_err check_lambda(struct ph_str region, const struct json_t *settings)
{
    const struct json_t *lambda = ph_json_get(settings, "LambdaConfig");
    const struct json_t *config = ph_json_get(lambda, "PreTokenGenerationConfig");
    const struct ph_str arn = ph_json_get_str(lambda, "PreTokenGeneration");

    if ((ph_json_get(lambda, "CustomSMSSender") != NULL ||
         ph_json_get(lambda, "CustomEmailSender") != NULL) &&
        ph_json_get_str(lambda, "KMSKeyID").n == 0) {
        return invalid(
            "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.");
    }
    if (arn.n > 0 && config != NULL && !ph_str_eq(arn, ph_json_get_str(config, "LambdaArn"))) {
        return invalid("Cannot use PreTokenGenerationLambda and PreTokenGeneration with different "
                       "Lambda function ARN's");
    }
    return check_function_regions(region, lambda);
}

struct ph_err ph_pool_check_tag_keys(const struct json_t *tags)
{
    for (void *i = ph_json_first(tags); i != NULL; i = ph_json_next(tags, i)) {
        if (ph_str_starts(ph_json_key(i), PH_STR("aws:"))) {
            return invalid("Tag keys cannot start with aws:.");
        }
    }
    return PH_OK;
}

static struct ph_err check_tags(const struct json_t *input)
{
    const struct json_t *tags = ph_json_get(input, "UserPoolTags");

    PH_TRY(ph_pool_check_tag_keys(tags));
    return ph_json_members(tags) > PH_POOL_TAGS_MAX ? PH_FAIL(LimitExceededException, PH_MSG_TAGS)
                                                    : PH_OK;
}

struct ph_err ph_pool_check(struct ph_ctx *ctx, struct ph_str region, const struct ph_pool *pool,
                            const struct json_t *input, const struct json_t *settings)
{
    PH_TRY(check_sign_in(settings));
    PH_TRY(check_sms(ctx, region, settings));
    PH_TRY(check_update_settings(input, settings));
    PH_TRY(check_validity_days(input));
    PH_TRY(check_recovery(settings));
    PH_TRY(check_email(ctx, settings));
    PH_TRY(check_lambda(region, settings));
    PH_TRY(check_tags(input));
    PH_TRY(ph_acr_check(ctx, ph_json_get(input, "AcrConfiguration")));
    PH_TRY(check_first_factors(input));
    PH_TRY(check_required_mfa(ph_json_get(input, "Policies"), settings));
    return ph_pool_check_tier(ctx, pool, ph_json_get(input, "Policies"), settings);
}

struct ph_err ph_pool_check_mfa(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct json_t *settings)
{
    const struct json_t *policies = ph_json_get(settings, "Policies");
    const struct json_t *sms = ph_json_get(settings, "SmsMfa");
    const unsigned factors = ph_pool_mfa_factors(settings);
    const unsigned named =
        sms == NULL || ph_json_bool(sms) ? factors : factors & ~(unsigned)PH_MFA_SMS;

    if (!has_mfa(settings) && (ph_json_bool(sms) || (factors & ~(unsigned)PH_MFA_SMS) != 0)) {
        return invalid("Invalid MFA configuration given, can't turn off MFA and configure an MFA "
                       "together.");
    }
    if (has_mfa(settings) && named == 0) {
        return invalid("Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA "
                       "must be enabled.");
    }
    PH_TRY(check_sms_sender(ctx, pool->region, ph_json_get(settings, "SmsConfiguration")));
    PH_TRY(check_required_mfa(policies, settings));
    return ph_pool_check_tier(ctx, pool, policies, settings);
}
