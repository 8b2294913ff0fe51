#include "crypto/tls_pair.h"

#include "util/clock.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void free_x509(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

/* Nobody is asked for one: a server starts by itself. */
static int no_passphrase(char *buffer, int size, int writes, void *self)
{
    (void)buffer;
    (void)size;
    (void)writes;
    (void)self;
    return -1;
}

static X509 *read_certificate(struct ph_str pem)
{
    PH_AUTO(free_bio) BIO *bio = pem.n > 0 ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;

    return bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
}

static EVP_PKEY *read_key(struct ph_str pem)
{
    PH_AUTO(free_bio) BIO *bio = pem.n > 0 ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;

    return bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;
    struct ph_date date;
    int64_t epoch_s = 0;

    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return 0;
    }
    date = (struct ph_date){
        .year = parts.tm_year + 1900,
        .month = parts.tm_mon + 1,
        .day = parts.tm_mday,
        .hour = parts.tm_hour,
        .minute = parts.tm_min,
        .second = parts.tm_sec,
    };
    return ph_date_to_epoch(&date, &epoch_s) ? epoch_s : 0;
}

const char *ph_tls_pair_problem(const struct ph_tls_pair *pair)
{
    static const char *const PROBLEMS[] = {
        [PH_TLS_FITS] = NULL,
        [PH_TLS_NO_CERTIFICATE] = "the TLS certificate is none in PEM",
        [PH_TLS_NO_KEY] = "the TLS key is no private key in PEM, or one under a passphrase",
        [PH_TLS_OTHER_KEY] = "the TLS key is not that of the certificate",
    };

    return PROBLEMS[pair->verdict];
}

struct ph_tls_pair ph_tls_pair_read(struct ph_str certificate, struct ph_str key)
{
    PH_AUTO(free_x509) X509 *first = read_certificate(certificate);
    PH_AUTO(free_key) EVP_PKEY *private = read_key(key);
    struct ph_tls_pair pair = { .verdict = PH_TLS_NO_CERTIFICATE };

    if (first == NULL) {
        return pair;
    }
    pair.not_before_s = seconds_of(X509_get0_notBefore(first));
    pair.not_after_s = seconds_of(X509_get0_notAfter(first));
    if (private == NULL) {
        pair.verdict = PH_TLS_NO_KEY;
    } else {
        pair.verdict = X509_check_private_key(first, private) == 1 ? PH_TLS_FITS : PH_TLS_OTHER_KEY;
    }
    return pair;
}
