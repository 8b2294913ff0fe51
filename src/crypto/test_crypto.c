/* Published vectors, then every bit flipped and every byte cut. */
#include "crypto/data_key.h"
#include "crypto/envelope.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/rsa.h"
#include "crypto/seal.h"
#include "util/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

static struct ph_arena arena;

static int reset(void **state)
{
    (void)state;
    ph_arena_reset(&arena);
    return 0;
}

static struct ph_str unhex(const char *text)
{
    struct ph_str bytes = { 0 };

    assert_true(ph_hex_decode(&arena, ph_str_from(text), &bytes));
    return bytes;
}

static void assert_hex(struct ph_str got, const char *expected)
{
    assert_string_equal(ph_cstr(&arena, ph_hex(&arena, got)), expected);
}

static void sha256_follows_fips_180_4(void **state)
{
    struct ph_digest d;

    (void)state;
    PH_SHA256(&d, PH_STR("a"), PH_STR("bc"));
    assert_hex(ph_digest_str(&d),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ph_sha256(NULL, 0, &d);
    assert_hex(ph_digest_str(&d),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block). */
static void hmac_follows_rfc_4231(void **state)
{
    struct ph_digest d;
    uint8_t long_key[131], fifty[50];

    (void)state;
    PH_HMAC(unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), &d, PH_STR("Hi There"));
    assert_hex(ph_digest_str(&d),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    PH_HMAC(PH_STR("Jefe"), &d, PH_STR("what do ya want "), PH_STR("for nothing?"));
    assert_hex(ph_digest_str(&d),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(fifty, 0xdd, sizeof fifty);
    PH_HMAC(unhex("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &d,
            ((struct ph_str){ fifty, sizeof fifty }));
    assert_hex(ph_digest_str(&d),
               "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    memset(long_key, 0xaa, sizeof long_key);
    PH_HMAC(((struct ph_str){ long_key, sizeof long_key }), &d,
            PH_STR("Test Using Larger Than Block-Size Key - Hash Key First"));
    assert_hex(ph_digest_str(&d),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, A.1 and A.3. */
static void hkdf_follows_rfc_5869(void **state)
{
    uint8_t okm[42];

    (void)state;
    ph_hkdf_sha256(unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                   unhex("000102030405060708090a0b0c"), unhex("f0f1f2f3f4f5f6f7f8f9"), okm,
                   sizeof okm);
    assert_hex(
        (struct ph_str){ okm, sizeof okm },
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    ph_hkdf_sha256(unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), (struct ph_str){ 0 },
                   (struct ph_str){ 0 }, okm, sizeof okm);
    assert_hex(
        (struct ph_str){ okm, sizeof okm },
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

static const struct ph_key KEY = { { 1, 2, 3 } };

static void what_is_sealed_opens_for_its_purpose_only(void **state)
{
    struct ph_key other = KEY;
    struct ph_str sealed, plain = { 0 };

    (void)state;
    sealed = ph_seal(&arena, &KEY, PH_STR("session"), PH_STR("secret"));
    assert_int_equal(sealed.n, 6 + PH_SEAL_OVERHEAD);
    assert_true(ph_open(&arena, &KEY, PH_STR("session"), sealed, &plain));
    assert_true(ph_str_eq(plain, PH_STR("secret")));
    assert_false(ph_open(&arena, &KEY, PH_STR("block"), sealed, &plain));
    other.bytes[31] ^= 1;
    assert_false(ph_open(&arena, &other, PH_STR("session"), sealed, &plain));
}

static void an_empty_text_can_be_sealed(void **state)
{
    struct ph_str plain = PH_STR("untouched");

    (void)state;
    assert_true(ph_open(&arena, &KEY, PH_STR("p"),
                        ph_seal(&arena, &KEY, PH_STR("p"), (struct ph_str){ 0 }), &plain));
    assert_int_equal(plain.n, 0);
}

static void a_changed_or_cut_seal_does_not_open(void **state)
{
    const struct ph_str sealed = ph_seal(&arena, &KEY, PH_STR("p"), PH_STR("twelve bytes"));
    struct ph_str plain = PH_STR("untouched");

    (void)state;
    for (size_t bit = 0; bit < sealed.n * 8; bit++) {
        uint8_t *const changed = ph_arena_alloc(&arena, sealed.n);

        memcpy(changed, sealed.p, sealed.n);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(
            ph_open(&arena, &KEY, PH_STR("p"), (struct ph_str){ changed, sealed.n }, &plain));
    }
    for (size_t n = 0; n < sealed.n; n++) {
        assert_false(ph_open(&arena, &KEY, PH_STR("p"), (struct ph_str){ sealed.p, n }, &plain));
    }
    assert_true(ph_str_eq(plain, PH_STR("untouched")));
}

static void a_key_signs_again_after_being_stored(void **state)
{
    struct ph_rsa_key *key = ph_rsa_generate();
    struct ph_rsa_key *loaded = ph_rsa_load(ph_rsa_pkcs8(&arena, key));
    uint8_t signature[PH_RSA_BYTES], again[PH_RSA_BYTES];
    const struct ph_str s = { signature, sizeof signature };

    (void)state;
    assert_non_null(loaded);
    ph_rsa_sign(key, PH_STR("text"), signature);
    ph_rsa_sign(loaded, PH_STR("text"), again); /* RS256 is deterministic */
    assert_memory_equal(signature, again, sizeof again);
    assert_true(ph_rsa_verify(loaded, PH_STR("text"), s));
    assert_false(ph_rsa_verify(loaded, PH_STR("texT"), s));
    signature[100] ^= 1;
    assert_false(ph_rsa_verify(loaded, PH_STR("text"), s));
    assert_false(ph_rsa_verify(loaded, PH_STR("text"), (struct ph_str){ signature, 10 }));
    assert_true(ph_str_eq(ph_rsa_modulus(&arena, key), ph_rsa_modulus(&arena, loaded)));
    ph_rsa_free(key);
    ph_rsa_free(loaded);
}

static void what_is_no_rsa_key_is_not_loaded(void **state)
{
    (void)state;
    assert_null(ph_rsa_load((struct ph_str){ 0 }));
    assert_null(ph_rsa_load(PH_STR("not a key")));
}

static void secrets_of_different_length_differ(void **state)
{
    (void)state;
    assert_true(ph_equal_secret(PH_STR("abc"), PH_STR("abc")));
    assert_false(ph_equal_secret(PH_STR("abc"), PH_STR("abd")));
    assert_false(ph_equal_secret(PH_STR("abc"), PH_STR("ab")));
    assert_true(ph_equal_secret((struct ph_str){ 0 }, (struct ph_str){ 0 }));
}

static void a_data_key_comes_back_for_its_key_and_context_only(void **state)
{
    const struct ph_key service = { { 1 } }, other = { { 2 } }, data_key = { { 3 } };
    const struct ph_str arn = PH_STR("arn:aws:kms:eu-west-1:1:key/a");
    struct ph_str wrapped = ph_data_key_wrap(&arena, &service, arn, PH_STR("{}"), &data_key),
                  whose = { 0 };
    struct ph_key back = { { 0 } };

    (void)state;
    assert_true(ph_data_key_unwrap(&arena, &service, wrapped, PH_STR("{}"), &whose, &back));
    assert_memory_equal(&back, &data_key, sizeof back);
    assert_true(ph_str_eq(whose, arn));
    assert_false(ph_data_key_unwrap(&arena, &other, wrapped, PH_STR("{}"), &whose, &back));
    assert_false(ph_data_key_unwrap(&arena, &service, wrapped, PH_STR("{ }"), &whose, &back));
    for (size_t i = 0; i < wrapped.n * 8; i++) {
        uint8_t *bytes = ph_arena_alloc(&arena, wrapped.n);

        memcpy(bytes, wrapped.p, wrapped.n);
        bytes[i / 8] = (uint8_t)(bytes[i / 8] ^ (1U << (i % 8)));
        assert_false(ph_data_key_unwrap(&arena, &service, (struct ph_str){ bytes, wrapped.n },
                                        PH_STR("{}"), &whose, &back));
    }
}

/* That libraries read them is shown by tests/protocol/test_codes.py. */
static void an_envelope_is_bounded(void **state)
{
    PH_AUTO(ph_envelope_signer_free) struct ph_envelope_signer signer = { 0 };
    const struct ph_key data_key = { { 3 } };
    uint8_t *text = ph_arena_alloc(&arena, 70000);
    struct ph_envelope envelope = { .provider = PH_STR("aws-kms"),
                                    .key_id = PH_STR("k"),
                                    .wrapped = PH_STR("w"),
                                    .data_key = &data_key };
    struct ph_str message;

    (void)state;
    ph_envelope_signer_new(&arena, &signer);
    assert_int_equal(signer.public_key.n, 68);
    assert_true(ph_envelope_seal(&arena, &signer, &envelope, (struct ph_str){ 0 }, &message));
    assert_true(ph_str_starts(message, PH_STR("\x01\x80\x03\x78")));
    assert_true(ph_envelope_seal(&arena, &signer, &envelope,
                                 (struct ph_str){ text, PH_ENVELOPE_PLAIN_MAX }, &message));
    assert_false(ph_envelope_seal(&arena, &signer, &envelope,
                                  (struct ph_str){ text, PH_ENVELOPE_PLAIN_MAX + 1 }, &message));
    envelope.wrapped = (struct ph_str){ text, 65536 };
    assert_false(ph_envelope_seal(&arena, &signer, &envelope, PH_STR("1"), &message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_data_key_comes_back_for_its_key_and_context_only, reset),
        cmocka_unit_test_setup(an_envelope_is_bounded, reset),
        cmocka_unit_test_setup(sha256_follows_fips_180_4, reset),
        cmocka_unit_test_setup(hmac_follows_rfc_4231, reset),
        cmocka_unit_test_setup(hkdf_follows_rfc_5869, reset),
        cmocka_unit_test_setup(what_is_sealed_opens_for_its_purpose_only, reset),
        cmocka_unit_test_setup(an_empty_text_can_be_sealed, reset),
        cmocka_unit_test_setup(a_changed_or_cut_seal_does_not_open, reset),
        cmocka_unit_test_setup(a_key_signs_again_after_being_stored, reset),
        cmocka_unit_test_setup(what_is_no_rsa_key_is_not_loaded, reset),
        cmocka_unit_test_setup(secrets_of_different_length_differ, reset),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ph_arena_finish(&arena);
    return failed;
}
