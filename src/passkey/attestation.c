/* Registration: the attestation object, taken apart by libcbor and verified by libfido2. */
#include "crypto/hash.h"
#include "passkey/internal.h"

#include <cbor.h>
#include <fido.h>
#include <stdlib.h>

enum { FORMAT_CHARS = 32, ID_MAX = 1023 /* WebAuthn 4, "Credential ID" */ };

struct attestation {
    const char *format;
    struct ph_str statement; /* CBOR, a map */
    struct ph_str authenticator_data;
};

static void free_item(cbor_item_t **item)
{
    if (*item != NULL) {
        cbor_decref(item);
    }
}

static void free_cred(fido_cred_t **cred)
{
    fido_cred_free(cred); /* NULL is fine */
}

/* --- taking apart --- */

static bool is_named(cbor_item_t *key, struct ph_str name)
{
    return cbor_isa_string(key) && cbor_string_is_definite(key) &&
           ph_str_eq((struct ph_str){ cbor_string_handle(key), cbor_string_length(key) }, name);
}

static bool copy_text(struct ph_arena *arena, cbor_item_t *item, const char **text)
{
    if (!cbor_isa_string(item) || !cbor_string_is_definite(item) ||
        cbor_string_length(item) > FORMAT_CHARS) {
        return false;
    }
    *text = ph_cstr(arena, (struct ph_str){ cbor_string_handle(item), cbor_string_length(item) });
    return *text != NULL;
}

static bool copy_bytes(struct ph_arena *arena, cbor_item_t *item, struct ph_str *bytes)
{
    if (!cbor_isa_bytestring(item) || !cbor_bytestring_is_definite(item)) {
        return false;
    }
    *bytes = ph_str_dup(
        arena, (struct ph_str){ cbor_bytestring_handle(item), cbor_bytestring_length(item) });
    return true;
}

static bool copy_map(struct ph_arena *arena, cbor_item_t *item, struct ph_str *bytes)
{
    unsigned char *made = NULL;
    size_t room = 0, n;

    if (!cbor_isa_map(item)) {
        return false;
    }
    n = cbor_serialize_alloc(item, &made, &room);
    *bytes = ph_str_dup(arena, (struct ph_str){ made, n });
    free(made);
    return n > 0;
}

static bool read_pair(struct ph_arena *arena, const struct cbor_pair *pair, struct attestation *a)
{
    if (is_named(pair->key, PH_STR("fmt"))) {
        return copy_text(arena, pair->value, &a->format);
    }
    if (is_named(pair->key, PH_STR("attStmt"))) {
        return copy_map(arena, pair->value, &a->statement);
    }
    if (is_named(pair->key, PH_STR("authData"))) {
        return copy_bytes(arena, pair->value, &a->authenticator_data);
    }
    return true;
}

static bool take_apart(struct ph_arena *arena, struct ph_str object, struct attestation *a)
{
    struct cbor_load_result loaded = { .read = 0 };
    PH_AUTO(free_item)
    cbor_item_t *item =
        ph_cbor_claims_are_true(object) ? cbor_load(object.p, object.n, &loaded) : NULL;

    if (item == NULL || loaded.read != object.n || !cbor_isa_map(item)) {
        return false;
    }
    *a = (struct attestation){ 0 };
    for (size_t i = 0; i < cbor_map_size(item); i++) {
        if (!read_pair(arena, &cbor_map_handle(item)[i], a)) {
            return false;
        }
    }
    return a->format != NULL && a->statement.p != NULL && a->authenticator_data.p != NULL;
}

/* --- judging --- */

/* The library wants to be told the algorithm before it reads the key. */
static fido_cred_t *parse(const struct attestation *a, int algorithm)
{
    fido_cred_t *cred = fido_cred_new();

    if (cred != NULL && fido_cred_set_type(cred, algorithm) == FIDO_OK &&
        fido_cred_set_authdata_raw(cred, a->authenticator_data.p, a->authenticator_data.n) ==
            FIDO_OK) {
        return cred;
    }
    fido_cred_free(&cred);
    return NULL;
}

static bool is_complete(struct ph_arena *arena, fido_cred_t *cred,
                        const struct ph_webauthn_party *party, const struct attestation *a,
                        struct ph_str client_data)
{
    const char *party_id = ph_cstr(arena, party->id);
    struct ph_digest hash;

