/*
 * The algorithms, fetched from OpenSSL once per process: a fetch per use costs more than the hash.
 * Private to crypto/.
 */
#ifndef PH_CRYPTO_ALGORITHMS_H
#define PH_CRYPTO_ALGORITHMS_H

#include <openssl/evp.h>

struct ph_algorithms {
    EVP_MD *sha256;
    EVP_CIPHER *aes256_gcm;
};

/* Thread-safe; ends the process when the library lacks one. */
const struct ph_algorithms *ph_algorithms(void);

#endif
