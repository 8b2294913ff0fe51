#include "passkey/webauthn.h"

#include "support/authenticator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

static struct ph_arena arena;
static struct authenticator phone;

static const struct ph_webauthn_party PARTY = { .id = PH_STR_INIT("example.com") };
static const struct ph_webauthn_party STRICT = { .id = PH_STR_INIT("example.com"),
                                                 .verifies_users = true };

static int start(void **state)
{
    (void)state;
    ph_json_start();
    phone = authenticator_new(&arena);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    authenticator_free(&phone);
    ph_arena_finish(&arena);
    return 0;
}

static struct ph_webauthn_response new_credential(const char *form)
{
    const struct ph_str data = test_client_data(&phone, "webauthn.create", PH_STR("abc"));

    return (struct ph_webauthn_response){
        .id = { phone.id, sizeof phone.id },
        .client_data = data,
        .attestation_object = test_attestation(&phone, form, data),
    };
}

static struct ph_webauthn_response new_assertion(void)
{
    const struct ph_str data = test_client_data(&phone, "webauthn.get", PH_STR("abc"));
    const struct ph_str own = test_assertion_data(&phone);

    return (struct ph_webauthn_response){
        .client_data = data,
        .authenticator_data = own,
        .signature = test_sign(&phone, own, data),
    };
}

static enum ph_webauthn_verdict registered(const struct ph_webauthn_response *response,
                                           struct ph_webauthn_credential *credential)
{
    return ph_webauthn_register(&arena, &PARTY, response, credential);
}

static struct ph_webauthn_credential known(void)
{
    const struct ph_webauthn_response response = new_credential("none");
    struct ph_webauthn_credential credential;

    assert_int_equal(registered(&response, &credential), PH_WEBAUTHN_RIGHT);
    return credential;
}

static void a_credential_is_read_from_what_the_authenticator_made(void **state)
{
    struct ph_webauthn_credential c;

    (void)state;
    phone.count = 0x01020304;
    c = known();
    phone.count = 0;
    assert_true(ph_str_eq(c.id, (struct ph_str){ phone.id, sizeof phone.id }));
    assert_int_equal(c.algorithm, -7);
    assert_int_equal(c.public_key.n, 64);
    assert_int_equal(c.aaguid.n, 16);
    assert_int_equal(c.aaguid.p[0], 0xaa);
    assert_int_equal(c.sign_count, 0x01020304);
    assert_int_equal(c.flags & 0x3f, PH_WEBAUTHN_PRESENT | PH_WEBAUTHN_VERIFIED);
}

static void an_attestation_by_the_key_itself_is_verified(void **state)
{
    const struct ph_webauthn_response response = new_credential("packed");
    struct ph_webauthn_credential c;

    (void)state;
    assert_int_equal(registered(&response, &c), PH_WEBAUTHN_RIGHT);
}

/* A copy of its own lets AddressSanitizer see a read of one byte too many. */
static struct ph_str exact(uint8_t **copy, struct ph_str s, size_t n)
{
    *copy = malloc(n + 1);
    assert_non_null(*copy);
    memcpy(*copy + 1, s.p, n);
    return (struct ph_str){ *copy + 1, n };
}

static void an_attestation_object_cut_anywhere_is_refused(void **state)
{
    const struct ph_webauthn_response whole = new_credential("packed");

    (void)state;
    for (size_t n = 0; n < whole.attestation_object.n; n++) {
        struct ph_webauthn_response cut = whole;
        struct ph_webauthn_credential c = { .flags = -1 };
        uint8_t *copy;

        cut.attestation_object = exact(&copy, whole.attestation_object, n);
        assert_int_not_equal(registered(&cut, &c), PH_WEBAUTHN_RIGHT);
        assert_int_equal(c.flags, -1);
        free(copy);
    }
}

