#include "protocol/well_known.h"

#include "token/discovery.h"
#include "util/json.h"

static const struct {
    struct ph_str path; /* after the pool's id */
    struct ph_err (*write)(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str *json);
} DOCUMENTS[] = {
    { PH_STR_INIT(".well-known/jwks.json"), ph_token_jwks },
    { PH_STR_INIT(".well-known/openid-configuration"), ph_token_openid_configuration },
};

static void fill(struct ph_ctx *ctx, struct ph_err err, struct ph_str json,
                 struct ph_http_reply *reply)
{
    struct json_t *body;

    reply->content_type = PH_STR("application/json");
    if (err.type == NULL) {
        reply->body = json;
        ph_http_reply_header(reply, ctx->arena, PH_STR("Cache-Control"),
                             PH_STR("public, max-age=60"));
        return;
    }
    body = ph_json_object(ctx->arena);
    ph_json_set_str(ctx->arena, body, "message", ph_str_from(err.message));
    reply->status = err.type->status == 500 ? 500 : 404;
    reply->body = ph_json_text(ctx->arena, body, PH_JSON_INSERTION);
}

bool ph_well_known_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                          struct ph_http_reply *reply)
{
    struct ph_str pool_id, path;
    struct ph_str json = { 0 };

    if (!ph_str_eq(request->method, PH_STR("GET")) ||
        !ph_str_cut(ph_str_skip(request->path, 1), '/', &pool_id, &path)) {
        return false;
    }
    for (size_t i = 0; i < sizeof DOCUMENTS / sizeof DOCUMENTS[0]; i++) {
        if (ph_str_eq(path, DOCUMENTS[i].path)) {
            const struct ph_err err = DOCUMENTS[i].write(ctx, pool_id, &json);

            fill(ctx, err, json, reply);
            return true;
        }
    }
    return false;
}
