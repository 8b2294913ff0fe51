#include "crypto/rsa.h"

#include "crypto/algorithms.h"
#include "crypto/rsa_key.h"
#include "util/memory.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

static void free_md(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static struct ph_rsa_key *own(EVP_PKEY *pkey)
{
    struct ph_rsa_key *key = ph_heap_zeroed(1, sizeof *key);

    key->pkey = pkey;
    key->ready = EVP_MD_CTX_new();
    if (key->ready == NULL ||
        EVP_DigestSignInit_ex(key->ready, NULL, "SHA256", NULL, NULL, pkey, NULL) != 1) {
        ph_fatal("RS256 set-up failed");
    }
    return key;
}

struct ph_rsa_key *ph_rsa_generate(void)
{
    EVP_PKEY *pkey = EVP_RSA_gen(PH_RSA_BYTES * 8);

    if (pkey == NULL) {
        ph_fatal("RSA key generation failed");
    }
    return own(pkey);
}

struct ph_rsa_key *ph_rsa_load(struct ph_str pkcs8)
{
    const unsigned char *at = pkcs8.p;
    EVP_PKEY *pkey;

    if (pkcs8.n > 1 << 16) {
        return NULL;
    }
    pkey = d2i_AutoPrivateKey(NULL, &at, (long)pkcs8.n);
    if (pkey == NULL || at != pkcs8.p + pkcs8.n || !EVP_PKEY_is_a(pkey, "RSA") ||
        EVP_PKEY_get_size(pkey) != PH_RSA_BYTES) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return own(pkey);
}

void ph_rsa_free(struct ph_rsa_key *key)
{
    if (key == NULL) {
        return;
    }
    EVP_MD_CTX_free(key->ready);
    EVP_PKEY_free(key->pkey);
    free(key);
}

static void free_info(PKCS8_PRIV_KEY_INFO **info)
{
    PKCS8_PRIV_KEY_INFO_free(*info);
}

struct ph_str ph_rsa_pkcs8(struct ph_arena *arena, const struct ph_rsa_key *key)
{
    PH_AUTO(free_info) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    unsigned char *der = NULL;
    struct ph_str copy;
    int n;

    n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    if (n <= 0) {
        ph_fatal("RSA key cannot be written");
    }
    copy = ph_str_dup(arena, (struct ph_str){ der, (size_t)n });
    OPENSSL_clear_free(der, (size_t)n);
    return copy;
}

static void free_bn(BIGNUM **n)
{
    BN_free(*n);
}

struct ph_str ph_rsa_modulus(struct ph_arena *arena, const struct ph_rsa_key *key)
{
    PH_AUTO(free_bn) BIGNUM *n = NULL;
    uint8_t *out = ph_arena_alloc(arena, PH_RSA_BYTES);

    if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        BN_bn2binpad(n, out, PH_RSA_BYTES) != PH_RSA_BYTES) {
        ph_fatal("RSA modulus cannot be read");
    }
    return (struct ph_str){ out, PH_RSA_BYTES };
}

void ph_rsa_sign(const struct ph_rsa_key *key, struct ph_str input, uint8_t signature[PH_RSA_BYTES])
{
    PH_AUTO(free_md) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = PH_RSA_BYTES;

    if (ctx == NULL || EVP_MD_CTX_copy_ex(ctx, key->ready) != 1 ||
        EVP_DigestSign(ctx, signature, &n, input.p, input.n) != 1) {
        ph_fatal("RS256 signature failed");
    }
}

bool ph_rsa_verify(const struct ph_rsa_key *key, struct ph_str input, struct ph_str signature)
{
    PH_AUTO(free_md) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL ||
        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key->pkey, NULL) != 1) {
        ph_fatal("RS256 set-up failed");
    }
    return EVP_DigestVerify(ctx, signature.p, signature.n, input.p, input.n) == 1;
}
