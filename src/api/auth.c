/*
 * The five operations of sign-in. They read members and write members; the rules are in auth/.
 */
#include "api/handlers.h"
#include "auth/sign_in.h"

static struct ph_sign_in_request read_request(const struct ph_in *in, bool admin,
                                              enum ph_member_name answers)
{
    return (struct ph_sign_in_request){
        .admin = admin,
        .answers = ph_in_object(in, answers),
        .session = ph_in_str(in, M_Session),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
        .input = in,
    };
}

static struct ph_out write_tokens(struct ph_out *out, const struct ph_tokens *tokens)
{
    struct ph_out result = ph_out_object(out, M_AuthenticationResult);

    ph_out_str(&result, M_AccessToken, tokens->access_token);
    ph_out_int(&result, M_ExpiresIn, tokens->expires_in_s);
    ph_out_str(&result, M_IdToken, tokens->id_token);
    ph_out_str(&result, M_RefreshToken, tokens->refresh_token);
    ph_out_str(&result, M_TokenType, PH_STR("Bearer"));
    return result;
}

static void write_result(struct ph_out *out, const struct ph_decision *decision)
{
    struct ph_out result = write_tokens(out, &decision->tokens);

    if (decision->new_device_key.n > 0) {
        struct ph_out device = ph_out_object(&result, M_NewDeviceMetadata);

        ph_out_str(&device, M_DeviceKey, decision->new_device_key);
        ph_out_str(&device, M_DeviceGroupKey, decision->device_group_key);
    }
}

static void write_decision(struct ph_out *out, const struct ph_decision *decision)
{
    if (decision->challenge == NULL) {
        write_result(out, decision);
    }
    ph_out_str(out, M_ChallengeName, ph_str_from(decision->challenge));
    ph_out_str(out, M_Session, decision->session);
    ph_out_json(out, M_AvailableChallenges, decision->available);
    ph_out_json(out, M_ChallengeParameters,
                decision->parameters != NULL ? decision->parameters : ph_json_object(out->arena));
}

static struct ph_err initiate(struct ph_ctx *ctx, const struct ph_in *in, bool admin,
                              struct ph_out *out)
{
    struct ph_sign_in_request request = read_request(in, admin, M_AuthParameters);
    const struct ph_flow *flow;
    struct ph_decision decision;

    PH_TRY(ph_flow_find(ph_in_str(in, M_AuthFlow), admin, &flow));
    PH_TRY(ph_client_get(ctx, admin ? ph_in_str(in, M_UserPoolId) : (struct ph_str){ 0 },
                         ph_in_str(in, M_ClientId), &request.pool, &request.client));
    PH_TRY(ph_sign_in_begin(ctx, flow, &request, &decision));
    write_decision(out, &decision);
    return PH_OK;
}

static struct ph_err respond(struct ph_ctx *ctx, const struct ph_in *in, bool admin,
                             struct ph_out *out)
{
    struct ph_sign_in_request request = read_request(in, admin, M_ChallengeResponses);
    struct ph_decision decision;

    PH_TRY(ph_client_get(ctx, admin ? ph_in_str(in, M_UserPoolId) : (struct ph_str){ 0 },
                         ph_in_str(in, M_ClientId), &request.pool, &request.client));
    PH_TRY(ph_sign_in_continue(ctx, ph_in_str(in, M_ChallengeName), &request, &decision));
    write_decision(out, &decision);
    return PH_OK;
}

struct ph_err ph_api_initiate_auth(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    return initiate(ctx, in, false, out);
}

struct ph_err ph_api_admin_initiate_auth(struct ph_ctx *ctx, const struct ph_in *in,
                                         struct ph_out *out)
{
    return initiate(ctx, in, true, out);
}

struct ph_err ph_api_respond_to_auth_challenge(struct ph_ctx *ctx, const struct ph_in *in,
                                               struct ph_out *out)
{
    return respond(ctx, in, false, out);
}

struct ph_err ph_api_admin_respond_to_auth_challenge(struct ph_ctx *ctx, const struct ph_in *in,
                                                     struct ph_out *out)
{
    return respond(ctx, in, true, out);
}

struct ph_err ph_api_get_tokens_from_refresh_token(struct ph_ctx *ctx, const struct ph_in *in,
                                                   struct ph_out *out)
{
    struct ph_refresh_request request = {
        .refresh_token = ph_in_str(in, M_RefreshToken),
        .client_secret = ph_in_str(in, M_ClientSecret),
        .device_key = ph_in_str(in, M_DeviceKey),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_tokens tokens;

    PH_TRY(ph_client_get(ctx, (struct ph_str){ 0 }, ph_in_str(in, M_ClientId), &request.pool,
                         &request.client));
    PH_TRY(ph_refresh_exchange(ctx, &request, &tokens));
    (void)write_tokens(out, &tokens);
    return PH_OK;
}
