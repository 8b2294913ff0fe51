/*
 * An HTTP/1.1 server (RFC 9112) on one listening address.
 *
 * A request whose head and body are whole is queued for a worker, which calls the handler and then
 * has a turn of reading and writing: head and body of the reply are written at once, and what has
 * come meanwhile is read. Head, body and reply each have a deadline that no activity extends: a
 * sender who trickles bytes is cut. What is refused here (malformed, too large, too busy) never
 * reaches the handler.
 *
 * Several servers may share one pool of workers: the public and the administrative listener.
 */
#ifndef PH_HTTP_SERVER_H
#define PH_HTTP_SERVER_H

#include "http/workers.h"
#include "util/log.h"
#include "util/message.h"

struct ph_http_server;

struct ph_http_handler {
    void *self;

    /* On a worker. *reply is zeroed with status 200; what it refers to is copied afterwards. */
    void (*handle)(void *self, struct ph_worker *worker, const struct ph_http_request *request,
                   struct ph_http_reply *reply);

    /*
     * On any thread; may be NULL: fills the reply to a request that is refused with this status
     * (400, 413, 431, 503). Static slices only.
     */
    void (*refuse)(void *self, int status, struct ph_http_reply *reply);
};

/*
 * Requests whose bodies are too large to be kept: a worker takes them piece by piece, and the
 * connection waits meanwhile. Each piece has the deadline of a body.
 */
struct ph_http_streams {
    void *self;
    size_t piece; /* bytes of each piece but the last */

    /* On the I/O thread, from the head alone; what it takes is bounded by nobody else. */
    bool (*wants)(void *self, struct ph_str method, struct ph_str path);

    /* On a worker, before any of the body is read. NULL: refused, *reply says how. */
    void *(*begin)(void *self, struct ph_worker *worker, const struct ph_http_request *request,
                   struct ph_http_reply *reply);

    /* On a worker. False: refused; what follows is thrown away, then *reply is sent. */
    bool (*take)(void *self, struct ph_worker *worker, void *stream, struct ph_str piece,
                 struct ph_http_reply *reply);

    /* On a worker: what is left, which may be nothing; fills *reply. */
    void (*end)(void *self, struct ph_worker *worker, void *stream, struct ph_str rest,
                struct ph_http_reply *reply);

    /* On the I/O thread, always, when the request is over: must not wait. */
    void (*drop)(void *self, void *stream);
};

struct ph_http_options {
    struct ph_str listen; /* "127.0.0.1:9229", "[::1]:9229", ":9229" for all; port 0 takes any */
    int socket;           /* listens already and is taken over instead; 0: none */
    struct ph_str tls_certificate; /* PEM text; absent: plain HTTP */
    struct ph_str tls_key;         /* PEM text */
    size_t header_max;             /* bytes of request line and fields */
    size_t body_max;               /* bytes */
    unsigned connections_max;
    unsigned connections_per_address_max; /* 0: no such limit */
    int64_t head_ms;  /* from the first byte of a request to the end of its head */
    int64_t body_ms;  /* from there to the end of the body */
    int64_t write_ms; /* to write a reply */
    int64_t idle_ms;  /* between requests */
    int64_t last_ms;  /* once quiesced: idle_ms is at most this, head_ms and body_ms twice this */
    struct ph_log log;
    const struct ph_http_streams *streams; /* NULL: none; else outlives the server */
};

/*
 * Takes the address; clients may connect, but nobody answers yet.
 * On failure NULL and a text in why (of why_size bytes).
 * The handler and the workers must outlive the server.
 */
PH_MUST_USE struct ph_http_server *ph_http_server_create(const struct ph_http_options *options,
                                                         const struct ph_http_handler *handler,
                                                         struct ph_workers *workers, char *why,
                                                         size_t why_size);

/* Begins to answer: what the handler needs must be there. False and a text on failure. */
PH_MUST_USE bool ph_http_server_start(struct ph_http_server *server, char *why, size_t why_size);

unsigned ph_http_server_port(const struct ph_http_server *server);
unsigned ph_http_server_connections(struct ph_http_server *server);

/*
 * Closes our descriptor of the listening socket: where nobody else has one, nobody can connect any
 * more. Replies from now on end their connections. One that waits for its next request, or has
 * begun to send it, still gets a moment: what a client has sent before it could know is answered.
 */
void ph_http_server_quiesce(struct ph_http_server *server);

/*
 * Waits at most wait_ms until all connections have ended (quiesce). False when a request is still
 * with a worker then, or a reply is being written: the server must not be destroyed.
 */
PH_MUST_USE bool ph_http_server_drain(struct ph_http_server *server, int64_t wait_ms);

/* After a successful drain, or when there was no request: ends what is left. NULL is fine. */
void ph_http_server_destroy(struct ph_http_server *server);

#endif
