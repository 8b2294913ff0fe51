/* The certificate and the private key that a listener is given, before clients see them. */
#ifndef PH_CRYPTO_TLS_PAIR_H
#define PH_CRYPTO_TLS_PAIR_H

#include "util/str.h"

#include <stdint.h>

enum ph_tls_verdict {
    PH_TLS_FITS,
    PH_TLS_NO_CERTIFICATE, /* the text has none in PEM */
    PH_TLS_NO_KEY,         /* the text has none in PEM, or one under a passphrase */
    PH_TLS_OTHER_KEY,      /* the key is not that of the first certificate */
};

struct ph_tls_pair {
    enum ph_tls_verdict verdict;
    int64_t not_before_s; /* epoch seconds; of the first certificate, when there is one */
    int64_t not_after_s;
};

/* Both as PEM; of a chain the first certificate, which is the server's own. */
struct ph_tls_pair ph_tls_pair_read(struct ph_str certificate, struct ph_str key);

/* What is wrong, in words for the operator; NULL when nothing is. */
const char *ph_tls_pair_problem(const struct ph_tls_pair *pair);

#endif
