#include "deliver/analytics.h"

#include "util/backoff.h"
#include "util/encode.h"
#include "util/json.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS ((int64_t)1000000)

enum { BATCH = 100, TRIES = 4, TIMEOUT_MS = 5000 };

static const struct ph_backoff BETWEEN_TRIES = { .first_ms = 1000, .most_ms = 8000 };

struct item {
    struct item *next;
    struct ph_analytics_event event; /* its slices point into bytes */
    uint8_t bytes[];
};

struct ph_analytics {
    struct ph_aws_service service;
    const struct ph_clock *clock;
    const struct ph_random *random;
    struct ph_log log;
    int64_t queue_max;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item *first;
    struct item **last;
    struct ph_analytics_count count;
    bool is_failing; /* the last try was in vain */
    bool stopping;
    int64_t stop_ns; /* nothing is tried again after it */
    pthread_t thread;
};

/* --- the queue --- */

static struct ph_str copy_to(uint8_t **at, struct ph_str s)
{
    const struct ph_str copy = { s.n > 0 ? *at : NULL, s.n };

    if (s.n > 0) {
        memcpy(*at, s.p, s.n);
        *at += s.n;
    }
    return copy;
}

static struct item *copy(const struct ph_analytics_event *event)
{
    struct item *item = ph_heap_zeroed(1, sizeof *item + event->application.n + event->endpoint.n +
                                              event->id.n + event->user_id.n + event->client_id.n);
    uint8_t *at;

    at = item->bytes;
    item->event = (struct ph_analytics_event){
        .application = copy_to(&at, event->application),
        .endpoint = copy_to(&at, event->endpoint),
        .id = copy_to(&at, event->id),
        .type = event->type,
        .user_id = copy_to(&at, event->user_id),
        .client_id = copy_to(&at, event->client_id),
        .at_ms = event->at_ms,
    };
    return item;
}

void ph_analytics_offer(struct ph_analytics *analytics, const struct ph_analytics_event *event)
{
    struct item *item;

    if (analytics == NULL) {
        return;
    }
    item = copy(event);
    pthread_mutex_lock(&analytics->lock);
    if (analytics->count.waiting >= analytics->queue_max || analytics->stopping) {
        analytics->count.dropped++;
        pthread_mutex_unlock(&analytics->lock);
        free(item);
        return;
    }
    *analytics->last = item;
    analytics->last = &item->next;
    analytics->count.waiting++;
    pthread_cond_signal(&analytics->changed);
    pthread_mutex_unlock(&analytics->lock);
}

/* Waits for events and takes those of the first one's application, in order; NULL: the end. */
static struct item *take_batch(struct ph_analytics *analytics, size_t *count)
{
    struct item *batch = NULL, **end = &batch, **at = &analytics->first;
    size_t n = 0;

    pthread_mutex_lock(&analytics->lock);
    while (analytics->first == NULL && !analytics->stopping) {
        pthread_cond_wait(&analytics->changed, &analytics->lock);
    }
    while (*at != NULL && n < BATCH) {
        struct item *item = *at;

        if (batch != NULL && !ph_str_eq(item->event.application, batch->event.application)) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        item->next = NULL;
        *end = item;
        end = &item->next;
        n++;
    }
    while (*at != NULL) {
        at = &(*at)->next;
    }
    analytics->last = at;
    pthread_mutex_unlock(&analytics->lock);
    *count = n;
    return batch;
}

/* --- a request --- */

static struct json_t *event_json(struct ph_arena *arena, const struct ph_analytics_event *event)
{
    struct json_t *json = ph_json_object(arena);
    struct json_t *attributes = ph_json_object(arena);

    ph_json_set_str(arena, json, "EventType", ph_str_from(event->type));
    ph_json_set_str(arena, json, "Timestamp", ph_time_iso(arena, event->at_ms / 1000));
    ph_json_set_str(arena, attributes, "clientId", event->client_id);
    ph_json_set(arena, json, "Attributes", attributes);
    return json;
}

static struct json_t *endpoint_json(struct ph_arena *arena, const struct ph_analytics_event *event)
{
    struct json_t *json = ph_json_object(arena);
    struct json_t *user = ph_json_object(arena);

    if (event->user_id.n > 0) {
        ph_json_set_str(arena, user, "UserId", event->user_id);
        ph_json_set(arena, json, "User", user);
    }
    return json;
}

/* {"BatchItem": {ENDPOINT: {"Endpoint": {...}, "Events": {ID: {...}}}}} */
static struct ph_str body_of(struct ph_arena *arena, const struct item *batch)
{
    struct json_t *body = ph_json_object(arena);
    struct json_t *endpoints = ph_json_object(arena);

    for (const struct item *i = batch; i != NULL; i = i->next) {
        const char *name = ph_cstr(arena, i->event.endpoint);
        struct json_t *one = name == NULL ? NULL : ph_json_get(endpoints, name);

        if (name == NULL) {
            continue;
        }
        if (one == NULL) {
            one = ph_json_object(arena);
            ph_json_set(arena, one, "Endpoint", endpoint_json(arena, &i->event));
            ph_json_set(arena, one, "Events", ph_json_object(arena));
            ph_json_set(arena, endpoints, name, one);
        }
        ph_json_set(arena, ph_json_get(one, "Events"), ph_cstr(arena, i->event.id),
                    event_json(arena, &i->event));
    }
    ph_json_set(arena, body, "BatchItem", endpoints);
    return ph_json_text(arena, body, PH_JSON_INSERTION);
}

