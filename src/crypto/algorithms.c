#include "crypto/algorithms.h"

#include "crypto/start.h"
#include "util/arena.h"
#include "util/memory.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

static struct ph_algorithms fetched;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size == 0 ? NULL : ph_heap_alloc(size);
}

static void *resize(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return ph_heap_resize(old, size);
}

static void leave(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

void ph_crypto_start(void)
{
    if (CRYPTO_set_mem_functions(take, resize, leave) != 1) {
        ph_fatal("libcrypto was used before it was given its memory");
    }
}

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
