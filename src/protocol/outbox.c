#include "protocol/outbox.h"

#include "model/exceptions.h"
#include "protocol/outbox_page.h"
#include "store/outbox.h"
#include "util/blocking.h"
#include "util/encode.h"
#include "util/json.h"

#include <time.h>

enum {
    LIMIT_USUAL = 100,
    LIMIT_MAX = 1000,
    WAIT_MAX_S = 60,
    POLL_MS = 50,
};

enum format { FORMAT_NONE, FORMAT_JSON, FORMAT_HTML };

/* The request, understood. */
struct asked {
    struct ph_arena *arena;
    struct ph_outbox_query query;
    int64_t wait_s;
    enum format format;
};

struct found {
    struct ph_message *messages;
    size_t count;
};

/* --- parameters --- */

static bool read_after(struct asked *asked, struct ph_str value)
{
    asked->query.after_id = value;
    return value.n > 0;
}

static bool read_username(struct asked *asked, struct ph_str value)
{
    asked->query.username = value;
    return true;
}

static bool read_destination(struct asked *asked, struct ph_str value)
{
    asked->query.destination = value;
    return true;
}

static bool read_limit(struct asked *asked, struct ph_str value)
{
    int64_t limit;

    if (!ph_str_to_int(value, 1, LIMIT_MAX, &limit)) {
        return false;
    }
    asked->query.limit = (size_t)limit;
    return true;
}

static bool read_wait(struct asked *asked, struct ph_str value)
{
    return ph_str_to_int(value, 0, WAIT_MAX_S, &asked->wait_s);
}

static bool read_format(struct asked *asked, struct ph_str value)
{
    asked->format = ph_str_eq(value, PH_STR("json"))   ? FORMAT_JSON
                    : ph_str_eq(value, PH_STR("html")) ? FORMAT_HTML
                                                       : FORMAT_NONE;
    return asked->format != FORMAT_NONE;
}

static const struct {
    struct ph_str name;
    bool (*read)(struct asked *asked, struct ph_str value);
    const char *rule;
} PARAMETERS[] = {
    { PH_STR_INIT("after"), read_after, "after is the id of a message" },
    { PH_STR_INIT("username"), read_username, "" },
    { PH_STR_INIT("destination"), read_destination, "" },
    { PH_STR_INIT("limit"), read_limit, "limit is a number from 1 to 1000" },
    { PH_STR_INIT("wait"), read_wait, "wait is a number of seconds from 0 to 60" },
    { PH_STR_INIT("format"), read_format, "format is json or html" },
};
enum { PARAMETER_COUNT = sizeof PARAMETERS / sizeof PARAMETERS[0] };

/* NULL, or what is wrong with "name=value". */
static const char *read_parameter(struct asked *asked, struct ph_str pair)
{
    struct ph_str name, value;

    ph_str_cut(pair, '=', &name, &value);
    if (!ph_form_decode(asked->arena, value, &value)) {
        return "a '%' in the query is not followed by two hexadecimal digits";
    }
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        if (ph_str_eq(name, PARAMETERS[i].name)) {
            return PARAMETERS[i].read(asked, value) ? NULL : PARAMETERS[i].rule;
        }
    }
    return "the parameters are after, username, destination, limit, wait and format";
}

static const char *read_query(struct asked *asked, struct ph_str query)
{
    const char *wrong = NULL;
    struct ph_str pair;

    while (query.n > 0 && wrong == NULL) {
        ph_str_cut(query, '&', &pair, &query);
        wrong = pair.n == 0 ? NULL : read_parameter(asked, pair);
    }
    return wrong;
}

/* --- what the client would rather have (RFC 9110, 12.5.1) --- */

static struct ph_str weight_of(struct ph_str parameters)
{
    struct ph_str one, name, value;

    while (parameters.n > 0) {
        ph_str_cut(parameters, ';', &one, &parameters);
        ph_str_cut(ph_str_trim(one), '=', &name, &value);
        if (ph_str_eq_nocase(name, PH_STR("q"))) {
            return value;
        }
    }
    return PH_STR("1");
}

/* "0", "0.5", "0.85", "1": as texts in the order of their values. */
static struct ph_str weight_in(struct ph_str accept, struct ph_str type)
{
    struct ph_str range, name, parameters;

    while (accept.n > 0) {
        ph_str_cut(accept, ',', &range, &accept);
        ph_str_cut(range, ';', &name, &parameters);
        if (ph_str_eq_nocase(ph_str_trim(name), type)) {
            return weight_of(parameters);
        }
    }
    return PH_STR("0");
}

/* A type must be named to count: what takes everything is answered as a browser is. */
static enum format preferred_format(const struct ph_http_request *request)
{
    const struct ph_str accept = ph_http_header(request, PH_STR("Accept"));
    const struct ph_str json = weight_in(accept, PH_STR("application/json"));
    const struct ph_str html = weight_in(accept, PH_STR("text/html"));

