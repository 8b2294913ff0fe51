/* Identity providers of a pool (management.md 7). */
#include "api/handlers.h"
#include "api/parts.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/contest.h"
#include "pool/provider.h"
#include "store/parts.h"

enum { PROVIDERS_MAX = 300, PAGE_MAX = 60 };

/* ---- one provider ---- */

static struct ph_err unknown(struct ph_ctx *ctx, struct ph_str name)
{
    return PH_FAIL(ResourceNotFoundException,
                   ph_textf(ctx->arena, "Identity provider %.*s does not exist.", PH_FMT(name)));
}

static struct ph_err find(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                          struct ph_part **provider)
{
    struct ph_part *found;

    PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_PROVIDER, name, &found));
    if (found == NULL) {
        return unknown(ctx, name);
    }
    *provider = found;
    return PH_OK;
}

static struct ph_err describe(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                              struct ph_out *out)
{
    struct ph_part *provider;
    struct ph_out one;

    PH_TRY(find(ctx, pool, name, &provider));
    one = (struct ph_out){ ctx->arena, ph_provider_described(ctx->arena, provider->document) };
    ph_out_str(&one, M_UserPoolId, pool->id);
    ph_out_str(&one, M_ProviderName, provider->name);
    ph_out_time(&one, M_LastModifiedDate, provider->modified_ms);
    ph_out_time(&one, M_CreationDate, provider->created_ms);
    ph_out_json(out, M_IdentityProvider, one.object);
    return PH_OK;
}

struct ph_err ph_api_describe_identity_provider(struct ph_ctx *ctx, const struct ph_in *in,
                                                struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return describe(ctx, pool, ph_in_str(in, M_ProviderName), out);
}

struct ph_err ph_api_get_identity_provider_by_identifier(struct ph_ctx *ctx, const struct ph_in *in,
                                                         struct ph_out *out)
{
    const struct ph_str identifier = ph_in_str(in, M_IdpIdentifier);
    struct ph_str pool_id, name;
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_part_owner(ctx, pool->id, PH_PART_PROVIDER, identifier, &pool_id, &name));
    return name.p == NULL ? unknown(ctx, identifier) : describe(ctx, pool, name, out);
}

/* ---- making and changing ---- */

/* The identifiers are the provider's alone, in its pool. */
static void claim_identifiers(struct ph_ctx *ctx, struct ph_part *provider)
{
    const struct json_t *identifiers = ph_json_get(provider->document, "IdpIdentifiers");
    const size_t count = ph_json_length(identifiers);
    struct ph_str *claims = ph_arena_array(ctx->arena, count, struct ph_str);

    for (size_t i = 0; i < count; i++) {
        claims[i] = ph_json_str(ph_json_at(identifiers, i));
    }
    provider->claims = claims;
    provider->claim_count = count;
}

static struct ph_err refusal(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                             enum ph_part_write result)
{
    switch (result) {
    case PH_PART_DONE:
        return PH_OK;
    case PH_PART_TAKEN:
        return PH_FAIL(DuplicateProviderException,
                       ph_textf(ctx->arena,
                                "A provider with the name %.*s already exists in user pool %.*s.",
                                PH_FMT(name), PH_FMT(pool->id)));
    case PH_PART_CLAIMED:
        return PH_FAIL(InvalidParameterException,
                       "An identity provider identifier can be used only once in a user pool.");
    case PH_PART_CONFLICT:
        return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
    case PH_PART_FULL:
        return PH_FAIL(LimitExceededException,
                       "A user pool can have at most 300 identity providers.");
    case PH_PART_GONE:
        break;
    }
    return ph_pool_unknown(ctx, pool->id);
}

struct ph_err ph_api_create_identity_provider(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    struct ph_part provider = {
        .kind = PH_PART_PROVIDER,
        .name = ph_in_str(in, M_ProviderName),
        .created_ms = ph_now_ms(ctx),
        .modified_ms = ph_now_ms(ctx),
    };
    const struct ph_pool *pool;
    enum ph_part_write result;
    struct json_t *document;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_provider_create(ctx, pool, in->object, &document));
    provider.document = document;
    claim_identifiers(ctx, &provider);
    PH_TRY(ph_store_part_insert(ctx, &pool->ref, &provider, PROVIDERS_MAX, &result));
    PH_TRY(refusal(ctx, pool, provider.name, result));
    return describe(ctx, pool, provider.name, out);
}

