/*
 * A carrier takes messages of one medium to whoever delivers them: a relay for e-mail (mail.h), a
 * service for text messages (sms.h). A courier (courier.h) decides which message, when and how
 * often.
 */
#ifndef PH_DELIVER_CARRIER_H
#define PH_DELIVER_CARRIER_H

#include "store/outbox.h"

#include <stdatomic.h>

enum ph_carried {
    PH_CARRIED,        /* the other side has it */
    PH_CARRY_LATER,    /* this message was put off, or the other side was lost after it began */
    PH_CARRY_REFUSED,  /* this message will never be taken */
    PH_CARRY_NO_RELAY, /* nobody there, or not for us: true of every message */
};

struct ph_carry_report {
    int code;        /* reply of SMTP or status of HTTP; 0: none */
    const char *why; /* static; never what the other side said: that may hold an address */
};

struct ph_carrier {
    enum ph_medium medium;
    const char *name; /* "mail", "sms": in logs */
    int64_t longest_ms;
    unsigned lines; /* messages at the same time */
    void *self;
    /* One for each line, used by one thread. *stop ends what is under way. */
    void *(*open)(void *self, const atomic_bool *stop);
    void (*close)(void *line);
    enum ph_carried (*carry)(void *line, struct ph_ctx *ctx, const struct ph_message *message,
                             struct ph_carry_report *report);
};

#endif