/* From the signature on: what stands before it, the names of form and algorithm, is not signed. */
static void an_attestation_object_bent_anywhere_is_refused(void **state)
{
    const size_t signature_at = strlen("_fmt_packed_attStmt__alg__") + 1;
    const struct ph_webauthn_response whole = new_credential("packed");

    (void)state;
    for (size_t bit = signature_at * 8; bit < whole.attestation_object.n * 8; bit++) {
        struct ph_webauthn_response bent = whole;
        struct ph_webauthn_credential c;
        uint8_t *copy;

        bent.attestation_object =
            exact(&copy, whole.attestation_object, whole.attestation_object.n);
        copy[1 + bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (registered(&bent, &c) == PH_WEBAUTHN_RIGHT) {
            fail_msg("bit %zu", bit);
        }
        free(copy);
    }
}

static void what_is_wrong_is_told_apart(void **state)
{
    const struct ph_webauthn_party other = { .id = PH_STR("example.org") };
    struct ph_webauthn_response response = new_credential("none");
    struct ph_webauthn_credential c;

    (void)state;
    assert_int_equal(ph_webauthn_register(&arena, &other, &response, &c), PH_WEBAUTHN_OTHER_PARTY);
    phone.flags = PH_WEBAUTHN_PRESENT;
    response = new_credential("none");
    assert_int_equal(registered(&response, &c), PH_WEBAUTHN_RIGHT);
    assert_int_equal(ph_webauthn_register(&arena, &STRICT, &response, &c),
                     PH_WEBAUTHN_NOT_VERIFIED);
    phone.flags = PH_WEBAUTHN_VERIFIED;
    response = new_credential("none");
    assert_int_equal(registered(&response, &c), PH_WEBAUTHN_NOT_VERIFIED);
    phone.flags = PH_WEBAUTHN_PRESENT | PH_WEBAUTHN_VERIFIED;
    response = new_credential("apple");
    assert_int_equal(registered(&response, &c), PH_WEBAUTHN_UNSUPPORTED);
    phone.cose_algorithm = -8;
    response = new_credential("none");
    assert_int_equal(registered(&response, &c), PH_WEBAUTHN_UNSUPPORTED);
    phone.cose_algorithm = -7;
    response = new_credential("none");
    response.id = PH_STR("another id");
    assert_int_equal(registered(&response, &c), PH_WEBAUTHN_MALFORMED);
}

static enum ph_webauthn_verdict asserted(const struct ph_webauthn_response *response,
                                         const struct ph_webauthn_credential *credential)
{
    int64_t count = -1, flags = -1;
    const enum ph_webauthn_verdict verdict =
        ph_webauthn_assert(&arena, &PARTY, response, credential, &count, &flags);

    if (verdict != PH_WEBAUTHN_RIGHT) {
        assert_int_equal(count, -1);
        assert_int_equal(flags, -1);
    } else {
        assert_int_equal(count, phone.count);
        assert_int_equal(flags, phone.flags);
    }
    return verdict;
}

static void an_assertion_by_the_registered_key_holds(void **state)
{
    const struct ph_webauthn_credential credential = known();
    struct ph_webauthn_response response;

    (void)state;
    phone.count = 77;
    response = new_assertion();
    assert_int_equal(asserted(&response, &credential), PH_WEBAUTHN_RIGHT);
    phone.count = 0;
}

static void an_assertion_by_another_key_does_not(void **state)
{
    const struct ph_webauthn_credential credential = known();
    const struct authenticator mine = phone;
    struct ph_webauthn_response response;

    (void)state;
    phone = authenticator_new(&arena);
    response = new_assertion();
    assert_int_equal(asserted(&response, &credential), PH_WEBAUTHN_WRONG);
    authenticator_free(&phone);
    phone = mine;
}

static void nor_for_another_party_or_without_its_user(void **state)
{
    const struct ph_webauthn_credential credential = known();
    struct ph_webauthn_response response;
    int64_t count, flags;

    (void)state;
    phone.party = "example.org";
    response = new_assertion();
    assert_int_equal(asserted(&response, &credential), PH_WEBAUTHN_OTHER_PARTY);
    phone.party = "example.com";
    phone.flags = PH_WEBAUTHN_PRESENT;
    response = new_assertion();
    assert_int_equal(asserted(&response, &credential), PH_WEBAUTHN_RIGHT);
    assert_int_equal(ph_webauthn_assert(&arena, &STRICT, &response, &credential, &count, &flags),
                     PH_WEBAUTHN_WRONG);
    phone.flags = 0;
    response = new_assertion();
    assert_int_equal(asserted(&response, &credential), PH_WEBAUTHN_WRONG);
    phone.flags = PH_WEBAUTHN_PRESENT | PH_WEBAUTHN_VERIFIED;
}

/* Each member in turn, each bit of it; and cut at each byte. */
static void a_bent_or_cut_assertion_is_refused(void **state)
{
    static const size_t MEMBERS[] = { offsetof(struct ph_webauthn_response, client_data),
                                      offsetof(struct ph_webauthn_response, authenticator_data),
                                      offsetof(struct ph_webauthn_response, signature) };
    const struct ph_webauthn_credential credential = known();
    const struct ph_webauthn_response whole = new_assertion();

    (void)state;
    for (size_t m = 0; m < sizeof MEMBERS / sizeof MEMBERS[0]; m++) {
        const struct ph_str member =
            *(const struct ph_str *)(const void *)((const uint8_t *)&whole + MEMBERS[m]);

        for (size_t bit = 0; bit < member.n * 8; bit++) {
            struct ph_webauthn_response bent = whole;
            uint8_t *copy;
            struct ph_str cut = exact(&copy, member, member.n);

            copy[1 + bit / 8] ^= (uint8_t)(1U << bit % 8);
            memcpy((uint8_t *)&bent + MEMBERS[m], &cut, sizeof cut);
            assert_int_not_equal(asserted(&bent, &credential), PH_WEBAUTHN_RIGHT);
            copy[1 + bit / 8] ^= (uint8_t)(1U << bit % 8);
            cut.n = bit / 8;
            memcpy((uint8_t *)&bent + MEMBERS[m], &cut, sizeof cut);
            assert_int_not_equal(asserted(&bent, &credential), PH_WEBAUTHN_RIGHT);
            free(copy);
        }
    }
}

static void origins_are_hosts_at_or_below_the_party(void **state)
{
    static const char *const GOOD[] = { "https://example.com", "https://example.com:1",
                                        "https://a.example.com", "https://a.b.example.com:65535",
                                        "https://EXAMPLE.com" };
    static const char *const BAD[] = { "",
                                       "example.com",
                                       "https://",
                                       "https://com",
                                       "https://.example.com",
                                       "https://badexample.com",
                                       "https://example.com.org",
                                       "https://example.com/",
                                       "https://example.com:",
                                       "https://example.com:0",
                                       "https://example.com:x",
                                       "https://user@example.com",
                                       "http://example.com",
                                       "http://a.example.com",
                                       "HTTPS://example.com",
                                       "ftp://example.com",
                                       "null" };

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        if (!ph_origin_is_of(ph_str_from(GOOD[i]), PH_STR("example.com"))) {
            fail_msg("refused: %s", GOOD[i]);
        }
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (ph_origin_is_of(ph_str_from(BAD[i]), PH_STR("example.com"))) {
            fail_msg("taken: %s", BAD[i]);
        }
    }
    assert_true(ph_origin_is_of(PH_STR("http://localhost:3000"), PH_STR("localhost")));
    assert_true(ph_origin_is_of(PH_STR("http://app.localhost"), PH_STR("localhost")));
    assert_false(ph_origin_is_of(PH_STR("https://example.com"), PH_STR("")));
}

