#include "protocol/authenticate.h"

#include "protocol/sigv4.h"
#include "store/access.h"

#define UNRECOGNIZED "The security token included in the request is invalid."

/* The key of the signature, in force now and with the session token it was given out with. */
static struct ph_err find_key(struct ph_ctx *ctx, const struct ph_sigv4 *parsed,
                              struct ph_access_key **key)
{
    PH_TRY(ph_store_access_key_find(ctx, parsed->access_key_id, key));
    if (*key == NULL || !ph_equal_secret((*key)->session_token, parsed->session_token)) {
        return PH_FAIL(UnrecognizedClientException, UNRECOGNIZED);
    }
    if ((*key)->expires_ms != 0 && (*key)->expires_ms <= ph_now_ms(ctx)) {
        return PH_FAIL(ExpiredTokenException,
                       "The security token included in the request is expired");
    }
    return PH_OK;
}

static struct ph_err verify(struct ph_ctx *ctx, const struct ph_http_request *request,
                            const struct ph_sigv4 *parsed)
{
    struct ph_access_key *key;

    PH_TRY(find_key(ctx, parsed, &key));
    PH_TRY(ph_sigv4_verify(ctx->arena, request, parsed, PH_STR("cognito-idp"), key->secret,
                           ph_now_s(ctx), ctx->settings->signature_skew_s));
    ctx->caller.arn = ph_strf(ctx->arena, "arn:aws:iam::%.*s:user/%.*s",
                              PH_FMT(ctx->settings->account_id), PH_FMT(key->user_name));
    ctx->caller.policy = key->policy;
    return PH_OK;
}

struct ph_err ph_authenticate(struct ph_ctx *ctx, const struct ph_http_request *request)
{
    struct ph_sigv4 parsed;

    PH_TRY(ph_sigv4_parse(ctx->arena, request, &parsed));
    if (ctx->settings->mode == PH_MODE_SERVE) {
        PH_TRY(verify(ctx, request, &parsed));
    }
    ctx->caller.kind = PH_CALLER_IAM;
    ctx->caller.access_key_id = parsed.access_key_id;
    ctx->caller.region = parsed.region;
    return PH_OK;
}
