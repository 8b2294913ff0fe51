/* Features that a pool's tier does not include (management.md 1.1 and 2.5). */
#include "model/exceptions.h"
#include "pool/checks.h"
#include "util/buf.h"

/* What uses a feature is in force; LITE < ESSENTIALS < PLUS. */
enum tier { LITE, ESSENTIALS, PLUS };

struct feature {
    const char *name;
    enum tier needed;
    bool (*is_used)(const struct json_t *policies, const struct json_t *settings);
};

static bool has_factor(const struct json_t *policies, struct ph_str factor)
{
    return ph_list_has(
        ph_json_get(ph_json_get(policies, "SignInPolicy"), "AllowedFirstAuthFactors"), factor);
}

static bool uses_email_otp(const struct json_t *policies, const struct json_t *settings)
{
    (void)settings;
    return has_factor(policies, PH_STR("EMAIL_OTP"));
}

static bool uses_sms_otp(const struct json_t *policies, const struct json_t *settings)
{
    (void)settings;
    return has_factor(policies, PH_STR("SMS_OTP"));
}

static bool uses_web_authn(const struct json_t *policies, const struct json_t *settings)
{
    (void)settings;
    return has_factor(policies, PH_STR("WEB_AUTHN"));
}

static bool uses_password_history(const struct json_t *policies, const struct json_t *settings)
{
    (void)settings;
    return ph_json_int(
               ph_json_get(ph_json_get(policies, "PasswordPolicy"), "PasswordHistorySize")) > 0;
}

static bool uses_email_mfa(const struct json_t *policies, const struct json_t *settings)
{
    (void)policies;
    return ph_json_get(settings, "EmailMfaConfiguration") != NULL;
}

/* The first version of the trigger changes ID tokens only. */
static bool uses_access_token_trigger(const struct json_t *policies, const struct json_t *settings)
{
    const struct ph_str version = ph_json_get_str(
        ph_json_get(ph_json_get(settings, "LambdaConfig"), "PreTokenGenerationConfig"),
        "LambdaVersion");

    (void)policies;
    return version.n > 0 && !ph_str_eq(version, PH_STR("V1_0"));
}

static bool uses_acr_names(const struct json_t *policies, const struct json_t *settings)
{
    (void)policies;
    return ph_json_get(settings, "AcrConfiguration") != NULL;
}

/* On unless it is switched off: that is what leaving EnableStatus out means. */
static bool uses_registration(const struct json_t *policies, const struct json_t *settings)
{
    const struct json_t *dcr = ph_json_get(settings, "DcrConfiguration");

    (void)policies;
    return dcr != NULL && !ph_str_eq(ph_json_get_str(dcr, "EnableStatus"), PH_STR("Disabled"));
}

static bool uses_threat_protection(const struct json_t *policies, const struct json_t *settings)
{
    const struct ph_str mode =
        ph_json_get_str(ph_json_get(settings, "UserPoolAddOns"), "AdvancedSecurityMode");

    (void)policies;
    return mode.n > 0 && !ph_str_eq(mode, PH_STR("OFF"));
}

static bool uses_sessions(const struct json_t *policies, const struct json_t *settings)
{
    const struct json_t *sessions = ph_json_get(settings, "SessionConfiguration");

    (void)policies;
    return ph_str_eq(ph_json_get_str(sessions, "UserSessionTracking"), PH_STR("ENABLED"));
}

static const struct feature FEATURES[] = {
    { "EMAIL_OTP", ESSENTIALS, uses_email_otp },
    { "SMS_OTP", ESSENTIALS, uses_sms_otp },
    { "WEB_AUTHN", ESSENTIALS, uses_web_authn },
    { "EMAIL_MFA", ESSENTIALS, uses_email_mfa },
    { "Password History", ESSENTIALS, uses_password_history },
    { "Access Token Customization", ESSENTIALS, uses_access_token_trigger },
    { "Session Tracking", ESSENTIALS, uses_sessions },
    { "ACR Configuration", ESSENTIALS, uses_acr_names },
    { "Dynamic Client Registration", ESSENTIALS, uses_registration },
    { "Threat Protection", PLUS, uses_threat_protection },
};

static enum tier tier_of(struct ph_str name)
{
    if (ph_str_eq(name, PH_STR("LITE"))) {
        return LITE;
    }
    return ph_str_eq(name, PH_STR("PLUS")) ? PLUS : ESSENTIALS;
}

struct ph_err ph_pool_check_tier(struct ph_ctx *ctx, const struct json_t *policies,
                                 const struct json_t *settings)
{
    const struct ph_str name = ph_json_get_str(settings, "UserPoolTier");
    const enum tier tier = tier_of(name);
    struct ph_buf missing;

    ph_buf_init(&missing, ctx->arena, 512);
    for (size_t i = 0; i < sizeof FEATURES / sizeof FEATURES[0]; i++) {
        if (FEATURES[i].needed > tier && FEATURES[i].is_used(policies, settings)) {
            ph_buf_addf(&missing, "%s%s", missing.n > 0 ? ", " : "", FEATURES[i].name);
        }
    }
    if (missing.n == 0) {
        return PH_OK;
    }
    return PH_FAIL(FeatureUnavailableInTierException,
                   ph_textf(ctx->arena,
                            "The following features need to be disabled for the %.*s pricing tier "
                            "configured: %.*s",
                            PH_FMT(name.n > 0 ? name : PH_STR("ESSENTIALS")),
                            PH_FMT(ph_buf_str(&missing))));
}