enum verdict { TAKEN, REFUSED, AGAIN };

static enum verdict try_batch(struct ph_analytics *analytics, const struct item *batch)
{
    struct ph_arena arena = { 0 };
    struct ph_fetch_reply reply;
    const struct ph_str path = ph_strf(&arena, "/v1/apps/%.*s/events",
                                       PH_FMT(ph_url_encode(&arena, batch->event.application)));
    const int64_t now_s = analytics->clock->now_ms(analytics->clock->self) / 1000;
    const enum ph_fetch_result result =
        ph_aws_post(&analytics->service, &arena, now_s, path, PH_STR("application/json"),
                    body_of(&arena, batch), &reply);
    const int status = result == PH_FETCH_REPLIED ? reply.status : 0;
    const bool failing = status < 200 || status > 299;

    if (failing != analytics->is_failing) {
        PH_LOG(&analytics->log, failing ? PH_WARN : PH_INFO,
               failing ? "analytics_down" : "analytics_up", ph_f_int("code", status),
               ph_f_text("why", status == 0 ? reply.why : ""));
    }
    analytics->is_failing = failing;
    ph_arena_finish(&arena);
    if (!failing) {
        return TAKEN;
    }
    return status == 400 || status == 403 || status == 404 || status == 413 ? REFUSED : AGAIN;
}

/* --- the thread --- */

/* False when it is time to end. */
static bool pause_between(struct ph_analytics *analytics, int failures)
{
    const int64_t ms = ph_backoff_ms(analytics->random, &BETWEEN_TRIES, failures);
    const int64_t at_ns = ph_monotonic_ns() + ms * NS_PER_MS;
    const struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };
    bool goes_on;

    pthread_mutex_lock(&analytics->lock);
    while (!analytics->stopping && ph_monotonic_ns() < at_ns) {
        (void)pthread_cond_timedwait(&analytics->changed, &analytics->lock, &at);
    }
    goes_on = !analytics->stopping;
    pthread_mutex_unlock(&analytics->lock);
    return goes_on;
}

static bool is_over(struct ph_analytics *analytics)
{
    bool over;

    pthread_mutex_lock(&analytics->lock);
    over = analytics->stopping && ph_monotonic_ns() >= analytics->stop_ns;
    pthread_mutex_unlock(&analytics->lock);
    return over;
}

static bool send_batch(struct ph_analytics *analytics, const struct item *batch)
{
    for (int i = 1; !is_over(analytics); i++) {
        const enum verdict verdict = try_batch(analytics, batch);

        if (verdict != AGAIN || i == TRIES || !pause_between(analytics, i)) {
            return verdict == TAKEN;
        }
    }
    return false;
}

static void free_batch(struct item *batch)
{
    while (batch != NULL) {
        struct item *next = batch->next;

        free(batch);
        batch = next;
    }
}

static void *run(void *self)
{
    struct ph_analytics *analytics = self;
    struct item *batch;
    size_t count;

    while ((batch = take_batch(analytics, &count)) != NULL) {
        const bool taken = send_batch(analytics, batch);

        pthread_mutex_lock(&analytics->lock);
        analytics->count.waiting -= (int64_t)count;
        analytics->count.sent += taken ? (int64_t)count : 0;
        analytics->count.dropped += taken ? 0 : (int64_t)count;
        pthread_mutex_unlock(&analytics->lock);
        free_batch(batch);
    }
    return NULL;
}

struct ph_analytics *ph_analytics_create(const struct ph_settings *settings, struct ph_fetch *fetch,
                                         const struct ph_clock *clock,
                                         const struct ph_random *random, struct ph_log log)
{
    struct ph_analytics *analytics = ph_heap_zeroed(1, sizeof *analytics);
    pthread_condattr_t attributes;

    analytics->service = ph_aws_service(settings, fetch, settings->analytics.endpoint,
                                        settings->analytics.region, "mobiletargeting", TIMEOUT_MS);
    analytics->clock = clock;
    analytics->random = random;
    analytics->log = log;
    analytics->queue_max = settings->analytics.queue;
    analytics->last = &analytics->first;
    pthread_mutex_init(&analytics->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&analytics->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&analytics->thread, NULL, run, analytics) != 0) {
        ph_fatal("no thread for analytics");
    }
    return analytics;
}

struct ph_analytics_count ph_analytics_count(struct ph_analytics *analytics)
{
    struct ph_analytics_count now = { 0 };

    if (analytics != NULL) {
        pthread_mutex_lock(&analytics->lock);
        now = analytics->count;
        pthread_mutex_unlock(&analytics->lock);
    }
    return now;
}

void ph_analytics_destroy(struct ph_analytics *analytics, int64_t wait_ms)
{
    if (analytics == NULL) {
        return;
    }
    pthread_mutex_lock(&analytics->lock);
    analytics->stopping = true;
    analytics->stop_ns = ph_monotonic_ns() + wait_ms * NS_PER_MS;
    pthread_cond_broadcast(&analytics->changed);
    pthread_mutex_unlock(&analytics->lock);
    pthread_join(analytics->thread, NULL);
    pthread_cond_destroy(&analytics->changed);
    pthread_mutex_destroy(&analytics->lock);
    free(analytics);
}
