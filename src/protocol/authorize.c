#include "protocol/authorize.h"

#include "pool/pool.h"
#include "protocol/policy.h"

static bool is_pool_id(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (ph_str_has_byte(PH_STR(":/"), s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

/* "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/ID" */
static bool pool_of_arn(struct ph_str arn, struct ph_str *id)
{
    const struct ph_str kind = PH_STR("userpool/");
    struct ph_str rest = arn;

    for (size_t i = 0; i < 5; i++) {
        if (!ph_str_cut(rest, ':', NULL, &rest)) {
            return false;
        }
    }
    if (!ph_str_starts(rest, kind) || !is_pool_id(ph_str_skip(rest, kind.n))) {
        return false;
    }
    *id = ph_str_skip(rest, kind.n);
    return true;
}

struct target {
    struct ph_str resource; /* an ARN or "*" */
    struct ph_str region;
};

/*
 * From the id alone: the region and the account that a caller writes into an ARN or a signature
 * are his own words, and must not choose which statement of his policy applies.
 */
static struct target target_of_pool(const struct ph_ctx *ctx, struct ph_str id)
{
    struct target t = { .resource = ph_pool_arn(ctx->arena, ctx->settings, id) };

    ph_str_cut(id, '_', &t.region, NULL);
    return t;
}

static struct target target_of(const struct ph_ctx *ctx, const struct ph_in *in)
{
    struct ph_str id = ph_in_str(in, M_UserPoolId);

    if (id.n > 0 || pool_of_arn(ph_in_str(in, M_ResourceArn), &id)) {
        return target_of_pool(ctx, id);
    }
    return (struct target){
        .resource = ph_in_has(in, M_ResourceArn) ? ph_in_str(in, M_ResourceArn) : PH_STR("*"),
        .region = ctx->caller.region,
    };
}

/* A proxy in front may end TLS: then we cannot tell how a request has travelled. */
static enum ph_transport transport(const struct ph_settings *settings)
{
    if (settings->server.tls_cert.n > 0) {
        return PH_TRANSPORT_TLS;
    }
    return ph_str_starts(settings->public_url, PH_STR("https:")) ? PH_TRANSPORT_UNKNOWN
                                                                 : PH_TRANSPORT_PLAIN;
}

static struct ph_err denied(const struct ph_ctx *ctx, const struct ph_policy_request *request,
                            const char *because)
{
    PH_LOG(&ctx->log, PH_INFO, "access_denied", ph_f_str("caller", ctx->caller.arn),
           ph_f_str("access_key_id", ctx->caller.access_key_id),
           ph_f_str("action", request->action), ph_f_str("resource", request->resource),
           ph_f_text("because", because));
    return PH_FAIL(AccessDeniedException,
                   ph_textf(ctx->arena,
                            "User: %.*s is not authorized to perform: %.*s on resource: %.*s %s",
                            PH_FMT(ctx->caller.arn), PH_FMT(request->action),
                            PH_FMT(request->resource), because));
}

static struct ph_err decide(const struct ph_ctx *ctx, const struct ph_policy_request *request)
{
    switch (ph_policy_decide(ctx->arena, ctx->caller.policy, request)) {
    case PH_POLICY_ALLOWED:
        return PH_OK;
    case PH_POLICY_DENIED:
        return denied(ctx, request, "with an explicit deny in an identity-based policy");
    case PH_POLICY_MALFORMED: /* it was checked when it was stored */
        PH_LOG(&ctx->log, PH_ERROR, "policy_malformed",
               ph_f_str("access_key_id", ctx->caller.access_key_id),
               ph_f_text("why", ph_policy_check(ctx->arena, ctx->caller.policy)));
        break;
    case PH_POLICY_NOT_ALLOWED:
        break;
    }
    return denied(ctx, request,
                  ph_textf(ctx->arena, "because no identity-based policy allows the %.*s action",
                           PH_FMT(request->action)));
}

/* Who is denied an operation explicitly is denied what does the same in another way. */
static struct ph_err decide_same(const struct ph_ctx *ctx, const struct ph_operation *operation,
                                 struct ph_policy_request request)
{
    if (operation->id != OP_DescribeTermsByClient) {
        return PH_OK;
    }
    request.action = PH_STR("cognito-idp:DescribeTerms");
    return ph_policy_decide(ctx->arena, ctx->caller.policy, &request) == PH_POLICY_DENIED
               ? decide(ctx, &request)
               : PH_OK;
}

struct ph_err ph_authorize(struct ph_ctx *ctx, const struct ph_operation *operation,
                           const struct ph_in *in)
{
    struct ph_policy_request request = { .source_ip = ctx->remote_address };
    struct target target;

    if (operation->auth != PH_AUTH_SIGV4 || ctx->settings->mode == PH_MODE_DEV) {
        return PH_OK;
    }
    target = target_of(ctx, in);
    request.action = ph_strf(ctx->arena, "cognito-idp:%s", operation->name);
    request.resource = target.resource;
    request.region = target.region;
    request.transport = transport(ctx->settings);
    PH_TRY(decide(ctx, &request));
    return decide_same(ctx, operation, request);
}
