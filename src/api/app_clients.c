/* App clients (management.md 3): made, described, changed, deleted, listed. */
#include "api/handlers.h"
#include "api/page_token.h"
#include "model/messages.h"
#include "model/validate.h"
#include "pool/client_secrets.h"
#include "pool/settings.h"

/* --- describing --- */

static void describe(struct ph_ctx *ctx, const struct ph_client *client, struct ph_out *out)
{
    struct ph_out described = { ctx->arena, ph_json_copy(ctx->arena, client->settings) };

    ph_json_remove(ctx->arena, described.object, "SSOSession");
    ph_out_str(&described, M_ClientId, client->id);
    ph_out_str(&described, M_UserPoolId, client->pool_id);
    ph_out_str(&described, M_ClientName, client->name);
    ph_out_str(&described, M_ClientSecret, client->secrets[0].value);
    ph_out_time(&described, M_CreationDate, client->created_ms);
    ph_out_time(&described, M_LastModifiedDate, client->modified_ms);
    ph_out_json(out, M_UserPoolClient, described.object);
}

struct ph_err ph_api_describe_user_pool_client(struct ph_ctx *ctx, const struct ph_in *in,
                                               struct ph_out *out)
{
    const struct ph_client *client;
    const struct ph_pool *pool;

    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    describe(ctx, client, out);
    return PH_OK;
}

/* --- making --- */

#define ALPHABET PH_STR("0123456789abcdefghijklmnopqrstuvwxyz")

enum { ID_CHARS = 26, CLIENTS_MAX = 1000, PAGE_DEFAULT = 60 };

/* What is pinned must be what the operations that take it as input accept. */
static struct ph_err check_pins(struct ph_ctx *ctx, const struct ph_in *in)
{
    struct ph_out by_id = ph_out_new(ctx->arena);
    struct ph_out by_secret = ph_out_new(ctx->arena);

    if (ctx->pinned_id.p != NULL) {
        ph_out_str(&by_id, M_UserPoolId, ph_in_str(in, M_UserPoolId));
        ph_out_str(&by_id, M_ClientId, ctx->pinned_id);
        PH_TRY(ph_validate_input(ctx->arena, ph_operations[OP_DescribeUserPoolClient].input,
                                 by_id.object));
    }
    if (ctx->pinned_secret.p != NULL) {
        ph_out_str(&by_secret, M_UserPoolId, ph_in_str(in, M_UserPoolId));
        ph_out_str(&by_secret, M_ClientName, ph_in_str(in, M_ClientName));
        ph_out_str(&by_secret, M_ClientSecret, ctx->pinned_secret);
        PH_TRY(ph_validate_input(ctx->arena, ph_operations[OP_CreateUserPoolClient].input,
                                 by_secret.object));
    }
    return PH_OK;
}

static struct ph_str choose_id(const struct ph_ctx *ctx)
{
    return ctx->pinned_id.p != NULL ? ctx->pinned_id : ph_random_text(ctx, ID_CHARS, ALPHABET);
}

/* Absent for a public client. */
static struct ph_str choose_secret(const struct ph_ctx *ctx, const struct ph_in *in)
{
    if (ctx->pinned_secret.p != NULL) {
        return ctx->pinned_secret;
    }
    if (ph_in_bool(in, M_GenerateSecret)) {
        return ph_client_secret_new(ctx);
    }
    return ph_in_str(in, M_ClientSecret);
}

static struct ph_err check_limit(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    int64_t count;

    PH_TRY(ph_store_client_count(ctx, pool->id, &count));
    if (count >= CLIENTS_MAX) {
        return PH_FAIL(LimitExceededException, "A user pool can have at most 1000 app clients.");
    }
    return PH_OK;
}

static struct ph_err insert(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_client_record *client)
{
    enum ph_write_result result;

    PH_TRY(ph_store_client_insert(ctx, &pool->ref, client, &result));
    if (result == PH_WRITE_TAKEN) {
        return PH_FAIL(
            InvalidParameterException,
            ph_textf(ctx->arena, "The app client id %.*s is already in use.", PH_FMT(client->id)));
    }
    ph_pool_forget(ctx, pool->id);
    ph_client_forget(ctx, client->id);
    return PH_OK; /* a pool that is gone by now is noticed by whoever reads the client back */
}

