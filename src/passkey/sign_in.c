/* Signing in by a passkey. Every refusal looks the same to the client; the log says why. */
#include "passkey/internal.h"
#include "util/encode.h"

struct ph_err ph_passkey_exists(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_user *user, bool *exists)
{
    struct ph_passkey *passkeys;
    bool found = false;
    size_t count;

    PH_TRY(ph_store_passkey_list(ctx, &pool->ref, user->sub, &passkeys, &count));
    if (count > 0) {
        PH_TRY(ph_passkey_party(ctx, &pool));
    }
    for (size_t i = 0; i < count; i++) {
        found = found || ph_passkey_fits(pool, &passkeys[i]);
    }
    *exists = found;
    return PH_OK;
}

static const struct ph_passkey *find(const struct ph_pool *pool, const struct ph_passkey *passkeys,
                                     size_t count, struct ph_str id)
{
    for (size_t i = 0; i < count; i++) {
        if (ph_str_eq(passkeys[i].id, id) && ph_passkey_fits(pool, &passkeys[i])) {
            return &passkeys[i];
        }
    }
    return NULL;
}

static bool is_enabled(const struct ph_pool *pool)
{
    return (pool->first_factors & PH_FACTOR_PASSKEY) != 0 && pool->web_authn.relying_party.n > 0 &&
           (pool->mfa != PH_MFA_ON || pool->web_authn.is_multi_factor);
}

static const char *why_not_client_data(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_str bytes, struct ph_str challenge)
{
    struct ph_client_data data;

    if (!ph_client_data_read(ctx->arena, bytes, &data) ||
        !ph_str_eq(data.type, PH_STR("webauthn.get"))) {
        return "client data";
    }
    if (!ph_equal_secret(data.challenge, challenge)) {
        return "challenge";
    }
    return ph_origin_is_of(data.origin, pool->web_authn.relying_party) ? NULL : "origin";
}

/* The text is what the authenticator was asked for; the bytes of it are the user's sub. */
static bool is_handle_of(const struct ph_webauthn_response *response, struct ph_str sub)
{
    return response->user_handle.n == 0 || ph_str_eq(response->user_handle, sub);
}

/* Counts that stand still at 0 are of authenticators that do not count. */
static bool has_moved(const struct ph_passkey *passkey, int64_t sign_count)
{
    return sign_count > passkey->sign_count || (sign_count == 0 && passkey->sign_count == 0);
}

static const char *why_not_assertion(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_webauthn_response *response,
                                     const struct ph_passkey *passkey, struct ph_passkey_use *use)
{
    static const char *const REASONS[] = {
        [PH_WEBAUTHN_RIGHT] = NULL,           [PH_WEBAUTHN_MALFORMED] = "malformed",
        [PH_WEBAUTHN_OTHER_PARTY] = "party",  [PH_WEBAUTHN_UNSUPPORTED] = "unsupported",
        [PH_WEBAUTHN_NOT_VERIFIED] = "flags", [PH_WEBAUTHN_WRONG] = "signature or flags",
    };
    const struct ph_webauthn_party party = {
        .id = pool->web_authn.relying_party,
        .verifies_users = pool->web_authn.verifies_users,
    };
    const struct ph_webauthn_credential credential = {
        .algorithm = passkey->algorithm,
        .public_key = passkey->public_key,
    };
    const enum ph_webauthn_verdict verdict = ph_webauthn_assert(
        ctx->arena, &party, response, &credential, &use->sign_count, &use->flags);

    if (verdict != PH_WEBAUTHN_RIGHT) {
        return REASONS[verdict];
    }
    use->id = passkey->id;
    use->roams = ph_str_eq(passkey->attachment, PH_STR("cross-platform"));
    return has_moved(passkey, use->sign_count) ? NULL : "count";
}

static const char *why_not(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                           struct ph_str challenge, const struct ph_webauthn_response *response,
                           const struct ph_passkey *passkey, struct ph_passkey_use *use)
{
    const char *why = why_not_client_data(ctx, pool, response->client_data, challenge);

    if (why != NULL) {
        return why;
    }
    if (passkey == NULL) {
        return "credential";
    }
    return is_handle_of(response, sub) ? why_not_assertion(ctx, pool, response, passkey, use)
                                       : "user handle";
}

struct ph_err ph_passkey_judge(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_user *user, struct ph_str challenge,
                               struct ph_str text, struct ph_passkey_use *use, bool *right)
{
    struct ph_webauthn_response response;
    struct ph_passkey_use made = { 0 };
    struct ph_passkey *passkeys;
    const char *why = "malformed";
    size_t count;

    PH_TRY(ph_passkey_party(ctx, &pool));
    PH_TRY(ph_store_passkey_list(ctx, &pool->ref, user->sub, &passkeys, &count));
    if (!is_enabled(pool)) {
        why = "not enabled";
    } else if (ph_webauthn_read(ctx->arena, ph_json_parse(ctx->arena, text), &response)) {
        why = why_not(ctx, pool, user->sub, challenge, &response,
                      find(pool, passkeys, count, response.id), &made);
    }
    if (why != NULL) {
        PH_LOG(&ctx->log, PH_INFO, "passkey_refused", ph_f_text("why", why));
    }
    *use = made;
    *right = why == NULL;
    return PH_OK;
}
