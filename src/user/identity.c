#include "user/identity.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/provider.h"
#include "store/parts.h"

#define NATIVE PH_STR("Cognito")
#define IDENTITIES PH_STR("identities")

enum { LINKS_MAX = 5, VALUE_MAX = 2048 };

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

static struct ph_err unknown_provider(void)
{
    return invalid("Invalid ProviderName/Username combination. Please check again");
}

static bool is_subject(struct ph_str attribute)
{
    return ph_str_eq(attribute, PH_SUBJECT);
}

/* Subjects are the provider's own; other values are compared as the pool compares names. */
static struct ph_identity key_of(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_provider_user *given, int64_t provider_ms)
{
    return (struct ph_identity){
        .provider = given->provider,
        .provider_ms = provider_ms,
        .attribute = given->attribute,
        .value =
            is_subject(given->attribute) ? given->value : ph_user_fold(ctx, pool, given->value),
    };
}

static struct ph_err find_provider(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str name, struct ph_part **provider)
{
    return ph_store_part_find(ctx, &pool->ref, PH_PART_PROVIDER, name, provider);
}

struct ph_str ph_federated_username(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    struct ph_str provider, struct ph_str subject)
{
    return ph_user_fold(ctx, pool, PH_CONCAT(ctx->arena, provider, PH_STR("_"), subject));
}

struct ph_err ph_user_by_identity(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_provider_user *identity, struct ph_user **user)
{
    struct ph_identity key;
    struct ph_part *provider;

    *user = NULL;
    PH_TRY(find_provider(ctx, pool, identity->provider, &provider));
    if (provider == NULL) {
        return PH_OK;
    }
    key = key_of(ctx, pool, identity, provider->created_ms);
    return ph_store_user_by_identity(ctx, &pool->ref, &key, user);
}

/* ---- the attribute ---- */

static struct json_t *read_identities(struct ph_ctx *ctx, const struct ph_user *user)
{
    struct json_t *list = ph_json_parse(ctx->arena, ph_attrs_get(&user->attrs, IDENTITIES));

    return list != NULL ? list : ph_json_array(ctx->arena);
}

static void write_identities(struct ph_ctx *ctx, struct ph_user *user, const struct json_t *list)
{
    if (ph_json_length(list) == 0) {
        ph_attrs_remove(&user->attrs, IDENTITIES);
    } else {
        ph_attrs_set(ctx->arena, &user->attrs, IDENTITIES,
                     ph_json_text(ctx->arena, list, PH_JSON_INSERTION));
    }
}

static struct json_t *describe(struct ph_ctx *ctx, const struct ph_part *provider,
                               struct ph_str value)
{
    const struct ph_str issuer = ph_provider_entity_id(provider->document);
    struct json_t *one = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, one, "userId", value);
    ph_json_set_str(ctx->arena, one, "providerName", provider->name);
    ph_json_set_str(ctx->arena, one, "providerType",
                    ph_json_get_str(provider->document, "ProviderType"));
    ph_json_set(ctx->arena, one, "issuer",
                issuer.n > 0 ? ph_json_new_str(ctx->arena, issuer)
                             : ph_json_parse(ctx->arena, PH_STR("null")));
    ph_json_set_bool(ctx->arena, one, "primary", false);
    ph_json_set_int(ctx->arena, one, "dateCreated", ph_now_ms(ctx));
    return one;
}

/* The identity that a profile was made for is no link. */
static size_t count_links(const struct json_t *list)
{
    size_t count = 0;

    for (size_t i = 0; i < ph_json_length(list); i++) {
        count += ph_json_bool(ph_json_get(ph_json_at(list, i), "primary")) ? 0 : 1;
    }
    return count;
}

/* ---- linking ---- */

static struct ph_err check_source(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_provider_user *source, struct ph_part **provider)
{
    const struct json_t *mapping;

    if (ph_str_eq(source->provider, NATIVE)) {
        return invalid("Invalid SourceUser: Cognito users with a username/password may not be "
                       "passed in as a SourceUser, only as a DestinationUser");
    }
    if (source->provider.n == 0 || source->attribute.n == 0 || source->value.n == 0) {
        return invalid("Invalid SourceUser: ProviderName, ProviderAttributeName and "
                       "ProviderAttributeValue are required");
    }
    if (source->value.n > VALUE_MAX) {
        return invalid("Invalid SourceUser: ProviderAttributeValue is too long");
    }
    PH_TRY(find_provider(ctx, pool, source->provider, provider));
    if (*provider == NULL) {
        return unknown_provider();
    }
    mapping = ph_json_get((*provider)->document, "AttributeMapping");
    if (is_subject(source->attribute)) {
        return PH_OK;
    }
    if (!ph_provider_is_named((*provider)->document)) {
        return invalid("Invalid SourceUser: ProviderAttributeName must be Cognito_Subject for "
                       "social identity providers");
    }
    return ph_json_get_s(mapping, source->attribute) != NULL
               ? PH_OK
               : invalid("Invalid SourceUser: ProviderAttributeName must be Cognito_Subject or an "
                         "attribute that is mapped by the identity provider");
}

static struct ph_err find_destination(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_provider_user *given, struct ph_user **user)
{
    const struct ph_provider_user subject = { given->provider, PH_SUBJECT, given->value };
    struct ph_part *provider;

    if (given->provider.n == 0 || given->value.n == 0) {
        return invalid("Invalid DestinationUser: ProviderName and ProviderAttributeValue are "
                       "required");
    }
    if (ph_str_eq(given->provider, NATIVE)) {
        return ph_user_get(ctx, pool, given->value, user);
    }
    PH_TRY(find_provider(ctx, pool, given->provider, &provider));
    if (provider == NULL) {
        return unknown_provider();
    }
    PH_TRY(ph_user_by_identity(ctx, pool, &subject, user));
    return *user != NULL
               ? PH_OK
               : ph_user_get(ctx, pool,
                             ph_federated_username(ctx, pool, given->provider, given->value), user);
}

