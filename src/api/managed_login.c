/* Styles of managed login (management.md 9): one for a client. */
#include "api/handlers.h"
#include "api/parts.h"
#include "branding/style.h"
#include "model/exceptions.h"
#include "model/validate.h"

enum { STYLES_MAX = 20 };

static struct ph_err unknown(void)
{
    return PH_FAIL(ResourceNotFoundException, "ManagedLoginBranding does not exist.");
}

static void write_style(const struct ph_pool *pool, const struct ph_part *style, bool merged,
                        struct ph_out *out)
{
    struct ph_arena *arena = out->arena;
    struct ph_out one = { arena, merged ? ph_style_merged(arena, style->document)
                                        : ph_json_copy(arena, style->document) };

    ph_out_str(&one, M_ManagedLoginBrandingId, style->name);
    ph_out_str(&one, M_UserPoolId, pool->id);
    ph_out_time(&one, M_CreationDate, style->created_ms);
    ph_out_time(&one, M_LastModifiedDate, style->modified_ms);
    ph_out_json(out, M_ManagedLoginBranding, one.object);
}

/* --- finding --- */

static struct ph_err find(struct ph_ctx *ctx, const struct ph_in *in, const struct ph_pool **pool,
                          struct ph_part **style)
{
    const struct ph_str id = ph_str_lower(ctx->arena, ph_in_str(in, M_ManagedLoginBrandingId));

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), pool));
    PH_TRY(ph_store_part_find(ctx, &(*pool)->ref, PH_PART_STYLE, id, style));
    return *style == NULL ? unknown() : PH_OK;
}

/* *id is absent when the client has none. */
static struct ph_err find_id(struct ph_ctx *ctx, const struct ph_in *in,
                             const struct ph_pool **pool, struct ph_str *id)
{
    const struct ph_str client_id = ph_in_str(in, M_ClientId);
    const struct ph_client *client;
    struct ph_str pool_id;

    PH_TRY(ph_client_get(ctx, ph_in_str(in, M_UserPoolId), client_id, pool, &client));
    return ph_store_part_owner(ctx, (*pool)->id, PH_PART_STYLE, client_id, &pool_id, id);
}

struct ph_err ph_api_describe_managed_login_branding(struct ph_ctx *ctx, const struct ph_in *in,
                                                     struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_part *style;

    PH_TRY(find(ctx, in, &pool, &style));
    write_style(pool, style, ph_in_bool(in, M_ReturnMergedResources), out);
    return PH_OK;
}

struct ph_err ph_api_describe_managed_login_branding_by_client(struct ph_ctx *ctx,
                                                               const struct ph_in *in,
                                                               struct ph_out *out)
{
    struct ph_part *style = NULL;
    const struct ph_pool *pool;
    struct ph_str id;

    PH_TRY(find_id(ctx, in, &pool, &id));
    if (id.p != NULL) {
        PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_STYLE, id, &style));
    }
    if (style == NULL) {
        return PH_FAIL(ResourceNotFoundException,
                       ph_textf(ctx->arena, "ManagedLoginBranding for client %.*s does not exist.",
                                PH_FMT(ph_in_str(in, M_ClientId))));
    }
    write_style(pool, style, ph_in_bool(in, M_ReturnMergedResources), out);
    return PH_OK;
}

/* --- making and changing --- */

static struct ph_err exists(struct ph_ctx *ctx, struct ph_str client_id)
{
    return PH_FAIL(ManagedLoginBrandingExistsException,
                   ph_textf(ctx->arena, "A ManagedLoginBranding already exists for client %.*s",
                            PH_FMT(client_id)));
}

static struct ph_err refusal(struct ph_ctx *ctx, const struct ph_part *style,
                             enum ph_part_write result)
{
    return ph_part_refusal(ctx, style, result,
                           "A user pool can have at most 20 managed login branding styles.",
                           exists(ctx, style->client_id));
}

static struct ph_err apply(struct ph_ctx *ctx, enum ph_op operation, const struct ph_in *in,
                           struct ph_part *style)
{
    const struct json_t *given =
        ph_shape_copy(ctx->arena, ph_operations[operation].input, in->object);
    struct json_t *document;

    PH_TRY(ph_style_apply(ctx, style->document, given, &document));
    style->document = document;
    style->claims = &style->client_id;
    style->claim_count = 1;
    style->modified_ms = ph_now_ms(ctx);
    return PH_OK;
}

struct ph_err ph_api_create_managed_login_branding(struct ph_ctx *ctx, const struct ph_in *in,
                                                   struct ph_out *out)
{
    struct ph_part style = {
        .kind = PH_PART_STYLE,
        .name = ph_new_uuid4(ctx),
        .client_id = ph_in_str(in, M_ClientId),
    };
    const struct ph_pool *pool;
    enum ph_part_write result;
    struct ph_str id;

    PH_TRY(find_id(ctx, in, &pool, &id));
    if (id.p != NULL) {
        return exists(ctx, style.client_id);
    }
    PH_TRY(apply(ctx, OP_CreateManagedLoginBranding, in, &style));
    style.created_ms = style.modified_ms;
    PH_TRY(ph_store_part_insert(ctx, &pool->ref, &style, STYLES_MAX, &result));
    PH_TRY(refusal(ctx, &style, result));
    write_style(pool, &style, false, out);
    return PH_OK;
}

/* The model requires neither of the two names, but without them there is nothing to change. */
static struct ph_err check_named(const struct ph_in *in)
{
    return ph_in_has(in, M_UserPoolId) && ph_in_has(in, M_ManagedLoginBrandingId)
               ? PH_OK
               : PH_FAIL(InvalidParameterException,
                         "userPoolId and managedLoginBrandingId should be specified");
}

struct ph_err ph_api_update_managed_login_branding(struct ph_ctx *ctx, const struct ph_in *in,
                                                   struct ph_out *out)
{
    const struct ph_pool *pool;
    enum ph_part_write result;
    struct ph_part *style;

    PH_TRY(check_named(in));
    PH_TRY(find(ctx, in, &pool, &style));
    PH_TRY(apply(ctx, OP_UpdateManagedLoginBranding, in, style));
    PH_TRY(ph_store_part_update(ctx, &pool->ref, style, &result));
    PH_TRY(refusal(ctx, style, result));
    write_style(pool, style, false, out);
    return PH_OK;
}

struct ph_err ph_api_delete_managed_login_branding(struct ph_ctx *ctx, const struct ph_in *in,
                                                   struct ph_out *out)
{
    const struct ph_pool *pool;
    enum ph_part_write result; /* if it is gone: somebody else was faster */
    struct ph_part *style;

    (void)out;
    PH_TRY(find(ctx, in, &pool, &style));
    return ph_store_part_delete(ctx, &pool->ref, PH_PART_STYLE, style->name, &result);
}
