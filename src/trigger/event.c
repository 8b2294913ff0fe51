/* The event of each trigger, member by member. */
#include "trigger/event.h"

const char *const ph_trigger_keys[PH_TRIGGER_COUNT] = {
    [PH_TRIGGER_PRE_SIGN_UP] = "PreSignUp",
    [PH_TRIGGER_POST_CONFIRMATION] = "PostConfirmation",
    [PH_TRIGGER_PRE_AUTHENTICATION] = "PreAuthentication",
    [PH_TRIGGER_POST_AUTHENTICATION] = "PostAuthentication",
    [PH_TRIGGER_PRE_TOKEN_GENERATION] = "PreTokenGeneration",
    [PH_TRIGGER_USER_MIGRATION] = "UserMigration",
    [PH_TRIGGER_CUSTOM_MESSAGE] = "CustomMessage",
    [PH_TRIGGER_CUSTOM_EMAIL_SENDER] = "CustomEmailSender",
    [PH_TRIGGER_CUSTOM_SMS_SENDER] = "CustomSMSSender",
    [PH_TRIGGER_DEFINE_AUTH_CHALLENGE] = "DefineAuthChallenge",
    [PH_TRIGGER_CREATE_AUTH_CHALLENGE] = "CreateAuthChallenge",
    [PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE] = "VerifyAuthChallengeResponse",
};

/* One event on its way. */
struct making {
    struct ph_ctx *ctx;
    const struct ph_pool *pool;
    const struct ph_trigger_call *call;
    struct json_t *request;
};

static struct json_t *null_value(struct ph_arena *arena)
{
    return ph_json_parse(arena, PH_STR("null"));
}

static void set(const struct making *m, const char *name, struct ph_str value)
{
    ph_json_set_str(m->ctx->arena, m->request, name, value);
}

/* A copy of the value; null when there is none. */
static void set_json(const struct making *m, const char *name, const struct json_t *value)
{
    struct ph_arena *arena = m->ctx->arena;

    ph_json_set(arena, m->request, name,
                value != NULL ? ph_json_copy(arena, value) : null_value(arena));
}

static void set_if_present(const struct making *m, const char *name, const struct json_t *value)
{
    if (value != NULL) {
        set_json(m, name, value);
    }
}

/* ---- members that several triggers have ---- */

static void add_alias(const struct making *m, struct json_t *attributes, enum ph_contact kind,
                      const char *name, struct ph_str attribute, struct ph_str flag)
{
    const struct ph_attrs *attrs = &m->call->user->attrs;

    if ((m->pool->alias_attributes & (unsigned)kind) != 0 &&
        ph_str_eq(ph_attrs_get(attrs, flag), PH_STR("true"))) {
        ph_json_set_str(m->ctx->arena, attributes, name, ph_attrs_get(attrs, attribute));
    }
}

/* Before sign-up nobody has looked at addresses yet: what was not said is not there. */
static bool is_left_out(const struct making *m, const struct ph_attr *attr)
{
    return m->call->trigger == PH_TRIGGER_PRE_SIGN_UP &&
           (ph_str_eq(attr->name, PH_STR("email_verified")) ||
            ph_str_eq(attr->name, PH_STR("phone_number_verified"))) &&
           ph_str_eq(attr->value, PH_STR("false"));
}

/* Before sign-up there is no sub and no status yet. */
static void add_attributes(const struct making *m)
{
    struct ph_arena *arena = m->ctx->arena;
    struct json_t *attributes = ph_json_object(arena);
    const struct ph_user *user = m->call->user;

    if (user != NULL && m->call->trigger != PH_TRIGGER_PRE_SIGN_UP) {
        ph_json_set_str(arena, attributes, "sub", user->sub);
        ph_json_set_str(arena, attributes, "cognito:user_status",
                        ph_user_status_name(user->status));
        add_alias(m, attributes, PH_EMAIL, "cognito:email_alias", PH_STR("email"),
                  PH_STR("email_verified"));
        add_alias(m, attributes, PH_PHONE, "cognito:phone_number_alias", PH_STR("phone_number"),
                  PH_STR("phone_number_verified"));
    }
    for (size_t i = 0; user != NULL && i < user->attrs.count; i++) {
        const struct ph_attr *attr = &user->attrs.items[i];

        if (!is_left_out(m, attr)) {
            ph_json_set_s(arena, attributes, attr->name, ph_json_new_str(arena, attr->value));
        }
    }
    ph_json_set(arena, m->request, "userAttributes", attributes);
}