static void a_response_is_read_by_its_members(void **state)
{
    const struct ph_str text = authenticator_create(&phone, "none", PH_STR("abc"));
    struct ph_webauthn_response response;
    struct ph_client_data data;

    (void)state;
    assert_true(ph_webauthn_read(&arena, ph_json_parse(&arena, text), &response));
    assert_true(ph_str_eq(response.attachment, PH_STR("platform")));
    assert_true(ph_str_eq(response.transports, PH_STR("[\"internal\"]")));
    assert_null(response.signature.p);
    assert_true(ph_client_data_read(&arena, response.client_data, &data));
    assert_true(ph_str_eq(data.type, PH_STR("webauthn.create")));
    assert_true(ph_str_eq(data.challenge, PH_STR("abc")));
    assert_true(ph_str_eq(data.origin, PH_STR("https://app.example.com")));
    assert_false(ph_client_data_read(&arena, PH_STR("[]"), &data));
    assert_false(ph_webauthn_read(&arena, NULL, &response));
    assert_false(ph_webauthn_read(&arena, ph_json_parse(&arena, PH_STR("{}")), &response));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_credential_is_read_from_what_the_authenticator_made),
        cmocka_unit_test(an_attestation_by_the_key_itself_is_verified),
        cmocka_unit_test(an_attestation_object_cut_anywhere_is_refused),
        cmocka_unit_test(an_attestation_object_bent_anywhere_is_refused),
        cmocka_unit_test(what_is_wrong_is_told_apart),
        cmocka_unit_test(an_assertion_by_the_registered_key_holds),
        cmocka_unit_test(an_assertion_by_another_key_does_not),
        cmocka_unit_test(nor_for_another_party_or_without_its_user),
        cmocka_unit_test(a_bent_or_cut_assertion_is_refused),
        cmocka_unit_test(origins_are_hosts_at_or_below_the_party),
        cmocka_unit_test(a_response_is_read_by_its_members),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
