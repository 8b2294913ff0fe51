/*
 * A courier delivers the messages of one medium: threads that claim what is due, hand it to the
 * carrier, and write down what became of it (store/outbox.h).
 *
 * A message that is put off comes back after 15 seconds, then after twice as long each time, up to
 * an hour; nothing is tried when it is older than a day. While the other side cannot be reached at
 * all, one message at a time is tried, after a second, then twice as long, up to a minute; the
 * others wait for that and not for times of their own.
 */
#ifndef PH_DELIVER_COURIER_H
#define PH_DELIVER_COURIER_H

#include "deliver/carrier.h"

struct ph_courier;

struct ph_courier_options {
    struct ph_ctx ctx; /* all but the arena; its blocking is not that of the workers */
    struct ph_carrier carrier;
    int64_t since_ms; /* messages that were written earlier are left alone */
    bool keeps;       /* what is done stays readable; else it is deleted or wiped */
};

struct ph_courier_count {
    int64_t sent, put_off, failed;
    bool down; /* the other side could not be reached the last time */
};

/* Starts the threads; ends the process when they cannot be made. */
struct ph_courier *ph_courier_create(const struct ph_courier_options *options);

struct ph_courier_count ph_courier_count(struct ph_courier *courier);

/*
 * Claims nothing any more and waits for what is under way; what is not done after wait_ms is
 * broken off and goes out after the next start. The threads have ended when it returns.
 */
void ph_courier_stop(struct ph_courier *courier, int64_t wait_ms);

/* After ph_courier_stop(). NULL is fine. */
void ph_courier_destroy(struct ph_courier *courier);

#endif
