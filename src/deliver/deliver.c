/* Texts of messages: the pool's templates, else the defaults (management.md 2.6). */
#include "deliver/deliver.h"

#include "model/exceptions.h"
#include "pool/domain.h"
#include "util/buf.h"
#include "util/encode.h"

enum { BODY_MAX = 128 * 1024 }; /* a template of 20,000 characters with its values */

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
static bool wants_link(const struct ph_pool *pool, const struct ph_message_request *request)
{
    const struct json_t *template = ph_json_get(pool->settings, "VerificationMessageTemplate");
    const bool sign_up = ph_str_eq(request->reason, PH_STR("SignUp")) ||
                         ph_str_eq(request->reason, PH_STR("ResendCode"));

    return request->template == PH_TEMPLATE_VERIFICATION && request->medium == PH_MEDIUM_EMAIL &&
           sign_up &&
           ph_str_eq(ph_json_get_str(template, "DefaultEmailOption"), PH_STR("CONFIRM_WITH_LINK"));
}

static void add_anchor(struct ph_buf *out, struct ph_str host,
                       const struct ph_message_request *request, struct ph_str text)
{
    ph_buf_addf(out, "<a href=\"https://%.*s", PH_FMT(host));
    ph_buf_add(out, PH_STR("/confirmUser/?client_id="));
    ph_buf_add(out, ph_url_encode(out->arena, request->client_id));
    ph_buf_add(out, PH_STR("&amp;user_name="));
    ph_buf_add(out, ph_url_encode(out->arena, request->user->username));
    ph_buf_add(out, PH_STR("&amp;confirmation_code="));
    ph_buf_add(out, ph_url_encode(out->arena, request->code));
    ph_buf_addf(out, "\">%.*s</a>", PH_FMT(text));
}

/* Where "##}" starts in s, or s.n. */
static size_t link_end(struct ph_str s)
{
    size_t i = 0;

    while (i < s.n && !ph_str_starts(ph_str_skip(s, i), PH_STR("##}"))) {
        i++;
    }
    return i;
}

static struct ph_err write_link(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_message_request *request, struct ph_str body,
                                struct ph_buf *out)
{
    struct ph_str host;

    PH_TRY(ph_pool_domain_host(ctx, pool, &host));
    if (host.n == 0) {
        return PH_FAIL(InvalidParameterException, "Cannot send link: user pool has no domain.");
    }
    while (body.n > 0) {
        const struct ph_str rest = ph_str_skip(body, 3);
        const size_t end = link_end(rest);

        if (ph_str_starts(body, PH_STR("{##")) && end < rest.n) {
            add_anchor(out, host, request, (struct ph_str){ rest.p, end });
            body = ph_str_skip(rest, end + 3);
        } else {
            ph_buf_add(out, ph_str_take(&body, 1));
        }
    }
    return PH_OK;
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

/* E-mail is HTML: a name or password must show as it is, and bring no markup of its own. */
static struct ph_str shown(struct ph_arena *arena, enum ph_medium medium, struct ph_str value)
{
    return medium == PH_MEDIUM_EMAIL ? ph_html(arena, value) : value;
}

/* One pass, so that a placeholder inside a value stays what it is. */
static void write_values(const struct ph_pool *pool, const struct ph_message_request *request,
                         struct ph_str body, struct ph_buf *out)
{
    static const struct ph_str CODE = PH_STR_INIT("{####}");
    static const struct ph_str NAME = PH_STR_INIT("{username}");

    while (body.n > 0) {
        if (ph_str_starts(body, CODE)) {
            ph_buf_add(out, shown(out->arena, request->medium, request->code));
            body = ph_str_skip(body, CODE.n);
        } else if (ph_str_starts(body, NAME)) {
            ph_buf_add(out, shown(out->arena, request->medium, sign_in_name(pool, request->user)));
            body = ph_str_skip(body, NAME.n);
        } else {
            ph_buf_add(out, ph_str_take(&body, 1));
        }
    }
}

static struct ph_err write_body(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_message_request *request, struct texts *texts)
{
    struct ph_buf out;

    ph_buf_init(&out, ctx->arena, BODY_MAX);
    if (wants_link(pool, request)) {
        *texts = own_texts(request, link_texts(pool));
        PH_TRY(write_link(ctx, pool, request, texts->body, &out));
    } else {
        *texts = own_texts(request, template_texts(pool, request));
        write_values(pool, request, texts->body, &out);
    }
    if (out.overflowed) {
        return ph_internal(ctx, "a message is too long");
    }
    texts->body = ph_buf_str(&out);
    return PH_OK;
}

struct ph_err ph_message_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_message_request *request, struct ph_message *message)
{
    struct texts texts = { .subject = { 0 } };

    PH_TRY(write_body(ctx, pool, request, &texts));
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
