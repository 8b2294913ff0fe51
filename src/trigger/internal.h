/* What the files of trigger/ share: routes, and the three ways to reach a function. */
#ifndef PH_TRIGGER_INTERNAL_H
#define PH_TRIGGER_INTERNAL_H

#include "trigger/functions.h"

#define PH_FUNCTION_TIMED_OUT "Socket timeout while invoking Lambda function"

/* ---- route.c: which function is where ---- */

enum ph_transport { PH_BY_HTTP, PH_BY_LAMBDA, PH_BY_PROCESS };

struct ph_route {
    struct ph_str pattern; /* of the whole ARN or of the function's name; '*' is any text */
    enum ph_transport transport;
    struct ph_str target; /* URL, endpoint or file; "{function}" stands for the name */
};

/* One line of the configuration; false and a text when it is none. */
PH_MUST_USE bool ph_route_parse(struct ph_arena *arena, struct ph_str line, struct ph_route *route,
                                const char **why);
bool ph_route_matches(const struct ph_route *route, struct ph_str arn);

/* "f" of "arn:aws:lambda:eu-west-1:123456789012:function:f:live"; *qualifier may be NULL. */
struct ph_str ph_function_name(struct ph_str arn, struct ph_str *qualifier);
struct ph_str ph_function_region(struct ph_str arn);

/* The target with the name in its place. */
struct ph_str ph_route_target(struct ph_arena *arena, const struct ph_route *route,
                              struct ph_str arn);

/* ---- the transports: one try each ---- */

struct ph_try {
    struct ph_arena *arena;
    const struct ph_functions_options *options;
    struct ph_str arn;
    struct ph_str target;
    struct ph_str event;
    bool asynchronous; /* the caller does not want the reply */
};

void ph_try_http(const struct ph_try *call, struct ph_function_answer *answer);
void ph_try_lambda(const struct ph_try *call, struct ph_function_answer *answer);

/* A program of ours with its idle instances (local.c). */
struct ph_local;
struct ph_local *ph_local_create(const struct ph_functions_options *options, struct ph_str arn,
                                 struct ph_str target);
void ph_local_destroy(struct ph_local *local);
void ph_local_kill(struct ph_local *local); /* all that run, without waiting for them */
void ph_try_local(struct ph_local *local, const struct ph_try *call,
                  struct ph_function_answer *answer);

/* The text of an error payload: its errorMessage, or all of it. */
struct ph_str ph_error_message(struct ph_arena *arena, struct ph_str payload);

static inline void ph_answer_set(struct ph_function_answer *answer, enum ph_function_outcome kind,
                                 struct ph_str text)
{
    answer->kind = kind;
    answer->text = text;
}

#endif
