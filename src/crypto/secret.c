#include "crypto/secret.h"

#include <openssl/crypto.h>

void ph_key_wipe(struct ph_key *key)
{
    OPENSSL_cleanse(key->bytes, sizeof key->bytes);
}

bool ph_equal_secret(struct ph_str a, struct ph_str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void ph_wipe(void *secret, size_t n)
{
    OPENSSL_cleanse(secret, n);
}
