/* One user as administrators see and change it (management.md 4.8). */
#include "api/handlers.h"
#include "api/self.h"
#include "api/views.h"
#include "user/update.h"

/* What every operation of this file begins with. */
struct subject {
    const struct ph_pool *pool;
    struct ph_user *user;
};

struct ph_err ph_api_admin_get_user(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    static const struct ph_view_choice ALL = { .reader = NULL };
    struct subject subject;

    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    ph_view_user(out, subject.user, M_UserAttributes, &ALL);
    ph_view_mfa(out, subject.user);
    return PH_OK;
}

struct ph_err ph_api_admin_delete_user(struct ph_ctx *ctx, const struct ph_in *in,
                                       struct ph_out *out)
{
    struct subject subject;
    bool existed; /* if not: somebody else was faster, and the user is gone all the same */

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    return ph_store_user_delete(ctx, &subject.pool->ref, subject.user->sub, &existed);
}

struct ph_err ph_api_admin_enable_user(struct ph_ctx *ctx, const struct ph_in *in,
                                       struct ph_out *out)
{
    struct ph_user_change change = { 0 };
    struct subject subject;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    change.user = subject.user;
    change.user->enabled = true;
    return ph_user_save(ctx, subject.pool, &change, 0);
}

/* Ends all sign-ins first, before anything is said; enabling does not bring them back. */
struct ph_err ph_api_admin_disable_user(struct ph_ctx *ctx, const struct ph_in *in,
                                        struct ph_out *out)
{
    struct ph_user_change change = { 0 };
    struct subject subject;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    PH_TRY(ph_store_user_sign_out(ctx, &subject.pool->ref, subject.user->sub,
                                  ph_now_ms(ctx) + 1)); /* those of this millisecond, too */
    change.user = subject.user;
    change.user->enabled = false;
    return ph_user_save(ctx, subject.pool, &change, 0);
}

struct ph_err ph_api_admin_set_user_password(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const enum ph_password_kind kind =
        ph_in_bool(in, M_Permanent) ? PH_PW_PERMANENT : PH_PW_TEMPORARY;
    struct subject subject;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    return ph_password_set_by_admin(ctx, subject.pool, subject.user, ph_in_str(in, M_Password),
                                    kind);
}

struct ph_err ph_api_admin_update_user_attributes(struct ph_ctx *ctx, const struct ph_in *in,
                                                  struct ph_out *out)
{
    struct subject subject;
    struct ph_attrs writes;
    const struct ph_update given = {
        .writes = &writes,
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_deliveries sent; /* the operation does not tell where to */

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    ph_view_read_attributes(ctx, in, M_UserAttributes, &writes);
    return ph_user_update(ctx, subject.pool, subject.user, &given, &sent);
}

struct ph_err ph_api_admin_delete_user_attributes(struct ph_ctx *ctx, const struct ph_in *in,
                                                  struct ph_out *out)
{
    struct subject subject;
    const struct ph_str *names;
    size_t count;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &subject.pool, &subject.user));
    ph_view_read_names(ctx, in, M_UserAttributeNames, &names, &count);
    return ph_user_remove_attributes(ctx, subject.pool, NULL, subject.user, names, count);
}
