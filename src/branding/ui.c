#include "branding/ui.h"

#include "branding/css.h"
#include "model/exceptions.h"
#include "pool/domain.h"
#include "store/configurations.h"
#include "util/encode.h"

#define ALL_CLIENTS PH_STR("ALL")

/* --- checks --- */

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

static struct ph_err check(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_ui *ui)
{
    const char *wrong = ph_css_check(ctx->arena, ui->css);
    bool has_domain;

    PH_TRY(ph_pool_has_domain(ctx, pool, &has_domain));
    if (!has_domain) {
        return invalid("A domain must be associated with this user pool.");
    }
    if (wrong != NULL) {
        return invalid(wrong);
    }
    ui->image_type = ph_image_type_of(ui->image);
    if (ui->image.n > 0 && ui->image_type != PH_IMAGE_PNG && ui->image_type != PH_IMAGE_JPEG) {
        return invalid("The image file must be in PNG, JPG or JPEG format.");
    }
    return PH_OK;
}

/* --- keeping --- */

static struct ph_str write_document(struct ph_ctx *ctx, const struct ph_ui *ui)
{
    struct json_t *document = ph_json_object(ctx->arena);

    if (ui->css.n > 0) {
        ph_json_set_str(ctx->arena, document, "CSS", ui->css);
    }
    if (ui->image.n > 0) {
        ph_json_set_str(ctx->arena, document, "Image", ph_base64(ctx->arena, ui->image));
        ph_json_set_str(ctx->arena, document, "ImageType", ph_image_facts(ui->image_type)->name);
    }
    return ph_json_text(ctx->arena, document, PH_JSON_INSERTION);
}

static struct ph_err read_document(struct ph_ctx *ctx, const struct ph_configuration *found,
                                   const struct ph_ui **ui)
{
    const struct json_t *document = ph_json_parse(ctx->arena, found->document);
    struct ph_ui *read = ph_arena_new(ctx->arena, struct ph_ui);

    *read = (struct ph_ui){
        .client_id = found->client_id,
        .css = ph_json_get_str(document, "CSS"),
        .image_type = ph_image_type_named(ph_json_get_str(document, "ImageType")),
        .created_ms = found->created_ms,
        .modified_ms = found->modified_ms,
    };
    if (ph_json_get(document, "Image") != NULL &&
        !ph_base64_decode(ctx->arena, ph_json_get_str(document, "Image"), &read->image)) {
        return ph_internal(ctx, "the image of hosted pages does not decode");
    }
    *ui = read;
    return PH_OK;
}

/* Each version has a time of its own, even when two are made within a millisecond. */
static struct ph_err choose_time(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_ui *ui)
{
    struct ph_configuration *before;

    PH_TRY(ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_UI, ui->client_id, &before));
    ui->modified_ms = ph_now_ms(ctx);
    if (before != NULL && before->modified_ms >= ui->modified_ms) {
        ui->modified_ms = before->modified_ms + 1;
    }
    return PH_OK;
}

struct ph_err ph_ui_set(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_ui *ui)
{
    struct ph_configuration given = { .kind = PH_CONFIGURATION_UI, .pool_id = pool->id };
    bool gone;

    PH_TRY(check(ctx, pool, ui));
    if (ui->css.n == 0 && ui->image.n == 0) {
        return ph_store_configuration_delete(ctx, pool->id, PH_CONFIGURATION_UI, ui->client_id);
    }
    PH_TRY(choose_time(ctx, pool, ui));
    given.client_id = ui->client_id;
    given.document = write_document(ctx, ui);
    given.created_ms = ui->modified_ms;
    given.modified_ms = ui->modified_ms;
    PH_TRY(ph_store_configuration_put(ctx, &given, &gone, &ui->created_ms));
    if (gone) {
        return ui->client_id.n > 0 ? ph_client_unknown(ctx, ui->client_id)
                                   : ph_pool_unknown(ctx, pool->id);
    }
    return PH_OK;
}

static struct ph_err find_own(struct ph_ctx *ctx, const struct ph_pool *pool,
                              struct ph_str client_id, const struct ph_ui **ui)
{
    struct ph_configuration *found;

    *ui = NULL;
    PH_TRY(ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_UI, client_id, &found));
    return found == NULL ? PH_OK : read_document(ctx, found, ui);
}

struct ph_err ph_ui_find(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str client_id,
                         const struct ph_ui **ui)
{
    PH_TRY(find_own(ctx, pool, client_id, ui));
    return *ui == NULL && client_id.n > 0 ? find_own(ctx, pool, PH_STR(""), ui) : PH_OK;
}

/* --- the image's place --- */

struct ph_str ph_ui_image_path(struct ph_arena *arena, const struct ph_pool *pool,
                               const struct ph_ui *ui)
{
    return ph_strf(arena, "/%.*s/ui/%.*s/%lld/logo.%.*s", PH_FMT(pool->id),
                   PH_FMT(ui->client_id.n > 0 ? ui->client_id : ALL_CLIENTS),
                   (long long)ui->modified_ms, PH_FMT(ph_image_facts(ui->image_type)->suffix));
}

struct ph_err ph_ui_image_at(struct ph_ctx *ctx, struct ph_str path, const struct ph_ui **ui)
{
    struct ph_str pool_id, place, owner, rest;
    const struct ph_ui *found = NULL;
    const struct ph_pool *pool;

    *ui = NULL;
    if (!ph_str_cut(ph_str_skip(path, 1), '/', &pool_id, &rest) ||
        !ph_str_cut(rest, '/', &place, &rest) || !ph_str_eq(place, PH_STR("ui")) ||
        !ph_str_cut(rest, '/', &owner, &rest)) {
        return PH_OK;
    }
    PH_TRY(ph_pool_find(ctx, pool_id, &pool));
    if (pool != NULL) {
        PH_TRY(find_own(ctx, pool, ph_str_eq(owner, ALL_CLIENTS) ? PH_STR("") : owner, &found));
    }
    if (found != NULL && found->image.n > 0 &&
        ph_str_eq(path, ph_ui_image_path(ctx->arena, pool, found))) {
        *ui = found;
    }
    return PH_OK;
}

struct ph_str ph_ui_version(struct ph_arena *arena, const struct ph_ui *ui)
{
    return ph_time_digits(arena, ui->modified_ms / 1000);
}
