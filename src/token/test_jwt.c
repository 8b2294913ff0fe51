/* Tokens as we make them, then everything that RFC 8725 warns of. */
#include "token/jwt.h"

#include "util/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define KID "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+/8="

static struct ph_arena arena;
static struct ph_rsa_key *key, *other;

static int start(void **state)
{
    (void)state;
    ph_json_start();
    key = ph_rsa_generate();
    other = ph_rsa_generate();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    ph_rsa_free(key);
    ph_rsa_free(other);
    ph_arena_finish(&arena);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    ph_arena_reset(&arena);
    return 0;
}

static struct ph_str sample(void)
{
    struct json_t *claims = ph_json_object(&arena);

    ph_json_set_str(&arena, claims, "sub", PH_STR("someone"));
    ph_json_set_int(&arena, claims, "exp", 1767412800);
    return ph_jwt_sign(&arena, key, PH_STR(KID), claims);
}

/* Header and claims as given, rightly signed with our key. */
static struct ph_str forge(struct ph_str header, struct ph_str claims)
{
    const struct ph_str h = ph_base64url(&arena, header);
    const struct ph_str c = ph_base64url(&arena, claims);
    const struct ph_str input = ph_strf(&arena, "%.*s.%.*s", PH_FMT(h), PH_FMT(c));
    uint8_t signature[PH_RSA_BYTES];
    struct ph_str s;

    ph_rsa_sign(key, input, signature);
    s = ph_base64url(&arena, (struct ph_str){ signature, sizeof signature });
    return ph_strf(&arena, "%.*s.%.*s", PH_FMT(input), PH_FMT(s));
}

static struct json_t *read_with(const struct ph_rsa_key *with, struct ph_str text)
{
    struct ph_jwt jwt;

    return ph_jwt_split(&arena, text, &jwt) ? ph_jwt_claims(&arena, &jwt, with) : NULL;
}

static void a_signed_token_gives_its_claims_back(void **state)
{
    const struct ph_str text = sample();
    struct ph_jwt jwt;
    struct json_t *claims;

    (void)state;
    assert_true(ph_jwt_split(&arena, text, &jwt));
    assert_true(ph_str_eq(jwt.kid, PH_STR(KID)));
    claims = ph_jwt_claims(&arena, &jwt, key);
    assert_non_null(claims);
    assert_true(ph_str_eq(ph_json_get_str(claims, "sub"), PH_STR("someone")));
    assert_int_equal(ph_json_int(ph_json_get(claims, "exp")), 1767412800);
}

static void the_header_is_kid_then_alg_and_nothing_else(void **state)
{
    struct ph_str head, header;

    (void)state;
    assert_true(ph_str_cut(sample(), '.', &head, NULL));
    assert_true(ph_base64url_decode(&arena, head, &header));
    assert_true(ph_str_eq(header, PH_STR("{\"kid\":\"" KID "\",\"alg\":\"RS256\"}")));
}

static void another_key_does_not_verify(void **state)
{
    (void)state;
    assert_null(read_with(other, sample()));
}

static void a_changed_character_or_a_cut_is_refused(void **state)
{
    const struct ph_str text = sample();

    (void)state;
    for (size_t i = 0; i < text.n; i++) {
        struct ph_str changed = ph_str_dup(&arena, text);
        uint8_t *at = ph_arena_alloc(&arena, text.n);

        memcpy(at, changed.p, text.n);
        at[i] = at[i] == 'A' ? 'B' : 'A';
        assert_null(read_with(key, (struct ph_str){ at, text.n }));
        assert_null(read_with(key, (struct ph_str){ text.p, i }));
    }
}

static void a_rightly_signed_token_of_another_form_is_refused(void **state)
{
    static const struct ph_str headers[] = {
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"none\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"HS256\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"rs256\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS384\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":[\"RS256\"]}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":null}"),
        PH_STR_INIT("{\"kid\":\"" KID "\"}"),
        PH_STR_INIT("{\"alg\":\"RS256\"}"),
        PH_STR_INIT("{\"kid\":1,\"alg\":\"RS256\"}"),
        PH_STR_INIT("{\"kid\":\"\",\"alg\":\"RS256\"}"),
        PH_STR_INIT("{\"kid\":\"../../../../../etc/passwd\",\"alg\":\"RS256\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"none\",\"alg\":\"RS256\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"kid\":\"" KID "\",\"alg\":\"RS256\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS256\",\"crit\":[\"b64\"]}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS256\",\"b64\":false}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS256\",\"jku\":\"https://example.org\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS256\",\"x5u\":\"https://example.org\"}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"}}"),
        PH_STR_INIT("{\"kid\":\"" KID "\",\"alg\":\"RS256\"} x"),
        PH_STR_INIT("[\"" KID "\",\"RS256\"]"),
        PH_STR_INIT("\"RS256\""),
        PH_STR_INIT(""),
    };

    (void)state;
    assert_non_null(
        read_with(key, forge(PH_STR("{\"kid\":\"" KID "\",\"alg\":\"RS256\"}"), PH_STR("{}"))));
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_null(read_with(key, forge(headers[i], PH_STR("{}"))));
    }
}

