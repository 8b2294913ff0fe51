/* One call of a service that a pool leaves. */
#include "deliver/aws.h"
#include "fetch/fetch.h"
#include "origin/internal.h"
#include "util/blocking.h"

#include <stdlib.h>

#define SERVICE "cognito-idp"
#define TARGET "AWSCognitoIdentityProviderService."
#define CONTENT_TYPE "application/x-amz-json-1.1"

enum { REPLY_MAX = 256 * 1024 };

/* ---- places ---- */

void ph_origin_free_places(struct ph_origin_place *places)
{
    while (places != NULL) {
        struct ph_origin_place *next = places->next;

        free(places->endpoint);
        free(places);
        places = next;
    }
}

static struct ph_origin_place *add_place(struct ph_origins *origins, struct ph_str endpoint)
{
    struct ph_origin_place *place = calloc(1, sizeof *place);

    if (place == NULL) {
        ph_fatal("out of memory");
    }
    place->endpoint = ph_heap_cstr(endpoint);
    place->next = origins->places;
    origins->places = place;
    return place;
}

static struct ph_origin_place *find_place(struct ph_origins *origins, struct ph_str endpoint)
{
    struct ph_origin_place *place;

    pthread_mutex_lock(&origins->lock);
    place = origins->places;
    while (place != NULL && !ph_str_eq(ph_str_from(place->endpoint), endpoint)) {
        place = place->next;
    }
    if (place == NULL) {
        place = add_place(origins, endpoint);
    }
    pthread_mutex_unlock(&origins->lock);
    return place;
}

int64_t ph_origin_down(struct ph_origins *origins)
{
    int64_t down = 0;

    pthread_mutex_lock(&origins->lock);
    for (const struct ph_origin_place *p = origins->places; p != NULL; p = p->next) {
        down += ph_bulkhead_is_broken(origins->bulkhead, &p->state) ? 1 : 0;
    }
    pthread_mutex_unlock(&origins->lock);
    return down;
}

/* ---- sending ---- */

static enum ph_fetch_result send_public(struct ph_ctx *ctx, const struct ph_origin *origin,
                                        struct ph_str target, struct ph_str body,
                                        struct ph_fetch_reply *reply)
{
    const struct ph_origins_options *options = &ctx->origins->options;
    const struct ph_http_field headers[] = {
        { PH_STR("Content-Type"), PH_STR(CONTENT_TYPE) },
        { PH_STR("X-Amz-Target"), target },
    };
    const struct ph_fetch_request request = {
        .method = "POST",
        .url = PH_CONCAT(ctx->arena, origin->endpoint, PH_STR("/")),
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .body = body,
        .timeout_ms = options->timeout_ms,
        .reply_max = REPLY_MAX,
    };

    return ph_fetch(options->fetch, ctx->arena, &request, reply);
}

/* By the system's clock: the service's is the real one, whatever a test has made of ours. */
static enum ph_fetch_result send_signed(struct ph_ctx *ctx, const struct ph_origin *origin,
                                        struct ph_str target, struct ph_str body,
                                        struct ph_fetch_reply *reply)
{
    const struct ph_aws_service service = {
        .fetch = ctx->origins->options.fetch,
        .credentials = { .access_key_id = origin->access_key_id,
                         .secret = origin->secret_key,
                         .session_token = origin->session_token },
        .endpoint = origin->endpoint,
        .region = origin->region,
        .name = PH_STR(SERVICE),
        .timeout_ms = ctx->origins->options.timeout_ms,
    };
    const struct ph_aws_call call = {
        .method = "POST",
        .path = PH_STR("/"),
        .content_type = PH_STR(CONTENT_TYPE),
        .target = target,
        .body = body,
    };
    const int64_t now_s = ph_system_clock.now_ms(ph_system_clock.self) / 1000;

    return ph_aws_send(&service, ctx->arena, now_s, &call, reply);
}

/* ---- judging ---- */

/* "NotAuthorizedException" of "com.amazonaws.cognito#NotAuthorizedException:http://...". */
static struct ph_str error_name(struct ph_arena *arena, const struct ph_fetch_reply *reply)
{
    struct ph_str name = ph_json_get_str(ph_json_parse(arena, reply->body), "__type");