static void add_metadata(const struct making *m)
{
    set_if_present(m, "clientMetadata", m->call->client_metadata);
}

static void add_not_found(const struct making *m)
{
    ph_json_set_bool(m->ctx->arena, m->request, "userNotFound", m->call->user_not_found);
}

static void add_session(const struct making *m)
{
    set_json(m, "session",
             m->call->session != NULL ? m->call->session : ph_json_array(m->ctx->arena));
}

/* ---- one function for each event ---- */

static void pre_sign_up(const struct making *m)
{
    add_attributes(m);
    set_json(m, "validationData", m->call->validation_data);
    add_metadata(m);
}

static void post_confirmation(const struct making *m)
{
    add_attributes(m);
    add_metadata(m);
}

static void pre_authentication(const struct making *m)
{
    add_attributes(m);
    set_if_present(m, "validationData", m->call->validation_data);
    add_metadata(m);
    add_not_found(m);
}

static void post_authentication(const struct making *m)
{
    add_attributes(m);
    ph_json_set_bool(m->ctx->arena, m->request, "newDeviceUsed", m->call->new_device_used);
    add_metadata(m);
}

static const struct json_t *no_groups(struct ph_arena *arena)
{
    return ph_json_parse(arena, PH_STR("{\"groupsToOverride\":[],\"iamRolesToOverride\":[],"
                                       "\"preferredRole\":null}"));
}

static struct json_t *scope_list(struct ph_arena *arena, struct ph_str scope)
{
    struct json_t *list = ph_json_array(arena);

    while (scope.n > 0) {
        struct ph_str one;

        ph_str_cut(scope, ' ', &one, &scope);
        ph_json_append(arena, list, ph_json_new_str(arena, one));
    }
    return list;
}

static void pre_token_generation(const struct making *m)
{
    struct ph_arena *arena = m->ctx->arena;

    add_attributes(m);
    set_json(m, "groupConfiguration", m->call->groups != NULL ? m->call->groups : no_groups(arena));
    if (ph_trigger_token_version(m->pool) > 1) {
        ph_json_set(arena, m->request, "scopes", scope_list(arena, m->call->scope));
    }
    add_metadata(m);
}

static void user_migration(const struct making *m)
{
    if (m->call->password.n > 0) {
        set(m, "password", m->call->password);
    } else {
        set_json(m, "password", NULL);
    }
    set_if_present(m, "validationData", m->call->validation_data);
    add_metadata(m);
}

static void custom_message(const struct making *m)
{
    add_attributes(m);
    set(m, "codeParameter", PH_STR("{####}"));
    set(m, "linkParameter", PH_STR("{##Click Here##}"));
    if (ph_str_ends(m->call->source, PH_STR("_AdminCreateUser"))) {
        set(m, "usernameParameter", PH_STR("{username}"));
    } else {
        set_json(m, "usernameParameter", NULL);
    }
    add_metadata(m);
}

static void custom_sender(const struct making *m)
{
    set(m, "type",
        m->call->trigger == PH_TRIGGER_CUSTOM_SMS_SENDER ? PH_STR("customSMSSenderRequestV1")
                                                         : PH_STR("customEmailSenderRequestV1"));
    set(m, "code", m->call->code);
    set_json(m, "clientMetadata", m->call->client_metadata);
    add_attributes(m);
}

static void define_auth_challenge(const struct making *m)
{
    add_attributes(m);
    add_session(m);
    add_metadata(m);
    add_not_found(m);
}

static void create_auth_challenge(const struct making *m)
{
    add_attributes(m);
    set(m, "challengeName", PH_STR("CUSTOM_CHALLENGE"));
    add_session(m);
    add_metadata(m);
    add_not_found(m);
}

static void verify_auth_challenge(const struct making *m)
{
    add_attributes(m);
    set_json(m, "privateChallengeParameters",
             m->call->private_parameters != NULL ? m->call->private_parameters
                                                 : ph_json_object(m->ctx->arena));
    set(m, "challengeAnswer", m->call->challenge_answer);
    add_metadata(m);
    add_not_found(m);
}

struct kind {
    void (*fill)(const struct making *making);
    struct ph_str response; /* as the function finds it */
};

