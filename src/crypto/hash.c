#include "crypto/hash.h"

#include "crypto/algorithms.h"

#include <openssl/crypto.h>
#include <string.h>

enum { BLOCK_BYTES = 64 }; /* of SHA-256 */

static void free_md(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static EVP_MD_CTX *hash_begin(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL || EVP_DigestInit_ex2(ctx, ph_algorithms()->sha256, NULL) != 1) {
        ph_fatal("SHA-256 failed");
    }
    return ctx;
}

static void hash_add(EVP_MD_CTX *ctx, struct ph_str s)
{
    if (s.n > 0 && EVP_DigestUpdate(ctx, s.p, s.n) != 1) {
        ph_fatal("SHA-256 failed");
    }
}

static void hash_end(EVP_MD_CTX *ctx, struct ph_digest *out)
{
    if (EVP_DigestFinal_ex(ctx, out->bytes, NULL) != 1) {
        ph_fatal("SHA-256 failed");
    }
}

void ph_sha256(const struct ph_str *parts, size_t count, struct ph_digest *out)
{
    PH_AUTO(free_md) EVP_MD_CTX *ctx = hash_begin();

    for (size_t i = 0; i < count; i++) {
        hash_add(ctx, parts[i]);
    }
    hash_end(ctx, out);
}

/* RFC 2104: a key longer than a block is hashed first, a shorter one padded with zeros. */
static void block_key(struct ph_str key, uint8_t block[BLOCK_BYTES])
{
    struct ph_digest hashed;

    memset(block, 0, BLOCK_BYTES);
    if (key.n > BLOCK_BYTES) {
        ph_sha256(&key, 1, &hashed);
        memcpy(block, hashed.bytes, sizeof hashed.bytes);
        OPENSSL_cleanse(&hashed, sizeof hashed);
        return;
    }
    if (key.n > 0) {
        memcpy(block, key.p, key.n);
    }
}

static void mask(uint8_t block[BLOCK_BYTES], uint8_t with)
{
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        block[i] ^= with;
    }
}

/* Written out on the hash: OpenSSL's EVP_MAC costs several microseconds of set-up a call. */
void ph_hmac_sha256(struct ph_str key, const struct ph_str *parts, size_t count,
                    struct ph_digest *out)
{
    PH_AUTO(free_md) EVP_MD_CTX *ctx = hash_begin();
    uint8_t block[BLOCK_BYTES];
    const struct ph_str pad = { block, sizeof block };
    struct ph_digest inner;

    block_key(key, block);
    mask(block, 0x36);
    hash_add(ctx, pad);
    for (size_t i = 0; i < count; i++) {
        hash_add(ctx, parts[i]);
    }
    hash_end(ctx, &inner);
    mask(block, 0x36 ^ 0x5c);
    PH_SHA256(out, pad, ph_digest_str(&inner));
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&inner, sizeof inner);
}

void ph_hkdf_sha256(struct ph_str ikm, struct ph_str salt, struct ph_str info, uint8_t *out,
                    size_t n)
{
    struct ph_digest prk, block = { 0 };
    struct ph_str previous = { 0 };

    if (n > (size_t)255 * PH_SHA256_BYTES) {
        ph_fatal("HKDF output too long");
    }
    PH_HMAC(salt, &prk, ikm);
    for (uint8_t counter = 1; n > 0; counter++) {
        const struct ph_str number = { &counter, 1 };
        const size_t part = n < PH_SHA256_BYTES ? n : PH_SHA256_BYTES;

        PH_HMAC(ph_digest_str(&prk), &block, previous, info, number);
        memcpy(out, block.bytes, part);
        previous = ph_digest_str(&block);
        out += part;
        n -= part;
    }
    OPENSSL_cleanse(&prk, sizeof prk);
    OPENSSL_cleanse(&block, sizeof block);
}

void ph_key_derive(const struct ph_key *from, struct ph_str purpose, struct ph_key *out)
{
    const struct ph_str ikm = { from->bytes, sizeof from->bytes };

    ph_hkdf_sha256(ikm, (struct ph_str){ 0 }, purpose, out->bytes, sizeof out->bytes);
}