    return ph_str_cmp(json, html) > 0 ? FORMAT_JSON : FORMAT_HTML;
}

/* --- waiting --- */

static struct ph_err look(struct ph_ctx *ctx, const struct asked *asked, struct found *found)
{
    return ph_store_outbox_list(ctx, &asked->query, &found->messages, &found->count);
}

/* Without `after`, what came before the request does not end the wait. */
static struct ph_err start_from_newest(struct ph_ctx *ctx, struct asked *asked)
{
    const struct ph_outbox_query newest = { .limit = 1 };
    struct ph_message *messages;
    size_t count;

    if (asked->query.after_id.p != NULL) {
        return PH_OK;
    }
    PH_TRY(ph_store_outbox_list(ctx, &newest, &messages, &count));
    if (count == 1) {
        asked->query.after_id = messages[0].id;
    }
    return PH_OK;
}

static void pause_shortly(void)
{
    const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

    (void)nanosleep(&pause, NULL);
}

static struct ph_err poll_until(struct ph_ctx *ctx, const atomic_bool *stopping,
                                const struct asked *asked, struct found *found)
{
    const int64_t deadline_ns = ph_monotonic_ns() + asked->wait_s * 1000000000;

    PH_TRY(look(ctx, asked, found));
    while (found->count == 0 && ph_monotonic_ns() < deadline_ns && !atomic_load(stopping)) {
        pause_shortly();
        PH_TRY(look(ctx, asked, found));
    }
    return PH_OK;
}

/* Other requests run meanwhile. */
static struct ph_err wait_for_messages(struct ph_ctx *ctx, const struct ph_outbox_waiters *waiters,
                                       const struct asked *asked, struct found *found)
{
    struct ph_err err;

    ph_blocking_begin(ctx->blocking);
    err = poll_until(ctx, waiters->stopping, asked, found);
    ph_blocking_end(ctx->blocking);
    return err;
}

static struct ph_err find(struct ph_ctx *ctx, struct ph_outbox_waiters *waiters,
                          struct asked *asked, struct found *found)
{
    struct ph_err err;

    if (asked->wait_s == 0) {
        return look(ctx, asked, found);
    }
    PH_TRY(start_from_newest(ctx, asked));
    if (atomic_fetch_add(&waiters->count, 1) < waiters->max) {
        err = wait_for_messages(ctx, waiters, asked, found);
    } else {
        err = look(ctx, asked, found);
    }
    atomic_fetch_sub(&waiters->count, 1);
    return err;
}

/* --- answers --- */

static void refuse(struct ph_ctx *ctx, int status, const char *why, struct ph_http_reply *reply)
{
    struct json_t *body = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, body, "message", ph_str_from(why));
    reply->status = status;
    reply->content_type = PH_STR("application/json");
    reply->body = ph_json_text(ctx->arena, body, PH_JSON_INSERTION);
}

static void show(struct ph_ctx *ctx, enum format format, const struct found *found,
                 struct ph_http_reply *reply)
{
    ph_http_reply_header(reply, ctx->arena, PH_STR("Cache-Control"), PH_STR("no-store"));
    if (format == FORMAT_JSON) {
        reply->content_type = PH_STR("application/json");
        reply->body = ph_outbox_json(ctx->arena, found->messages, found->count);
        return;
    }
    /* A message is somebody's text: were the escaping wrong, it still could do nothing. */
    ph_http_reply_header(
        reply, ctx->arena, PH_STR("Content-Security-Policy"),
        PH_STR("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"));
    ph_http_reply_header(reply, ctx->arena, PH_STR("X-Content-Type-Options"), PH_STR("nosniff"));
    reply->content_type = PH_STR("text/html; charset=utf-8");
    reply->body = ph_outbox_page(ctx->arena, found->messages, found->count);
}

bool ph_outbox_handle(struct ph_ctx *ctx, struct ph_outbox_waiters *waiters,
                      const struct ph_http_request *request, struct ph_http_reply *reply)
{
    struct asked asked = { .arena = ctx->arena, .query = { .limit = LIMIT_USUAL } };
    struct found found;
    const char *wrong;
    struct ph_err err;

    if (ctx->settings->mode != PH_MODE_DEV || !ph_str_eq(request->method, PH_STR("GET")) ||
        !ph_str_eq(request->path, PH_STR("/_poolhouse/outbox"))) {
        return false;
    }
    wrong = read_query(&asked, request->query);
    if (wrong != NULL) {
        refuse(ctx, 400, wrong, reply);
        return true;
    }
    if (asked.format == FORMAT_NONE) {
        asked.format = preferred_format(request);
    }
    err = find(ctx, waiters, &asked, &found);
    if (err.type != NULL) {
        refuse(ctx, err.type->status, err.message, reply);
        return true;
    }
    show(ctx, asked.format, &found, reply);
    return true;
}
