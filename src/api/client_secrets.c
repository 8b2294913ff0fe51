/* The secrets of app clients, two at most (management.md 3.3). */
#include "pool/client_secrets.h"

#include "api/handlers.h"
#include "api/page_token.h"
#include "model/validate.h"

static void describe(struct ph_ctx *ctx, const struct ph_client *client,
                     const struct ph_client_secret *secret, struct ph_out *one)
{
    ph_out_str(one, M_ClientSecretId, ph_client_secret_id(ctx->arena, client, secret));
    ph_out_time(one, M_ClientSecretCreateDate, secret->created_ms);
}

/* What is pinned must be what the caller could have sent. */
static struct ph_err choose(struct ph_ctx *ctx, const struct ph_in *in, struct ph_str *value)
{
    struct ph_out sent = { ctx->arena, ph_json_copy(ctx->arena, in->object) };

    *value = ph_in_str(in, M_ClientSecret);
    if (value->n > 0) {
        return PH_OK;
    }
    if (ctx->pinned_secret.p == NULL) {
        *value = ph_client_secret_new(ctx);
        return PH_OK;
    }
    *value = ctx->pinned_secret;
    ph_out_str(&sent, M_ClientSecret, *value);
    return ph_validate_input(ctx->arena, ph_operations[OP_AddUserPoolClientSecret].input,
                             sent.object);
}

/* The value is shown this once, and only to who has not sent it. */
struct ph_err ph_api_add_user_pool_client_secret(struct ph_ctx *ctx, const struct ph_in *in,
                                                 struct ph_out *out)
{
    const struct ph_client *client;
    struct ph_client_secret added;
    struct ph_out described;
    struct ph_str value;

    PH_TRY(choose(ctx, in, &value));
    PH_TRY(ph_client_secret_add(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), value,
                                &client, &added));
    described = ph_out_object(out, M_ClientSecretDescriptor);
    describe(ctx, client, &added, &described);
    if (!ph_in_has(in, M_ClientSecret)) {
        ph_out_str(&described, M_ClientSecretValue, added.value);
    }
    return PH_OK;
}

/* All are on one page: no token was ever given out. */
struct ph_err ph_api_list_user_pool_client_secrets(struct ph_ctx *ctx, const struct ph_in *in,
                                                   struct ph_out *out)
{
    struct ph_out_list list = ph_out_list(out, M_ClientSecrets);
    const struct ph_client *client;
    const struct ph_pool *pool;
    struct ph_str after;

    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    PH_TRY(ph_page_token_read(ctx, PH_STR("ListUserPoolClientSecrets"), ph_in_str(in, M_NextToken),
                              &after));
    for (size_t i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        if (client->secrets[i].value.p != NULL) {
            struct ph_out one = ph_out_list_object(&list);

            describe(ctx, client, &client->secrets[i], &one);
        }
    }
    return PH_OK;
}

struct ph_err ph_api_delete_user_pool_client_secret(struct ph_ctx *ctx, const struct ph_in *in,
                                                    struct ph_out *out)
{
    (void)out;
    return ph_client_secret_delete(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId),
                                   ph_in_str(in, M_ClientSecretId));
}
