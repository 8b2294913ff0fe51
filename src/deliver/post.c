#include "deliver/post.h"

#include "deliver/mail.h"
#include "deliver/sms.h"
#include "util/blocking.h"
#include "util/memory.h"

#include <stdlib.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS, FAILED_DAYS = 7, DUE_HOURS = 2 };

/* Our threads are no workers: when they wait, no worker takes their place. */
static const struct ph_blocking NOT_A_WORKER = { NULL, NULL, NULL };

struct ph_post {
    struct ph_ctx ctx;
    int64_t started_ms;
    atomic_int_fast64_t expired;
    struct ph_courier *mail; /* NULL: no relay */
    struct ph_courier *sms;
    struct ph_courier *calls; /* of functions */
    struct ph_sms *sms_service;
    bool stopped;
};

static bool is_dev(const struct ph_post *post)
{
    return post->ctx.settings->mode == PH_MODE_DEV;
}

/* A developer's old data may hold addresses of real people: only what is written from now on. */
static int64_t since(const struct ph_post *post)
{
    return is_dev(post) ? post->started_ms : 0;
}

static struct ph_courier *start(struct ph_post *post, struct ph_carrier carrier)
{
    const struct ph_courier_options options = {
        .ctx = post->ctx,
        .carrier = carrier,
        .since_ms = since(post),
        .keeps = is_dev(post),
    };

    return ph_courier_create(&options);
}

static void warn(const struct ph_post *post, const char *what)
{
    if (!is_dev(post)) {
        PH_LOG(&post->ctx.log, PH_WARN, "no_relay", ph_f_text("text", what));
    }
}

static void start_mail(struct ph_post *post)
{
    const struct ph_mail_settings *settings = &post->ctx.settings->mail;

    if (settings->relay.n > 0) {
        post->mail = start(post, ph_mail_carrier(settings));
    } else {
        warn(post, "no e-mail leaves: set mail.relay; messages wait in the outbox for a day");
    }
}

static void start_sms(struct ph_post *post, struct ph_fetch *fetch)
{
    if (post->ctx.settings->sms.endpoint.n > 0) {
        post->sms_service = ph_sms_create(post->ctx.settings, fetch);
        post->sms = start(post, ph_sms_carrier(post->sms_service));
    } else {
        warn(post, "no text message leaves: set sms.endpoint; they wait in the outbox for a day");
    }
}

struct ph_post *ph_post_create(const struct ph_ctx *ctx, struct ph_fetch *fetch,
                               const struct ph_carrier *calls)
{
    struct ph_post *post = ph_heap_zeroed(1, sizeof *post);
    struct ph_arena arena = { 0 };

    post->ctx = *ctx;
    post->ctx.blocking = &NOT_A_WORKER;
    post->started_ms = ph_now_ms(ctx);
    post->ctx.arena = &arena;
    (void)ph_store_outbox_release(&post->ctx).type; /* else they wait until their claim ends */
    ph_arena_finish(&arena);
    post->ctx.arena = NULL;
    start_mail(post);
    start_sms(post, fetch);
    if (calls != NULL) {
        post->calls = start(post, *calls);
    }
    return post;
}

void ph_post_sweep(struct ph_post *post)
{
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = post->ctx;
    const int64_t now_ms = ph_now_ms(&ctx);
    const int64_t sure_ms = ph_store_forget_until_ms(ctx.store, now_ms);
    const struct ph_outbox_limits limits = {
        .written_before = is_dev(post) ? 0 : sure_ms - DAY_MS,
        .ended_before = is_dev(post) ? 0 : sure_ms - (int64_t)FAILED_DAYS * DAY_MS,
        .latest_due = now_ms + DUE_HOURS * HOUR_MS,
    };
    int64_t failed = 0;

    ctx.arena = &arena;
    (void)ph_store_outbox_sweep(&ctx, &limits, &failed).type; /* logged; the next one tries */
    if (failed > 0) {
        atomic_fetch_add(&post->expired, failed);
        PH_LOG(&ctx.log, PH_ERROR, "messages_expired", ph_f_int("count", failed),
               ph_f_text("text", "they could not be delivered for a day"));
    }
    ph_arena_finish(&arena);
}

struct ph_post_count ph_post_count(struct ph_post *post)
{
    struct ph_post_count now = { .expired = atomic_load(&post->expired) };
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = post->ctx;

    ctx.arena = &arena; /* it reads only: waits for no commit */
    if (ph_store_outbox_count(&ctx, since(post), &now.outbox).type == NULL &&
        now.outbox.waiting > 0) {
        now.oldest_s = (ph_now_ms(&ctx) - now.outbox.oldest_ms) / 1000;
    }
    if (post->mail != NULL) {
        now.mail = ph_courier_count(post->mail);
    }
    if (post->sms != NULL) {
        now.sms = ph_courier_count(post->sms);
    }
    if (post->calls != NULL) {
        now.calls = ph_courier_count(post->calls);
    }
    ph_arena_finish(&arena);
    return now;
}

void ph_post_stop(struct ph_post *post, int64_t wait_ms)
{
    const int64_t deadline_ns = ph_monotonic_ns() + wait_ms * 1000000;
    struct ph_courier *couriers[] = { post == NULL ? NULL : post->mail,
                                      post == NULL ? NULL : post->sms,
                                      post == NULL ? NULL : post->calls };

    if (post == NULL || post->stopped) {
        return;
    }
    post->stopped = true;
    for (size_t i = 0; i < sizeof couriers / sizeof couriers[0]; i++) {
        const int64_t left_ms = (deadline_ns - ph_monotonic_ns()) / 1000000;

        if (couriers[i] != NULL) {
            ph_courier_stop(couriers[i], left_ms > 0 ? left_ms : 0);
        }
    }
}

void ph_post_destroy(struct ph_post *post)
{
    if (post != NULL) {
        ph_courier_destroy(post->mail);
        ph_courier_destroy(post->sms);
        ph_courier_destroy(post->calls);
        ph_sms_destroy(post->sms_service);
        free(post);
    }
}
