#include "srp_client.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HASH = SHA256_DIGEST_LENGTH, NUMBER_MAX = 385, BLOCK_MAX = 8192, EXPONENT_BITS = 256 };

struct srp_client {
    BN_CTX *bn;
    BIGNUM *n, *g, *k;
    BIGNUM *a;
    char *a_hex;
};

static void die(void)
{
    fprintf(stderr, "load: arithmetic failed\n");
    exit(1);
}

/* Minimal two's complement, big-endian: a zero byte before a high bit. */
static size_t big_integer(const BIGNUM *n, uint8_t out[NUMBER_MAX])
{
    const size_t length = (size_t)BN_num_bits(n) / 8 + 1;

    if (length > NUMBER_MAX || BN_bn2binpad(n, out, (int)length) < 0) {
        die();
    }
    return length;
}

static void hash_of_two(const BIGNUM *a, const BIGNUM *b, BIGNUM *out)
{
    uint8_t bytes[2 * NUMBER_MAX], digest[HASH];
    size_t n = big_integer(a, bytes);

    n += big_integer(b, bytes + n);
    SHA256(bytes, n, digest);
    if (BN_bin2bn(digest, HASH, out) == NULL) {
        die();
    }
}

struct srp_client *srp_client_create(void)
{
    struct srp_client *c = calloc(1, sizeof *c);

    if (c == NULL || (c->bn = BN_CTX_new()) == NULL ||
        (c->n = BN_get_rfc3526_prime_3072(NULL)) == NULL || (c->g = BN_new()) == NULL ||
        (c->k = BN_new()) == NULL || (c->a = BN_new()) == NULL || BN_set_word(c->g, 2) != 1 ||
        BN_rand(c->a, EXPONENT_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1) {
        die();
        return NULL;
    }
    BIGNUM *public_a = BN_new();

    hash_of_two(c->n, c->g, c->k);
    if (public_a == NULL || BN_mod_exp(public_a, c->g, c->a, c->n, c->bn) != 1 ||
        (c->a_hex = BN_bn2hex(public_a)) == NULL) {
        die();
    }
    BN_free(public_a);
    return c;
}

void srp_client_destroy(struct srp_client *c)
{
    if (c == NULL) {
        return;
    }
    OPENSSL_free(c->a_hex);
    BN_clear_free(c->a);
    BN_free(c->k);
    BN_free(c->g);
    BN_free(c->n);
    BN_CTX_free(c->bn);
    free(c);
}

const char *srp_client_a(const struct srp_client *c)
{
    return c->a_hex;
}

const char *srp_timestamp(void)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    static _Thread_local char text[64];
    const time_t now = time(NULL);
    struct tm t;

    if (gmtime_r(&now, &t) == NULL) {
        die();
    }
    snprintf(text, sizeof text, "%s %s %d %02d:%02d:%02d UTC %d", days[t.tm_wday], months[t.tm_mon],
             t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_year + 1900);
    return text;
}

/* x = H(BI(salt) || H(pool || user ":" password)) */
static void private_key(const struct srp_challenge *challenge, BIGNUM *x)
{
    char text[1024];
    uint8_t bytes[NUMBER_MAX + HASH], digest[HASH];
    BIGNUM *salt = NULL;
    const int n = snprintf(text, sizeof text, "%s%s:%s", challenge->pool, challenge->user,
                           challenge->password);

    if (n < 0 || (size_t)n >= sizeof text || BN_hex2bn(&salt, challenge->salt) == 0) {
        die();
    }
    const size_t length = big_integer(salt, bytes);

    SHA256((const uint8_t *)text, (size_t)n, bytes + length);
    SHA256(bytes, length + HASH, digest);
    if (BN_bin2bn(digest, HASH, x) == NULL) {
        die();
    }
    BN_free(salt);
}

static void encode(const BIGNUM *n, char *text, size_t size)
{
    uint8_t bytes[NUMBER_MAX];
    const size_t length = big_integer(n, bytes);

    if ((length + 2) / 3 * 4 + 1 > size) {
        die();
    }
    EVP_EncodeBlock((uint8_t *)text, bytes, (int)length);
}