    if (name.n == 0) {
        name = ph_fetch_header(reply, PH_STR("x-amzn-ErrorType"));
    }
    ph_str_cut(name, ':', &name, NULL);
    while (ph_str_has_byte(name, '#')) {
        ph_str_cut(name, '#', &(struct ph_str){ 0 }, &name);
    }
    return name;
}

static bool is_throttled(struct ph_str error)
{
    static const struct ph_str NAMES[] = { PH_STR_INIT("TooManyRequestsException"),
                                           PH_STR_INIT("ThrottlingException"),
                                           PH_STR_INIT("LimitExceededException") };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (ph_str_eq(error, NAMES[i])) {
            return true;
        }
    }
    return false;
}

static void log_away(const struct ph_ctx *ctx, const struct ph_pool *pool, const char *why)
{
    PH_LOG(&ctx->log, PH_WARN, "origin_away", ph_f_str("pool", pool->id),
           ph_f_str("endpoint", pool->origin->endpoint), ph_f_text("why", why));
}

/* The text of a refusal is not logged: it may name people. */
static void log_refusal(const struct ph_ctx *ctx, const struct ph_pool *pool, const char *operation,
                        struct ph_str error)
{
    PH_LOG(&ctx->log, PH_INFO, "origin_refused", ph_f_str("pool", pool->id),
           ph_f_text("operation", operation), ph_f_str("error", error));
}

/* False when the call has cost time for nothing. */
static bool judge(struct ph_ctx *ctx, const struct ph_pool *pool, const char *operation,
                  enum ph_fetch_result result, const struct ph_fetch_reply *reply,
                  struct ph_origin_answer *answer)
{
    if (result != PH_FETCH_REPLIED) {
        log_away(ctx, pool, reply->why != NULL ? reply->why : "its reply is too large");
        return false;
    }
    if (reply->status == 200) {
        answer->reply = reply->body.n == 0 ? ph_json_object(ctx->arena) /* of RevokeToken */
                                           : ph_json_parse(ctx->arena, reply->body);
        answer->came = ph_json_kind(answer->reply) == PH_JSON_OBJECT;
        return answer->came;
    }
    if (reply->status >= 500) {
        log_away(ctx, pool, "it answers with an error of its own");
        return false;
    }
    answer->error = error_name(ctx->arena, reply);
    answer->came = reply->status != 429 && answer->error.n > 0 && !is_throttled(answer->error);
    log_refusal(ctx, pool, operation, answer->error);
    return true;
}

/* ---- calling ---- */

static void call_inside(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_origin_signed how,
                        const char *operation, const struct json_t *body,
                        struct ph_origin_place *place, struct ph_origin_answer *answer)
{
    const struct ph_str target = PH_CONCAT(ctx->arena, PH_STR(TARGET), ph_str_from(operation));
    const struct ph_str text = ph_json_text(ctx->arena, body, PH_JSON_INSERTION);
    struct ph_fetch_reply reply = { 0 };
    const enum ph_fetch_result result = how == PH_ORIGIN_SIGNED
                                            ? send_signed(ctx, pool->origin, target, text, &reply)
                                            : send_public(ctx, pool->origin, target, text, &reply);

    if (judge(ctx, pool, operation, result, &reply, answer)) {
        ph_bulkhead_well(ctx->origins->bulkhead, &place->state);
    } else {
        ph_bulkhead_failed(ctx->origins->bulkhead, &place->state);
    }
}

void ph_origin_call(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_origin_signed how,
                    const char *operation, const struct json_t *body,
                    struct ph_origin_answer *answer)
{
    struct ph_origins *origins = ctx->origins;
    struct ph_origin_place *place = find_place(origins, pool->origin->endpoint);

    *answer = (struct ph_origin_answer){ .came = false };
    ph_blocking_begin(ctx->blocking);
    if (ph_bulkhead_enter(origins->bulkhead, &place->state, origins->options.at_once) ==
        PH_TURN_TAKEN) {
        call_inside(ctx, pool, how, operation, body, place, answer);
        ph_bulkhead_leave(origins->bulkhead, &place->state);
    }
    ph_blocking_end(ctx->blocking);
    if (!answer->came) {
        atomic_fetch_add(&origins->away, 1);
    }
}