static const struct kind KINDS[PH_TRIGGER_COUNT] = {
    [PH_TRIGGER_PRE_SIGN_UP] = { pre_sign_up,
                                 PH_STR_INIT("{\"autoConfirmUser\":false,\"autoVerifyEmail\":false,"
                                             "\"autoVerifyPhone\":false}") },
    [PH_TRIGGER_POST_CONFIRMATION] = { post_confirmation, PH_STR_INIT("{}") },
    [PH_TRIGGER_PRE_AUTHENTICATION] = { pre_authentication, PH_STR_INIT("{}") },
    [PH_TRIGGER_POST_AUTHENTICATION] = { post_authentication, PH_STR_INIT("{}") },
    [PH_TRIGGER_PRE_TOKEN_GENERATION] = { pre_token_generation,
                                          PH_STR_INIT("{\"claimsOverrideDetails\":null}") },
    [PH_TRIGGER_USER_MIGRATION] = { user_migration,
                                    PH_STR_INIT("{\"userAttributes\":null,"
                                                "\"forceAliasCreation\":null,"
                                                "\"enableSMSMFA\":null,\"finalUserStatus\":null,"
                                                "\"messageAction\":null,"
                                                "\"desiredDeliveryMediums\":null}") },
    [PH_TRIGGER_CUSTOM_MESSAGE] = { custom_message,
                                    PH_STR_INIT("{\"smsMessage\":null,\"emailMessage\":null,"
                                                "\"emailSubject\":null}") },
    [PH_TRIGGER_CUSTOM_EMAIL_SENDER] = { custom_sender, PH_STR_INIT("{}") },
    [PH_TRIGGER_CUSTOM_SMS_SENDER] = { custom_sender, PH_STR_INIT("{}") },
    [PH_TRIGGER_DEFINE_AUTH_CHALLENGE] = { define_auth_challenge,
                                           PH_STR_INIT("{\"challengeName\":null,"
                                                       "\"issueTokens\":null,"
                                                       "\"failAuthentication\":null}") },
    [PH_TRIGGER_CREATE_AUTH_CHALLENGE] = { create_auth_challenge,
                                           PH_STR_INIT("{\"publicChallengeParameters\":null,"
                                                       "\"privateChallengeParameters\":null,"
                                                       "\"challengeMetadata\":null}") },
    [PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE] = { verify_auth_challenge,
                                                    PH_STR_INIT("{\"answerCorrect\":null}") },
};

/* "aws-sdk-nodejs-2.856.0" of a User-Agent that says "aws-sdk-nodejs/2.856.0 linux/v14". */
static struct ph_str sdk_version(struct ph_arena *arena, struct ph_str user_agent)
{
    while (user_agent.n > 0) {
        struct ph_str word, name, version;

        ph_str_cut(user_agent, ' ', &word, &user_agent);
        if (ph_str_starts(word, PH_STR("aws-sdk-")) && ph_str_cut(word, '/', &name, &version) &&
            version.n > 0) {
            return PH_CONCAT(arena, name, PH_STR("-"), version);
        }
    }
    return PH_STR("aws-sdk-unknown-unknown");
}

static struct json_t *caller_context(const struct making *m)
{
    struct ph_arena *arena = m->ctx->arena;
    struct json_t *caller = ph_json_object(arena);

    ph_json_set_str(arena, caller, "awsSdkVersion", sdk_version(arena, m->ctx->user_agent));
    ph_json_set_str(arena, caller, "clientId",
                    m->call->client_id.n > 0 ? m->call->client_id
                                             : PH_STR("CLIENT_ID_NOT_APPLICABLE"));
    return caller;
}

static int version_of(const struct making *m)
{
    return m->call->trigger == PH_TRIGGER_PRE_TOKEN_GENERATION ? ph_trigger_token_version(m->pool)
                                                               : 1;
}

struct json_t *ph_event_make(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_trigger_call *call)
{
    struct ph_arena *arena = ctx->arena;
    const struct making m = { ctx, pool, call, ph_json_object(arena) };
    const struct kind *kind = &KINDS[call->trigger];
    const int version = version_of(&m);
    struct json_t *event = ph_json_object(arena);

    kind->fill(&m);
    ph_json_set_str(arena, event, "version", ph_strf(arena, "%d", version));
    ph_json_set_str(arena, event, "triggerSource", call->source);
    ph_json_set_str(arena, event, "region", pool->region);
    ph_json_set_str(arena, event, "userPoolId", pool->id);
    ph_json_set_str(arena, event, "userName",
                    call->user != NULL ? call->user->username : call->user_name);
    ph_json_set(arena, event, "callerContext", caller_context(&m));
    ph_json_set(arena, event, "request", m.request);
    ph_json_set(arena, event, "response",
                ph_json_parse(arena, version > 1
                                         ? PH_STR("{\"claimsAndScopeOverrideDetails\":null}")
                                         : kind->response));
    return event;
}