void srp_client_verifier(struct srp_client *c, const struct srp_challenge *identity, char *verifier,
                         size_t verifier_size, char *salt, size_t salt_size)
{
    BIGNUM *x = BN_new(), *v = BN_new(), *s = NULL;

    if (x == NULL || v == NULL || BN_hex2bn(&s, identity->salt) == 0) {
        die();
    }
    private_key(identity, x);
    if (BN_mod_exp(v, c->g, x, c->n, c->bn) != 1) {
        die();
    }
    encode(v, verifier, verifier_size);
    encode(s, salt, salt_size);
    BN_free(s);
    BN_free(v);
    BN_clear_free(x);
}

/* S = (B - k * g^x) ^ (a + u * x) mod N */
static void shared_secret(const struct srp_client *c, const BIGNUM *b, const BIGNUM *u,
                          const BIGNUM *x, BIGNUM *s)
{
    BIGNUM *base = BN_new(), *exponent = BN_new();

    if (base == NULL || exponent == NULL || BN_mod_exp(base, c->g, x, c->n, c->bn) != 1 ||
        BN_mod_mul(base, base, c->k, c->n, c->bn) != 1 ||
        BN_mod_sub(base, b, base, c->n, c->bn) != 1 || BN_mul(exponent, u, x, c->bn) != 1 ||
        BN_add(exponent, exponent, c->a) != 1 || BN_mod_exp(s, base, exponent, c->n, c->bn) != 1) {
        die();
    }
    BN_free(base);
    BN_clear_free(exponent);
}

static void session_key(const struct srp_client *c, const struct srp_challenge *challenge,
                        uint8_t key[HASH])
{
    static const uint8_t info[] = "Caldera Derived Key\x01";
    BIGNUM *b = NULL, *a = NULL, *u = BN_new(), *x = BN_new(), *s = BN_new();
    uint8_t salt[NUMBER_MAX], secret[NUMBER_MAX], prk[HASH];

    if (u == NULL || x == NULL || s == NULL || BN_hex2bn(&b, challenge->b) == 0 ||
        BN_hex2bn(&a, c->a_hex) == 0) {
        die();
    }
    hash_of_two(a, b, u);
    private_key(challenge, x);
    shared_secret(c, b, u, x, s);
    const size_t salt_n = big_integer(u, salt), secret_n = big_integer(s, secret);

    if (HMAC(EVP_sha256(), salt, (int)salt_n, secret, secret_n, prk, NULL) == NULL ||
        HMAC(EVP_sha256(), prk, HASH, info, sizeof info - 1, key, NULL) == NULL) {
        die();
    }
    BN_free(a);
    BN_free(b);
    BN_free(u);
    BN_clear_free(x);
    BN_clear_free(s);
}

/* The bytes of a padded base64 text; 0 when it is none. */
static size_t decode(const char *text, uint8_t out[BLOCK_MAX])
{
    const size_t n = strlen(text);

    if (n == 0 || n % 4 != 0 || n > BLOCK_MAX) {
        return 0;
    }
    const int written = EVP_DecodeBlock(out, (const uint8_t *)text, (int)n);
    const size_t padding = (size_t)(text[n - 1] == '=') + (size_t)(text[n - 2] == '=');

    return written < 0 ? 0 : (size_t)written - padding;
}

static size_t append(uint8_t *to, size_t at, const char *text)
{
    const size_t n = strlen(text);

    memcpy(to + at, text, n);
    return at + n;
}

bool srp_client_sign(struct srp_client *c, const struct srp_challenge *challenge,
                     const char *timestamp, char *signature, size_t size)
{
    uint8_t key[HASH], mac[HASH], block[BLOCK_MAX], message[BLOCK_MAX + 1024];
    const size_t block_n = decode(challenge->block, block);

    if (block_n == 0 || size < 45 ||
        strlen(challenge->pool) + strlen(challenge->user) + strlen(timestamp) > 1024) {
        return false;
    }
    session_key(c, challenge, key);
    size_t n = append(message, 0, challenge->pool);

    n = append(message, n, challenge->user);
    memcpy(message + n, block, block_n);
    n = append(message, n + block_n, timestamp);
    if (HMAC(EVP_sha256(), key, 16, message, n, mac, NULL) == NULL) {
        return false;
    }
    EVP_EncodeBlock((uint8_t *)signature, mac, HASH);
    return true;
}
