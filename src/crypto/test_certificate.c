/* Self-signed certificates, read back by the library as a stranger would. */
#include "crypto/certificate.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define NAME "eu-west-1_AAAAAAAAA"

static const struct ph_certificate FACTS = {
    .common_name = PH_STR_INIT(NAME),
    .serial = PH_STR_INIT("\x7f\x02\x03"),
    .not_before_s = 1767355200, /* 2026-01-02 12:00:00 */
    .not_after_s = 2556144000,  /* 2051-01-01: past what UTCTime can say */
};

static void is_a_certificate_over_its_own_key(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_rsa_key *key = ph_rsa_generate();
    const struct ph_str der = ph_certificate_self_signed(&arena, key, &FACTS);
    const unsigned char *at = der.p;
    X509 *read = d2i_X509(NULL, &at, (long)der.n);
    char name[64];
    struct tm from, until;

    (void)state;
    assert_non_null(read);
    assert_ptr_equal(at, der.p + der.n);
    assert_int_equal(X509_verify(read, X509_get0_pubkey(read)), 1);
    assert_int_equal(X509_get_signature_nid(read), NID_sha256WithRSAEncryption);
    assert_int_equal(X509_get_version(read), X509_VERSION_3);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(read), X509_get_issuer_name(read)), 0);
    assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(read), NID_commonName, name,
                                          sizeof name) > 0);
    assert_string_equal(name, NAME);
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(read)), 0x7f0203);
    assert_int_equal(ASN1_TIME_to_tm(X509_get0_notBefore(read), &from), 1);
    assert_int_equal(ASN1_TIME_to_tm(X509_get0_notAfter(read), &until), 1);
    assert_int_equal(timegm(&from), FACTS.not_before_s);
    assert_int_equal(timegm(&until), FACTS.not_after_s);
    assert_int_equal(X509_check_ca(read), 0);
    assert_int_equal(X509_get_key_usage(read), KU_DIGITAL_SIGNATURE);
    X509_free(read);
    ph_rsa_free(key);
    ph_arena_finish(&arena);
}

static void the_same_facts_give_the_same_bytes(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_rsa_key *key = ph_rsa_generate();
    struct ph_rsa_key *other = ph_rsa_generate();
    struct ph_certificate later = FACTS;
    struct ph_str first = ph_certificate_self_signed(&arena, key, &FACTS);

    (void)state;
    later.not_after_s++;
    assert_true(ph_str_eq(first, ph_certificate_self_signed(&arena, key, &FACTS)));
    assert_false(ph_str_eq(first, ph_certificate_self_signed(&arena, key, &later)));
    assert_false(ph_str_eq(first, ph_certificate_self_signed(&arena, other, &FACTS)));
    ph_rsa_free(other);
    ph_rsa_free(key);
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_certificate_over_its_own_key),
        cmocka_unit_test(the_same_facts_give_the_same_bytes),
    };

    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
