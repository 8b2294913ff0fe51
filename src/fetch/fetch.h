/*
 * HTTP requests to other servers. The only folder that includes the client library (libcurl).
 *
 * One call is one request and its whole reply, with a limit on its time and on its size. Nothing
 * is followed (no redirects), stored (no cookies) or repeated. Connections stay open for the next
 * call to the same server. Thread-safe. A call waits: workers say so (util/blocking.h) around it.
 */
#ifndef PH_FETCH_FETCH_H
#define PH_FETCH_FETCH_H

#include "util/message.h"

struct ph_fetch; /* the open connections */

struct ph_fetch *ph_fetch_create(void);
void ph_fetch_destroy(struct ph_fetch *fetch); /* NULL is fine; no call may be on its way */

struct ph_fetch_request {
    const char *method;
    struct ph_str url; /* http or https; loopback hosts are never reached through a proxy */
    const struct ph_http_field *headers;
    size_t header_count;
    struct ph_str body;
    int64_t timeout_ms; /* for all of it, from looking up the name to the last byte */
    size_t reply_max;   /* bytes of the reply's body */
};

enum ph_fetch_result {
    PH_FETCH_REPLIED,     /* with any status */
    PH_FETCH_UNREACHABLE, /* no such name, nobody listens, no trust: nothing was sent */
    PH_FETCH_TIMEOUT,
    PH_FETCH_TOO_LARGE,
    PH_FETCH_BROKEN, /* the reply broke off or was no HTTP */
};

enum { PH_FETCH_HEADERS_MAX = 64 };

struct ph_fetch_reply {
    int status;
    struct ph_http_field headers[PH_FETCH_HEADERS_MAX]; /* those after the last are left out */
    size_t header_count;
    struct ph_str body;
    const char *why; /* without a reply: static text for the log */
};

/* Everything in *reply lies in the arena. */
PH_MUST_USE enum ph_fetch_result ph_fetch(struct ph_fetch *fetch, struct ph_arena *arena,
                                          const struct ph_fetch_request *request,
                                          struct ph_fetch_reply *reply);

/* The first field of this name (ASCII case does not matter); absent when there is none. */
struct ph_str ph_fetch_header(const struct ph_fetch_reply *reply, struct ph_str name);

#endif
