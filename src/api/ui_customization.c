/* The looks of the classic hosted pages (management.md 9). */
#include "api/handlers.h"
#include "branding/ui.h"
#include "model/exceptions.h"
#include "pool/domain.h"
#include "util/encode.h"

#define ALL_CLIENTS PH_STR("ALL")

/* A pool, and one of its clients; an empty client_id stands for all of them. */
static struct ph_err find_owner(struct ph_ctx *ctx, const struct ph_in *in,
                                const struct ph_pool **pool, struct ph_str *client_id)
{
    const struct ph_str pool_id = ph_in_str(in, M_UserPoolId);
    const struct ph_str given = ph_in_str(in, M_ClientId);
    const struct ph_client *client;

    if (given.n == 0 || ph_str_eq(given, ALL_CLIENTS)) {
        *client_id = PH_STR("");
        return ph_pool_get(ctx, pool_id, pool);
    }
    *client_id = given;
    return ph_client_get(ctx, pool_id, given, pool, &client);
}

static void write_ui(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_ui *ui,
                     struct ph_out *out)
{
    struct ph_out one = ph_out_object(out, M_UICustomization);

    ph_out_str(&one, M_UserPoolId, pool->id);
    ph_out_str(&one, M_ClientId, ui->client_id.n > 0 ? ui->client_id : ALL_CLIENTS);
    if (ui->css.n == 0 && ui->image.n == 0) {
        return;
    }
    if (ui->css.n > 0) {
        ph_out_str(&one, M_CSS, ui->css);
    }
    if (ui->image.n > 0) {
        ph_out_str(&one, M_ImageUrl,
                   PH_CONCAT(ctx->arena, ctx->settings->public_url,
                             ph_ui_image_path(ctx->arena, pool, ui)));
    }
    ph_out_str(&one, M_CSSVersion, ph_ui_version(ctx->arena, ui));
    ph_out_time(&one, M_CreationDate, ui->created_ms);
    ph_out_time(&one, M_LastModifiedDate, ui->modified_ms);
}

struct ph_err ph_api_set_ui_customization(struct ph_ctx *ctx, const struct ph_in *in,
                                          struct ph_out *out)
{
    struct ph_ui ui = { .css = ph_in_str(in, M_CSS) };
    const struct ph_pool *pool;

    PH_TRY(find_owner(ctx, in, &pool, &ui.client_id));
    if (!ph_base64_decode(ctx->arena, ph_in_str(in, M_ImageFile), &ui.image)) {
        return ph_internal(ctx, "a checked image does not decode");
    }
    PH_TRY(ph_ui_set(ctx, pool, &ui));
    write_ui(ctx, pool, &ui, out);
    return PH_OK;
}

/* Nothing at all when nothing was set: clients take an empty object for that. */
struct ph_err ph_api_get_ui_customization(struct ph_ctx *ctx, const struct ph_in *in,
                                          struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_str client_id;
    const struct ph_ui *ui;
    bool has_domain;

    PH_TRY(find_owner(ctx, in, &pool, &client_id));
    PH_TRY(ph_pool_has_domain(ctx, pool, &has_domain));
    if (!has_domain) { /* recorded; setting has words of its own (branding/ui.c) */
        return PH_FAIL(InvalidParameterException,
                       "There has to be an existing domain associated with this user pool");
    }
    PH_TRY(ph_ui_find(ctx, pool, client_id, &ui));
    if (ui == NULL) {
        (void)ph_out_object(out, M_UICustomization);
    } else {
        write_ui(ctx, pool, ui, out);
    }
    return PH_OK;
}
