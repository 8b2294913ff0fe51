/* SECRET_HASH: proof that a confidential client knows its secret (RFC 2104). */
#include "crypto/hash.h"
#include "model/exceptions.h"
#include "pool/pool.h"
#include "util/encode.h"

bool ph_client_secret_hash_matches(struct ph_ctx *ctx, const struct ph_client *client,
                                   struct ph_str secret_hash, const struct ph_str *names,
                                   size_t count)
{
    bool matches = false;

    /* All names are tried, so that the time says nothing about which one it was. */
    for (size_t i = 0; i < count; i++) {
        struct ph_digest digest;

        PH_HMAC(client->secret, &digest, names[i], client->id);
        matches |= ph_equal_secret(ph_base64(ctx->arena, ph_digest_str(&digest)), secret_hash);
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
    if (client->secret.p == NULL) {
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
