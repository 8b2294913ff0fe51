/*
 * Passkeys of users: registering them, and signing in by them (management.md 12,
 * authentication.md 1.10).
 *
 * The challenge of a registration is sealed text that says for whom it was made; that of a sign-in
 * is the nonce of the attempt's Session. Nothing is kept between two calls.
 */
#ifndef PH_PASSKEY_PASSKEY_H
#define PH_PASSKEY_PASSKEY_H

#include "pool/pool.h"
#include "store/passkeys.h"
#include "store/users.h"

enum { PH_PASSKEYS_MAX = 20 };

/* Whose access token it is. */
struct ph_passkey_owner {
    const struct ph_pool *pool;
    const struct ph_client *client;
    const struct ph_user *user;
};

/*
 * *options: PublicKeyCredentialCreationOptionsJSON. WebAuthnNotEnabledException,
 * WebAuthnConfigurationMissingException.
 */
PH_MUST_USE struct ph_err ph_passkey_start(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                                           struct json_t **options);

/*
 * Stores the passkey that RegistrationResponseJSON is about. The exceptions of management.md 12;
 * InvalidParameterException for what is malformed or not rightly signed.
 */
PH_MUST_USE struct ph_err ph_passkey_complete(struct ph_ctx *ctx,
                                              const struct ph_passkey_owner *owner,
                                              const struct json_t *credential);

/* True when the user could sign in by one: made for the relying party that the pool has now. */
PH_MUST_USE struct ph_err ph_passkey_exists(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            const struct ph_user *user, bool *exists);

/* *options: PublicKeyCredentialRequestOptionsJSON as text. challenge: base64url. */
PH_MUST_USE struct ph_err ph_passkey_request(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             const struct ph_user *user, struct ph_str challenge,
                                             struct ph_str *options);

/* An assertion that holds, not yet used. */
struct ph_passkey_use {
    struct ph_str id;
    int64_t sign_count;
    int64_t flags;
    bool roams; /* the authenticator is none of the device's own */
};

/*
 * *right: AuthenticationResponseJSON answers this challenge, by a passkey of this user, at an
 * origin of the pool's relying party. What is wrong with one that does not is logged.
 */
PH_MUST_USE struct ph_err ph_passkey_judge(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           const struct ph_user *user, struct ph_str challenge,
                                           struct ph_str response, struct ph_passkey_use *use,
                                           bool *right);

/*
 * WebAuthnMfaSettings (authentication.md 4.2): changes user->mfa_on, stores nothing. Nothing but
 * what is read back depends on it: in a pool that takes a passkey for two factors every passkey
 * verifies its user and is all of MFA. InvalidParameterException where the pool takes passkeys for
 * one factor only, the user has no passkey, or nothing else for when it is lost.
 */
PH_MUST_USE struct ph_err ph_passkey_prefer(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            struct ph_user *user, bool enabled);

#endif
