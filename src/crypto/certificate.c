#include "crypto/certificate.h"

#include "crypto/rsa_key.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

static void free_x509(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_extension(X509_EXTENSION **extension)
{
    X509_EXTENSION_free(*extension);
}

static void free_bn(BIGNUM **n)
{
    BN_free(*n);
}

static bool set_serial(X509 *certificate, struct ph_str serial)
{
    PH_AUTO(free_bn) BIGNUM *n = BN_bin2bn(serial.p, (int)serial.n, NULL);

    return n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(certificate)) != NULL;
}

/* Subject and issuer are the same. */
static bool set_names(X509 *certificate, struct ph_str common_name)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common_name.p, (int)common_name.n,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static bool set_times(X509 *certificate, const struct ph_certificate *facts)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)facts->not_before_s) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)facts->not_after_s) != NULL;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    PH_AUTO(free_extension)
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    return extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
}

static bool fill(X509 *certificate, const struct ph_rsa_key *key,
                 const struct ph_certificate *facts)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           set_serial(certificate, facts->serial) && set_names(certificate, facts->common_name) &&
           set_times(certificate, facts) && X509_set_pubkey(certificate, key->pkey) == 1 &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           X509_sign(certificate, key->pkey, EVP_sha256()) > 0;
}

struct ph_str ph_certificate_self_signed(struct ph_arena *arena, const struct ph_rsa_key *key,
                                         const struct ph_certificate *facts)
{
    PH_AUTO(free_x509) X509 *certificate = X509_new();
    unsigned char *der = NULL;
    struct ph_str copy;
    int n = -1;

    if (certificate != NULL && fill(certificate, key, facts)) {
        n = i2d_X509(certificate, &der);
    }
    if (n <= 0) {
        ph_fatal("a certificate cannot be made");
    }
    copy = ph_str_dup(arena, (struct ph_str){ der, (size_t)n });
    OPENSSL_free(der);
    return copy;
}