/* Who signed in by this identity before has a profile of his own by now. */
static struct ph_err check_no_profile(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_provider_user *source)
{
    struct ph_user *user = NULL;

    if (is_subject(source->attribute)) {
        PH_TRY(ph_store_user_by_alias(
            ctx, &pool->ref, PH_ALIAS_USERNAME,
            ph_federated_username(ctx, pool, source->provider, source->value), &user));
    }
    return user == NULL ? PH_OK
                        : invalid("Merging is not currently supported, provide a SourceUser that "
                                  "has not been signed up in order to link");
}

static struct ph_err check_unlinked(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_identity *key, const struct ph_user *user)
{
    struct ph_user *owner;

    PH_TRY(ph_store_user_by_identity(ctx, &pool->ref, key, &owner));
    if (owner == NULL) {
        return PH_OK;
    }
    return ph_str_eq(owner->sub, user->sub) ? invalid(PH_MSG_IDENTITY_LINKED)
                                            : PH_FAIL(AliasExistsException, PH_MSG_IDENTITY_LINKED);
}

/* A sign-in writes what the provider says over all of them. */
static struct ph_err check_mutable(const struct ph_pool *pool, const struct ph_user *user)
{
    for (size_t i = 0; i < user->attrs.count; i++) {
        const struct ph_attr_def *def = ph_pool_attribute(pool, user->attrs.items[i].name);

        if (def != NULL && !def->mutable && ph_str_starts(def->name, PH_STR("custom:"))) {
            return invalid("Invalid DestinationUser: a user with immutable custom attributes "
                           "cannot be linked");
        }
    }
    return PH_OK;
}

struct ph_err ph_user_link(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_provider_user *source,
                           const struct ph_provider_user *destination)
{
    struct ph_user_change change = { 0 };
    struct ph_identity key;
    struct ph_part *provider;
    struct json_t *list;

    PH_TRY(check_source(ctx, pool, source, &provider));
    PH_TRY(find_destination(ctx, pool, destination, &change.user));
    key = key_of(ctx, pool, source, provider->created_ms);
    PH_TRY(check_no_profile(ctx, pool, source));
    PH_TRY(check_unlinked(ctx, pool, &key, change.user));
    PH_TRY(check_mutable(pool, change.user));
    list = read_identities(ctx, change.user);
    if (count_links(list) >= LINKS_MAX) {
        return PH_FAIL(LimitExceededException, "A user can have at most 5 linked identities.");
    }
    ph_json_append(ctx->arena, list, describe(ctx, provider, source->value));
    write_identities(ctx, change.user, list);
    change.link = &key;
    return ph_user_save(ctx, pool, &change, 0);
}

/* ---- taking away ---- */

/* Codes that were sent before would give a password back. */
static struct ph_err disable_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_provider_user *given)
{
    struct ph_user_change change = { .forget_codes = 1U << PH_CODE_RESET_PASSWORD };

    if (given->value.n == 0 || !is_subject(given->attribute)) {
        return invalid("ProviderAttributeName must be Cognito_Subject for the provider Cognito");
    }
    PH_TRY(ph_user_get(ctx, pool, given->value, &change.user));
    change.user->password = NULL;
    change.user->password_hash = (struct ph_str){ 0 };
    if (change.user->origin == PH_ORIGIN_WAITING) { /* nor is one taken from there any more */
        change.user->origin = PH_ORIGIN_SETTLED;
    }
    change.user->status = PH_USER_EXTERNAL_PROVIDER;
    return ph_user_save(ctx, pool, &change, 0);
}

static void remove_identity(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                            const struct ph_identity *identity)
{
    const struct json_t *list = read_identities(ctx, user);
    struct json_t *kept = ph_json_array(ctx->arena);
    bool removed = false;

    for (size_t i = 0; i < ph_json_length(list); i++) {
        struct json_t *one = ph_json_at(list, i);
        const struct ph_provider_user listed = { identity->provider, identity->attribute,
                                                 ph_json_get_str(one, "userId") };
        const bool is_it = ph_str_eq(ph_json_get_str(one, "providerName"), identity->provider) &&
                           ph_str_eq(key_of(ctx, pool, &listed, 0).value, identity->value);

        if (is_it && !removed) {
            removed = true;
        } else {
            ph_json_append(ctx->arena, kept, ph_json_copy(ctx->arena, one));
        }
    }
    write_identities(ctx, user, kept);
}

/* The provider need not exist any more. */
static struct ph_err nobody(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str provider)
{
    struct ph_part *found;

    PH_TRY(find_provider(ctx, pool, provider, &found));
    return found == NULL ? unknown_provider() : PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
}

struct ph_err ph_user_disable_provider(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       const struct ph_provider_user *given)
{
    const struct ph_identity key = key_of(ctx, pool, given, 0);
    struct ph_user_change change = { .unlink = &key };

    if (ph_str_eq(given->provider, NATIVE)) {
        return disable_password(ctx, pool, given);
    }
    if (given->provider.n == 0 || given->attribute.n == 0 || given->value.n == 0) {
        return invalid("ProviderName, ProviderAttributeName and ProviderAttributeValue are "
                       "required");
    }
    PH_TRY(ph_store_user_by_identity(ctx, &pool->ref, &key, &change.user));
    if (change.user == NULL) {
        return nobody(ctx, pool, given->provider);
    }
    remove_identity(ctx, pool, change.user, &key);
    return ph_user_save(ctx, pool, &change, 0);
}
