#include "crypto/seal.h"

#include "crypto/algorithms.h"
#include "crypto/random.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <string.h>

enum { VERSION = 1, NONCE_BYTES = 12, TAG_BYTES = 16 };

static void free_cipher(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

static EVP_CIPHER_CTX *cipher_new(void)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx == NULL) {
        ph_fatal("out of memory");
    }
    return ctx;
}

static bool fits(size_t n)
{
    return n <= INT_MAX - PH_SEAL_OVERHEAD;
}

struct ph_str ph_seal(struct ph_arena *arena, const struct ph_key *key, struct ph_str purpose,
                      struct ph_str plain)
{
    PH_AUTO(free_cipher) EVP_CIPHER_CTX *ctx = cipher_new();
    uint8_t *out = ph_arena_alloc(arena, plain.n + PH_SEAL_OVERHEAD);
    uint8_t *const text = out + 1 + NONCE_BYTES;
    int n = 0;

    if (!fits(plain.n) || !fits(purpose.n)) {
        ph_fatal("sealing too much at once");
    }
    out[0] = VERSION;
    ph_system_random.fill(NULL, out + 1, NONCE_BYTES);
    if (EVP_EncryptInit_ex2(ctx, ph_algorithms()->aes256_gcm, key->bytes, out + 1, NULL) != 1 ||
        EVP_EncryptUpdate(ctx, NULL, &n, purpose.p, (int)purpose.n) != 1 ||
        (plain.n > 0 && EVP_EncryptUpdate(ctx, text, &n, plain.p, (int)plain.n) != 1) ||
        EVP_EncryptFinal_ex(ctx, text + plain.n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plain.n) != 1) {
        ph_fatal("AES-256-GCM failed");
    }
    return (struct ph_str){ out, plain.n + PH_SEAL_OVERHEAD };
}

bool ph_open(struct ph_arena *arena, const struct ph_key *key, struct ph_str purpose,
             struct ph_str sealed, struct ph_str *plain)
{
    PH_AUTO(free_cipher) EVP_CIPHER_CTX *ctx = cipher_new();
    uint8_t tag[TAG_BYTES];
    uint8_t *out;
    size_t length;
    int n = 0;

    if (sealed.n < PH_SEAL_OVERHEAD || sealed.p[0] != VERSION || !fits(sealed.n) ||
        !fits(purpose.n)) {
        return false;
    }
    length = sealed.n - PH_SEAL_OVERHEAD;
    out = ph_arena_alloc(arena, length + 1);
    memcpy(tag, sealed.p + sealed.n - TAG_BYTES, TAG_BYTES);
    if (EVP_DecryptInit_ex2(ctx, ph_algorithms()->aes256_gcm, key->bytes, sealed.p + 1, NULL) !=
            1 ||
        EVP_DecryptUpdate(ctx, NULL, &n, purpose.p, (int)purpose.n) != 1 ||
        (length > 0 &&
         EVP_DecryptUpdate(ctx, out, &n, sealed.p + 1 + NONCE_BYTES, (int)length) != 1) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1 ||
        EVP_DecryptFinal_ex(ctx, out + length, &n) != 1) {
        OPENSSL_cleanse(out, length); /* unauthenticated text goes nowhere */
        return false;
    }
    *plain = (struct ph_str){ out, length };
    return true;
}
