/*
 * The two ceremonies of WebAuthn: what a browser sent, judged. Pure: bytes in, facts out; knows no
 * store, clock or pool. CBOR, COSE and signatures are the libraries' (libcbor, libfido2).
 *
 * Follows: W3C Web Authentication, Level 2, 7.1 and 7.2. Attestation is not asked for; one that
 * comes must be right in itself (none, self, or by a certificate), but nobody vouches for it.
 */
#ifndef PH_PASSKEY_WEBAUTHN_H
#define PH_PASSKEY_WEBAUTHN_H

#include "util/json.h"
#include "util/str.h"

enum ph_webauthn_verdict {
    PH_WEBAUTHN_RIGHT,
    PH_WEBAUTHN_MALFORMED,
    PH_WEBAUTHN_OTHER_PARTY,  /* made for another relying party */
    PH_WEBAUTHN_UNSUPPORTED,  /* algorithm or form of attestation */
    PH_WEBAUTHN_NOT_VERIFIED, /* nobody was present, or not verified though that is required */
    PH_WEBAUTHN_WRONG,        /* the signature does not hold */
};

/* Bits of the authenticator data (6.1). */
enum {
    PH_WEBAUTHN_PRESENT = 0x01,
    PH_WEBAUTHN_VERIFIED = 0x04,
    PH_WEBAUTHN_MAY_BACK_UP = 0x08,
    PH_WEBAUTHN_BACKED_UP = 0x10,
};

/* RegistrationResponseJSON or AuthenticationResponseJSON, decoded; absent what it does not have. */
struct ph_webauthn_response {
    struct ph_str id;
    struct ph_str client_data; /* JSON, as the browser hashed it */
    struct ph_str attestation_object;
    struct ph_str authenticator_data;
    struct ph_str signature;
    struct ph_str user_handle;
    struct ph_str attachment; /* "platform" or "cross-platform" */
    struct ph_str transports; /* a JSON array of short strings; "[]" when none were told */
};

/* False when a member is missing or malformed that both kinds of response have, or any is. */
PH_MUST_USE bool ph_webauthn_read(struct ph_arena *arena, const struct json_t *credential,
                                  struct ph_webauthn_response *response);

struct ph_client_data {
    struct ph_str type;      /* "webauthn.create", "webauthn.get" */
    struct ph_str challenge; /* base64url */
    struct ph_str origin;
};

PH_MUST_USE bool ph_client_data_read(struct ph_arena *arena, struct ph_str bytes,
                                     struct ph_client_data *client_data);

/* https:// at the relying party's host or below it, any port; http:// at localhost alone. */
bool ph_origin_is_of(struct ph_str origin, struct ph_str relying_party);

struct ph_webauthn_party {
    struct ph_str id;
    bool verifies_users;
};

/* What an authenticator made. */
struct ph_webauthn_credential {
    struct ph_str id;
    int64_t algorithm;        /* COSE */
    struct ph_str public_key; /* ES256: x || y; RS256: n || e, of 2048 bits */
    struct ph_str aaguid;
    int64_t sign_count;
    int64_t flags;
};

/* *credential is written for RIGHT only. */
enum ph_webauthn_verdict ph_webauthn_register(struct ph_arena *arena,
                                              const struct ph_webauthn_party *party,
                                              const struct ph_webauthn_response *response,
                                              struct ph_webauthn_credential *credential);

/*
 * credential   what is known of it: algorithm and public_key
 * sign_count, flags   written for RIGHT only; comparing the counts is the caller's
 */
enum ph_webauthn_verdict ph_webauthn_assert(struct ph_arena *arena,
                                            const struct ph_webauthn_party *party,
                                            const struct ph_webauthn_response *response,
                                            const struct ph_webauthn_credential *credential,
                                            int64_t *sign_count, int64_t *flags);

#endif
