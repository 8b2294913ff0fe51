#include "token/refresh_token.h"

#include "crypto/seal.h"
#include "util/encode.h"
#include "util/json.h"

/*
 * Outwardly a compact JWE like the service's, because clients and proxies tell tokens apart by
 * their shape: {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"} and four more parts. The fourth part
 * is the sealed text; the others repeat a filler that the seal is bound to, so that no other text
 * than the one given out is a token.
 */
#define HEADER "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"

enum { TOKEN_MAX = 2048, FILLER_BYTES = 12 };

static struct ph_str seal_text(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str filler,
                               struct ph_str text)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };

    ph_pool_key(pool, PH_PURPOSE_REFRESH_TOKEN, &key);
    return ph_base64url(ctx->arena, ph_seal(ctx->arena, &key, filler, text));
}

static struct ph_str as_text(struct ph_ctx *ctx, const struct ph_refresh_token *token)
{
    struct json_t *o = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, o, "pool", token->pool_id);
    ph_json_set_str(ctx->arena, o, "client", token->client_id);
    ph_json_set_str(ctx->arena, o, "sub", token->sub);
    ph_json_set_str(ctx->arena, o, "family", token->family);
    if (token->device_key.n > 0) {
        ph_json_set_str(ctx->arena, o, "device", token->device_key);
    }
    if (token->acr.n > 0) {
        ph_json_set_str(ctx->arena, o, "acr", token->acr);
        ph_json_set_int(ctx->arena, o, "methods", token->methods);
    }
    ph_json_set_int(ctx->arena, o, "generation", token->generation);
    ph_json_set_int(ctx->arena, o, "auth_time", token->auth_time_ms);
    ph_json_set_int(ctx->arena, o, "expires", token->expires_ms);
    return ph_json_text(ctx->arena, o, PH_JSON_INSERTION);
}

struct ph_str ph_refresh_token_seal(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_refresh_token *token)
{
    const struct ph_str filler = ph_base64url(ctx->arena, ph_random_bytes(ctx, FILLER_BYTES));
    const struct ph_str sealed = seal_text(ctx, pool, filler, as_text(ctx, token));

    const struct ph_str dot = PH_STR(".");

    return PH_CONCAT(ctx->arena, PH_STR(HEADER), dot, filler, dot, filler, dot, sealed, dot,
                     filler);
}

/* Header, filler, filler, sealed text, filler: nothing else. */
static bool split(struct ph_str text, struct ph_str *filler, struct ph_str *sealed)
{
    struct ph_str header, again;

    ph_str_cut(text, '.', &header, &text);
    ph_str_cut(text, '.', filler, &text);
    ph_str_cut(text, '.', &again, &text);
    return ph_str_eq(header, PH_STR(HEADER)) && ph_str_eq(*filler, again) &&
           ph_str_cut(text, '.', sealed, &again) && ph_str_eq(*filler, again);
}

static bool open_text(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str filler,
                      struct ph_str sealed, struct ph_str *text)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_str bytes;
    bool opened = false;

    if (!ph_base64url_decode(ctx->arena, sealed, &bytes)) {
        return false;
    }
    for (size_t i = 0;
         !opened && ph_pool_next_key(pool, PH_PURPOSE_REFRESH_TOKEN, ph_now_ms(ctx), &i, &key);) {
        opened = ph_open(ctx->arena, &key, filler, bytes, text);
    }
    return opened;
}

bool ph_refresh_token_open(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str text,
                           struct ph_refresh_token *token)
{
    const struct json_t *o;
    struct ph_str filler, sealed, plain;

    if (text.n > TOKEN_MAX || !split(text, &filler, &sealed) ||
        !open_text(ctx, pool, filler, sealed, &plain)) {
        return false;
    }
    o = ph_json_parse(ctx->arena, plain);
    if (o == NULL || !ph_str_eq(ph_json_get_str(o, "pool"), pool->id)) {
        return false;
    }
    *token = (struct ph_refresh_token){
        .pool_id = ph_json_get_str(o, "pool"),
        .client_id = ph_json_get_str(o, "client"),
        .sub = ph_json_get_str(o, "sub"),
        .family = ph_json_get_str(o, "family"),
        .device_key = ph_json_get_str(o, "device"),
        .acr = ph_json_get_str(o, "acr"),
        .methods = (unsigned)ph_json_int(ph_json_get(o, "methods")),
        .generation = ph_json_int(ph_json_get(o, "generation")),
        .auth_time_ms = ph_json_int(ph_json_get(o, "auth_time")),
        .expires_ms = ph_json_int(ph_json_get(o, "expires")),
    };
    return true;
}