static void claims_that_are_no_strict_object_are_refused(void **state)
{
    static const struct ph_str claims[] = {
        PH_STR_INIT(""),
        PH_STR_INIT("[]"),
        PH_STR_INIT("null"),
        PH_STR_INIT("\"sub\""),
        PH_STR_INIT("{\"sub\":\"a\",\"sub\":\"b\"}"),
        PH_STR_INIT("{} {}"),
        PH_STR_INIT("{\"sub\":\"\xff\"}"),
        PH_STR_INIT("{\"sub\":\"a\\u0000\"}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        assert_null(
            read_with(key, forge(PH_STR("{\"kid\":\"" KID "\",\"alg\":\"RS256\"}"), claims[i])));
    }
}

static void what_stands_around_a_token_makes_it_none(void **state)
{
    const struct ph_str text = sample();

    (void)state;
    assert_non_null(read_with(key, text));
    assert_null(read_with(key, ph_strf(&arena, "%.*s.", PH_FMT(text))));
    assert_null(read_with(key, ph_strf(&arena, "%.*s.AAAA", PH_FMT(text))));
    assert_null(read_with(key, ph_strf(&arena, "%.*s=", PH_FMT(text))));
    assert_null(read_with(key, ph_strf(&arena, "%.*s\n", PH_FMT(text))));
    assert_null(read_with(key, ph_strf(&arena, " %.*s", PH_FMT(text))));
    assert_null(read_with(key, PH_STR("")));
    assert_null(read_with(key, PH_STR("..")));
}

static void a_token_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
    /* The header takes 91 characters, the signature 342, the dots 2; claims in steps of 4. */
    const size_t room = (PH_JWT_MAX - 91 - 342 - 2) / 4 * 3;
    uint8_t *claims = ph_arena_alloc(&arena, room + 3);
    struct ph_str fits, exceeds;
    struct ph_jwt jwt;

    (void)state;
    memset(claims, ' ', room + 3);
    claims[0] = '{';
    claims[1] = '}';
    fits =
        forge(PH_STR("{\"kid\":\"" KID "\",\"alg\":\"RS256\"}"), (struct ph_str){ claims, room });
    exceeds = forge(PH_STR("{\"kid\":\"" KID "\",\"alg\":\"RS256\"}"),
                    (struct ph_str){ claims, room + 3 });
    assert_int_equal(fits.n, PH_JWT_MAX - 1); /* no form has one more */
    assert_true(exceeds.n > PH_JWT_MAX);
    assert_non_null(read_with(key, fits));
    assert_false(ph_jwt_split(&arena, exceeds, &jwt));
}

static void the_public_key_is_published_without_its_secret(void **state)
{
    const struct json_t *jwk = ph_jwk(&arena, key, PH_STR(KID));
    struct ph_str n;

    (void)state;
    assert_int_equal(ph_json_members(jwk), 6);
    assert_true(ph_str_eq(ph_json_get_str(jwk, "kid"), PH_STR(KID)));
    assert_true(ph_str_eq(ph_json_get_str(jwk, "kty"), PH_STR("RSA")));
    assert_true(ph_str_eq(ph_json_get_str(jwk, "alg"), PH_STR("RS256")));
    assert_true(ph_str_eq(ph_json_get_str(jwk, "use"), PH_STR("sig")));
    assert_true(ph_str_eq(ph_json_get_str(jwk, "e"), PH_STR("AQAB")));
    assert_true(ph_base64url_decode(&arena, ph_json_get_str(jwk, "n"), &n));
    assert_true(ph_str_eq(n, ph_rsa_modulus(&arena, key)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_signed_token_gives_its_claims_back, reset),
        cmocka_unit_test_teardown(the_header_is_kid_then_alg_and_nothing_else, reset),
        cmocka_unit_test_teardown(another_key_does_not_verify, reset),
        cmocka_unit_test_teardown(a_changed_character_or_a_cut_is_refused, reset),
        cmocka_unit_test_teardown(a_rightly_signed_token_of_another_form_is_refused, reset),
        cmocka_unit_test_teardown(claims_that_are_no_strict_object_are_refused, reset),
        cmocka_unit_test_teardown(what_stands_around_a_token_makes_it_none, reset),
        cmocka_unit_test_teardown(a_token_may_be_as_long_as_the_limit_and_no_longer, reset),
        cmocka_unit_test_teardown(the_public_key_is_published_without_its_secret, reset),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
