/*
 * An authenticator and the browser before it, for unit tests: one P-256 key, CBOR written out byte
 * by byte. Shares nothing with src/passkey.
 */
#ifndef PH_TESTS_SUPPORT_AUTHENTICATOR_H
#define PH_TESTS_SUPPORT_AUTHENTICATOR_H

#include "util/buf.h"
#include "util/encode.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

enum { TEST_CREDENTIAL_ID = 16 };

struct authenticator {
    struct ph_arena *arena;
    EVP_PKEY *key;
    uint8_t id[TEST_CREDENTIAL_ID];
    uint8_t flags;
    uint32_t count;
    const char *party;
    const char *origin;
    int cose_algorithm; /* as the key says of itself */
};

static inline struct authenticator authenticator_new(struct ph_arena *arena)
{
    return (struct authenticator){
        .arena = arena,
        .key = EVP_EC_gen("P-256"),
        .id = { 1, 2, 3 },
        .flags = 0x05, /* present, verified */
        .party = "example.com",
        .origin = "https://app.example.com",
        .cose_algorithm = -7,
    };
}

static inline void authenticator_free(struct authenticator *a)
{
    EVP_PKEY_free(a->key);
}

/* --- bytes --- */

static inline void put(struct ph_buf *buf, const void *bytes, size_t n)
{
    ph_buf_add(buf, (struct ph_str){ bytes, n });
}

#define PUT(buf, ...)                                                                              \
    put((buf), (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static inline struct ph_str test_sha256(struct ph_arena *arena, struct ph_str in)
{
    uint8_t *out = ph_arena_alloc(arena, 32);

    (void)EVP_Digest(in.p, in.n, out, NULL, EVP_sha256(), NULL);
    return (struct ph_str){ out, 32 };
}

static inline struct ph_str test_sign(const struct authenticator *a,
                                      struct ph_str authenticator_data, struct ph_str client_data)
{
    const struct ph_str hash = test_sha256(a->arena, client_data);
    const struct ph_str message = PH_CONCAT(a->arena, authenticator_data, hash);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    size_t n = 80;
    uint8_t *out = ph_arena_alloc(a->arena, n);

    (void)EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, a->key);
    (void)EVP_DigestSign(md, out, &n, message.p, message.n);
    EVP_MD_CTX_free(md);
    return (struct ph_str){ out, n };
}

/* {1: 2, 3: alg, -1: 1, -2: x, -3: y} (RFC 9053, 7.1) */
static inline void put_cose_key(struct ph_buf *buf, const struct authenticator *a)
{
    uint8_t point[65] = { 0 };
    size_t n = 0;

    (void)EVP_PKEY_get_octet_string_param(a->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n);
    PUT(buf, 0xa5, 1, 2, 3, (uint8_t)(0x20 - 1 - a->cose_algorithm), 0x20, 1, 0x21, 0x58, 32);
    put(buf, point + 1, 32);
    PUT(buf, 0x22, 0x58, 32);
    put(buf, point + 33, 32);
}

static inline void put_head(struct ph_buf *buf, const struct authenticator *a, uint8_t more_flags)
{
    const struct ph_str party = test_sha256(a->arena, ph_str_from(a->party));

    put(buf, party.p, party.n);
    PUT(buf, (uint8_t)(a->flags | more_flags), (uint8_t)(a->count >> 24), (uint8_t)(a->count >> 16),
        (uint8_t)(a->count >> 8), (uint8_t)a->count);
}

static inline struct ph_str test_client_data(const struct authenticator *a, const char *type,
                                             struct ph_str challenge)
{
    return ph_strf(a->arena, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"}", type,
                   PH_FMT(challenge), a->origin);
}

/* --- a new credential --- */

static inline struct ph_str test_attested_data(const struct authenticator *a)
{
    static const uint8_t AAGUID[16] = { 0xaa };
    struct ph_buf buf;

    ph_buf_init(&buf, a->arena, 1024);
    put_head(&buf, a, 0x40);
    put(&buf, AAGUID, sizeof AAGUID);
    PUT(&buf, 0, TEST_CREDENTIAL_ID);
    put(&buf, a->id, sizeof a->id);
    put_cose_key(&buf, a);
    return ph_buf_str(&buf);
}

/* form: "none", "packed" (signed by the key itself) or any other name, with an empty statement. */
static inline struct ph_str test_attestation(const struct authenticator *a, const char *form,
                                             struct ph_str client_data)
{
    const struct ph_str data = test_attested_data(a);
    const struct ph_str signature = test_sign(a, data, client_data);
    struct ph_buf buf;

    ph_buf_init(&buf, a->arena, 2048);
    PUT(&buf, 0xa3, 0x63, 'f', 'm', 't', (uint8_t)(0x60 + strlen(form)));
    put(&buf, form, strlen(form));
    PUT(&buf, 0x67, 'a', 't', 't', 'S', 't', 'm', 't');
    if (strcmp(form, "packed") == 0) {
        PUT(&buf, 0xa2, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x58, (uint8_t)signature.n);
        put(&buf, signature.p, signature.n);
    } else {
        PUT(&buf, 0xa0);
    }
    PUT(&buf, 0x68, 'a', 'u', 't', 'h', 'D', 'a', 't', 'a', 0x58, (uint8_t)data.n);
    put(&buf, data.p, data.n);
    return ph_buf_str(&buf);
}

static inline struct ph_str test_id(const struct authenticator *a)
{
    return ph_base64url(a->arena, (struct ph_str){ a->id, sizeof a->id });
}

/* RegistrationResponseJSON */
static inline struct ph_str authenticator_create(const struct authenticator *a, const char *form,
                                                 struct ph_str challenge)
{
    const struct ph_str data = test_client_data(a, "webauthn.create", challenge);
    const struct ph_str client_data = ph_base64url(a->arena, data);
    const struct ph_str object = ph_base64url(a->arena, test_attestation(a, form, data));
    const struct ph_str id = test_id(a);

    return ph_strf(a->arena,
                   "{\"id\":\"%.*s\",\"type\":\"public-key\",\"authenticatorAttachment\":"
                   "\"platform\",\"response\":{\"clientDataJSON\":\"%.*s\","
                   "\"attestationObject\":\"%.*s\",\"transports\":[\"internal\"]}}",
                   PH_FMT(id), PH_FMT(client_data), PH_FMT(object));
}

/* --- an assertion --- */

static inline struct ph_str test_assertion_data(const struct authenticator *a)
{
    struct ph_buf buf;

    ph_buf_init(&buf, a->arena, 64);
    put_head(&buf, a, 0);
    return ph_buf_str(&buf);
}

/* AuthenticationResponseJSON */
static inline struct ph_str authenticator_get(const struct authenticator *a,
                                              struct ph_str challenge, struct ph_str user_handle)
{
    const struct ph_str data = test_client_data(a, "webauthn.get", challenge);
    const struct ph_str own = test_assertion_data(a);
    const struct ph_str parts[] = { test_id(a), ph_base64url(a->arena, data),
                                    ph_base64url(a->arena, own),
                                    ph_base64url(a->arena, test_sign(a, own, data)),
                                    ph_base64url(a->arena, user_handle) };

    return ph_strf(a->arena,
                   "{\"id\":\"%.*s\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":"
                   "\"%.*s\",\"authenticatorData\":\"%.*s\",\"signature\":\"%.*s\","
                   "\"userHandle\":\"%.*s\"}}",
                   PH_FMT(parts[0]), PH_FMT(parts[1]), PH_FMT(parts[2]), PH_FMT(parts[3]),
                   PH_FMT(parts[4]));
}

#endif
