/* Features that a pool's tier does not include (management.md 1.1 and 2.5). */
#include "model/exceptions.h"
#include "pool/checks.h"
#include "pool/domain.h"
#include "util/buf.h"

/* What uses a feature is in force; LITE < ESSENTIALS < PLUS. */
enum tier { LITE, ESSENTIALS, PLUS };

/* What may use a feature: the settings, and what was made for the pool besides. */
struct use {
    const struct json_t *policies;
    const struct json_t *settings;
    bool managed_login; /* the second version, on a domain */
    bool log_streaming;
};

struct feature {
    const char *name;
    enum tier needed;
    bool (*is_used)(const struct use *use);
};

static bool has_factor(const struct use *use, struct ph_str factor)
{
    return ph_list_has(
        ph_json_get(ph_json_get(use->policies, "SignInPolicy"), "AllowedFirstAuthFactors"), factor);
}

static bool uses_email_otp(const struct use *use)
{
    return has_factor(use, PH_STR("EMAIL_OTP"));
}

static bool uses_sms_otp(const struct use *use)
{
    return has_factor(use, PH_STR("SMS_OTP"));
}

static bool uses_web_authn(const struct use *use)
{
    return has_factor(use, PH_STR("WEB_AUTHN"));
}

static bool uses_password_history(const struct use *use)
{
    return ph_json_int(ph_json_get(ph_json_get(use->policies, "PasswordPolicy"),
                                   "PasswordHistorySize")) > 0;
}

static bool uses_email_mfa(const struct use *use)
{
    return ph_json_get(use->settings, "EmailMfaConfiguration") != NULL;
}

/* The first version of the trigger changes ID tokens only. */
static bool uses_access_token_trigger(const struct use *use)
{
    const struct ph_str version = ph_json_get_str(
        ph_json_get(ph_json_get(use->settings, "LambdaConfig"), "PreTokenGenerationConfig"),
        "LambdaVersion");

    return version.n > 0 && !ph_str_eq(version, PH_STR("V1_0"));
}

static bool uses_acr_names(const struct use *use)
{
    return ph_json_get(use->settings, "AcrConfiguration") != NULL;
}

/* On unless it is switched off: that is what leaving EnableStatus out means. */
static bool uses_registration(const struct use *use)
{
    const struct json_t *dcr = ph_json_get(use->settings, "DcrConfiguration");

    return dcr != NULL && !ph_str_eq(ph_json_get_str(dcr, "EnableStatus"), PH_STR("Disabled"));
}

static bool uses_threat_protection(const struct use *use)
{
    const struct ph_str mode =
        ph_json_get_str(ph_json_get(use->settings, "UserPoolAddOns"), "AdvancedSecurityMode");

    return mode.n > 0 && !ph_str_eq(mode, PH_STR("OFF"));
}

static bool uses_sessions(const struct use *use)
{
    const struct json_t *sessions = ph_json_get(use->settings, "SessionConfiguration");

    return ph_str_eq(ph_json_get_str(sessions, "UserSessionTracking"), PH_STR("ENABLED"));
}

static bool uses_managed_login(const struct use *use)
{
    return use->managed_login;
}

static bool uses_log_streaming(const struct use *use)
{
    return use->log_streaming;
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
    { "Managed Login Version 2", ESSENTIALS, uses_managed_login },
    { "Threat Protection", PLUS, uses_threat_protection },
    { "Log Streaming", PLUS, uses_log_streaming },
};

static enum tier tier_of(struct ph_str name)
{
    if (ph_str_eq(name, PH_STR("LITE"))) {
        return LITE;
    }
    return ph_str_eq(name, PH_STR("PLUS")) ? PLUS : ESSENTIALS;
}

/* What a pool that is there already has besides its settings. */
static struct ph_err look_besides(struct ph_ctx *ctx, const struct ph_pool *pool, enum tier tier,
                                  struct use *use)
{
    struct ph_pool_domains domains;

    use->log_streaming = pool != NULL && pool->log_arns[PH_LOG_AUTH_EVENTS].n > 0;
    if (pool == NULL || tier != LITE) {
        return PH_OK;
    }
    PH_TRY(ph_pool_domains_read(ctx, pool, &domains));
    use->managed_login = domains.managed_login;
    return PH_OK;
}

struct ph_err ph_pool_check_tier(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct json_t *policies, const struct json_t *settings)
{
    const struct ph_str name = ph_json_get_str(settings, "UserPoolTier");
    const enum tier tier = tier_of(name);
    struct use use = { .policies = policies, .settings = settings };
    struct ph_buf missing;

    ph_buf_init(&missing, ctx->arena, 512);
    PH_TRY(look_besides(ctx, pool, tier, &use));
    for (size_t i = 0; i < sizeof FEATURES / sizeof FEATURES[0]; i++) {
        if (FEATURES[i].needed > tier && FEATURES[i].is_used(&use)) {
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
