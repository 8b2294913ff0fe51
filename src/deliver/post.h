/*
 * The post of a server: a courier for each medium that the operator configured, and the care for
 * what cannot be delivered. Without a relay messages wait in the outbox: in `dev` for the
 * developer, in `serve` for a relay, a day long.
 */
#ifndef PH_DELIVER_POST_H
#define PH_DELIVER_POST_H

#include "deliver/courier.h"

struct ph_fetch;
struct ph_post;

/*
 * ctx: clock, random, settings, store, pools, log. calls: who calls the functions of custom
 * senders; NULL: nobody, they wait. Warns of what cannot leave. All outlive it.
 */
struct ph_post *ph_post_create(const struct ph_ctx *ctx, struct ph_fetch *fetch,
                               const struct ph_carrier *calls);

/* Every few seconds, from one thread: gives up what has waited for too long. */
void ph_post_sweep(struct ph_post *post);

struct ph_post_count {
    struct ph_outbox_count outbox;
    int64_t oldest_s;                         /* age of the first that waits */
    int64_t expired;                          /* given up after a day */
    struct ph_courier_count mail, sms, calls; /* zero where there is no relay */
};

/* Any thread, while the store is open. */
struct ph_post_count ph_post_count(struct ph_post *post);

/* As ph_courier_stop(), for all; NULL is fine. */
void ph_post_stop(struct ph_post *post, int64_t wait_ms);
void ph_post_destroy(struct ph_post *post); /* after stop; NULL is fine */

#endif
