/* Texts of messages: the pool's templates, else the defaults (management.md 2.6). */
#include "deliver/deliver.h"

#include "deliver/template.h"
#include "model/exceptions.h"
#include "pool/domain.h"

static struct ph_str first_of(struct ph_str a, struct ph_str b, struct ph_str otherwise)
{
    if (a.n > 0) {
        return a;
    }
    return b.n > 0 ? b : otherwise;
}

struct texts {
    struct ph_str subject;
    struct ph_str body;
};

static struct texts invitation(const struct ph_pool *pool, enum ph_medium medium)
{
    const struct json_t *config = ph_json_get(pool->settings, "AdminCreateUserConfig");
    const struct json_t *template = ph_json_get(config, "InviteMessageTemplate");
    const char *key = medium == PH_MEDIUM_SMS ? "SMSMessage" : "EmailMessage";
    const struct ph_str none = { 0 };

    return (struct texts){
        .subject = first_of(ph_json_get_str(template, "EmailSubject"), none,
                            PH_STR("Your temporary password")),
        .body = first_of(ph_json_get_str(template, key), none,
                         PH_STR("Your username is {username} and temporary password is {####}. ")),
    };
}

static struct texts verification(const struct ph_pool *pool, enum ph_medium medium)
{
    const struct json_t *template = ph_json_get(pool->settings, "VerificationMessageTemplate");
    const bool sms = medium == PH_MEDIUM_SMS;
    const char *key = sms ? "SmsMessage" : "EmailMessage";
    const char *flat = sms ? "SmsVerificationMessage" : "EmailVerificationMessage";

    return (struct texts){
        .subject = first_of(ph_json_get_str(template, "EmailSubject"),
                            ph_json_get_str(pool->settings, "EmailVerificationSubject"),
                            PH_STR("Your verification code")),
        .body = first_of(ph_json_get_str(template, key), ph_json_get_str(pool->settings, flat),
                         PH_STR("Your verification code is {####}. ")),
    };
}

static struct texts authentication(const struct ph_pool *pool, enum ph_medium medium)
{
    const struct json_t *email = ph_json_get(pool->settings, "EmailMfaConfiguration");
    const struct ph_str sms = ph_json_get_str(pool->settings, "SmsAuthenticationMessage");
    const struct ph_str none = { 0 };

    return (struct texts){
        .subject =
            first_of(ph_json_get_str(email, "Subject"), none, PH_STR("Your authentication code")),
        .body = first_of(medium == PH_MEDIUM_SMS ? sms : ph_json_get_str(email, "Message"), none,
                         PH_STR("Your authentication code is {####}. ")),
    };
}

static struct texts template_texts(const struct ph_pool *pool,
                                   const struct ph_message_request *request)
{
    switch (request->template) {
    case PH_TEMPLATE_INVITATION:
        return invitation(pool, request->medium);
    case PH_TEMPLATE_AUTHENTICATION:
        return authentication(pool, request->medium);
    case PH_TEMPLATE_VERIFICATION:
        break;
    }
    return verification(pool, request->medium);
}

static struct texts link_texts(const struct ph_pool *pool)
{
    const struct json_t *template = ph_json_get(pool->settings, "VerificationMessageTemplate");
    const struct ph_str none = { 0 };

    return (struct texts){
        .subject = first_of(ph_json_get_str(template, "EmailSubjectByLink"), none,
                            PH_STR("Your verification link")),
        .body = first_of(ph_json_get_str(template, "EmailMessageByLink"), none,
                         PH_STR("Please click the link below to verify your email address. "
                                "{##Verify Email##} ")),
    };
}

static struct texts own_texts(const struct ph_message_request *request, struct texts otherwise)
{
    const struct ph_str none = { 0 };

    return (struct texts){
        .subject = first_of(request->own_subject, none, otherwise.subject),
        .body = first_of(request->own_body, none, otherwise.body),
    };
}

/* Links are for sign-up only; other codes always go as codes. */
bool ph_message_has_link(const struct ph_pool *pool, const struct ph_message_request *request)
{
    const struct json_t *template = ph_json_get(pool->settings, "VerificationMessageTemplate");
    const bool sign_up = ph_str_eq(request->reason, PH_STR("SignUp")) ||
                         ph_str_eq(request->reason, PH_STR("ResendCode"));

    return request->template == PH_TEMPLATE_VERIFICATION && request->medium == PH_MEDIUM_EMAIL &&
           sign_up &&
           ph_str_eq(ph_json_get_str(template, "DefaultEmailOption"), PH_STR("CONFIRM_WITH_LINK"));
}

/* What the user types to sign in: where that is an address, the Username is a UUID. */
static struct ph_str sign_in_name(const struct ph_pool *pool, const struct ph_user *user)
{
    const struct ph_str none = { 0 };
    const struct ph_str email = ph_attrs_get(&user->attrs, PH_STR("email"));
    const struct ph_str phone = ph_attrs_get(&user->attrs, PH_STR("phone_number"));

    return first_of((pool->username_attributes & PH_EMAIL) != 0 ? email : none,
                    (pool->username_attributes & PH_PHONE) != 0 ? phone : none, user->username);
}

static struct ph_err write_link(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_message_request *request, struct ph_str template,
                                struct ph_str *body)
{
    struct ph_template_link link = {
        .client_id = request->client_id,
        .username = request->user->username,
        .code = request->code,
    };

    PH_TRY(ph_pool_domain_host(ctx, pool, &link.host));
    if (link.host.n == 0) {
        return PH_FAIL(InvalidParameterException, "Cannot send link: user pool has no domain.");
    }
    return ph_template_link(ctx->arena, template, &link, body)
               ? PH_OK
               : ph_internal(ctx, "a message is too long");
}

/* E-mail is HTML: a name or password must show as it is, and bring no markup of its own. */
static struct ph_err write_values(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_message_request *request, struct ph_str template,
                                  struct ph_str *body)
{
    const struct ph_template_values values = {
        .code = request->code,
        .username = sign_in_name(pool, request->user),
        .html = request->medium == PH_MEDIUM_EMAIL,
    };

    return ph_template_fill(ctx->arena, template, &values, body)
               ? PH_OK
               : ph_internal(ctx, "a message is too long");
}

static struct ph_err write_texts(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_message_request *request, struct texts *texts)
{
    if (ph_message_has_link(pool, request)) {
        *texts = own_texts(request, link_texts(pool));
        PH_TRY(write_link(ctx, pool, request, texts->body, &texts->body));
    } else {
        *texts = own_texts(request, template_texts(pool, request));
    }
    return write_values(ctx, pool, request, texts->body, &texts->body);
}

struct ph_err ph_message_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_message_request *request, struct ph_message *message)
{
    struct texts texts = { .subject = { 0 } };

    PH_TRY(write_texts(ctx, pool, request, &texts));
    *message = (struct ph_message){
        .id = ph_new_uuid7(ctx),
        .pool_id = pool->id,
        .username = request->user->username,
        .medium = request->medium,
        .destination = request->destination,
        .reason = request->reason,
        .body = texts.body,
        .code = request->code,
        .created_ms = ph_now_ms(ctx),
    };
    if (request->medium == PH_MEDIUM_EMAIL) {
        message->subject = texts.subject;
    }
    return PH_OK;
}
