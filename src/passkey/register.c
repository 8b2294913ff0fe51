/* Registering: StartWebAuthnRegistration and CompleteWebAuthnRegistration (management.md 12). */
#include "model/exceptions.h"
#include "passkey/internal.h"

static struct ph_err check_settings(const struct ph_pool *pool)
{
    if ((pool->first_factors & PH_FACTOR_PASSKEY) == 0) {
        return PH_FAIL(WebAuthnNotEnabledException,
                       "Passkeys are not enabled for this user pool: WEB_AUTHN is not an allowed "
                       "first authentication factor.");
    }
    if (pool->web_authn.relying_party.n == 0) {
        return PH_FAIL(WebAuthnConfigurationMissingException,
                       "The user pool has neither a relying party id nor a domain.");
    }
    return PH_OK;
}

static struct ph_err too_many(void)
{
    return PH_FAIL(LimitExceededException, "A user can have at most 20 passkeys.");
}

struct ph_err ph_passkey_start(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                               struct json_t **options)
{
    struct ph_passkey_owner whose = *owner;
    struct ph_passkey *existing;
    size_t count;

    PH_TRY(ph_passkey_party(ctx, &whose.pool));
    PH_TRY(check_settings(whose.pool));
    PH_TRY(ph_store_passkey_list(ctx, &whose.pool->ref, whose.user->sub, &existing, &count));
    *options = ph_passkey_creation_options(ctx, &whose, ph_passkey_challenge_make(ctx, &whose),
                                           existing, count);
    return PH_OK;
}

static struct ph_err malformed(void)
{
    return PH_FAIL(InvalidParameterException, "Credential is not a valid registration response.");
}

static struct ph_err refusal_of(enum ph_webauthn_verdict verdict)
{
    switch (verdict) {
    case PH_WEBAUTHN_OTHER_PARTY:
        return PH_FAIL(WebAuthnRelyingPartyMismatchException,
                       "The passkey was made for another relying party.");
    case PH_WEBAUTHN_UNSUPPORTED:
        return PH_FAIL(WebAuthnCredentialNotSupportedException,
                       "The algorithm or attestation format of the passkey is not supported.");
    case PH_WEBAUTHN_NOT_VERIFIED:
        return PH_FAIL(WebAuthnCredentialNotSupportedException,
                       "The authenticator did not verify its user.");
    case PH_WEBAUTHN_WRONG:
        return PH_FAIL(InvalidParameterException, "The attestation of the passkey does not hold.");
    case PH_WEBAUTHN_MALFORMED:
    case PH_WEBAUTHN_RIGHT:
        break;
    }
    return malformed();
}

/* *challenge is spent when all the rest is right. */
static struct ph_err check_client_data(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                                       const struct ph_webauthn_response *response,
                                       struct ph_str *challenge)
{
    struct ph_client_data data;

    if (!ph_client_data_read(ctx->arena, response->client_data, &data) ||
        !ph_str_eq(data.type, PH_STR("webauthn.create"))) {
        return malformed();
    }
    PH_TRY(ph_passkey_challenge_open(ctx, owner, data.challenge));
    if (!ph_origin_is_of(data.origin, owner->pool->web_authn.relying_party)) {
        return PH_FAIL(WebAuthnOriginNotAllowedException,
                       "The passkey was made at an origin that is not of the relying party.");
    }
    *challenge = data.challenge;
    return PH_OK;
}

/* Clients send the object, or its text. */
static const struct json_t *as_object(struct ph_ctx *ctx, const struct json_t *credential)
{
    return ph_json_kind(credential) == PH_JSON_STRING
               ? ph_json_parse(ctx->arena, ph_json_str(credential))
               : credential;
}

static struct ph_err store(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                           const struct ph_webauthn_response *response,
                           const struct ph_webauthn_credential *made)
{
    const struct ph_passkey passkey = {
        .id = made->id,
        .relying_party = owner->pool->web_authn.relying_party,
        .algorithm = made->algorithm,
        .public_key = made->public_key,
        .sign_count = made->sign_count,
        .flags = made->flags,
        .aaguid = made->aaguid,
        .attachment = response->attachment,
        .transports = response->transports,
        .created_ms = ph_now_ms(ctx),
    };
    enum ph_passkey_write result;

    PH_TRY(ph_store_passkey_add(ctx, &owner->pool->ref, owner->user->sub, &passkey, PH_PASSKEYS_MAX,
                                &result));
    if (result == PH_PASSKEY_TAKEN) {
        return PH_FAIL(InvalidParameterException, "The passkey is registered already.");
    }
    return result == PH_PASSKEY_ADDED ? PH_OK : too_many();
}

static struct ph_err complete(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                              const struct json_t *credential)
{
    const struct ph_webauthn_party party = {
        .id = owner->pool->web_authn.relying_party,
        .verifies_users = owner->pool->web_authn.verifies_users,
    };
    struct ph_webauthn_credential made;
    struct ph_webauthn_response response;
    enum ph_webauthn_verdict verdict;
    struct ph_str challenge;

    PH_TRY(check_settings(owner->pool));
    if (!ph_webauthn_read(ctx->arena, as_object(ctx, credential), &response)) {
        return malformed();
    }
    PH_TRY(check_client_data(ctx, owner, &response, &challenge));
    verdict = ph_webauthn_register(ctx->arena, &party, &response, &made);
    if (verdict != PH_WEBAUTHN_RIGHT) {
        return refusal_of(verdict);
    }
    PH_TRY(ph_passkey_challenge_spend(ctx, challenge));
    return store(ctx, owner, &response, &made);
}

struct ph_err ph_passkey_complete(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                                  const struct json_t *credential)
{
    struct ph_passkey_owner whose = *owner;

    PH_TRY(ph_passkey_party(ctx, &whose.pool));
    return complete(ctx, &whose, credential);
}
