#include "token/access_token.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/pool.h"
#include "store/sign_in.h"
#include "store/users.h"
#include "token/jwt.h"
#include "util/encode.h"

#define SCOPE PH_STR("aws.cognito.signin.user.admin")

static struct ph_err refuse(const char *text)
{
    return PH_FAIL(NotAuthorizedException, text);
}

/* The client a token claims to be for: only to find the key, believed after the signature. */
static struct ph_str claimed_client(struct ph_ctx *ctx, const struct ph_jwt *jwt)
{
    struct ph_str text;

    if (!ph_base64url_decode(ctx->arena, jwt->claims, &text)) {
        return (struct ph_str){ 0 };
    }
    return ph_json_get_str(ph_json_parse(ctx->arena, text), "client_id");
}

/* *pool stays NULL when there is no such client. */
static struct ph_err find_pool(struct ph_ctx *ctx, struct ph_str client_id,
                               const struct ph_pool **pool)
{
    const struct ph_client *client;
    const struct ph_err err = ph_client_get(ctx, (struct ph_str){ 0 }, client_id, pool, &client);

    return err.type == &ph_ex_ResourceNotFoundException ? PH_OK : err;
}

static const struct ph_signing_key *find_key(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             struct ph_str kid)
{
    for (size_t i = 0; i < pool->key_count; i++) {
        const struct ph_signing_key *key = &pool->keys[i];

        if (key->use == PH_KEY_ACCESS_TOKEN && key->published_until_ms > ph_now_ms(ctx) &&
            ph_str_eq(key->kid, kid)) {
            return key;
        }
    }
    return NULL;
}

/* Signature, issuer and use; *claims can be believed from here on. */
static struct ph_err verify(struct ph_ctx *ctx, struct ph_str token, const struct ph_pool **pool,
                            const struct json_t **claims)
{
    const struct ph_signing_key *key;
    struct ph_jwt jwt;

    if (!ph_jwt_split(ctx->arena, token, &jwt)) {
        return refuse(PH_MSG_TOKEN_INVALID);
    }
    *pool = NULL;
    PH_TRY(find_pool(ctx, claimed_client(ctx, &jwt), pool));
    key = *pool == NULL ? NULL : find_key(ctx, *pool, jwt.kid);
    *claims = key == NULL ? NULL : ph_jwt_claims(ctx->arena, &jwt, key->rsa);
    if (*claims == NULL || !ph_str_eq(ph_json_get_str(*claims, "iss"), (*pool)->issuer) ||
        !ph_str_eq(ph_json_get_str(*claims, "token_use"), PH_STR("access"))) {
        return refuse(PH_MSG_TOKEN_INVALID);
    }
    return PH_OK;
}

static bool has_scope(struct ph_str scopes)
{
    while (scopes.n > 0) {
        struct ph_str scope;

        ph_str_cut(scopes, ' ', &scope, &scopes);
        if (ph_str_eq(scope, SCOPE)) {
            return true;
        }
    }
    return false;
}

/* Family and event ids carry the time of the sign-in; without a family the token's own counts. */
static int64_t signed_in_ms(const struct json_t *claims)
{
    struct ph_str id = ph_json_get_str(claims, "origin_jti");
    uint8_t bytes[PH_UUID_BYTES];

    if (id.n == 0) {
        id = ph_json_get_str(claims, "event_id");
    }
    return ph_uuid_parse(id, bytes) ? ph_uuid7_time_ms(bytes) : 0;
}

static struct ph_err check_revocation(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_user *user, const struct json_t *claims)
{
    const struct ph_str family_id = ph_json_get_str(claims, "origin_jti");
    struct ph_family family = { 0 };

    if (family_id.n > 0) {
        PH_TRY(ph_store_family_find(ctx, pool->id, family_id, &family));
    }
    if (family.revoked || signed_in_ms(claims) < user->tokens_valid_after_ms) {
        return refuse(PH_MSG_TOKEN_REVOKED);
    }
    return PH_OK;
}

static struct ph_err check_user(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct json_t *claims, struct ph_user **user)
{
    PH_TRY(ph_store_user_by_sub(ctx, &pool->ref, ph_json_get_str(claims, "sub"), user));
    if (*user == NULL) {
        return PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
    }
    if (!(*user)->enabled) {
        return refuse(PH_MSG_USER_DISABLED);
    }
    return check_revocation(ctx, pool, *user, claims);
}

/* All that a token must be; *user is whose it is. */
static struct ph_err check(struct ph_ctx *ctx, struct ph_str token, const struct ph_pool **pool,
                           const struct json_t **claims, struct ph_user **user)
{
    PH_TRY(verify(ctx, token, pool, claims));
    if (ph_json_int(ph_json_get(*claims, "exp")) <= ph_now_s(ctx)) {
        return refuse(PH_MSG_TOKEN_EXPIRED);
    }
    if (!has_scope(ph_json_get_str(*claims, "scope"))) {
        return refuse(PH_MSG_TOKEN_SCOPES);
    }
    return check_user(ctx, *pool, *claims, user);
}

struct ph_err ph_access_token_check(struct ph_ctx *ctx, struct ph_str token,
                                    const struct json_t **claims)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    return check(ctx, token, &pool, claims, &user);
}

struct ph_err ph_access_token_verify(struct ph_ctx *ctx, struct ph_str token)
{
    const struct ph_pool *pool;
    const struct json_t *claims;
    struct ph_user *user;

    PH_TRY(check(ctx, token, &pool, &claims, &user));
    ctx->caller.kind = PH_CALLER_TOKEN;
    ctx->caller.pool_id = pool->id;
    ctx->caller.client_id = ph_json_get_str(claims, "client_id");
    ctx->caller.sub = user->sub;
    ctx->caller.username = user->username;
    ctx->caller.origin_jti = ph_json_get_str(claims, "origin_jti");
    ctx->caller.token_expires_s = ph_json_int(ph_json_get(claims, "exp"));
    return PH_OK;
}
