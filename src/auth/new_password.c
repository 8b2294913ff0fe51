/* NEW_PASSWORD_REQUIRED: after a temporary password (authentication.md 1.7). */
#include "auth/internal.h"

#define CHALLENGE "NEW_PASSWORD_REQUIRED"
#define PREFIX PH_STR("userAttributes.")

static bool is_due(const struct ph_attempt *attempt)
{
    return attempt->user->status == PH_USER_FORCE_CHANGE_PASSWORD;
}

static bool is_missing(const struct ph_user *user, const struct ph_attr_def *def)
{
    return def->required && !ph_str_eq(def->name, PH_STR("sub")) &&
           ph_attrs_get(&user->attrs, def->name).n == 0;
}

/* Clients cut the prefix off without looking, and take the text apart by hand: no spaces. */
static struct ph_str required_attributes(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    struct json_t *names = ph_json_array(ctx->arena);

    for (size_t i = 0; i < attempt->pool->schema_count; i++) {
        const struct ph_attr_def *def = &attempt->pool->schema[i];

        if (is_missing(attempt->user, def)) {
            const struct ph_str name =
                ph_strf(ctx->arena, "userAttributes.%.*s", PH_FMT(def->name));

            ph_json_append(ctx->arena, names, ph_json_new_str(ctx->arena, name));
        }
    }
    return ph_json_text(ctx->arena, names, PH_JSON_INSERTION);
}

static struct ph_str user_attributes(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    struct json_t *values = ph_json_object(ctx->arena);
    const struct ph_attrs *attrs = &attempt->user->attrs;

    for (size_t i = 0; i < attrs->count; i++) {
        const struct ph_attr *attr = &attrs->items[i];

        if (!ph_str_starts(attr->name, PH_STR("dev:")) &&
            ph_client_may_read(attempt->client, attr->name)) {
            ph_json_set_s(ctx->arena, values, attr->name, ph_json_new_str(ctx->arena, attr->value));
        }
    }
    return ph_json_text(ctx->arena, values, PH_JSON_INSERTION);
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, CHALLENGE);
    struct json_t *p = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, p, "USER_ID_FOR_SRP", attempt->user->username);
    ph_json_set_str(ctx->arena, p, "requiredAttributes", required_attributes(ctx, attempt));
    ph_json_set_str(ctx->arena, p, "userAttributes", user_attributes(ctx, attempt));
    decision->parameters = p;
    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

/* The password was set by somebody meanwhile: by an earlier answer with this Session, or not. */
static struct ph_err check_fresh(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    bool first = false;

    if (attempt->exists && is_due(attempt) &&
        ph_str_eq(attempt->opened.password, ph_password_tag(ctx, attempt->user))) {
        return PH_OK;
    }
    PH_TRY(ph_spend_opened(ctx, attempt, &first));
    return first ? ph_invalid_session() : PH_FAIL(NotAuthorizedException, PH_MSG_SESSION_REUSED);
}

/* What the user already has of the required attributes is not the user's to change here. */
static struct ph_err check_given(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                 struct ph_str name)
{
    const struct ph_attr_def *def = ph_pool_attribute(attempt->pool, name);

    if (def != NULL && def->required && !is_missing(attempt->user, def)) {
        return PH_FAIL(
            NotAuthorizedException,
            ph_textf(ctx->arena, "Cannot modify an already provided %.*s", PH_FMT(name)));
    }
    return PH_OK;
}

static struct ph_err read_attributes(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                     struct ph_attrs *writes)
{
    const struct json_t *answers = attempt->request->answers.object;

    for (void *i = ph_json_first(answers); i != NULL; i = ph_json_next(answers, i)) {
        const struct ph_str key = ph_json_key(i);

        if (ph_str_starts(key, PREFIX)) {
            const struct ph_str name = ph_str_skip(key, PREFIX.n);

            PH_TRY(check_given(ctx, attempt, name));
            ph_attrs_set(ctx->arena, writes, name, ph_json_str(ph_json_member(i)));
        }
    }
    return PH_OK;
}

static struct ph_err check_complete(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    for (size_t i = 0; i < attempt->pool->schema_count; i++) {
        const struct ph_attr_def *def = &attempt->pool->schema[i];

        if (is_missing(attempt->user, def)) {
            return PH_FAIL(InvalidParameterException,
                           ph_textf(ctx->arena, "Invalid attributes given, %.*s is missing",
                                    PH_FMT(def->name)));
        }
    }
    return PH_OK;
}

static struct ph_err apply(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_attrs writes = { 0 };

    PH_TRY(read_attributes(ctx, attempt, &writes));
    PH_TRY(ph_attributes_apply(ctx, attempt->pool, attempt->client, PH_BY_CLIENT, attempt->user,
                               &writes));
    return check_complete(ctx, attempt);
}

/* A wrong answer leaves the Session alone; only the one that is stored spends it. */
static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str password = ph_answer(attempt, "NEW_PASSWORD");
    struct ph_user_change change = { .user = attempt->user };

    PH_TRY(check_fresh(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    PH_TRY(ph_password_check_policy(ctx, attempt->pool, attempt->user, password, PH_PW_CHANGE));
    PH_TRY(apply(ctx, attempt));
    PH_TRY(ph_use_opened(ctx, attempt));
    ph_password_set(ctx, attempt->pool, attempt->user, password);
    attempt->user->status = PH_USER_CONFIRMED;
    PH_TRY(ph_user_save(ctx, attempt->pool, &change, 0));
    attempt->proven |= PH_PROVED_NEW_PASSWORD;
    return PH_OK;
}

static const char *const ANSWERS[] = { "NEW_PASSWORD", NULL };

const struct ph_stage ph_stage_new_password = {
    .challenge = CHALLENGE,
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};
