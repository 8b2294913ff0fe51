/* Secrets of clients, and SECRET_HASH: proof that one is known (RFC 2104). */
#include "crypto/hash.h"
#include "model/exceptions.h"
#include "pool/pool.h"
#include "util/encode.h"

bool ph_client_has_secret(const struct ph_client *client)
{
    return client->secrets[0].value.p != NULL;
}

/* Each is compared, so that the time says nothing about which one it was. */
bool ph_client_secret_matches(const struct ph_client *client, struct ph_str given)
{
    bool matches = false;

    for (size_t i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        const struct ph_str secret = client->secrets[i].value;

        matches |= secret.p != NULL && ph_equal_secret(secret, given);
    }
    return matches;
}

static bool hash_matches(struct ph_ctx *ctx, const struct ph_client *client, struct ph_str secret,
                         struct ph_str name, struct ph_str secret_hash)
{
    struct ph_digest digest;

    PH_HMAC(secret, &digest, name, client->id);
    return ph_equal_secret(ph_base64(ctx->arena, ph_digest_str(&digest)), secret_hash);
}

bool ph_client_secret_hash_matches(struct ph_ctx *ctx, const struct ph_client *client,
                                   struct ph_str secret_hash, const struct ph_str *names,
                                   size_t count)
{
    bool matches = false;

    /* All names and secrets are tried: the time says nothing about which ones it were. */
    for (size_t s = 0; s < PH_CLIENT_SECRETS_MAX && client->secrets[s].value.p != NULL; s++) {
        for (size_t i = 0; i < count; i++) {
            matches |= hash_matches(ctx, client, client->secrets[s].value, names[i], secret_hash);
        }
    }
    return matches;
}

static struct ph_err secret_hash_missing(struct ph_ctx *ctx, const struct ph_client *client,
                                         enum ph_secret_member where)
{
    if (where == PH_IN_SECRET_HASH_MEMBER) {
        return PH_FAIL(NotAuthorizedException,
                       ph_textf(ctx->arena,
                                "Client %.*s is configured for secret but secret was not received",
                                PH_FMT(client->id)));
    }
    return PH_FAIL(
        NotAuthorizedException,
        ph_textf(ctx->arena,
                 "Client %.*s is configured with secret but SECRET_HASH was not received",
                 PH_FMT(client->id)));
}

struct ph_err ph_client_check_secret_hash(struct ph_ctx *ctx, const struct ph_client *client,
                                          struct ph_str secret_hash, const struct ph_str *names,
                                          size_t count, enum ph_secret_member where)
{
    if (!ph_client_has_secret(client)) {
        return PH_OK;
    }
    if (secret_hash.n == 0) {
        return secret_hash_missing(ctx, client, where);
    }
    if (!ph_client_secret_hash_matches(ctx, client, secret_hash, names, count)) {
        return PH_FAIL(NotAuthorizedException,
                       ph_textf(ctx->arena, "Unable to verify secret hash for client %.*s",
                                PH_FMT(client->id)));
    }
    return PH_OK;
}
