#include "branding/style.h"

#include "branding/image.h"
#include "model/exceptions.h"
#include "util/encode.h"

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

/* --- the source of the settings --- */

static struct ph_err check_source(const struct json_t *given)
{
    const struct json_t *settings = ph_json_get(given, "Settings");

    if (ph_json_bool(ph_json_get(given, "UseCognitoProvidedValues")) == (settings != NULL)) {
        return invalid("useCognitoProvidedValues or settings should be specified (but not both)");
    }
    return settings == NULL || ph_json_kind(settings) == PH_JSON_OBJECT
               ? PH_OK
               : invalid("settings should be a JSON object");
}

/* --- images --- */

/* The icons of identity providers differ by their id; of all others there is one for each mode. */
static bool has_same_use(const struct json_t *a, const struct json_t *b)
{
    static const char *const KEYS[] = { "Category", "ColorMode", "ResourceId" };
    const bool by_id = ph_str_eq(ph_json_get_str(a, "Category"), PH_STR("IDP_BUTTON_ICON"));

    for (size_t i = 0; i < (by_id ? 3U : 2U); i++) {
        if (!ph_str_eq(ph_json_get_str(a, KEYS[i]), ph_json_get_str(b, KEYS[i]))) {
            return false;
        }
    }
    return true;
}

static struct ph_err wrong_asset(struct ph_ctx *ctx, const struct json_t *asset, const char *what)
{
    return invalid(ph_textf(ctx->arena, "The asset of category %.*s and color mode %.*s %s",
                            PH_FMT(ph_json_get_str(asset, "Category")),
                            PH_FMT(ph_json_get_str(asset, "ColorMode")), what));
}

/* Icon files are for the one place that browsers want them in. */
static struct ph_err check_extension(struct ph_ctx *ctx, const struct json_t *asset)
{
    const struct ph_str category = ph_json_get_str(asset, "Category");
    const struct ph_str extension = ph_json_get_str(asset, "Extension");
    const bool is_ico = ph_str_eq(extension, PH_STR("ICO"));

    if (ph_str_eq(category, PH_STR("FAVICON_ICO")) != is_ico) {
        return wrong_asset(
            ctx, asset, is_ico ? "cannot have the extension ICO." : "must have the extension ICO.");
    }
    return ph_str_eq(category, PH_STR("FAVICON_SVG")) && !ph_str_eq(extension, PH_STR("SVG"))
               ? wrong_asset(ctx, asset, "must have the extension SVG.")
               : PH_OK;
}

static struct ph_err check_asset(struct ph_ctx *ctx, const struct json_t *asset)
{
    const enum ph_image_type wanted = ph_image_type_named(ph_json_get_str(asset, "Extension"));
    struct ph_str bytes = { 0 };

    PH_TRY(check_extension(ctx, asset));
    if (!ph_base64_decode(ctx->arena, ph_json_get_str(asset, "Bytes"), &bytes) || bytes.n == 0) {
        return wrong_asset(ctx, asset, "has no content.");
    }
    return ph_image_type_of(bytes) == wanted
               ? PH_OK
               : wrong_asset(ctx, asset, "has a content that does not fit its extension.");
}

static const struct json_t *find_asset(const struct json_t *assets, const struct json_t *like)
{
    for (size_t i = 0; i < ph_json_length(assets); i++) {
        if (has_same_use(ph_json_at(assets, i), like)) {
            return ph_json_at(assets, i);
        }
    }
    return NULL;
}

/* Without content, what is already there is meant. */
static struct ph_err complete(struct ph_ctx *ctx, const struct json_t *before,
                              const struct json_t *asset, struct json_t **whole)
{
    const struct json_t *old = find_asset(before, asset);
    const struct ph_str bytes = ph_json_get_str(old, "Bytes");

    *whole = ph_json_copy(ctx->arena, asset);
    if (ph_json_get(asset, "Bytes") == NULL && bytes.p != NULL) {
        ph_json_set_str(ctx->arena, *whole, "Bytes", bytes);
    }
    return check_asset(ctx, *whole);
}

/* What is given, in its order, each use once. */
static struct ph_err read_assets(struct ph_ctx *ctx, const struct json_t *before,
                                 const struct json_t *given, struct json_t *list)
{
    for (size_t i = 0; i < ph_json_length(given); i++) {
        const struct json_t *asset = ph_json_at(given, i);
        struct json_t *whole;

        if (find_asset(list, asset) != NULL) {
            return wrong_asset(ctx, asset, "is there twice.");
        }
        PH_TRY(complete(ctx, before, asset, &whole));
        ph_json_append(ctx->arena, list, whole);
    }
    return PH_OK;
}

static struct ph_err merge_assets(struct ph_ctx *ctx, const struct json_t *before,
                                  const struct json_t *given, struct json_t **merged)
{
    struct json_t *fresh = ph_json_array(ctx->arena);
    struct json_t *all = ph_json_array(ctx->arena);

    PH_TRY(read_assets(ctx, before, given, fresh));
    for (size_t i = 0; i < ph_json_length(before); i++) {
        if (find_asset(fresh, ph_json_at(before, i)) == NULL) {
            ph_json_append(ctx->arena, all, ph_json_copy(ctx->arena, ph_json_at(before, i)));
        }
    }
    for (size_t i = 0; i < ph_json_length(fresh); i++) {
        ph_json_append(ctx->arena, all, ph_json_copy(ctx->arena, ph_json_at(fresh, i)));
    }
    if (ph_json_length(all) > PH_STYLE_ASSETS_MAX) {
        return invalid("A managed login branding style can have at most 40 assets.");
    }
    *merged = all;
    return PH_OK;
}

/* --- documents --- */

struct ph_err ph_style_apply(struct ph_ctx *ctx, const struct json_t *before,
                             const struct json_t *given, struct json_t **document)
{
    const struct json_t *settings = ph_json_get(given, "Settings");
    struct json_t *made = ph_json_object(ctx->arena);
    struct json_t *assets;

    PH_TRY(check_source(given));
    PH_TRY(merge_assets(ctx, ph_json_get(before, "Assets"), ph_json_get(given, "Assets"), &assets));
    ph_json_set_bool(ctx->arena, made, "UseCognitoProvidedValues", settings == NULL);
    if (settings != NULL) {
        ph_json_set(ctx->arena, made, "Settings", ph_json_copy(ctx->arena, settings));
    }
    ph_json_set(ctx->arena, made, "Assets", assets);
    *document = made;
    return PH_OK;
}

/* Objects member by member, everything else as it is; the parser bounds the depth. */
static void lay_over(struct ph_arena *arena, struct json_t *to, const struct json_t *from)
{
    for (void *i = ph_json_first(from); i != NULL; i = ph_json_next(from, i)) {
        const struct ph_str key = ph_json_key(i);
        const struct json_t *value = ph_json_member(i);
        struct json_t *below = ph_json_get_s(to, key);

        if (ph_json_kind(value) == PH_JSON_OBJECT && ph_json_kind(below) == PH_JSON_OBJECT) {
            lay_over(arena, below, value);
        } else {
            ph_json_set_s(arena, to, key, ph_json_copy(arena, value));
        }
    }
}

struct json_t *ph_style_merged(struct ph_arena *arena, const struct json_t *document)
{
    struct json_t *merged = ph_json_copy(arena, document);
    struct json_t *settings = ph_style_provided_settings(arena);

    lay_over(arena, settings, ph_json_get(document, "Settings"));
    ph_json_set(arena, merged, "Settings", settings);
    return merged;
}