struct ph_err ph_api_update_identity_provider(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_part *provider;
    enum ph_part_write result;
    struct json_t *document;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(find(ctx, pool, ph_in_str(in, M_ProviderName), &provider));
    PH_TRY(ph_provider_update(ctx, pool, provider->document, in->object, &document));
    provider->document = document;
    provider->modified_ms = ph_now_ms(ctx);
    claim_identifiers(ctx, provider);
    PH_TRY(ph_store_part_update(ctx, &pool->ref, provider, &result));
    PH_TRY(refusal(ctx, pool, provider->name, result));
    return describe(ctx, pool, provider->name, out);
}

/* ---- deleting ---- */

/* The settings without the provider; NULL when the client does not name it. */
static struct json_t *without(struct ph_arena *arena, const struct ph_client *client,
                              struct ph_str name)
{
    struct json_t *settings = ph_json_copy(arena, client->settings);
    const struct json_t *names = ph_json_get(settings, "SupportedIdentityProviders");
    struct json_t *kept = ph_json_array(arena);

    for (size_t i = 0; i < ph_json_length(names); i++) {
        const struct ph_str one = ph_json_str(ph_json_at(names, i));

        if (!ph_str_eq(one, name)) {
            ph_json_append(arena, kept, ph_json_new_str(arena, one));
        }
    }
    if (ph_json_length(kept) == ph_json_length(names)) {
        return NULL;
    }
    if (ph_json_length(kept) == 0) {
        ph_json_remove(arena, settings, "SupportedIdentityProviders");
    } else {
        ph_json_set(arena, settings, "SupportedIdentityProviders", kept);
    }
    return settings;
}

static struct ph_err drop_from_client(struct ph_ctx *ctx, struct ph_str client_id,
                                      struct ph_str name)
{
    struct ph_contest contest = { 0 };
    enum ph_write_result result;

    do {
        const struct ph_client *client;
        const struct ph_pool *pool;
        struct json_t *settings;

        PH_TRY(ph_contest_enter(ctx, &contest));
        PH_TRY(ph_client_get(ctx, (struct ph_str){ 0 }, client_id, &pool, &client));
        settings = without(ctx->arena, client, name);
        if (settings == NULL) {
            return PH_OK;
        }
        const struct ph_client_record record = {
            .id = client->id,
            .name = client->name,
            .settings = ph_json_text(ctx->arena, settings, PH_JSON_INSERTION),
            .modified_ms = ph_now_ms(ctx),
            .revision = client->revision,
        };
        PH_TRY(ph_store_client_update(ctx, &record, &result));
        ph_client_forget(ctx, client_id);
    } while (result == PH_WRITE_CONFLICT);
    return PH_OK;
}

static struct ph_err drop_from_clients(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_str name)
{
    enum { PIECE = 100 };
    struct ph_str after = { 0 };
    struct ph_client_record *clients;
    size_t count;

    do {
        PH_TRY(ph_store_client_list(ctx, pool->id, after, PIECE, &clients, &count));
        for (size_t i = 0; i < count; i++) {
            const struct ph_err err = drop_from_client(ctx, clients[i].id, name);

            if (err.type != &ph_ex_ResourceNotFoundException) { /* else deleted meanwhile */
                PH_TRY(err);
            }
            after = clients[i].id;
        }
    } while (count == PIECE);
    return PH_OK;
}

/* First the provider, so that no client can name it any more. */
struct ph_err ph_api_delete_identity_provider(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const struct ph_str name = ph_in_str(in, M_ProviderName);
    const struct ph_pool *pool;
    enum ph_part_write result;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_part_delete(ctx, &pool->ref, PH_PART_PROVIDER, name, &result));
    if (result == PH_PART_GONE) {
        return unknown(ctx, name);
    }
    return drop_from_clients(ctx, pool, name);
}

/* ---- listing ---- */

static void write_item(const struct ph_pool *pool, const struct ph_part *provider,
                       struct ph_out *item)
{
    (void)pool;
    ph_out_str(item, M_ProviderName, provider->name);
    ph_out_str(item, M_ProviderType, ph_json_get_str(provider->document, "ProviderType"));
    ph_out_time(item, M_LastModifiedDate, provider->modified_ms);
    ph_out_time(item, M_CreationDate, provider->created_ms);
}

struct ph_err ph_api_list_identity_providers(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    static const struct ph_part_pages PAGES = { OP_ListIdentityProviders, PH_PART_PROVIDER,
                                                PAGE_MAX, M_Providers, write_item };

    return ph_part_page(ctx, &PAGES, in, out);
}