struct ph_err ph_api_create_user_pool_client(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const int64_t now_ms = ph_now_ms(ctx);
    struct ph_client_record record = {
        .id = choose_id(ctx),
        .name = ph_in_str(in, M_ClientName),
        .secrets = { { .value = choose_secret(ctx, in), .created_ms = now_ms } },
        .created_ms = now_ms,
        .modified_ms = now_ms,
    };
    const struct ph_client *client;
    const struct ph_pool *pool;
    struct json_t *settings;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(check_pins(ctx, in));
    PH_TRY(ph_client_settings_create(ctx, pool, record.secrets[0].value.p != NULL, in->object,
                                     &settings));
    PH_TRY(check_limit(ctx, pool));
    record.settings = ph_json_text(ctx->arena, settings, PH_JSON_INSERTION);
    PH_TRY(insert(ctx, pool, &record));
    PH_TRY(ph_client_get(ctx, pool->id, record.id, &pool, &client));
    describe(ctx, client, out);
    return PH_OK;
}

/* --- changing and deleting --- */

static struct ph_err save(struct ph_ctx *ctx, const struct ph_client_record *record)
{
    enum ph_write_result result;

    PH_TRY(ph_store_client_update(ctx, record, &result));
    ph_client_forget(ctx, record->id);
    if (result == PH_WRITE_CONFLICT) {
        return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
    }
    return result == PH_WRITE_GONE ? ph_client_unknown(ctx, record->id) : PH_OK;
}

struct ph_err ph_api_update_user_pool_client(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_client *client;
    const struct ph_pool *pool;
    struct json_t *settings;

    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    PH_TRY(ph_client_settings_update(ctx, pool, client, in->object, &settings));
    const struct ph_client_record record = {
        .id = client->id,
        .name = ph_in_has(in, M_ClientName) ? ph_in_str(in, M_ClientName) : client->name,
        .settings = ph_json_text(ctx->arena, settings, PH_JSON_INSERTION),
        .modified_ms = ph_now_ms(ctx),
        .revision = client->revision,
    };
    PH_TRY(save(ctx, &record));
    PH_TRY(ph_client_get(ctx, pool->id, record.id, &pool, &client));
    describe(ctx, client, out);
    return PH_OK;
}

struct ph_err ph_api_delete_user_pool_client(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_client *client;
    const struct ph_pool *pool;
    enum ph_write_result result;

    (void)out;
    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    PH_TRY(ph_store_client_delete(ctx, pool->id, client->id, &result));
    ph_pool_forget(ctx, pool->id);
    ph_client_forget(ctx, client->id);
    return result == PH_WRITE_GONE ? ph_client_unknown(ctx, client->id) : PH_OK;
}

/* --- listing --- */

static void add_to_list(const struct ph_client_record *client, struct ph_out_list *list)
{
    struct ph_out item = ph_out_list_object(list);

    ph_out_str(&item, M_ClientId, client->id);
    ph_out_str(&item, M_UserPoolId, client->pool_id);
    ph_out_str(&item, M_ClientName, client->name);
}

/* One page of the clients; those that registered themselves (DCR) there are none of. */
static struct ph_err list_page(struct ph_ctx *ctx, const struct ph_in *in, struct ph_str pool_id,
                               struct ph_out *out)
{
    const struct ph_str question = ph_strf(ctx->arena, "ListUserPoolClients %.*s", PH_FMT(pool_id));
    const size_t limit = (size_t)ph_in_int_or(in, M_MaxResults, PAGE_DEFAULT);
    struct ph_out_list list = ph_out_list(out, M_UserPoolClients);
    struct ph_client_record *clients;
    struct ph_str after;
    size_t count;

    PH_TRY(ph_page_token_read(ctx, question, ph_in_str(in, M_NextToken), &after));
    if (ph_str_eq(ph_in_str(in, M_ClientType), PH_STR("DCR"))) {
        return PH_OK;
    }
    PH_TRY(ph_store_client_list(ctx, pool_id, after, limit + 1, &clients, &count));
    for (size_t i = 0; i < count && i < limit; i++) {
        add_to_list(&clients[i], &list);
    }
    if (count > limit) {
        ph_out_str(out, M_NextToken, ph_page_token_make(ctx, question, clients[limit - 1].id));
    }
    return PH_OK;
}

struct ph_err ph_api_list_user_pool_clients(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return list_page(ctx, in, pool->id, out);
}
