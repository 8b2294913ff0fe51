#include "auth/signed_up.h"

#include "auth/step_up.h"
#include "token/methods.h"

#define SIGNED_UP "signed up"
#define CONFIRMED "confirmed"

static struct ph_str make(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_client *client, const struct ph_user *user,
                          struct ph_str name, const char *state)
{
    struct ph_attempt attempt = { .pool = pool, .client = client, .name = name };
    struct ph_user whose = *user;
    struct ph_session session;

    if ((client->flows & PH_FLOW_USER) == 0) {
        return (struct ph_str){ 0 };
    }
    attempt.user = &whose;
    attempt.event_id = ph_new_event_id(ctx, user);
    session = ph_session_of(ctx, &attempt, state);
    return ph_session_seal(ctx, pool, &session);
}

struct ph_str ph_signed_up_session(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_client *client, const struct ph_user *user,
                                   struct ph_str name)
{
    return make(ctx, pool, client, user, name, SIGNED_UP);
}

struct ph_str ph_confirmed_session(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_client *client, const struct ph_user *user,
                                   struct ph_str name)
{
    return make(ctx, pool, client, user, name, CONFIRMED);
}

static bool is_of(const struct ph_session *session, const struct ph_client *client,
                  const char *state)
{
    return ph_str_eq(session->client_id, client->id) &&
           ph_str_eq(session->challenge, ph_str_from(state));
}

struct ph_err ph_signed_up_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_client *client, struct ph_str name,
                                 struct ph_str text)
{
    struct ph_session session;

    if (text.n == 0 || (ph_session_open(ctx, pool, text, &session) &&
                        is_of(&session, client, SIGNED_UP) && ph_str_eq(session.name, name))) {
        return PH_OK;
    }
    return ph_invalid_session();
}

static struct ph_err check(struct ph_ctx *ctx, struct ph_attempt *attempt, bool named)
{
    if (!named || !attempt->exists ||
        !ph_str_eq(attempt->opened.password, ph_password_tag(ctx, attempt->user))) {
        return ph_invalid_session();
    }
    return ph_gate_proven(ctx, attempt);
}

/* The code of the sign-up has verified where it went: a number comes first. */
static unsigned by_which_code(const struct ph_user *user)
{
    return ph_str_eq(ph_attrs_get(&user->attrs, PH_STR("phone_number_verified")), PH_STR("true"))
               ? PH_METHOD_SMS
               : PH_METHOD_EMAIL;
}

struct ph_err ph_begin_signed_up(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                 struct ph_decision *decision)
{
    const unsigned targets = attempt->targets; /* of this call: the sign-up had none */
    bool named = false;

    PH_TRY(ph_open_session(ctx, attempt));
    if (!is_of(&attempt->opened, attempt->client, CONFIRMED)) {
        return ph_invalid_session();
    }
    PH_TRY(ph_check_age(ctx, attempt));
    PH_TRY(ph_identify_again(ctx, attempt, &named));
    PH_TRY(check(ctx, attempt, named));
    PH_TRY(ph_lockout_check(ctx, attempt));
    attempt->targets = targets;
    PH_TRY(ph_step_up_credit(ctx, attempt));
    PH_TRY(ph_pre_authenticate(ctx, attempt));
    PH_TRY(ph_use_opened(ctx, attempt));
    attempt->proven = PH_PROVED_SIGN_UP;
    attempt->methods |= by_which_code(attempt->user);
    return ph_advance(ctx, attempt, decision);
}
