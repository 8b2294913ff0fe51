/* The sessions of users: listed and ended, by themselves or by an administrator. */
#include "api/handlers.h"
#include "api/page_token.h"
#include "api/self.h"
#include "pool/session_settings.h"
#include "store/sign_in.h"
#include "store/token_sessions.h"

enum { PAGE_MAX = 125 }; /* more than a user can have: there is one page */

/* Whose sessions, and which one asks (absent: none of them). */
struct whose {
    const struct ph_pool *pool;
    const struct ph_user *user;
    struct ph_str current;
};

static struct ph_err find_self(struct ph_ctx *ctx, struct whose *whose)
{
    struct ph_self self;

    PH_TRY(ph_self_find(ctx, &self));
    *whose = (struct whose){ self.pool, self.user, ctx->caller.origin_jti };
    return ph_pool_check_tracks_sessions(self.pool);
}

static struct ph_err find_named(struct ph_ctx *ctx, const struct ph_in *in, struct whose *whose)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    *whose = (struct whose){ .pool = pool, .user = user };
    return ph_pool_check_tracks_sessions(pool);
}

/* --- listing --- */

/* Nothing here knows where an address is. */
static void write_location(struct ph_out *one)
{
    struct ph_out location = ph_out_object(one, M_LastLocation);

    ph_out_str(&location, M_Country, PH_STR("unknown"));
}

static void write_session(const struct whose *whose, const struct ph_token_session *session,
                          struct ph_out_list *list)
{
    struct ph_out one = ph_out_list_object(list);

    ph_out_str(&one, M_SessionId, session->id);
    ph_out_str(&one, M_SessionType, PH_STR("TOKEN"));
    ph_out_str(&one, M_ClientId, session->client_id);
    ph_out_time(&one, M_CreateDate, session->created_ms);
    ph_out_time(&one, M_LastActiveDate, session->active_ms);
    ph_out_str(&one, M_DeviceType, session->device_type);
    ph_out_str(&one, M_LastIPAddress, session->address);
    write_location(&one);
    ph_out_bool(&one, M_IsCurrentSession,
                whose->current.n > 0 && ph_str_eq(whose->current, session->family));
}

static struct ph_err list(struct ph_ctx *ctx, const struct ph_in *in, const struct whose *whose,
                          struct ph_out *out)
{
    struct ph_token_session *sessions;
    struct ph_out_list list = ph_out_list(out, M_Sessions);
    struct ph_str after;
    size_t count;

    PH_TRY(ph_page_token_read(ctx, PH_STR("ListUserSessions"), ph_in_str(in, M_NextToken), &after));
    PH_TRY(ph_store_token_session_list(ctx, whose->pool->id, whose->user->sub, ph_now_ms(ctx),
                                       PAGE_MAX, &sessions, &count));
    for (size_t i = 0; i < count; i++) {
        write_session(whose, &sessions[i], &list);
    }
    return PH_OK;
}

struct ph_err ph_api_list_user_sessions(struct ph_ctx *ctx, const struct ph_in *in,
                                        struct ph_out *out)
{
    struct whose whose;

    PH_TRY(find_self(ctx, &whose));
    return list(ctx, in, &whose, out);
}

struct ph_err ph_api_admin_list_user_sessions(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    struct whose whose;

    PH_TRY(find_named(ctx, in, &whose));
    return list(ctx, in, &whose, out);
}

/* --- ending --- */

/* RevokeAssociatedSessions: a sign-in through this API has no session of pages above it. */
static struct ph_err revoke(struct ph_ctx *ctx, const struct ph_in *in, const struct whose *whose)
{
    const struct ph_str id = ph_in_str(in, M_SessionId);
    struct ph_token_session *session;

    PH_TRY(ph_store_token_session_find(ctx, whose->pool->id, whose->user->sub, id, ph_now_ms(ctx),
                                       &session));
    if (session == NULL) {
        return PH_FAIL(ResourceNotFoundException, "Session does not exist.");
    }
    if (whose->current.n > 0 && ph_str_eq(whose->current, session->family)) {
        return PH_FAIL(InvalidParameterException, "The current session cannot be revoked.");
    }
    return ph_store_family_revoke(ctx, whose->pool->id, session->family, session->expires_ms);
}

struct ph_err ph_api_revoke_user_session(struct ph_ctx *ctx, const struct ph_in *in,
                                         struct ph_out *out)
{
    struct whose whose;

    (void)out;
    PH_TRY(find_self(ctx, &whose));
    return revoke(ctx, in, &whose);
}

struct ph_err ph_api_admin_revoke_user_session(struct ph_ctx *ctx, const struct ph_in *in,
                                               struct ph_out *out)
{
    struct whose whose;

    (void)out;
    PH_TRY(find_named(ctx, in, &whose));
    return revoke(ctx, in, &whose);
}
