#include "crypto/envelope.h"

#include "crypto/algorithms.h"
#include "crypto/random.h"
#include "util/buf.h"
#include "util/encode.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

enum {
    ID_BYTES = 16,
    IV_BYTES = 12,
    TAG_BYTES = 16,
    POINT_BYTES = 97, /* 4, x, y */
    COORDINATE_BYTES = 48,
    SIGNATURE_MAX = 128,
    PART_MAX = 65535,
    MESSAGE_MAX = 1024 * 1024,
};

#define ALGORITHM "\x03\x78"

static void must(bool right, const char *what)
{
    if (!right) {
        ph_fatal(what);
    }
}

/* ---- the signer ---- */

void ph_envelope_signer_new(struct ph_arena *arena, struct ph_envelope_signer *signer)
{
    uint8_t point[POINT_BYTES];
    size_t n = 0;

    signer->key = EVP_EC_gen("P-384");
    must(signer->key != NULL &&
             EVP_PKEY_get_octet_string_param(signer->key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                             sizeof point, &n) == 1 &&
             n == POINT_BYTES,
         "a key on P-384 cannot be made");
    point[0] =
        (uint8_t)(2 + (point[POINT_BYTES - 1] & 1)); /* compressed: x, and whether y is odd */
    signer->public_key = ph_base64(arena, (struct ph_str){ point, 1 + COORDINATE_BYTES });
}

void ph_envelope_signer_free(struct ph_envelope_signer *signer)
{
    EVP_PKEY_free(signer->key);
    signer->key = NULL;
}

static void free_md(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static struct ph_str sign(struct ph_arena *arena, const struct ph_envelope_signer *signer,
                          struct ph_str message)
{
    PH_AUTO(free_md) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *signature = ph_arena_alloc(arena, SIGNATURE_MAX);
    size_t n = SIGNATURE_MAX;

    must(ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, signer->key) == 1 &&
             EVP_DigestSign(ctx, signature, &n, message.p, message.n) == 1,
         "ECDSA failed");
    return (struct ph_str){ signature, n };
}

/* ---- bytes ---- */

static void add_number(struct ph_buf *out, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        ph_buf_add_byte(out, (uint8_t)(number >> (8 * i)));
    }
}

static void add_part(struct ph_buf *out, struct ph_str part)
{
    add_number(out, part.n, 2);
    ph_buf_add(out, part);
}

static bool fits(const struct ph_envelope *e)
{
    size_t context = 2;

    for (size_t i = 0; i < e->context_count; i++) {
        const struct ph_envelope_pair *pair = &e->context[i];

        if (pair->name.n > PART_MAX || pair->value.n > PART_MAX) {
            return false;
        }
        context += 4 + pair->name.n + pair->value.n;
    }
    return context <= PART_MAX && e->provider.n <= PART_MAX && e->key_id.n <= PART_MAX &&
           e->wrapped.n <= PART_MAX;
}

static struct ph_str context_of(struct ph_arena *arena, const struct ph_envelope *e)
{
    struct ph_buf out;

    ph_buf_init(&out, arena, PART_MAX);
    add_number(&out, e->context_count, 2);
    for (size_t i = 0; i < e->context_count; i++) {
        add_part(&out, e->context[i].name);
        add_part(&out, e->context[i].value);
    }
    return ph_buf_str(&out);
}

static void add_header(struct ph_buf *out, struct ph_arena *arena, const struct ph_envelope *e,
                       struct ph_str id)
{
    ph_buf_add(out, PH_STR("\x01\x80" ALGORITHM)); /* version, type, algorithm */
    ph_buf_add(out, id);
    add_part(out, context_of(arena, e));
    add_number(out, 1, 2); /* one encrypted data key */
    add_part(out, e->provider);
    add_part(out, e->key_id);
    add_part(out, e->wrapped);
    add_number(out, 2, 1); /* content in frames */
    add_number(out, 0, 4);
    add_number(out, IV_BYTES, 1);
    add_number(out, PH_ENVELOPE_PLAIN_MAX, 4); /* length of a frame */
}

/* ---- the key of the message, and what it encrypts ---- */

static void free_kdf(EVP_KDF_CTX **ctx)
{
    EVP_KDF_CTX_free(*ctx);
}

