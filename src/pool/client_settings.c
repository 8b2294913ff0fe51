/* Documents of app clients: defaults, what an update keeps, and the checks among members. */
#include "model/exceptions.h"
#include "model/validate.h"
#include "pool/checks.h"
#include "pool/lifetimes.h"
#include "pool/parts.h"
#include "pool/settings.h"

static const char *const PLAIN[] = {
    "RefreshTokenValidity",   "AccessTokenValidity",
    "IdTokenValidity",        "TokenValidityUnits",
    "ReadAttributes",         "WriteAttributes",
    "ExplicitAuthFlows",      "SupportedIdentityProviders",
    "CallbackURLs",           "LogoutURLs",
    "DefaultRedirectURI",     "AllowedOAuthFlows",
    "AllowedOAuthScopes",     "AllowedOAuthFlowsUserPoolClient",
    "AnalyticsConfiguration", "PreventUserExistenceErrors",
    "EnableTokenRevocation",  "EnablePropagateAdditionalUserContextData",
    "AuthSessionValidity",    "RefreshTokenRotation",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

static struct ph_err check_flows(const struct json_t *settings)
{
    const struct json_t *flows = ph_json_get(settings, "ExplicitAuthFlows");
    const struct json_t *rotation = ph_json_get(settings, "RefreshTokenRotation");
    size_t allow = 0;

    if (ph_list_has(flows, PH_STR("ALLOW_CLIENT_TOKEN_AUTH")) && ph_json_length(flows) > 1) {
        return invalid("ALLOW_CLIENT_TOKEN_AUTH cannot be used with other auth flows.");
    }

    for (size_t i = 0; i < ph_json_length(flows); i++) {
        allow += ph_str_starts(ph_json_str(ph_json_at(flows, i)), PH_STR("ALLOW_")) ? 1 : 0;
    }
    if (allow > 0 && allow < ph_json_length(flows)) {
        return invalid(
            "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.");
    }
    if (ph_str_eq(ph_json_get_str(rotation, "Feature"), PH_STR("ENABLED")) &&
        ph_list_has(flows, PH_STR("ALLOW_REFRESH_TOKEN_AUTH"))) {
        return invalid("RefreshTokenRotation cannot be enabled with ALLOW_REFRESH_TOKEN_AUTH.");
    }
    return PH_OK;
}

static bool within(int64_t n, int64_t min, int64_t max)
{
    return n >= min && n <= max;
}

static struct ph_err check_lifetimes(const struct json_t *settings)
{
    enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
    const struct ph_lifetimes t = ph_lifetimes_of(settings);

    if (!within(t.access_s, 5 * MINUTE, DAY) || !within(t.id_s, 5 * MINUTE, DAY) ||
        !within(t.refresh_s, HOUR, 3650LL * DAY)) {
        return invalid("Invalid range for token validity.");
    }
    if (t.access_s > t.refresh_s || t.id_s > t.refresh_s) {
        return invalid("Access and Id Token expiration times must be less than or equal to refresh "
                       "token expiration times.");
    }
    return PH_OK;
}

static struct ph_err unknown_names(struct ph_ctx *ctx, const char *what, const char *doing)
{
    return invalid(
        ph_textf(ctx->arena, "Invalid %s attributes specified while %s a client", what, doing));
}

static bool are_known(const struct ph_pool *pool, const struct json_t *names)
{
    for (size_t i = 0; i < ph_json_length(names); i++) {
        if (ph_pool_attribute(pool, ph_json_str(ph_json_at(names, i))) == NULL) {
            return false;
        }
    }
    return true;
}

/* A client that could not write what sign-up requires would be of no use; sub is ours to write. */
static bool are_writable(const struct ph_pool *pool, const struct json_t *names)
{
    static const struct ph_str NEVER[] = { PH_STR_INIT("sub"), PH_STR_INIT("identities"),
                                           PH_STR_INIT("email_verified"),
                                           PH_STR_INIT("phone_number_verified") };

    for (size_t i = 0; i < COUNT(NEVER); i++) {
        if (ph_list_has(names, NEVER[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < pool->schema_count; i++) {
        const struct ph_attr_def *def = &pool->schema[i];

        if (def->required && !ph_str_eq(def->name, PH_STR("sub")) &&
            !ph_list_has(names, def->name)) {
            return false;
        }
    }
    return true;
}

static struct ph_err check_attributes(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct json_t *settings, const char *doing)
{
    const struct json_t *writes = ph_json_get(settings, "WriteAttributes");

    if (!are_known(pool, ph_json_get(settings, "ReadAttributes"))) {
        return unknown_names(ctx, "read", doing);
    }
    if (writes != NULL && (!are_known(pool, writes) || !are_writable(pool, writes))) {
        return unknown_names(ctx, "write", doing);
    }
    return PH_OK;
}

/* Plain http only to the loopback names, written exactly so. */
static bool is_loopback(struct ph_str url)
{
    static const struct ph_str HOSTS[] = { PH_STR_INIT("http://localhost"),
                                           PH_STR_INIT("http://127.0.0.1"),
                                           PH_STR_INIT("http://[::1]") };

    for (size_t i = 0; i < COUNT(HOSTS); i++) {
        if (ph_str_starts(url, HOSTS[i])) {
            const struct ph_str rest = ph_str_skip(url, HOSTS[i].n);

            return rest.n == 0 || rest.p[0] == ':' || rest.p[0] == '/' || rest.p[0] == '?';
        }
    }
    return false;
}

/* The scheme is the same in capitals (RFC 3986, 3.1); the exceptions are written exactly so. */
static bool is_plain_http(struct ph_str url)
{
    static const struct ph_str HTTP = PH_STR_INIT("http://");

    return url.n >= HTTP.n && ph_str_eq_nocase((struct ph_str){ url.p, HTTP.n }, HTTP);
}

static struct ph_err check_url(struct ph_ctx *ctx, struct ph_str url)
{
    const char *wrong = NULL;

    if (!ph_str_contains(url, PH_STR("://"))) {
        wrong = "must be absolute.";
    } else if (ph_str_has_byte(url, '#')) {
        wrong = "cannot use fragment";
    } else if (is_plain_http(url) && !is_loopback(url)) {
        wrong = "cannot use the HTTP protocol.";
    }
    return wrong == NULL ? PH_OK : invalid(ph_textf(ctx->arena, "%.*s %s", PH_FMT(url), wrong));
}

static struct ph_err check_urls(struct ph_ctx *ctx, const struct json_t *settings)
{
    const struct json_t *callbacks = ph_json_get(settings, "CallbackURLs");
    const struct json_t *logouts = ph_json_get(settings, "LogoutURLs");
    const struct ph_str standard = ph_json_get_str(settings, "DefaultRedirectURI");

    for (size_t i = 0; i < ph_json_length(callbacks); i++) {
        PH_TRY(check_url(ctx, ph_json_str(ph_json_at(callbacks, i))));
    }
    for (size_t i = 0; i < ph_json_length(logouts); i++) {
        PH_TRY(check_url(ctx, ph_json_str(ph_json_at(logouts, i))));
    }
    if (standard.n > 0 && !ph_list_has(callbacks, standard)) {
        return invalid(ph_textf(ctx->arena,
                                "The default redirect URI %.*s is not in the callback URIs list.",
                                PH_FMT(standard)));
    }
    return PH_OK;
}

static struct ph_err check_machine_flow(bool has_secret, const struct json_t *flows)
{
    if (ph_json_length(flows) > 1) {
        return PH_FAIL(InvalidOAuthFlowException,
                       "client_credentials flow can not be selected along with code flow or "
                       "implicit flow.");
    }
    if (!has_secret) {
        return PH_FAIL(InvalidOAuthFlowException,
                       "client_credentials flow can not be selected if client does not have a "
                       "client secret.");
    }
    return PH_OK;
}

/* Besides these there are the scopes of resource servers. */
static bool is_user_scope(struct ph_str scope)
{
    static const struct ph_str SCOPES[] = { PH_STR_INIT("openid"), PH_STR_INIT("email"),
                                            PH_STR_INIT("phone"), PH_STR_INIT("profile"),
                                            PH_STR_INIT("aws.cognito.signin.user.admin") };

    for (size_t i = 0; i < COUNT(SCOPES); i++) {
        if (ph_str_eq(SCOPES[i], scope)) {
            return true;
        }
    }
    return false;
}

/* A machine has no user whose scopes it could ask for. */
static struct ph_err check_scopes(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct json_t *flows, const struct json_t *scopes)
{
    const bool is_machine = ph_list_has(flows, PH_STR("client_credentials"));
    bool exists;

    for (size_t i = 0; i < ph_json_length(scopes); i++) {
        const struct ph_str scope = ph_json_str(ph_json_at(scopes, i));

        if (!is_user_scope(scope)) {
            PH_TRY(ph_pool_has_scope(ctx, pool, scope, &exists));
            if (exists) {
                continue;
            }
            return PH_FAIL(ScopeDoesNotExistException,
                           ph_textf(ctx->arena, "Invalid scope requested: %.*s", PH_FMT(scope)));
        }
        if (is_machine) {
            return PH_FAIL(InvalidOAuthFlowException,
                           ph_textf(ctx->arena,
                                    "%.*s scope can not be selected with client_credentials flow.",
                                    PH_FMT(scope)));
        }
    }
    return PH_OK;
}

static struct ph_err check_oauth(struct ph_ctx *ctx, const struct ph_pool *pool, bool has_secret,
                                 const struct json_t *settings)
{
    const struct json_t *flows = ph_json_get(settings, "AllowedOAuthFlows");

    if (ph_json_bool(ph_json_get(settings, "AllowedOAuthFlowsUserPoolClient")) &&
        (flows == NULL || ph_json_get(settings, "AllowedOAuthScopes") == NULL)) {
        return invalid("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client "
                       "is allowed to use OAuth flows.");
    }
    if (ph_list_has(flows, PH_STR("client_credentials"))) {
        PH_TRY(check_machine_flow(has_secret, flows));
    } else if (flows != NULL && ph_json_get(settings, "CallbackURLs") == NULL) {
        return invalid("CallbackUrls can not be empty when code flow or implicit flow is selected");
    }
    return check_scopes(ctx, pool, flows, ph_json_get(settings, "AllowedOAuthScopes"));
}

/* The local users, or providers that the pool has. */
static struct ph_err check_providers(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct json_t *settings)
{
    const struct json_t *names = ph_json_get(settings, "SupportedIdentityProviders");
    bool exists;

    for (size_t i = 0; i < ph_json_length(names); i++) {
        const struct ph_str name = ph_json_str(ph_json_at(names, i));

        PH_TRY(ph_pool_has_provider(ctx, pool, name, &exists));
        if (!exists) {
            return invalid(ph_textf(ctx->arena,
                                    "The provider %.*s does not exist for User Pool %.*s.",
                                    PH_FMT(name), PH_FMT(pool->id)));
        }
    }
    return PH_OK;
}

/* An application by its ARN, or by its id with the role to assume. */
static struct ph_err check_analytics(const struct json_t *settings)
{
    static const char *const PARTS[] = { "ApplicationId", "RoleArn", "ExternalId" };
    const struct json_t *analytics = ph_json_get(settings, "AnalyticsConfiguration");
    const bool by_arn = ph_json_get(analytics, "ApplicationArn") != NULL;
    size_t parts = 0;

    for (size_t i = 0; i < COUNT(PARTS); i++) {
        parts += ph_json_get(analytics, PARTS[i]) != NULL ? 1 : 0;
    }
    if (analytics != NULL && parts != (by_arn ? 0 : COUNT(PARTS))) {
        return invalid("Invalid analytics configuration given, either <application arn> or "
                       "<application id, role arn, external id> are valid");
    }
    return PH_OK;
}

static struct ph_err check(struct ph_ctx *ctx, const struct ph_pool *pool, bool has_secret,
                           const struct json_t *settings, const char *doing)
{
    PH_TRY(check_flows(settings));
    PH_TRY(check_lifetimes(settings));
    PH_TRY(check_attributes(ctx, pool, settings, doing));
    PH_TRY(check_urls(ctx, settings));
    PH_TRY(check_oauth(ctx, pool, has_secret, settings));
    PH_TRY(check_providers(ctx, pool, settings));
    PH_TRY(check_analytics(settings));
    if (!has_secret &&
        ph_json_bool(ph_json_get(settings, "EnablePropagateAdditionalUserContextData"))) {
        return invalid(
            "Client Secret is required to set EnablePropagateAdditionalUserContextData as true");
    }
    return PH_OK;
}

static void copy(struct ph_arena *arena, struct json_t *to, const struct json_t *from)
{
    for (size_t i = 0; i < COUNT(PLAIN); i++) {
        const struct json_t *value = ph_json_get(from, PLAIN[i]);
        const bool is_empty = ph_json_kind(value) == PH_JSON_ARRAY && ph_json_length(value) == 0;

        if (value != NULL && !is_empty) {
            ph_json_set(arena, to, PLAIN[i], ph_json_copy(arena, value));
        }
    }
}

static void fill_bool(struct ph_arena *arena, struct json_t *settings, const char *key, bool b)
{
    if (ph_json_get(settings, key) == NULL) {
        ph_json_set_bool(arena, settings, key, b);
    }
}

/* 30 days, in the unit that the client asked for: a validity of 1 tells how long that is. */
static void fill_refresh_validity(struct ph_arena *arena, struct json_t *settings)
{
    ph_json_set_int(arena, settings, "RefreshTokenValidity", 1);
    ph_json_set_int(arena, settings, "RefreshTokenValidity",
                    30LL * 86400 / ph_lifetimes_of(settings).refresh_s);
}

/* A validity of 0 stands for the default. */
static void fill_defaults(struct ph_arena *arena, struct json_t *settings, bool revocation)
{
    if (ph_json_int(ph_json_get(settings, "RefreshTokenValidity")) == 0) {
        fill_refresh_validity(arena, settings);
    }
    if (ph_json_get(settings, "TokenValidityUnits") == NULL) {
        ph_json_set(arena, settings, "TokenValidityUnits", ph_json_object(arena));
    }
    if (ph_json_int(ph_json_get(settings, "AuthSessionValidity")) == 0) {
        ph_json_set_int(arena, settings, "AuthSessionValidity", 3);
    }
    fill_bool(arena, settings, "AllowedOAuthFlowsUserPoolClient", false);
    fill_bool(arena, settings, "EnableTokenRevocation", revocation);
    fill_bool(arena, settings, "EnablePropagateAdditionalUserContextData", false);
}

static struct ph_err make(struct ph_ctx *ctx, const struct ph_pool *pool, bool has_secret,
                          bool revocation, const struct json_t *input, const char *doing,
                          struct json_t **settings)
{
    struct json_t *made = ph_json_object(ctx->arena);

    copy(ctx->arena, made,
         ph_shape_copy(ctx->arena, ph_operations[OP_CreateUserPoolClient].input, input));
    fill_defaults(ctx->arena, made, revocation);
    PH_TRY(check(ctx, pool, has_secret, made, doing));
    *settings = made;
    return PH_OK;
}

struct ph_err ph_client_settings_create(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        bool has_secret, const struct json_t *input,
                                        struct json_t **settings)
{
    if (ph_json_bool(ph_json_get(input, "GenerateSecret")) &&
        ph_json_get(input, "ClientSecret") != NULL) {
        return invalid("ClientSecret and GenerateSecret cannot both be specified.");
    }
    return make(ctx, pool, has_secret, true, input, "creating", settings);
}

struct ph_err ph_client_settings_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_client *client, const struct json_t *input,
                                        struct json_t **settings)
{
    const struct json_t *sessions = ph_json_get(client->settings, "SSOSession");

    PH_TRY(make(ctx, pool, ph_client_has_secret(client), client->revocation, input, "updating",
                settings));
    if (sessions != NULL) { /* set by an operation of its own */
        ph_json_set(ctx->arena, *settings, "SSOSession", ph_json_copy(ctx->arena, sessions));
    }
    return PH_OK;
}
