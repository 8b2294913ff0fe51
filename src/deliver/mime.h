/*
 * An e-mail as text: header fields and one part of HTML (RFC 5322, 2045, 2047, 2231 not needed).
 *
 * Pure: no clock, no socket. Nothing that comes from outside can end a line of the header: names
 * and subjects are encoded, and addresses with other than the characters of an address refused.
 */
#ifndef PH_DELIVER_MIME_H
#define PH_DELIVER_MIME_H

#include "util/str.h"

/* "Ann <ann@example.com>" in its parts. */
struct ph_mailbox {
    struct ph_str name;    /* UTF-8, not yet encoded; absent: none */
    struct ph_str address; /* may stand in a header and in a command of SMTP as it is */
};

/*
 * Reads `ann@example.com`, `Ann <ann@example.com>` or `"Ann, the first" <ann@example.com>`.
 * False when it is something else, *mailbox untouched.
 */
PH_MUST_USE bool ph_mailbox_parse(struct ph_arena *arena, struct ph_str text,
                                  struct ph_mailbox *mailbox);

/* local@domain of at most 254 bytes without spaces, controls, quotes, brackets or lists. */
PH_MUST_USE bool ph_mailbox_is_address(struct ph_str text);

struct ph_mail {
    struct ph_mailbox from;
    struct ph_str reply_to; /* an address; absent: no such field */
    struct ph_str to;       /* an address */
    struct ph_str subject;  /* UTF-8 */
    struct ph_str html;     /* UTF-8 */
    struct ph_str id;       /* left side of the Message-ID: letters, digits, '-' */
    struct ph_str id_domain;
    int64_t date_s; /* epoch seconds */
};

/* The whole message with CRLF at each line's end; no line is longer than 998 bytes. */
struct ph_str ph_mail_text(struct ph_arena *arena, const struct ph_mail *mail);

#endif