/* Copies, because the library's parameters are not const. */
static void derive(const struct ph_key *data_key, struct ph_str message_id, struct ph_key *out)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = *data_key;
    uint8_t info[sizeof ALGORITHM - 1 + ID_BYTES] = ALGORITHM;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    PH_AUTO(free_kdf) EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA384";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.bytes, sizeof key.bytes),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info),
        OSSL_PARAM_construct_end(),
    };

    memcpy(info + sizeof ALGORITHM - 1, message_id.p, ID_BYTES);
    EVP_KDF_free(kdf);
    must(ctx != NULL && EVP_KDF_derive(ctx, out->bytes, sizeof out->bytes, parameters) == 1,
         "HKDF failed");
}

static void free_cipher(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

/* Appends the encrypted text and its tag. */
static void add_encrypted(struct ph_buf *out, struct ph_arena *arena, const struct ph_key *key,
                          const uint8_t iv[IV_BYTES], struct ph_str associated, struct ph_str plain)
{
    PH_AUTO(free_cipher) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *text = ph_arena_alloc(arena, plain.n + TAG_BYTES);
    int n = 0;

    must(ctx != NULL &&
             EVP_EncryptInit_ex2(ctx, ph_algorithms()->aes256_gcm, key->bytes, iv, NULL) == 1 &&
             EVP_EncryptUpdate(ctx, NULL, &n, associated.p, (int)associated.n) == 1 &&
             (plain.n == 0 || EVP_EncryptUpdate(ctx, text, &n, plain.p, (int)plain.n) == 1) &&
             EVP_EncryptFinal_ex(ctx, text + plain.n, &n) == 1 &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plain.n) == 1,
         "AES-256-GCM failed");
    ph_buf_add(out, (struct ph_str){ text, plain.n + TAG_BYTES });
}

/* No text: what is authenticated is the header itself. */
static void add_header_proof(struct ph_buf *out, struct ph_arena *arena, const struct ph_key *key)
{
    static const uint8_t IV[IV_BYTES] = { 0 };
    const struct ph_str header = ph_buf_str(out);
    struct ph_buf proof;

    ph_buf_init(&proof, arena, IV_BYTES + TAG_BYTES);
    ph_buf_add(&proof, (struct ph_str){ IV, sizeof IV });
    add_encrypted(&proof, arena, key, IV, header, (struct ph_str){ 0 });
    ph_buf_add(out, ph_buf_str(&proof));
}

static void add_frame(struct ph_buf *out, struct ph_arena *arena, const struct ph_key *key,
                      struct ph_str id, struct ph_str plain)
{
    static const uint8_t IV[IV_BYTES] = { [IV_BYTES - 1] = 1 }; /* the number of the frame */
    struct ph_buf associated;

    ph_buf_init(&associated, arena, 128);
    ph_buf_add(&associated, id);
    ph_buf_add(&associated, PH_STR("AWSKMSEncryptionClient Final Frame"));
    add_number(&associated, 1, 4);
    add_number(&associated, plain.n, 8);
    add_number(out, UINT32_MAX, 4); /* the last one */
    add_number(out, 1, 4);
    ph_buf_add(out, (struct ph_str){ IV, sizeof IV });
    add_number(out, plain.n, 4);
    add_encrypted(out, arena, key, IV, ph_buf_str(&associated), plain);
}

bool ph_envelope_seal(struct ph_arena *arena, const struct ph_envelope_signer *signer,
                      const struct ph_envelope *envelope, struct ph_str plain,
                      struct ph_str *message)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    uint8_t *id = ph_arena_alloc(arena, ID_BYTES);
    const struct ph_str message_id = { id, ID_BYTES };
    struct ph_buf out;

    if (plain.n > PH_ENVELOPE_PLAIN_MAX || !fits(envelope)) {
        return false;
    }
    ph_system_random.fill(NULL, id, ID_BYTES);
    derive(envelope->data_key, message_id, &key);
    ph_buf_init(&out, arena, MESSAGE_MAX);
    add_header(&out, arena, envelope, message_id);
    add_header_proof(&out, arena, &key);
    add_frame(&out, arena, &key, message_id, plain);
    add_part(&out, sign(arena, signer, ph_buf_str(&out)));
    *message = ph_buf_str(&out);
    return !out.overflowed;
}
