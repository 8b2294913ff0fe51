#include "pool/provider.h"

#include "model/exceptions.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { KEYS_MAX = 8 };

struct detail {
    const char *key;
    const char *value; /* {version}: the version of the provider's API */
};

/* One type of provider. */
struct kind {
    struct ph_str type;
    bool is_named; /* free to be named; else it has the name of its type */
    const char *required[KEYS_MAX];
    const char *missing; /* the text when one of them is not there */
    const char *subject; /* the claim that names the user; NULL: no default */
    struct detail added[KEYS_MAX];
};

#define SOCIAL "clientId, clientSecret and authorizeScopes are all required idp details."

static const struct kind KINDS[] = {
    { .type = PH_STR_INIT("Google"),
      .required = { "client_id", "client_secret", "authorize_scopes" },
      .missing = SOCIAL,
      .subject = "sub",
      .added = { { "attributes_url", "https://people.googleapis.com/v1/people/me?personFields=" },
                 { "attributes_url_add_attributes", "true" },
                 { "authorize_url", "https://accounts.google.com/o/oauth2/v2/auth" },
                 { "oidc_issuer", "https://accounts.google.com" },
                 { "token_request_method", "POST" },
                 { "token_url", "https://www.googleapis.com/oauth2/v4/token" } } },
    { .type = PH_STR_INIT("Facebook"),
      .required = { "client_id", "client_secret", "authorize_scopes" },
      .missing = SOCIAL,
      .subject = "id",
      .added = { { "attributes_url", "https://graph.facebook.com/{version}/me?fields=" },
                 { "attributes_url_add_attributes", "true" },
                 { "authorize_url", "https://www.facebook.com/{version}/dialog/oauth" },
                 { "token_request_method", "GET" },
                 { "token_url", "https://graph.facebook.com/{version}/oauth/access_token" } } },
    { .type = PH_STR_INIT("LoginWithAmazon"),
      .required = { "client_id", "client_secret", "authorize_scopes" },
      .missing = SOCIAL,
      .subject = "user_id",
      .added = { { "attributes_url", "https://api.amazon.com/user/profile" },
                 { "attributes_url_add_attributes", "false" },
                 { "authorize_url", "https://www.amazon.com/ap/oa" },
                 { "token_request_method", "POST" },
                 { "token_url", "https://api.amazon.com/auth/o2/token" } } },
    { .type = PH_STR_INIT("SignInWithApple"),
      .required = { "client_id", "team_id", "key_id", "private_key", "authorize_scopes" },
      .missing = "clientId, privateKey, teamId, and keyId are all required idp details.",
      .subject = "sub",
      .added = { { "attributes_url_add_attributes", "false" },
                 { "authorize_url", "https://appleid.apple.com/auth/authorize" },
                 { "oidc_issuer", "https://appleid.apple.com" },
                 { "token_request_method", "POST" },
                 { "token_url", "https://appleid.apple.com/auth/token" } } },
    { .type = PH_STR_INIT("OIDC"),
      .is_named = true,
      .required = { "client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method" },
      .missing = "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all "
                 "required idp details.",
      .subject = "sub",
      .added = { { "attributes_url_add_attributes", "false" } } },
    { .type = PH_STR_INIT("SAML"), .is_named = true },
};

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

/* The model lets no other type pass. */
static const struct kind *kind_of(struct ph_str type)
{
    for (size_t i = 0; i < COUNT(KINDS) - 1; i++) {
        if (ph_str_eq(KINDS[i].type, type)) {
            return &KINDS[i];
        }
    }
    return &KINDS[COUNT(KINDS) - 1];
}

bool ph_provider_is_named(const struct json_t *document)
{
    return kind_of(ph_json_get_str(document, "ProviderType"))->is_named;
}

/* ---- checks ---- */

/* The names of the social providers are theirs, and COGNITO is that of the pool's own users. */
static struct ph_err check_name(struct ph_ctx *ctx, const struct kind *kind, struct ph_str name)
{
    bool fits = kind->is_named ? !ph_str_eq(name, PH_STR("COGNITO")) : ph_str_eq(name, kind->type);

    for (size_t i = 0; kind->is_named && i < COUNT(KINDS); i++) {
        fits = fits && (KINDS[i].is_named || !ph_str_eq(name, KINDS[i].type));
    }
    return fits ? PH_OK
                : invalid(ph_textf(ctx->arena, "Provider %.*s cannot be of type %.*s.",
                                   PH_FMT(name), PH_FMT(kind->type)));
}

static struct ph_err check_saml(const struct json_t *details)
{
    const bool by_url = ph_json_get_str(details, "MetadataURL").n > 0;
    const bool by_file = ph_json_get_str(details, "MetadataFile").n > 0;

    if (by_url && by_file) {
        return invalid("Only one of the MetadataURL or MetadataFile should be provided.");
    }
    return by_url || by_file
               ? PH_OK
               : invalid("At least one of the MetadataURL or MetadataFile should be provided.");
}

static struct ph_err check_oidc(const struct json_t *details)
{
    const struct ph_str method = ph_json_get_str(details, "attributes_request_method");

    if (!ph_str_starts(ph_json_get_str(details, "oidc_issuer"), PH_STR("https://"))) {
        return invalid("OIDC endpoint must start with https://");
    }
    return ph_str_eq(method, PH_STR("GET")) || ph_str_eq(method, PH_STR("POST"))
               ? PH_OK
               : invalid("attributes_request_method must be one of GET, POST.");
}

