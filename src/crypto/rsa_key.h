/* What a loaded key is made of. Private to crypto/. */
#ifndef PH_CRYPTO_RSA_KEY_H
#define PH_CRYPTO_RSA_KEY_H

#include "crypto/rsa.h"

#include <openssl/evp.h>

/*
 * Signing copies a context that is ready to sign: cheaper than setting one up, and threads share
 * nothing but the key.
 */
struct ph_rsa_key {
    EVP_PKEY *pkey;
    EVP_MD_CTX *ready;
};

#endif