    PH_SHA256(&hash, client_data);
    return party_id != NULL && fido_cred_set_rp(cred, party_id, NULL) == FIDO_OK &&
           fido_cred_set_clientdata_hash(cred, hash.bytes, sizeof hash.bytes) == FIDO_OK &&
           fido_cred_set_attstmt(cred, a->statement.p, a->statement.n) == FIDO_OK;
}

/*
 * Browsers ask for credential protection by themselves, and the library wants to have asked for
 * what it finds: each level is tried.
 */
static bool verify(fido_cred_t *cred)
{
    for (int protection = 0; protection <= FIDO_CRED_PROT_UV_REQUIRED; protection++) {
        if (protection > 0 && fido_cred_set_prot(cred, protection) != FIDO_OK) {
            return false;
        }
        if ((fido_cred_x5c_ptr(cred) != NULL ? fido_cred_verify(cred)
                                             : fido_cred_verify_self(cred)) == FIDO_OK) {
            return true;
        }
    }
    return false;
}

static enum ph_webauthn_verdict judge_statement(struct ph_arena *arena, fido_cred_t *cred,
                                                const struct ph_webauthn_party *party,
                                                const struct attestation *a,
                                                struct ph_str client_data)
{
    if (fido_cred_set_fmt(cred, a->format) != FIDO_OK) {
        return PH_WEBAUTHN_UNSUPPORTED;
    }
    if (ph_str_eq(ph_str_from(a->format), PH_STR("none"))) {
        return a->statement.n == 1 ? PH_WEBAUTHN_RIGHT : PH_WEBAUTHN_MALFORMED; /* {} */
    }
    if (!is_complete(arena, cred, party, a, client_data)) {
        return PH_WEBAUTHN_MALFORMED;
    }
    return verify(cred) ? PH_WEBAUTHN_RIGHT : PH_WEBAUTHN_WRONG;
}

static enum ph_webauthn_verdict judge_flags(const struct ph_webauthn_party *party, unsigned flags)
{
    const unsigned wanted =
        PH_WEBAUTHN_PRESENT | (party->verifies_users ? PH_WEBAUTHN_VERIFIED : 0U);

    return (flags & wanted) == wanted ? PH_WEBAUTHN_RIGHT : PH_WEBAUTHN_NOT_VERIFIED;
}

static struct ph_str copy(struct ph_arena *arena, const unsigned char *p, size_t n)
{
    return ph_str_dup(arena, (struct ph_str){ p, n });
}

static void read_credential(struct ph_arena *arena, const fido_cred_t *cred,
                            struct ph_webauthn_credential *out)
{
    *out = (struct ph_webauthn_credential){
        .id = copy(arena, fido_cred_id_ptr(cred), fido_cred_id_len(cred)),
        .algorithm = fido_cred_type(cred),
        .public_key = copy(arena, fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred)),
        .aaguid = copy(arena, fido_cred_aaguid_ptr(cred), fido_cred_aaguid_len(cred)),
        .sign_count = fido_cred_sigcount(cred),
        .flags = fido_cred_flags(cred),
    };
}

enum ph_webauthn_verdict ph_webauthn_register(struct ph_arena *arena,
                                              const struct ph_webauthn_party *party,
                                              const struct ph_webauthn_response *response,
                                              struct ph_webauthn_credential *credential)
{
    PH_AUTO(free_cred) fido_cred_t *cred = NULL;
    struct ph_webauthn_credential read;
    struct attestation a;
    enum ph_webauthn_verdict verdict;

    if (!take_apart(arena, response->attestation_object, &a)) {
        return PH_WEBAUTHN_MALFORMED;
    }
    verdict = ph_authenticator_data_check(a.authenticator_data, party->id);
    if (verdict != PH_WEBAUTHN_RIGHT) {
        return verdict;
    }
    cred = parse(&a, COSE_ES256);
    cred = cred != NULL ? cred : parse(&a, COSE_RS256);
    if (cred == NULL) {
        return PH_WEBAUTHN_UNSUPPORTED;
    }
    verdict = judge_flags(party, fido_cred_flags(cred));
    if (verdict == PH_WEBAUTHN_RIGHT) {
        verdict = judge_statement(arena, cred, party, &a, response->client_data);
    }
    if (verdict != PH_WEBAUTHN_RIGHT) {
        return verdict;
    }
    read_credential(arena, cred, &read);
    if (read.id.n > ID_MAX || !ph_str_eq(read.id, response->id)) {
        return PH_WEBAUTHN_MALFORMED;
    }
    *credential = read;
    return PH_WEBAUTHN_RIGHT;
}
