/* Inside http/: the server, its connections, and one call (a request and its reply). */
#ifndef PH_HTTP_INTERNAL_H
#define PH_HTTP_INTERNAL_H

#include "http/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { PH_HTTP_FIELDS_MAX = 100 };

enum ph_http_phase {
    PH_PHASE_IDLE,  /* between requests, or a head whose first line is not whole yet */
    PH_PHASE_HEAD,  /* a head has begun */
    PH_PHASE_BODY,  /* a body is awaited */
    PH_PHASE_WORK,  /* a worker has it: no deadline of ours */
    PH_PHASE_WRITE, /* the reply is being written */
    PH_PHASE_CUT,   /* a deadline has passed; the library will see the end of the stream */
};

/* Linked into the server's list from accept to close. Guarded by the server's lock. */
struct ph_http_connection {
    struct ph_http_connection *next, *previous;
    int fd;
    enum ph_http_phase phase;
    int64_t since_ns;       /* the phase's beginning */
    uint64_t bytes_at_idle; /* received by the kernel when the connection became idle */
};

struct ph_http_server {
    struct ph_http_options options;
    struct ph_http_handler handler;
    struct ph_workers *workers;
    struct MHD_Daemon *daemon;
    int fd; /* listens */
    unsigned port;
    char *tls_certificate; /* terminated copies for the library */
    char *tls_key;

    pthread_mutex_t turn; /* who has it runs the library */
    atomic_bool wanted;   /* somebody wants a turn after the one that is taken */
    atomic_bool turned;   /* for the guard: there was one lately */
    bool again;           /* in a turn: it must run the library once more */

    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t drained; /* signalled when the last connection ends while quiesced */
    pthread_cond_t awake;   /* the guard's: the first connection came, or the end */
    struct ph_http_connection *first, *last;
    unsigned connections;
    unsigned most_connections; /* since memory was last given back */
    unsigned calls;            /* handed to workers and not yet completely answered */
    bool quiesced;
    bool stopping;
    bool guarded; /* the guard's thread runs */
    pthread_t guard;
};

/*
 * turn.c: one turn of the library: reads what has come, writes what is ready, and submits calls;
 * never waits. On any thread; when another is at it, that one goes on for us. True when something
 * was left for the next turn. self is the server.
 */
bool ph_http_turn(void *self);

/* call.c: the library's callbacks for requests; self is the server. */
void *ph_http_call_begin(void *self, const char *uri, struct MHD_Connection *connection);
enum MHD_Result ph_http_call_continue(void *self, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **state);
void ph_http_call_end(void *self, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode reason);

/* guard.c: connections and their deadlines. */
void ph_http_connection_notify(void *self, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code);
struct ph_http_connection *ph_http_connection_of(struct MHD_Connection *connection);
void ph_http_connection_enter(struct ph_http_server *server, struct ph_http_connection *connection,
                              enum ph_http_phase phase);
PH_MUST_USE bool ph_http_guard_start(struct ph_http_server *server);
void ph_http_guard_stop(struct ph_http_server *server);

/* listen.c: the addresses of "HOST:PORT" (getaddrinfo flags), or NULL and a text in why. */
struct addrinfo;
struct addrinfo *ph_http_resolve(struct ph_str address, int flags, char *why, size_t why_size);
void ph_http_addresses_free(struct addrinfo **addresses); /* of NULL is fine */

/* A listening socket, or -1 and a text in why. */
int ph_http_listen(struct ph_str address, unsigned *port, char *why, size_t why_size);

/* The same of one that somebody else has opened; it is left alone on failure. */
int ph_http_take_over(int fd, unsigned *port, char *why, size_t why_size);

/* response.c: the library's form of a reply; never NULL. */
struct MHD_Response *ph_http_response_create(struct ph_arena *arena,
                                             const struct ph_http_reply *reply);

/* The reply to a request that is refused before any handler saw it. */
struct MHD_Response *ph_http_refusal_create(const struct ph_http_handler *handler, int status);

#endif
