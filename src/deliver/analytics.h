/*
 * Events for analytics: sign-ins and sign-ups of app clients with an AnalyticsConfiguration go to
 * an endpoint that understands PutEvents of Pinpoint.
 *
 * Whoever offers an event waits for nothing: it is copied into a bounded queue, and dropped with a
 * count when that is full. A thread sends them, up to 100 in one request; what is not taken after
 * some tries is dropped, too. Nothing is kept over a restart.
 */
#ifndef PH_DELIVER_ANALYTICS_H
#define PH_DELIVER_ANALYTICS_H

#include "deliver/aws.h"
#include "util/ctx.h"

struct ph_analytics;

struct ph_analytics_event {
    struct ph_str application; /* id at the service */
    struct ph_str endpoint;    /* AnalyticsEndpointId: one device of one user */
    struct ph_str id;          /* UUID */
    const char *type;          /* static: "_userauth.sign_in", "_userauth.sign_up", ... */
    struct ph_str user_id;     /* absent: not to be shared */
    struct ph_str client_id;
    int64_t at_ms;
};

struct ph_analytics_count {
    int64_t waiting, sent, dropped;
};

/* The settings and the fetch must outlive it. */
struct ph_analytics *ph_analytics_create(const struct ph_settings *settings, struct ph_fetch *fetch,
                                         const struct ph_clock *clock,
                                         const struct ph_random *random, struct ph_log log);

/* Any thread; analytics NULL: nothing happens. */
void ph_analytics_offer(struct ph_analytics *analytics, const struct ph_analytics_event *event);

struct ph_analytics_count ph_analytics_count(struct ph_analytics *analytics); /* NULL is fine */

/* Sends what waits for wait_ms at most, ends the thread and frees all. NULL is fine. */
void ph_analytics_destroy(struct ph_analytics *analytics, int64_t wait_ms);

#endif
