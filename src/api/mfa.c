/* Second factors of users: software tokens and what users want (authentication.md 4). */
#include "api/handlers.h"
#include "api/self.h"
#include "auth/sign_in.h"
#include "mfa/preferences.h"
#include "mfa/software_token.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "passkey/passkey.h"
#include "user/user.h"

static struct ph_err save(struct ph_ctx *ctx, const struct ph_self *owner)
{
    struct ph_user_change change = { .user = owner->user };

    return ph_user_save(ctx, owner->pool, &change, 0);
}

/* ---- software tokens ---- */

/* By an access token, or by the Session of a sign-in; not by both. */
static struct ph_err check_credential(const struct ph_in *in)
{
    const bool by_token = ph_in_has(in, M_AccessToken), by_session = ph_in_has(in, M_Session);

    if (by_token && by_session) {
        return PH_FAIL(InvalidParameterException,
                       "Only one of AccessToken and Session can be given");
    }
    return by_token || by_session
               ? PH_OK
               : PH_FAIL(InvalidParameterException, "Missing required parameter AccessToken");
}

struct ph_err ph_api_associate_software_token(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    struct ph_str secret_code = { 0 }, session = { 0 };
    struct ph_self owner;

    PH_TRY(check_credential(in));
    if (ph_in_has(in, M_Session)) {
        PH_TRY(ph_setup_associate(ctx, ph_in_str(in, M_Session), &secret_code, &session));
    } else {
        PH_TRY(ph_self_find(ctx, &owner));
        PH_TRY(ph_software_token_associate(ctx, owner.pool, owner.user, &secret_code));
    }
    ph_out_str(out, M_SecretCode, secret_code);
    ph_out_str(out, M_Session, session);
    return PH_OK;
}

static struct ph_err verify_own(struct ph_ctx *ctx, const struct ph_in *in)
{
    struct ph_user_change change = { 0 };
    struct ph_self owner;

    PH_TRY(ph_self_find(ctx, &owner));
    change.user = owner.user;
    PH_TRY(ph_software_token_verify(ctx, owner.pool, ph_in_str(in, M_UserCode),
                                    ph_in_str(in, M_FriendlyDeviceName), &change));
    return ph_user_save(ctx, owner.pool, &change, 0);
}

struct ph_err ph_api_verify_software_token(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    struct ph_str session = { 0 };

    PH_TRY(check_credential(in));
    if (ph_in_has(in, M_Session)) {
        PH_TRY(ph_setup_verify(ctx, ph_in_str(in, M_Session), ph_in_str(in, M_UserCode),
                               ph_in_str(in, M_FriendlyDeviceName), &session));
    } else {
        PH_TRY(verify_own(ctx, in));
    }
    ph_out_str(out, M_Status, PH_STR("SUCCESS"));
    ph_out_str(out, M_Session, session);
    return PH_OK;
}

struct ph_err ph_api_admin_delete_software_token(struct ph_ctx *ctx, const struct ph_in *in,
                                                 struct ph_out *out)
{
    struct ph_user_change change = { 0 };
    struct ph_self owner;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &owner.pool, &owner.user));
    change.user = owner.user;
    PH_TRY(ph_software_token_remove(ctx, &change));
    return ph_user_save(ctx, owner.pool, &change, 0);
}

/* ---- preferences ---- */

static struct ph_mfa_wish read_wish(const struct ph_in *in, enum ph_member_name m)
{
    const struct ph_in said = ph_in_object(in, m);

    return (struct ph_mfa_wish){
        .says_enabled = ph_in_has(&said, M_Enabled),
        .enabled = ph_in_bool(&said, M_Enabled),
        .says_preferred = ph_in_has(&said, M_PreferredMfa),
        .preferred = ph_in_bool(&said, M_PreferredMfa),
    };
}

static struct ph_err set_preference(struct ph_ctx *ctx, const struct ph_in *in,
                                    const struct ph_self *owner)
{
    const struct ph_mfa_wish wishes[PH_MFA_KIND_COUNT] = {
        read_wish(in, M_SMSMfaSettings),
        read_wish(in, M_SoftwareTokenMfaSettings),
        read_wish(in, M_EmailMfaSettings),
    };

    const struct ph_in passkeys = ph_in_object(in, M_WebAuthnMfaSettings);

    PH_TRY(ph_mfa_prefer(ctx, owner->pool, owner->user, wishes));
    if (ph_in_has(&passkeys, M_Enabled)) {
        PH_TRY(ph_passkey_prefer(ctx, owner->pool, owner->user, ph_in_bool(&passkeys, M_Enabled)));
    }
    return save(ctx, owner);
}

struct ph_err ph_api_set_user_mfa_preference(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    struct ph_self owner;

    (void)out;
    PH_TRY(ph_self_find(ctx, &owner));
    return set_preference(ctx, in, &owner);
}

struct ph_err ph_api_admin_set_user_mfa_preference(struct ph_ctx *ctx, const struct ph_in *in,
                                                   struct ph_out *out)
{
    struct ph_self owner;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &owner.pool, &owner.user));
    return set_preference(ctx, in, &owner);
}

/* The older way, which knows SMS only: on when it is listed, else off. */
static struct ph_err set_options(struct ph_ctx *ctx, const struct ph_in *in,
                                 const struct ph_self *owner)
{
    const size_t count = ph_in_count(in, M_MFAOptions);
    const struct ph_mfa_wish wishes[PH_MFA_KIND_COUNT] = {
        { .says_enabled = true, .enabled = count > 0 },
    };

    for (size_t i = 0; i < count; i++) {
        const struct ph_in option = ph_in_object_at(in, M_MFAOptions, i);

        if (!ph_str_eq(ph_in_str(&option, M_DeliveryMedium), PH_STR("SMS")) ||
            !ph_str_eq(ph_in_str(&option, M_AttributeName), PH_STR("phone_number"))) {
            return PH_FAIL(InvalidParameterException,
                           "MFAOptions can only have SMS to phone_number");
        }
    }
    PH_TRY(ph_mfa_prefer(ctx, owner->pool, owner->user, wishes));
    return save(ctx, owner);
}

struct ph_err ph_api_set_user_settings(struct ph_ctx *ctx, const struct ph_in *in,
                                       struct ph_out *out)
{
    struct ph_self owner;

    (void)out;
    PH_TRY(ph_self_find(ctx, &owner));
    return set_options(ctx, in, &owner);
}

struct ph_err ph_api_admin_set_user_settings(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    struct ph_self owner;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &owner.pool, &owner.user));
    return set_options(ctx, in, &owner);
}
