#include "deliver/sms.h"

#include "util/buf.h"
#include "util/encode.h"
#include "util/memory.h"

#include <stdlib.h>

enum { NUMBER_MAX = 32, FORM_MAX = 512 * 1024 };

struct ph_sms {
    struct ph_aws_service service;
    const struct ph_sms_settings *settings;
};

struct ph_sms *ph_sms_create(const struct ph_settings *settings, struct ph_fetch *fetch)
{
    struct ph_sms *sms = ph_heap_zeroed(1, sizeof *sms);

    sms->settings = &settings->sms;
    sms->service = ph_aws_service(settings, fetch, settings->sms.endpoint, settings->sms.region,
                                  "sns", settings->sms.timeout_ms);
    return sms;
}

void ph_sms_destroy(struct ph_sms *sms)
{
    free(sms);
}

static void *open_line(void *self, const atomic_bool *stop)
{
    (void)stop; /* a request is short */
    return self;
}

static void close_line(void *line)
{
    (void)line;
}

/* --- the request --- */

static void add(struct ph_buf *form, const char *name, struct ph_str value)
{
    ph_buf_addf(form, "%s%s=", form->n == 0 ? "" : "&", name);
    ph_buf_add(form, ph_url_encode(form->arena, value));
}

static void add_attribute(struct ph_buf *form, int number, const char *name, struct ph_str value)
{
    ph_buf_addf(form, "&MessageAttributes.entry.%d.Name=%s", number, name);
    ph_buf_addf(form, "&MessageAttributes.entry.%d.Value.DataType=String", number);
    ph_buf_addf(form, "&MessageAttributes.entry.%d.Value.StringValue=", number);
    ph_buf_add(form, ph_url_encode(form->arena, value));
}

static struct ph_str form_of(struct ph_arena *arena, const struct ph_sms *sms,
                             const struct ph_message *message)
{
    struct ph_buf form;

    ph_buf_init(&form, arena, FORM_MAX);
    add(&form, "Action", PH_STR("Publish"));
    add(&form, "Version", PH_STR("2010-03-31"));
    add(&form, "PhoneNumber", message->destination);
    add(&form, "Message", message->body);
    add_attribute(&form, 1, "AWS.SNS.SMS.SMSType", PH_STR("Transactional"));
    if (sms->settings->sender.n > 0) {
        add_attribute(&form, 2, "AWS.SNS.SMS.SenderID", sms->settings->sender);
    }
    return ph_buf_str(&form);
}

/* E.164: '+' and digits. */
static bool is_number(struct ph_str s)
{
    bool good = s.n > 1 && s.n <= NUMBER_MAX && s.p[0] == '+';

    for (size_t i = 1; good && i < s.n; i++) {
        good = s.p[i] >= '0' && s.p[i] <= '9';
    }
    return good;
}

/* --- the reply --- */

/* Throttling is 400 or 429 with names of several ages; it is about the moment, not the message. */
static enum ph_carried judge(const struct ph_fetch_reply *reply)
{
    if (reply->status >= 200 && reply->status < 300) {
        return PH_CARRIED;
    }
    if (reply->status == 429 || ph_str_contains(reply->body, PH_STR("<Code>Throttl"))) {
        return PH_CARRY_LATER;
    }
    switch (reply->status) {
    case 400:
        return PH_CARRY_REFUSED;
    case 500:
    case 502:
    case 504:
        return PH_CARRY_LATER;
    default:
        return PH_CARRY_NO_RELAY; /* not our keys, not there, not well: true of all messages */
    }
}

static enum ph_carried carry(void *line, struct ph_ctx *ctx, const struct ph_message *message,
                             struct ph_carry_report *report)
{
    const struct ph_sms *sms = line;
    struct ph_fetch_reply reply;
    enum ph_fetch_result result;

    if (!is_number(message->destination)) {
        report->why = "the number is none";
        return PH_CARRY_REFUSED;
    }
    result = ph_aws_post(&sms->service, ctx->arena, ph_now_s(ctx), PH_STR("/"),
                         PH_STR("application/x-www-form-urlencoded; charset=utf-8"),
                         form_of(ctx->arena, sms, message), &reply);
    if (result == PH_FETCH_REPLIED) {
        report->code = reply.status;
        return judge(&reply);
    }
    report->why = reply.why;
    return result == PH_FETCH_UNREACHABLE ? PH_CARRY_NO_RELAY : PH_CARRY_LATER;
}

struct ph_carrier ph_sms_carrier(struct ph_sms *sms)
{
    return (struct ph_carrier){
        .medium = PH_MEDIUM_SMS,
        .name = "sms",
        .longest_ms = sms->settings->timeout_ms,
        .lines = (unsigned)sms->settings->connections,
        .self = sms,
        .open = open_line,
        .close = close_line,
        .carry = carry,
    };
}
