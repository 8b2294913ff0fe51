/*
 * One conversation with an SMTP relay at a time (RFC 5321), on libcurl: TLS, STARTTLS,
 * authentication; the connection is kept for the next message that comes soon.
 */
#ifndef PH_DELIVER_SMTP_H
#define PH_DELIVER_SMTP_H

#include "deliver/carrier.h"
#include "util/settings.h"

struct ph_smtp;

/* The settings and *stop must outlive it. */
struct ph_smtp *ph_smtp_create(const struct ph_mail_settings *settings, const atomic_bool *stop);
void ph_smtp_destroy(struct ph_smtp *smtp); /* NULL is fine */

/*
 * from and to are addresses that ph_mailbox_is_address() has seen; text is a whole message with
 * CRLF at its lines' ends.
 */
enum ph_carried ph_smtp_send(struct ph_smtp *smtp, struct ph_str from, struct ph_str to,
                             struct ph_str text, struct ph_carry_report *report);

/* Connects, starts TLS, signs in and says goodbye: for `poolhouse doctor`. */
enum ph_carried ph_smtp_greet(struct ph_smtp *smtp, struct ph_carry_report *report);

#endif
