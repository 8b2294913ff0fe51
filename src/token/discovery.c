#include "token/discovery.h"

#include "model/exceptions.h"
#include "pool/pool.h"
#include "token/jwt.h"

static void add_keys(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_key_use use,
                     struct json_t *list)
{
    for (size_t i = 0; i < pool->key_count; i++) {
        const struct ph_signing_key *key = &pool->keys[i];

        if (key->use == use && key->published_until_ms > ph_now_ms(ctx)) {
            ph_json_append(ctx->arena, list, ph_jwk(ctx->arena, key->rsa, key->kid));
        }
    }
}

/* As the service lists them: the keys of ID tokens first, then those of access tokens. */
struct ph_err ph_token_jwks(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str *json)
{
    struct json_t *document = ph_json_object(ctx->arena);
    struct json_t *list = ph_json_array(ctx->arena);
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, pool_id, &pool));
    add_keys(ctx, pool, PH_KEY_ID_TOKEN, list);
    add_keys(ctx, pool, PH_KEY_ACCESS_TOKEN, list);
    ph_json_set(ctx->arena, document, "keys", list);
    *json = ph_json_text(ctx->arena, document, PH_JSON_INSERTION);
    return PH_OK;
}

static void set_list(struct ph_ctx *ctx, struct json_t *document, const char *name,
                     const char *const *values)
{
    struct json_t *list = ph_json_array(ctx->arena);

    for (; *values != NULL; values++) {
        ph_json_append(ctx->arena, list, ph_json_new_str(ctx->arena, ph_str_from(*values)));
    }
    ph_json_set(ctx->arena, document, name, list);
}

/*
 * The issuer, its keys and what its tokens are like. The endpoints of OAuth 2.0 join with the pages
 * that serve them. jwks_uri is an address of this server whatever the issuer is called.
 */
struct ph_err ph_token_openid_configuration(struct ph_ctx *ctx, struct ph_str pool_id,
                                            struct ph_str *json)
{
    static const char *const algorithms[] = { "RS256", NULL };
    static const char *const subjects[] = { "public", NULL };
    static const char *const scopes[] = { "openid", "email", "phone", "profile", NULL };
    static const char *const responses[] = { "code", "token", NULL };
    struct json_t *document = ph_json_object(ctx->arena);
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, pool_id, &pool));
    set_list(ctx, document, "id_token_signing_alg_values_supported", algorithms);
    ph_json_set_str(ctx->arena, document, "issuer", pool->issuer);
    ph_json_set_str(ctx->arena, document, "jwks_uri",
                    ph_strf(ctx->arena, "%.*s/%.*s/.well-known/jwks.json",
                            PH_FMT(ctx->settings->public_url), PH_FMT(pool->id)));
    set_list(ctx, document, "response_types_supported", responses);
    set_list(ctx, document, "scopes_supported", scopes);
    set_list(ctx, document, "subject_types_supported", subjects);
    *json = ph_json_text(ctx->arena, document, PH_JSON_INSERTION);
    return PH_OK;
}
