/*
 * One conversation with an SMTP relay at a time (RFC 5321), on libcurl: TLS, STARTTLS,
 * authentication; the connection is kept for the next message that comes soon.
 */
#ifndef PH_FETCH_SMTP_H
#define PH_FETCH_SMTP_H

#include "util/settings.h"

#include <stdatomic.h>

enum ph_smtp_result {
    PH_SMTP_TAKEN,
    PH_SMTP_LATER,    /* put off, or the relay was lost after the message had begun */
    PH_SMTP_REFUSED,  /* this message will never be taken */
    PH_SMTP_NO_RELAY, /* nobody there, or not for us: true of every message */
};

struct ph_smtp_reply {
    int code;        /* the last one; 0: none */
    const char *why; /* static: never what the relay said, which may hold an address */
};

struct ph_smtp;

/* The settings and *stop must outlive it. */
struct ph_smtp *ph_smtp_create(const struct ph_mail_settings *settings, const atomic_bool *stop);
void ph_smtp_destroy(struct ph_smtp *smtp); /* NULL is fine */

/*
 * from and to have nothing that would end a command: no space, control, '<' or '>'; text is a whole
 * message with CRLF at its lines' ends.
 */
enum ph_smtp_result ph_smtp_send(struct ph_smtp *smtp, struct ph_str from, struct ph_str to,
                                 struct ph_str text, struct ph_smtp_reply *reply);

/* Connects, starts TLS, signs in and says goodbye: for `poolhouse doctor`. */
enum ph_smtp_result ph_smtp_greet(struct ph_smtp *smtp, struct ph_smtp_reply *reply);

#endif
