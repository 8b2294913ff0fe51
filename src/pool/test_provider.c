/* Identity providers: what each type needs and adds. */
#include "pool/provider.h"
#include "pool/test_support.h"

#define INVALID "InvalidParameterException"

struct refusal {
    const char *input;
    const char *text;
};

static const struct refusal REFUSALS[] = {
    { "{'ProviderName':'Google','ProviderType':'Google','ProviderDetails':{'client_id':'a'}}",
      "clientId, clientSecret and authorizeScopes are all required idp details." },
    { "{'ProviderName':'Mine','ProviderType':'Google','ProviderDetails':{}}",
      "Provider Mine cannot be of type Google." },
    { "{'ProviderName':'Google','ProviderType':'SAML','ProviderDetails':{}}",
      "Provider Google cannot be of type SAML." },
    { "{'ProviderName':'SignInWithApple','ProviderType':'SignInWithApple','ProviderDetails':{}}",
      "clientId, privateKey, teamId, and keyId are all required idp details." },
    { "{'ProviderName':'mine','ProviderType':'OIDC','ProviderDetails':{'client_id':'a'}}",
      "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp "
      "details." },
    { "{'ProviderName':'mine','ProviderType':'OIDC','ProviderDetails':{'client_id':'a',"
      "'authorize_scopes':'openid','oidc_issuer':'http://a','attributes_request_method':'GET'}}",
      "OIDC endpoint must start with https://" },
    { "{'ProviderName':'mine','ProviderType':'SAML','ProviderDetails':{}}",
      "At least one of the MetadataURL or MetadataFile should be provided." },
    { "{'ProviderName':'mine','ProviderType':'SAML',"
      "'ProviderDetails':{'MetadataURL':'https://a','MetadataFile':'<a/>'}}",
      "Only one of the MetadataURL or MetadataFile should be provided." },
    { "{'ProviderName':'mine','ProviderType':'SAML','ProviderDetails':{'MetadataFile':'<a/>'},"
      "'AttributeMapping':{'custom:none':'x'}}",
      "Attribute mapping custom:none is not a user pool attribute." },
};

static void what_does_not_fit_is_refused(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct json_t *document;

    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        assert_fails(ph_provider_create(&t->ctx, pool, json(t, REFUSALS[i].input), &document),
                     INVALID, REFUSALS[i].text);
    }
}

static void a_type_adds_what_it_knows(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct json_t *document, *shown;

    assert_ok(ph_provider_create(
        &t->ctx, pool,
        json(t, "{'ProviderName':'Facebook','ProviderType':'Facebook','ProviderDetails':"
                "{'client_id':'a','client_secret':'b','authorize_scopes':'c',"
                "'api_version':'v21.0'},'AttributeMapping':{'email':'email'}}"),
        &document));
    shown = ph_provider_described(&t->arena, document);
    assert_str(ph_json_get_str(ph_json_get(shown, "ProviderDetails"), "authorize_url"),
               "https://www.facebook.com/v21.0/dialog/oauth");
    assert_str(ph_json_text(&t->arena, ph_json_get(shown, "AttributeMapping"), PH_JSON_SORTED),
               "{\"email\":\"email\",\"username\":\"id\"}");
    assert_null(ph_json_get(ph_json_get(document, "ProviderDetails"), "authorize_url"));
}

static void an_update_keeps_what_it_omits(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct json_t *document, *changed;

    assert_ok(ph_provider_create(
        &t->ctx, pool,
        json(t, "{'ProviderName':'SignInWithApple','ProviderType':'SignInWithApple',"
                "'ProviderDetails':{'client_id':'a','team_id':'b','key_id':'c',"
                "'private_key':'d','authorize_scopes':'e'},'IdpIdentifiers':['i']}"),
        &document));
    assert_ok(ph_provider_update(&t->ctx, pool, document,
                                 json(t, "{'AttributeMapping':{'email':'email'}}"), &changed));
    assert_str(ph_json_get_str(ph_json_get(changed, "ProviderDetails"), "private_key"), "d");
    assert_int_equal(ph_json_length(ph_json_get(changed, "IdpIdentifiers")), 1);
    assert_null(ph_json_get(
        ph_json_get(ph_provider_described(&t->arena, changed), "ProviderDetails"), "private_key"));
    assert_fails(
        ph_provider_update(&t->ctx, pool, document, json(t, "{'ProviderDetails':{}}"), &changed),
        INVALID, "clientId, privateKey, teamId, and keyId are all required idp details.");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_does_not_fit_is_refused),
        TEST(a_type_adds_what_it_knows),
        TEST(an_update_keeps_what_it_omits),
    };

    return cmocka_run_group_tests_name("provider", tests, NULL, NULL);
}
