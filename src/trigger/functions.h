/*
 * Functions: where they are and how they are called, whatever they do.
 *
 * Each function has a bulkhead (so many calls at once, so many that wait, no longer than so) and a
 * breaker (when it has failed often in a row, calls fail at once for a while). All functions
 * together never hold more than `share` workers. So a function that hangs, dies or talks rubbish
 * takes nothing from those who do not need it.
 */
#ifndef PH_TRIGGER_FUNCTIONS_H
#define PH_TRIGGER_FUNCTIONS_H

#include "crypto/sigv4.h"
#include "util/ctx.h"

struct ph_fetch;     /* fetch/fetch.h */
struct ph_functions; /* all that are configured */

enum {
    PH_FUNCTION_TRIES = 3,
    PH_FUNCTION_REPLY_MAX = 6 * 1024 * 1024, /* what Lambda allows */
};

struct ph_functions_options {
    struct ph_str routes; /* lines "PATTERN = TARGET"; see docs/operations.md */
    int64_t timeout_ms;   /* of one try */
    int64_t pause_ms;     /* how long a breaker stays open */
    unsigned at_once;     /* calls of one function at the same time */
    unsigned share;       /* workers that may be inside, calling or waiting for their turn */
    struct ph_aws_credentials credentials;
    struct ph_fetch *fetch;
    struct ph_log log;
};

/* Whether a route names a program or file that this process would run itself. */
bool ph_functions_run_here(struct ph_str routes);

/* NULL and a text when a route is none. Keeps the slices of the options. */
struct ph_functions *ph_functions_create(const struct ph_functions_options *options, char *why,
                                         size_t why_size);

/* Ends local functions and what is still to be sent. NULL is fine. */
void ph_functions_destroy(struct ph_functions *functions);

/* Ends the processes of local functions at once, when the server ends with calls on their way. */
void ph_functions_kill(struct ph_functions *functions); /* NULL is fine */

enum ph_function_outcome {
    PH_FUNCTION_REPLIED, /* text: what it said */
    PH_FUNCTION_THREW,   /* text: its error's message */
    PH_FUNCTION_FAILED,  /* text: the error's name, as Lambda would say */
    PH_FUNCTION_LATE,    /* text as above; may be tried again */
};

struct ph_function_answer {
    enum ph_function_outcome kind;
    struct ph_str text;
};

/* Waits, in a bracket, for up to three times the time-out. functions NULL: knows none. */
void ph_function_call(struct ph_ctx *ctx, struct ph_functions *functions, struct ph_str arn,
                      struct ph_str event, struct ph_function_answer *answer);

/* Queues the call and does not wait for it; what comes of it is logged. */
void ph_function_send(struct ph_ctx *ctx, struct ph_functions *functions, struct ph_str arn,
                      struct ph_str event);

#endif
