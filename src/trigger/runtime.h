/*
 * The Lambda Runtime API as one local process sees it: a little HTTP server on a loopback port,
 * driven by whoever waits for the process (AWS Lambda, "Using the Lambda runtime API").
 *
 * The process asks for its next event when it likes; the question stays in the socket until
 * somebody has one. Belongs to one thread at a time.
 */
#ifndef PH_TRIGGER_RUNTIME_H
#define PH_TRIGGER_RUNTIME_H

#include "util/str.h"

struct ph_runtime;

/*
 * NULL when no port can be had. `token` is what every path begins with ("/..."), so that nobody
 * else on this machine gets the events; absent for programs that would not keep it.
 */
struct ph_runtime *ph_runtime_create(struct ph_str token);
void ph_runtime_destroy(struct ph_runtime *runtime); /* NULL is fine */

/* "127.0.0.1:41234" and the token: the value of AWS_LAMBDA_RUNTIME_API. */
struct ph_str ph_runtime_address(struct ph_arena *arena, const struct ph_runtime *runtime);

struct ph_runtime_event {
    struct ph_str id; /* UUID of the invocation */
    struct ph_str arn;
    struct ph_str text;
    int64_t deadline_ms; /* epoch: when the function must have answered */
};

enum ph_runtime_outcome {
    PH_RUNTIME_REPLIED,
    PH_RUNTIME_THREW,      /* text: the error payload */
    PH_RUNTIME_INIT_ERROR, /* the same; the process could not start */
    PH_RUNTIME_DIED,       /* the descriptor `alive` says so */
    PH_RUNTIME_TIMED_OUT,
    PH_RUNTIME_BROKEN, /* talked too much or not in HTTP */
};

struct ph_runtime_answer {
    enum ph_runtime_outcome kind;
    struct ph_str text;
};

/*
 * Gives the process the event and waits for its answer.
 *
 * alive       becomes readable when the process has ended (a pidfd); -1: unknown
 * timeout_ms  for all of it
 * reply_max   bytes of the answer
 */
void ph_runtime_run(struct ph_runtime *runtime, struct ph_arena *arena, int alive,
                    const struct ph_runtime_event *event, int64_t timeout_ms, size_t reply_max,
                    struct ph_runtime_answer *answer);

#endif
