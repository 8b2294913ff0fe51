/* Sign-in: an assertion, verified by libfido2 with the key that was registered. */
#include "crypto/hash.h"
#include "passkey/internal.h"

#include <fido.h>
#include <fido/es256.h>
#include <fido/rs256.h>

static void free_assert(fido_assert_t **assert)
{
    fido_assert_free(assert); /* NULL is fine */
}

static void free_es256(es256_pk_t **key)
{
    es256_pk_free(key);
}

static void free_rs256(rs256_pk_t **key)
{
    rs256_pk_free(key);
}

static bool verify_es256(const fido_assert_t *assert, struct ph_str public_key)
{
    PH_AUTO(free_es256) es256_pk_t *key = es256_pk_new();

    return key != NULL && es256_pk_from_ptr(key, public_key.p, public_key.n) == FIDO_OK &&
           fido_assert_verify(assert, 0, COSE_ES256, key) == FIDO_OK;
}

static bool verify_rs256(const fido_assert_t *assert, struct ph_str public_key)
{
    PH_AUTO(free_rs256) rs256_pk_t *key = rs256_pk_new();

    return key != NULL && rs256_pk_from_ptr(key, public_key.p, public_key.n) == FIDO_OK &&
           fido_assert_verify(assert, 0, COSE_RS256, key) == FIDO_OK;
}

static bool fill(struct ph_arena *arena, fido_assert_t *assert,
                 const struct ph_webauthn_party *party, const struct ph_webauthn_response *response)
{
    const char *party_id = ph_cstr(arena, party->id);
    struct ph_digest hash;

    PH_SHA256(&hash, response->client_data);
    return party_id != NULL && fido_assert_set_rp(assert, party_id) == FIDO_OK &&
           fido_assert_set_clientdata_hash(assert, hash.bytes, sizeof hash.bytes) == FIDO_OK &&
           fido_assert_set_count(assert, 1) == FIDO_OK &&
           fido_assert_set_authdata_raw(assert, 0, response->authenticator_data.p,
                                        response->authenticator_data.n) == FIDO_OK &&
           fido_assert_set_sig(assert, 0, response->signature.p, response->signature.n) ==
               FIDO_OK &&
           fido_assert_set_up(assert, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assert, party->verifies_users ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) ==
               FIDO_OK;
}

static bool verify(const fido_assert_t *assert, const struct ph_webauthn_credential *credential)
{
    return credential->algorithm == COSE_RS256 ? verify_rs256(assert, credential->public_key)
                                               : credential->algorithm == COSE_ES256 &&
                                                     verify_es256(assert, credential->public_key);
}

enum ph_webauthn_verdict ph_webauthn_assert(struct ph_arena *arena,
                                            const struct ph_webauthn_party *party,
                                            const struct ph_webauthn_response *response,
                                            const struct ph_webauthn_credential *credential,
                                            int64_t *sign_count, int64_t *flags)
{
    PH_AUTO(free_assert) fido_assert_t *assert = fido_assert_new();
    const enum ph_webauthn_verdict verdict =
        ph_authenticator_data_check(response->authenticator_data, party->id);

    if (verdict != PH_WEBAUTHN_RIGHT) {
        return verdict;
    }
    if (assert == NULL || !fill(arena, assert, party, response)) {
        return PH_WEBAUTHN_MALFORMED;
    }
    if (!verify(assert, credential)) {
        return PH_WEBAUTHN_WRONG;
    }
    *sign_count = fido_assert_sigcount(assert, 0);
    *flags = fido_assert_flags(assert, 0);
    return PH_WEBAUTHN_RIGHT;
}
