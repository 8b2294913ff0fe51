#include "protocol/outbox_page.h"

#include "util/buf.h"
#include "util/encode.h"
#include "util/json.h"

enum { PAGE_MAX = 256 * 1024 * 1024 }; /* far above the greatest number of the longest messages */

static const char *medium_name(enum ph_medium medium)
{
    return medium == PH_MEDIUM_SMS ? "SMS" : "EMAIL";
}

static struct json_t *message_json(struct ph_arena *arena, const struct ph_message *m)
{
    struct json_t *object = ph_json_object(arena);
    const struct {
        const char *key;
        struct ph_str value;
    } members[] = {
        { "id", m->id },
        { "poolId", m->pool_id },
        { "username", m->username },
        { "medium", ph_str_from(medium_name(m->medium)) },
        { "destination", m->destination },
        { "reason", m->reason },
        { "subject", m->subject },
        { "body", m->body },
        { "code", m->code },
        { "createdAt", ph_time_iso(arena, m->created_ms / 1000) },
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].value.p != NULL) {
            ph_json_set_str(arena, object, members[i].key, members[i].value);
        }
    }
    return object;
}

struct ph_str ph_outbox_json(struct ph_arena *arena, const struct ph_message *messages,
                             size_t count)
{
    struct json_t *document = ph_json_object(arena);
    struct json_t *list = ph_json_array(arena);

    for (size_t i = 0; i < count; i++) {
        ph_json_append(arena, list, message_json(arena, &messages[i]));
    }
    ph_json_set(arena, document, "messages", list);
    return ph_json_text(arena, document, PH_JSON_INSERTION);
}

static const char HEAD[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>Poolhouse: outbox</title>\n"
    "<style>\n"
    "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto;"
    " padding: 0 1rem; }\n"
    "article { border-top: 1px solid #999; padding: 1rem 0; }\n"
    "dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; margin: 0; }\n"
    "dd { margin: 0; overflow-wrap: anywhere; }\n"
    "dd.code { font: bold 1.25rem/1.5 monospace; }\n"
    "pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8881; padding: 1rem; }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<h1>Outbox</h1>\n"
    "<p>What users are sent, newest first. Without a relay (mail.relay, sms.endpoint) nothing"
    " leaves this machine. For scripts: <a href=\"?format=json\">?format=json</a>, with "
    "<code>after=ID</code>,"
    " <code>wait=SECONDS</code>, <code>username=</code>, <code>destination=</code> and"
    " <code>limit=</code>.</p>\n";

static void add_row(struct ph_buf *page, const char *name, const char *class, struct ph_str value)
{
    if (value.n > 0) {
        ph_buf_addf(page, "<dt>%s</dt><dd%s>", name, class);
        ph_buf_add(page, ph_html(page->arena, value));
        ph_buf_add(page, PH_STR("</dd>\n"));
    }
}

static void add_message(struct ph_buf *page, const struct ph_message *m)
{
    ph_buf_add(page, PH_STR("<article>\n<dl>\n"));
    add_row(page, "To", "", m->username);
    add_row(page, m->medium == PH_MEDIUM_SMS ? "Text message" : "E-mail", "", m->destination);
    add_row(page, "Why", "", m->reason);
    add_row(page, "Code", " class=\"code\"", m->code);
    add_row(page, "When", "", ph_time_iso(page->arena, m->created_ms / 1000));
    add_row(page, "Pool", "", m->pool_id);
    add_row(page, "Subject", "", m->subject);
    ph_buf_add(page, PH_STR("</dl>\n<pre>"));
    ph_buf_add(page, ph_html(page->arena, m->body));
    ph_buf_add(page, PH_STR("</pre>\n</article>\n"));
}

struct ph_str ph_outbox_page(struct ph_arena *arena, const struct ph_message *messages,
                             size_t count)
{
    struct ph_buf page;

    ph_buf_init(&page, arena, PAGE_MAX);
    ph_buf_add(&page, ph_str_from(HEAD));
    for (size_t i = 0; i < count; i++) {
        add_message(&page, &messages[i]);
    }
    if (count == 0) {
        ph_buf_add(&page, PH_STR("<p>There is no message.</p>\n"));
    }
    ph_buf_add(&page, PH_STR("</body>\n</html>\n"));
    return ph_buf_str(&page);
}
