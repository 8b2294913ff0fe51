/* Styles of managed login and the looks of the classic pages, below the API. */
#include "pool/test_support.h"

#include "branding/style.h"
#include "branding/ui.h"
#include "store/parts.h"

#define INVALID "InvalidParameterException"
#define SOURCE "useCognitoProvidedValues or settings should be specified (but not both)"
#define SVG "PHN2Zy8+" /* <svg/> */
#define ASSET(category, mode, extension, more)                                                     \
    "{'Category':'" category "','ColorMode':'" mode "','Extension':'" extension "'" more "}"
#define LOGO(mode) ASSET("FORM_LOGO", mode, "SVG", ",'Bytes':'" SVG "'")

static struct json_t *applied(struct test_pool *t, const struct json_t *before, const char *given)
{
    struct json_t *document;

    assert_ok(ph_style_apply(&t->ctx, before, json(t, given), &document));
    return document;
}

static void assert_document(struct test_pool *t, const struct json_t *got, const char *wanted)
{
    if (!ph_json_equal(got, json(t, wanted))) {
        fail_msg("got    %.*s\nwanted %s", PH_FMT(document(t, got)), wanted);
    }
}

static void a_style_chooses_one_source(void **state)
{
    static const char *const NEITHER[] = {
        "{}",
        "{'UseCognitoProvidedValues':false}",
        "{'UseCognitoProvidedValues':true,'Settings':{}}",
        "{'Assets':[]}",
    };
    struct test_pool *t = *state;
    struct json_t *style;

    style = applied(t, NULL, "{'UseCognitoProvidedValues':true}");
    assert_document(t, style, "{'UseCognitoProvidedValues':true,'Assets':[]}");
    for (size_t i = 0; i < sizeof NEITHER / sizeof NEITHER[0]; i++) {
        assert_fails(ph_style_apply(&t->ctx, NULL, json(t, NEITHER[i]), &style), INVALID, SOURCE);
        assert_fails(ph_style_apply(&t->ctx, style, json(t, NEITHER[i]), &style), INVALID, SOURCE);
    }
    assert_fails(ph_style_apply(&t->ctx, NULL, json(t, "{'Settings':[1]}"), &style), INVALID,
                 "settings should be a JSON object");
}

static void settings_are_replaced_and_images_stay(void **state)
{
    struct test_pool *t = *state;
    struct json_t *style;

    style = applied(t, NULL, "{'Settings':{'a':{'b':1},'c':null},'Assets':[" LOGO("LIGHT") "]}");
    assert_document(t, style,
                    "{'UseCognitoProvidedValues':false,'Settings':{'a':{'b':1},'c':null},"
                    "'Assets':[" LOGO("LIGHT") "]}");
    style = applied(t, style, "{'Settings':{'d':2.5}}");
    assert_document(
        t, style,
        "{'UseCognitoProvidedValues':false,'Settings':{'d':2.5},'Assets':[" LOGO("LIGHT") "]}");
    style = applied(t, style, "{'UseCognitoProvidedValues':true}");
    assert_document(t, style, "{'UseCognitoProvidedValues':true,'Assets':[" LOGO("LIGHT") "]}");
}

static void images_replace_those_of_the_same_use(void **state)
{
    struct test_pool *t = *state;
    struct json_t *style;

    style = applied(
        t, NULL,
        "{'Settings':{},'Assets':[" LOGO("LIGHT") "," LOGO("DARK") "," ASSET(
            "IDP_BUTTON_ICON", "DARK", "SVG", ",'ResourceId':'one','Bytes':'" SVG "'") "]}");
    style =
        applied(t, style,
                "{'Settings':{},'Assets':[" ASSET(
                    "FORM_LOGO", "LIGHT", "SVG",
                    ",'ResourceId':'x'") "," ASSET("IDP_BUTTON_ICON", "DARK", "SVG",
                                                   ",'ResourceId':'two','Bytes':'" SVG "'") "]}");
    assert_document(t, ph_json_get(style, "Assets"),
                    "[" LOGO("DARK") "," ASSET(
                        "IDP_BUTTON_ICON", "DARK", "SVG",
                        ",'ResourceId':'one','Bytes':'" SVG
                        "'") "," ASSET("FORM_LOGO", "LIGHT", "SVG",
                                       ",'ResourceId':'x','Bytes':'" SVG
                                       "'") "," ASSET("IDP_BUTTON_ICON", "DARK", "SVG",
                                                      ",'ResourceId':'two','Bytes':'" SVG "'") "]");
}

