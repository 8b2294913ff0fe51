#include "crypto/algorithms.h"

#include "util/arena.h"

#include <pthread.h>

static struct ph_algorithms fetched;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    fetched.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    fetched.aes256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (fetched.sha256 == NULL || fetched.aes256_gcm == NULL) {
        ph_fatal("libcrypto lacks SHA-256 or AES-256-GCM");
    }
}

const struct ph_algorithms *ph_algorithms(void)
{
    pthread_once(&once, fetch);
    return &fetched;
}
