/* What the files of passkey/ share. */
#ifndef PH_PASSKEY_INTERNAL_H
#define PH_PASSKEY_INTERNAL_H

#include "passkey/passkey.h"
#include "passkey/webauthn.h"

/* ---- options.c ---- */

struct json_t *ph_passkey_creation_options(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                                           struct ph_str challenge,
                                           const struct ph_passkey *existing, size_t count);

/* ---- challenge.c: the challenge of a registration ---- */

/* base64url text that only ph_passkey_challenge_open() understands. */
struct ph_str ph_passkey_challenge_make(struct ph_ctx *ctx, const struct ph_passkey_owner *owner);

/*
 * WebAuthnChallengeNotFoundException for one that we did not make for this user of this pool, or
 * more than five minutes ago; WebAuthnClientMismatchException for one of another client.
 */
PH_MUST_USE struct ph_err ph_passkey_challenge_open(struct ph_ctx *ctx,
                                                    const struct ph_passkey_owner *owner,
                                                    struct ph_str challenge);

/* The same exception when it was spent before. */
PH_MUST_USE struct ph_err ph_passkey_challenge_spend(struct ph_ctx *ctx, struct ph_str challenge);

/* ---- authenticator_data.c ---- */

/*
 * PH_WEBAUTHN_RIGHT when it is whole enough to be given to the library, and made for this party
 * (WebAuthn 6.1).
 */
enum ph_webauthn_verdict ph_authenticator_data_check(struct ph_str data, struct ph_str party_id);

/* ---- claims.c ---- */

/* False for what is no CBOR, or says that it has more elements than bytes. */
bool ph_cbor_claims_are_true(struct ph_str bytes);

/* ---- party.c ---- */

/*
 * Where no relying party is configured, replaces the pool by one in ctx->arena with its domain as
 * relying party (absent when there is no domain either).
 */
PH_MUST_USE struct ph_err ph_passkey_party(struct ph_ctx *ctx, const struct ph_pool **pool);

/* ---- small things ---- */

/* False for one that was made while the pool had another relying party. */
static inline bool ph_passkey_fits(const struct ph_pool *pool, const struct ph_passkey *passkey)
{
    return ph_str_eq(passkey->relying_party, pool->web_authn.relying_party);
}

#endif