static void images_are_what_they_are_called(void **state)
{
    static const struct {
        const char *assets, *wrong;
    } CASES[] = {
        { LOGO("LIGHT") "," LOGO("LIGHT"), "is there twice." },
        { ASSET("FORM_LOGO", "LIGHT", "SVG", ""), "has no content." },
        { ASSET("FORM_LOGO", "LIGHT", "SVG", ",'Bytes':''"), "has no content." },
        { ASSET("FORM_LOGO", "LIGHT", "PNG", ",'Bytes':'" SVG "'"),
          "has a content that does not fit its extension." },
        { ASSET("FORM_LOGO", "LIGHT", "ICO", ",'Bytes':'" SVG "'"),
          "cannot have the extension ICO." },
    };
    struct test_pool *t = *state;
    struct json_t *style;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *given = ph_textf(&t->arena, "{'Settings':{},'Assets':[%s]}", CASES[i].assets);

        assert_fails(ph_style_apply(&t->ctx, NULL, json(t, given), &style), INVALID,
                     ph_textf(&t->arena, "The asset of category FORM_LOGO and color mode LIGHT %s",
                              CASES[i].wrong));
    }
    assert_fails(
        ph_style_apply(&t->ctx, NULL,
                       json(t, "{'Settings':{},'Assets':[" ASSET("FAVICON_ICO", "DARK", "SVG",
                                                                 ",'Bytes':'" SVG "'") "]}"),
                       &style),
        INVALID,
        "The asset of category FAVICON_ICO and color mode DARK must have the extension "
        "ICO.");
}

static void a_merged_style_is_whole(void **state)
{
    struct test_pool *t = *state;
    const struct json_t *provided = ph_style_provided_settings(&t->arena);
    struct json_t *style, *merged;

    style = applied(t, NULL, "{'UseCognitoProvidedValues':true}");
    merged = ph_style_merged(&t->arena, style);
    assert_true(ph_json_equal(ph_json_get(merged, "Settings"), provided));
    assert_null(ph_json_get(style, "Settings"));
    style = applied(t, NULL,
                    "{'Settings':{'own':[1],'components':{'alert':{'borderRadius':3.0},"
                    "'favicon':{'enabledTypes':['ICO']}}}}");
    merged = ph_json_get(ph_style_merged(&t->arena, style), "Settings");
    assert_document(t, ph_json_get(merged, "own"), "[1]");
    merged = ph_json_get(merged, "components");
    assert_document(t, ph_json_get(merged, "favicon"), "{'enabledTypes':['ICO']}");
    assert_int_equal(ph_json_int(ph_json_get(ph_json_get(merged, "alert"), "borderRadius")), 3);
    assert_non_null(ph_json_get(ph_json_get(merged, "alert"), "lightMode"));
    assert_non_null(ph_json_get(merged, "primaryButton"));
}

/* --- classic pages --- */

#define PNG                                                                                        \
    PH_STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\x6\0\0\0\x1f\x15\xc4\x89\0\0\0\0")