static struct ph_err check_details(const struct kind *kind, const struct json_t *details)
{
    for (size_t i = 0; i < KEYS_MAX && kind->required[i] != NULL; i++) {
        if (ph_json_get_str(details, kind->required[i]).n == 0) {
            return invalid(kind->missing);
        }
    }
    if (ph_str_eq(kind->type, PH_STR("SAML"))) {
        return check_saml(details);
    }
    return ph_str_eq(kind->type, PH_STR("OIDC")) ? check_oidc(details) : PH_OK;
}

static struct ph_err check_mapping(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct json_t *mapping)
{
    for (void *i = ph_json_first(mapping); i != NULL; i = ph_json_next(mapping, i)) {
        const struct ph_str name = ph_json_key(i);

        if (!ph_str_eq(name, PH_STR("username")) && ph_pool_attribute(pool, name) == NULL) {
            return invalid(ph_textf(
                ctx->arena, "Attribute mapping %.*s is not a user pool attribute.", PH_FMT(name)));
        }
    }
    return PH_OK;
}

/* ---- documents ---- */

static void take(struct ph_arena *arena, const char *key, const struct json_t *from,
                 struct json_t *to)
{
    const struct json_t *value = ph_json_get(from, key);

    if (value != NULL) {
        ph_json_set(arena, to, key, ph_json_copy(arena, value));
    }
}

static struct ph_err apply(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct json_t *input, struct json_t *document)
{
    static const char *const KEYS[] = { "ProviderDetails", "AttributeMapping", "IdpIdentifiers" };
    const struct kind *kind = kind_of(ph_json_get_str(document, "ProviderType"));

    for (size_t i = 0; i < COUNT(KEYS); i++) {
        take(ctx->arena, KEYS[i], input, document);
    }
    PH_TRY(check_details(kind, ph_json_get(document, "ProviderDetails")));
    return check_mapping(ctx, pool, ph_json_get(document, "AttributeMapping"));
}

struct ph_err ph_provider_create(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct json_t *input, struct json_t **document)
{
    struct json_t *made = ph_json_object(ctx->arena);

    PH_TRY(check_name(ctx, kind_of(ph_json_get_str(input, "ProviderType")),
                      ph_json_get_str(input, "ProviderName")));
    take(ctx->arena, "ProviderType", input, made);
    PH_TRY(apply(ctx, pool, input, made));
    *document = made;
    return PH_OK;
}

struct ph_err ph_provider_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct json_t *current, const struct json_t *input,
                                 struct json_t **document)
{
    struct json_t *made = ph_json_copy(ctx->arena, current);

    PH_TRY(apply(ctx, pool, input, made));
    *document = made;
    return PH_OK;
}

/*
 * Metadata that were pasted: the attribute of their root element. Whoever signs users in parses
 * the whole; here it only names the provider to people.
 */
struct ph_str ph_provider_entity_id(const struct json_t *document)
{
    static const struct ph_str MARK = PH_STR_INIT("entityID=\"");
    struct ph_str text = ph_json_get_str(ph_json_get(document, "ProviderDetails"), "MetadataFile");
    struct ph_str id;

    while (text.n > 0 && !ph_str_starts(text, MARK)) {
        text = ph_str_skip(text, 1);
    }
    return text.n > 0 && ph_str_cut(ph_str_skip(text, MARK.n), '"', &id, NULL)
               ? id
               : (struct ph_str){ 0 };
}

/* ---- reading back ---- */

static void add(struct ph_arena *arena, struct json_t *object, const char *key, struct ph_str value)
{
    if (ph_json_get(object, key) == NULL) {
        ph_json_set_str(arena, object, key, value);
    }
}

static struct ph_str with_version(struct ph_arena *arena, const struct json_t *details,
                                  struct ph_str text)
{
    const struct ph_str given = ph_json_get_str(details, "api_version");
    const struct ph_str version = given.n > 0 ? given : PH_STR("v17.0");
    struct ph_str head, tail;

    if (!ph_str_cut(text, '{', &head, &tail)) {
        return text;
    }
    ph_str_cut(tail, '}', NULL, &tail);
    return PH_CONCAT(arena, head, version, tail);
}

static struct json_t *child(struct ph_arena *arena, struct json_t *object, const char *key,
                            struct json_t *otherwise)
{
    if (ph_json_get(object, key) == NULL) {
        ph_json_set(arena, object, key, otherwise);
    }
    return ph_json_get(object, key);
}

struct json_t *ph_provider_described(struct ph_arena *arena, const struct json_t *document)
{
    struct json_t *described = ph_json_copy(arena, document);
    const struct kind *kind = kind_of(ph_json_get_str(document, "ProviderType"));
    struct json_t *details = child(arena, described, "ProviderDetails", ph_json_object(arena));
    struct json_t *mapping = child(arena, described, "AttributeMapping", ph_json_object(arena));

    (void)child(arena, described, "IdpIdentifiers", ph_json_array(arena));
    ph_json_remove(arena, details, "private_key");
    for (size_t i = 0; i < KEYS_MAX && kind->added[i].key != NULL; i++) {
        add(arena, details, kind->added[i].key,
            with_version(arena, details, ph_str_from(kind->added[i].value)));
    }
    if (kind->subject != NULL) {
        add(arena, mapping, "username", ph_str_from(kind->subject));
    }
    return described;
}
