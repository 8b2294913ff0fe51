/* How a user may sign in: GetUserAuthFactors, AdminGetUserAuthFactors (management.md 4.8, 4.9). */
#include "auth/factors.h"

#include "api/handlers.h"
#include "api/self.h"
#include "api/views.h"
#include "user/user.h"

static struct ph_err write_factors(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_user *user, struct ph_out *out)
{
    static const struct {
        enum ph_factor bit;
        struct ph_str name;
    } NAMES[] = {
        { PH_FACTOR_PASSWORD, PH_STR_INIT("PASSWORD") },
        { PH_FACTOR_EMAIL, PH_STR_INIT("EMAIL_OTP") },
        { PH_FACTOR_SMS, PH_STR_INIT("SMS_OTP") },
        { PH_FACTOR_PASSKEY, PH_STR_INIT("WEB_AUTHN") },
    };
    struct ph_out_list list;
    unsigned factors;

    PH_TRY(ph_factors_of(ctx, pool, user, &factors));
    ph_out_str(out, M_Username, user->username);
    list = ph_out_list(out, M_ConfiguredUserAuthFactors);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if ((factors & (unsigned)NAMES[i].bit) != 0) {
            ph_out_list_str(&list, NAMES[i].name);
        }
    }
    ph_view_mfa(out, user);
    return PH_OK;
}

struct ph_err ph_api_get_user_auth_factors(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    struct ph_self self;

    (void)in;
    PH_TRY(ph_self_find(ctx, &self));
    return write_factors(ctx, self.pool, self.user, out);
}

struct ph_err ph_api_admin_get_user_auth_factors(struct ph_ctx *ctx, const struct ph_in *in,
                                                 struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    return write_factors(ctx, pool, user, out);
}