static const struct ph_pool *pool_with_client(struct test_pool *t)
{
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_client_record client = { .id = PH_STR("one"),
                                             .name = PH_STR("c"),
                                             .settings = PH_STR("{}") };
    const struct ph_str name = PH_STR("shop");
    const struct ph_part domain = { .kind = PH_PART_DOMAIN,
                                    .name = PH_STR("Domain"),
                                    .document = json(t, "{'Domain':'shop'}"),
                                    .claims = &name,
                                    .claim_count = 1 };
    enum ph_write_result made;
    enum ph_part_write result;

    assert_ok(ph_store_client_insert(&t->ctx, &pool->ref, &client, &made));
    assert_ok(ph_store_part_insert(&t->ctx, &pool->ref, &domain, 2, &result));
    return pool;
}

static void a_client_has_what_the_pool_has_until_it_has_its_own(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = pool_with_client(t);
    const struct ph_str client = PH_STR("one");
    struct ph_ui of_pool = { .css = PH_STR(".logo-customizable{}") };
    struct ph_ui of_client = { .client_id = client, .image = PNG };
    const struct ph_ui *found;

    assert_ok(ph_ui_find(&t->ctx, pool, client, &found));
    assert_null(found);
    assert_ok(ph_ui_set(&t->ctx, pool, &of_pool));
    assert_ok(ph_ui_find(&t->ctx, pool, client, &found));
    assert_str(found->css, ".logo-customizable{}");
    assert_int_equal(found->client_id.n, 0);
    assert_ok(ph_ui_set(&t->ctx, pool, &of_client));
    assert_ok(ph_ui_find(&t->ctx, pool, client, &found));
    assert_null(found->css.p);
    assert_true(ph_str_eq(found->image, PNG));
    of_client.image = PH_STR("");
    assert_ok(ph_ui_set(&t->ctx, pool, &of_client));
    assert_ok(ph_ui_find(&t->ctx, pool, client, &found));
    assert_int_equal(found->client_id.n, 0);
}

static void each_version_of_an_image_has_its_own_place(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = pool_with_client(t);
    struct ph_ui ui = { .image = PNG };
    const struct ph_ui *found;
    struct ph_str first;

    assert_ok(ph_ui_set(&t->ctx, pool, &ui));
    first = ph_ui_image_path(&t->arena, pool, &ui);
    assert_ok(ph_ui_image_at(&t->ctx, first, &found));
    assert_true(ph_str_eq(found->image, PNG));
    assert_ok(ph_ui_set(&t->ctx, pool, &ui));
    assert_false(ph_str_eq(ph_ui_image_path(&t->arena, pool, &ui), first));
    assert_ok(ph_ui_image_at(&t->ctx, first, &found));
    assert_null(found);
    assert_ok(ph_ui_image_at(&t->ctx, PH_STR("/eu-west-1_BBBBBBBBB/ui/ALL/1/logo.png"), &found));
    assert_null(found);
    assert_ok(ph_ui_image_at(&t->ctx, PH_STR("/"), &found));
    assert_null(found);
}

static void what_is_no_logo_is_refused(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = pool_with_client(t);
    struct ph_ui drawing = { .image = PH_STR("<svg/>") };
    struct ph_ui sheet = { .css = PH_STR("body{}") };
    struct ph_ui late = { .client_id = PH_STR("two"), .image = PNG };

    assert_fails(ph_ui_set(&t->ctx, pool, &drawing), INVALID,
                 "The image file must be in PNG, JPG or JPEG format.");
    assert_fails(ph_ui_set(&t->ctx, pool, &sheet), INVALID,
                 "The CSS class body is not in the list of allowed classes.");
    assert_fails(ph_ui_set(&t->ctx, pool, &late), "ResourceNotFoundException",
                 "User pool client two does not exist.");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_style_chooses_one_source),
        TEST(settings_are_replaced_and_images_stay),
        TEST(images_replace_those_of_the_same_use),
        TEST(images_are_what_they_are_called),
        TEST(a_merged_style_is_whole),
        TEST(a_client_has_what_the_pool_has_until_it_has_its_own),
        TEST(each_version_of_an_image_has_its_own_place),
        TEST(what_is_no_logo_is_refused),
    };

    return cmocka_run_group_tests_name("branding", tests, NULL, NULL);
}
