#include "crypto/seal.h"
#include "model/exceptions.h"
#include "passkey/internal.h"
#include "store/sign_in.h"
#include "util/encode.h"

#define PURPOSE PH_STR("passkey challenge")

enum { LIFETIME_MS = 5 * 60 * 1000, TEXT_MAX = 512 };

static struct ph_err not_found(void)
{
    return PH_FAIL(WebAuthnChallengeNotFoundException,
                   "The challenge was not found or has expired: start the registration again.");
}

/* What is sealed is different each time: sealing draws a nonce. */
struct ph_str ph_passkey_challenge_make(struct ph_ctx *ctx, const struct ph_passkey_owner *owner)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    const struct ph_str plain =
        ph_strf(ctx->arena, "%lld %.*s %.*s", (long long)ph_now_ms(ctx) + LIFETIME_MS,
                PH_FMT(owner->user->sub), PH_FMT(owner->client->id));

    ph_pool_key(owner->pool, PH_PURPOSE_PASSKEY_CHALLENGE, &key);
    return ph_base64url(ctx->arena, ph_seal(ctx->arena, &key, PURPOSE, plain));
}

static bool unseal(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str challenge,
                   struct ph_str *plain)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_str sealed;
    bool opened = false;

    if (challenge.n > TEXT_MAX || !ph_base64url_decode(ctx->arena, challenge, &sealed)) {
        return false;
    }
    for (size_t i = 0; !opened && ph_pool_next_key(pool, PH_PURPOSE_PASSKEY_CHALLENGE,
                                                   ph_now_ms(ctx), &i, &key);) {
        opened = ph_open(ctx->arena, &key, PURPOSE, sealed, plain);
    }
    return opened;
}

struct ph_err ph_passkey_challenge_open(struct ph_ctx *ctx, const struct ph_passkey_owner *owner,
                                        struct ph_str challenge)
{
    struct ph_str plain, expires, sub, client;
    int64_t expires_ms;

    if (!unseal(ctx, owner->pool, challenge, &plain) || !ph_str_cut(plain, ' ', &expires, &plain) ||
        !ph_str_cut(plain, ' ', &sub, &client) ||
        !ph_str_to_int(expires, 0, INT64_MAX, &expires_ms) || expires_ms <= ph_now_ms(ctx) ||
        !ph_str_eq(sub, owner->user->sub)) {
        return not_found();
    }
    if (!ph_str_eq(client, owner->client->id)) {
        return PH_FAIL(WebAuthnClientMismatchException,
                       "The registration was started by another app client.");
    }
    return PH_OK;
}

struct ph_err ph_passkey_challenge_spend(struct ph_ctx *ctx, struct ph_str challenge)
{
    bool first = false;

    PH_TRY(ph_store_spend(ctx, challenge, ph_now_ms(ctx) + LIFETIME_MS, &first));
    return first ? PH_OK : not_found();
}
