#include "deliver/mail.h"

#include "deliver/mime.h"
#include "fetch/smtp.h"
#include "pool/pool.h"
#include "util/memory.h"

#include <stdlib.h>

struct line {
    const struct ph_mail_settings *settings;
    struct ph_smtp *smtp;
};

static void *open_line(void *self, const atomic_bool *stop)
{
    struct line *line = ph_heap_zeroed(1, sizeof *line);

    line->settings = self;
    line->smtp = ph_smtp_create(line->settings, stop);
    return line;
}

static void close_line(void *self)
{
    struct line *line = self;

    ph_smtp_destroy(line->smtp);
    free(line);
}

/* "arn:aws:ses:REGION:ACCOUNT:identity/ADDRESS"; an identity may be a whole domain, too. */
static struct ph_str identity_of(struct ph_str arn)
{
    struct ph_str rest;

    ph_str_cut(arn, '/', NULL, &rest);
    return rest;
}

/* What the pool says, as far as one can send with it; else what the operator says. */
static bool choose_sender(struct ph_ctx *ctx, const struct ph_mail_settings *settings,
                          const struct json_t *config, struct ph_mailbox *from)
{
    return ph_mailbox_parse(ctx->arena, ph_json_get_str(config, "From"), from) ||
           ph_mailbox_parse(ctx->arena, identity_of(ph_json_get_str(config, "SourceArn")), from) ||
           ph_mailbox_parse(ctx->arena, settings->from, from);
}

/* The same for every attempt and every change of a pool: receivers know a second copy by its id. */
static struct ph_str id_domain(struct ph_ctx *ctx, const struct ph_mail_settings *settings)
{
    struct ph_mailbox from = { .address = PH_STR("poolhouse.invalid") };
    struct ph_str domain;

    (void)!ph_mailbox_parse(ctx->arena, settings->from, &from);
    return ph_str_cut(from.address, '@', NULL, &domain) ? domain : from.address;
}

/* False when no mail can be made of it. */
static bool compose(struct ph_ctx *ctx, const struct ph_mail_settings *settings,
                    const struct ph_message *message, struct ph_mail *mail)
{
    const struct ph_pool *pool = NULL;
    const struct json_t *config;
    struct ph_str reply_to;

    if (!ph_mailbox_is_address(message->destination) ||
        ph_pool_find(ctx, message->pool_id, &pool).type != NULL || pool == NULL) {
        return false;
    }
    config = ph_json_get(pool->settings, "EmailConfiguration");
    reply_to = ph_json_get_str(config, "ReplyToEmailAddress");
    *mail = (struct ph_mail){
        .to = message->destination,
        .reply_to = ph_mailbox_is_address(reply_to) ? reply_to : (struct ph_str){ 0 },
        .subject = message->subject,
        .html = message->body,
        .id = message->id,
        .id_domain = id_domain(ctx, settings),
        .date_s = message->created_ms / 1000,
    };
    return choose_sender(ctx, settings, config, &mail->from);
}

static enum ph_carried carried(enum ph_smtp_result result)
{
    static const enum ph_carried ALL[] = {
        [PH_SMTP_TAKEN] = PH_CARRIED,
        [PH_SMTP_LATER] = PH_CARRY_LATER,
        [PH_SMTP_REFUSED] = PH_CARRY_REFUSED,
        [PH_SMTP_NO_RELAY] = PH_CARRY_NO_RELAY,
    };

    return ALL[result];
}

static enum ph_carried carry(void *self, struct ph_ctx *ctx, const struct ph_message *message,
                             struct ph_carry_report *report)
{
    const struct line *line = self;
    struct ph_smtp_reply reply;
    struct ph_mail mail;
    enum ph_carried result;

    if (!compose(ctx, line->settings, message, &mail)) {
        report->why = "the address or the user pool is not good for a mail";
        return PH_CARRY_REFUSED;
    }
    result = carried(ph_smtp_send(line->smtp, mail.from.address, mail.to,
                                  ph_mail_text(ctx->arena, &mail), &reply));
    *report = (struct ph_carry_report){ .code = reply.code, .why = reply.why };
    return result;
}

struct ph_carrier ph_mail_carrier(const struct ph_mail_settings *settings)
{
    union {
        const struct ph_mail_settings *settings;
        void *self;
    } own = { .settings = settings }; /* read only, whatever the type of self says */

    return (struct ph_carrier){
        .medium = PH_MEDIUM_EMAIL,
        .name = "mail",
        .longest_ms = settings->timeout_ms,
        .lines = (unsigned)settings->connections,
        .self = own.self,
        .open = open_line,
        .close = close_line,
        .carry = carry,
    };
}

const char *ph_mail_settings_problem(const struct ph_mail_settings *settings)
{
    struct ph_arena arena = { 0 };
    struct ph_mailbox from;
    const char *problem = NULL;

    if (settings->relay.n == 0) {
        return NULL;
    }
    if (!ph_str_starts(settings->relay, PH_STR("smtp://")) &&
        !ph_str_starts(settings->relay, PH_STR("smtps://"))) {
        problem = "mail.relay is not a URL like smtp://mail.example.com:587";
    } else if (!ph_mailbox_parse(&arena, settings->from, &from)) {
        problem = "mail.from must be an address like Shop <no-reply@example.com>";
    } else if ((settings->user.n == 0) != (settings->password.n == 0)) {
        problem = "mail.user and mail.password belong together";
    }
    ph_arena_finish(&arena);
    return problem;
}

bool ph_mail_check(const struct ph_mail_settings *settings, struct ph_carry_report *report)
{
    atomic_bool stop = false;
    struct ph_smtp *smtp = ph_smtp_create(settings, &stop);
    struct ph_smtp_reply reply;
    const bool good = ph_smtp_greet(smtp, &reply) == PH_SMTP_TAKEN;

    *report = (struct ph_carry_report){ .code = reply.code, .why = reply.why };
    ph_smtp_destroy(smtp);
    return good;
}
