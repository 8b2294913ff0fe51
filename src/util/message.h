/*
 * HTTP requests and replies as plain data (RFC 9110): what http/ reads and writes and what the
 * handlers above it see. No socket, no library, no meaning of any path or header.
 */
#ifndef PH_UTIL_MESSAGE_H
#define PH_UTIL_MESSAGE_H

#include "util/str.h"

struct ph_http_field {
    struct ph_str name;  /* as sent; compare with ph_str_eq_nocase() */
    struct ph_str value; /* without spaces at its ends; may be empty */
};

/* Everything lives until the handler returns, and no longer. */
struct ph_http_request {
    struct ph_str method; /* "POST" */
    struct ph_str path;   /* as sent, not decoded: "//", "/eu-west-1_x/.well-known/jwks.json" */
    struct ph_str query;  /* what follows the first '?', as sent; absent without one */
    const struct ph_http_field *headers; /* in the order of arrival */
    size_t header_count;
    struct ph_str body;
    struct ph_str remote_address; /* numeric, without port */
};

/* The first field of this name (ASCII case does not matter); the absent slice when there is none.
 */
struct ph_str ph_http_header(const struct ph_http_request *request, struct ph_str name);

/*
 * All fields of a name: start with *at = 0; false when there are no more.
 * for (size_t at = 0; ph_http_header_next(request, name, &at, &value);) { ... }
 */
bool ph_http_header_next(const struct ph_http_request *request, struct ph_str name, size_t *at,
                         struct ph_str *value);

enum { PH_HTTP_REPLY_HEADERS_MAX = 24 };

/* Slices must live until the handler has returned (its arena, or static); they are copied then. */
struct ph_http_reply {
    int status;                 /* 200 until somebody says otherwise */
    struct ph_str content_type; /* absent: no such header */
    struct ph_http_field headers[PH_HTTP_REPLY_HEADERS_MAX];
    size_t header_count;
    struct ph_str body;
    bool close; /* the connection ends after this reply */
};

/*
 * Adds a header. Bytes outside printable ASCII in the value would let a caller write headers of
 * his own; they are replaced by '?' in a copy. One header too many ends the process: how many
 * there are never depends on input.
 */
void ph_http_reply_header(struct ph_http_reply *reply, struct ph_arena *arena, struct ph_str name,
                          struct ph_str value);

#endif
