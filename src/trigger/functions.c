#include "trigger/internal.h"

#include "util/blocking.h"
#include "util/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROUTES_MAX = 1000,
    FAILURES_TO_OPEN = 5, /* tries that failed, one after the other */
    LOCAL_AT_ONCE = 4,    /* processes of one function */
    THROTTLE_PAUSE_MS = 100,
};

/* One function that has been called, for as long as the server runs. */
struct function {
    struct function *next;
    char *arn;
    const struct ph_route *route;
    struct ph_local *local; /* made at the first call; NULL for other transports */
    unsigned running;
    unsigned inside;            /* running, or waiting for their turn */
    unsigned failures;          /* in a row */
    int64_t open_until_ns;      /* of the breaker */
    bool probing;               /* the one call that may find out whether it is well again */
    struct ph_str last_failure; /* static text */
};

struct ph_functions {
    struct ph_functions_options options;
    struct ph_arena arena;
    struct ph_route *routes;
    size_t route_count;
    pthread_mutex_t lock; /* guards what follows, and all functions */
    pthread_cond_t freed; /* a place in some bulkhead */
    struct function *first;
    unsigned inside;
};

/* ---- making ---- */

static bool read_routes(struct ph_functions *functions, char *why, size_t why_size)
{
    struct ph_str rest = functions->options.routes, line;
    const char *text = "";

    functions->routes = ph_arena_array(&functions->arena, ROUTES_MAX, struct ph_route);
    while (ph_str_line(&rest, &line)) {
        struct ph_route *route = &functions->routes[functions->route_count];

        if (functions->route_count == ROUTES_MAX ||
            !ph_route_parse(&functions->arena, line, route, &text)) {
            snprintf(why, why_size, "triggers.function: %s",
                     functions->route_count == ROUTES_MAX ? "too many" : text);
            return false;
        }
        functions->route_count++;
    }
    return true;
}

static void init_lock(struct ph_functions *functions)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&functions->lock, NULL);
    pthread_cond_init(&functions->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct ph_functions *ph_functions_create(const struct ph_functions_options *options, char *why,
                                         size_t why_size)
{
    struct ph_functions *functions = ph_heap_zeroed(1, sizeof *functions);

    functions->options = *options;
    if (options->credentials.access_key_id.n == 0) { /* stand-ins take any */
        functions->options.credentials =
            (struct ph_aws_credentials){ .access_key_id = PH_STR("poolhouse"),
                                         .secret = PH_STR("poolhouse") };
    }
    init_lock(functions);
    if (!read_routes(functions, why, why_size)) {
        ph_functions_destroy(functions);
        return NULL;
    }
    return functions;
}

static void destroy_functions(struct function *function)
{
    while (function != NULL) {
        struct function *next = function->next;

        ph_local_destroy(function->local);
        free(function->arn);
        free(function);
        function = next;
    }
}

void ph_functions_destroy(struct ph_functions *functions)
{
    if (functions == NULL) {
        return;
    }
    destroy_functions(functions->first);
    pthread_cond_destroy(&functions->freed);
    pthread_mutex_destroy(&functions->lock);
    ph_arena_finish(&functions->arena);
    free(functions);
}

void ph_functions_kill(struct ph_functions *functions)
{
    if (functions == NULL) {
        return;
    }
    pthread_mutex_lock(&functions->lock);
    for (struct function *f = functions->first; f != NULL; f = f->next) {
        if (f->local != NULL) {
            ph_local_kill(f->local);
        }
    }
    pthread_mutex_unlock(&functions->lock);
}

/* ---- finding ---- */

static const struct ph_route *find_route(const struct ph_functions *functions, struct ph_str arn)
{
    for (size_t i = 0; i < functions->route_count; i++) {
        if (ph_route_matches(&functions->routes[i], arn)) {
            return &functions->routes[i];
        }
    }
    return NULL;
}

static struct function *add_function(struct ph_functions *functions, struct ph_str arn,
                                     const struct ph_route *route)
{
    struct function *function = ph_heap_zeroed(1, sizeof *function);

    function->arn = ph_heap_cstr(arn);
    function->route = route;
    if (route->transport == PH_BY_PROCESS) {
        struct ph_arena scratch = { 0 };

        function->local =
            ph_local_create(&functions->options, arn, ph_route_target(&scratch, route, arn));
        ph_arena_finish(&scratch);
    }
    function->next = functions->first;
    functions->first = function;
    return function;
}

/* With the lock held; NULL when no route leads to it. */
static struct function *find_function(struct ph_functions *functions, struct ph_str arn)
{
    const struct ph_route *route;

    for (struct function *f = functions->first; f != NULL; f = f->next) {
        if (ph_str_eq(ph_str_from(f->arn), arn)) {
            return f;
        }
    }
    route = find_route(functions, arn);
    return route == NULL ? NULL : add_function(functions, arn, route);
}

/* ---- bulkhead and breaker ---- */

static unsigned at_once(const struct ph_functions *functions, const struct function *f)
{
    const unsigned most = functions->options.at_once;

    return f->local != NULL && most > LOCAL_AT_ONCE ? LOCAL_AT_ONCE : most;
}

/* While one function has all its places taken, half of the share is left for the others. */
static bool is_full(const struct ph_functions *functions, const struct function *f)
{
    const unsigned half = functions->options.share / 2;

    return functions->inside >= functions->options.share ||
           f->inside >= (half > 0 ? half : functions->options.share);
}

static bool is_open(const struct function *f)
{
    return f->failures >= FAILURES_TO_OPEN && (f->probing || ph_monotonic_ns() < f->open_until_ns);
}

static bool wait_for_turn(struct ph_functions *functions, struct function *f)
{
    const int64_t end_ns = ph_monotonic_ns() + functions->options.timeout_ms * 1000000;
    const struct timespec end = { .tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000 };

    while (f->running >= at_once(functions, f)) {
        if (pthread_cond_timedwait(&functions->freed, &functions->lock, &end) == ETIMEDOUT) {
            return false;
        }
    }
    return !is_open(f); /* it may have failed for the others meanwhile */
}

/* With the lock held. False: *answer says why not, and nothing is to be left. */
static bool enter(struct ph_functions *functions, struct function *f,
                  struct ph_function_answer *answer)
{
    bool turn;

    if (!is_open(f) && is_full(functions, f)) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("TooManyRequestsException"));
        return false;
    }
    if (is_open(f)) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, f->last_failure);
        return false;
    }
    functions->inside++;
    f->inside++;
    turn = wait_for_turn(functions, f);
    if (!turn) {
        functions->inside--;
        f->inside--;
        ph_answer_set(answer, PH_FUNCTION_FAILED,
                      is_open(f) ? f->last_failure : PH_STR("TooManyRequestsException"));
        return false;
    }
    f->running++;
    f->probing = f->failures >= FAILURES_TO_OPEN;
    return true;
}

static void leave(struct ph_functions *functions, struct function *f)
{
    pthread_mutex_lock(&functions->lock);
    f->running--;
    f->inside--;
    functions->inside--;
    f->probing = false;
    pthread_cond_broadcast(&functions->freed);
    pthread_mutex_unlock(&functions->lock);
}

/* Only what costs time opens the breaker: a refusal or the function's own error comes at once. */
static void note(struct ph_functions *functions, struct function *f,
                 const struct ph_function_answer *answer)
{
    static const struct ph_str COSTLY[] = { PH_STR_INIT(PH_FUNCTION_TIMED_OUT),
                                            PH_STR_INIT("ServiceException") };

    pthread_mutex_lock(&functions->lock);
    if (answer->kind == PH_FUNCTION_REPLIED || answer->kind == PH_FUNCTION_THREW) {
        f->failures = 0;
    }
    for (size_t i = 0; i < sizeof COSTLY / sizeof COSTLY[0]; i++) {
        if (answer->kind != PH_FUNCTION_REPLIED && answer->kind != PH_FUNCTION_THREW &&
            ph_str_eq(answer->text, COSTLY[i])) {
            f->failures++;
            f->open_until_ns = ph_monotonic_ns() + functions->options.pause_ms * 1000000;
            f->last_failure = COSTLY[i];
        }
    }
    pthread_mutex_unlock(&functions->lock);
}

static bool has_given_up(struct ph_functions *functions, const struct function *f)
{
    bool open;

    pthread_mutex_lock(&functions->lock);
    open = f->failures >= FAILURES_TO_OPEN;
    pthread_mutex_unlock(&functions->lock);
    return open;
}

/* ---- calling ---- */

static void try_once(struct function *f, const struct ph_try *call,
                     struct ph_function_answer *answer)
{
    switch (f->route->transport) {
    case PH_BY_HTTP:
        ph_try_http(call, answer);
        return;
    case PH_BY_LAMBDA:
        ph_try_lambda(call, answer);
        return;
    case PH_BY_PROCESS:
        ph_try_local(f->local, call, answer);
        return;
    }
}

static void pause_for(int64_t ms)
{
    const struct timespec pause = { .tv_nsec = ms * 1000000 };

    nanosleep(&pause, NULL);
}

static void try_often(struct ph_functions *functions, struct function *f, const struct ph_try *call,
                      struct ph_function_answer *answer)
{
    for (int i = 1;; i++) {
        try_once(f, call, answer);
        note(functions, f, answer);
        if (answer->kind != PH_FUNCTION_LATE || i == PH_FUNCTION_TRIES ||
            has_given_up(functions, f)) {
            return;
        }
        if (!ph_str_eq(answer->text, PH_STR(PH_FUNCTION_TIMED_OUT))) {
            pause_for(THROTTLE_PAUSE_MS);
        }
    }
}

static void call_function(struct ph_functions *functions, struct ph_try *call,
                          struct ph_function_answer *answer)
{
    struct function *f;
    bool entered = false;

    pthread_mutex_lock(&functions->lock);
    f = find_function(functions, call->arn);
    if (f == NULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ResourceNotFoundException"));
    } else {
        entered = enter(functions, f, answer);
    }
    pthread_mutex_unlock(&functions->lock);
    if (entered) {
        call->target = ph_route_target(call->arena, f->route, call->arn);
        try_often(functions, f, call, answer);
        leave(functions, f);
    }
}

void ph_function_call(struct ph_ctx *ctx, struct ph_functions *functions, struct ph_str arn,
                      struct ph_str event, struct ph_function_answer *answer)
{
    const struct ph_blocking *blocking = ctx->blocking;
    struct ph_try call = { .arena = ctx->arena, .arn = arn, .event = event };

    if (functions == NULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ResourceNotFoundException"));
        return;
    }
    call.options = &functions->options;
    if (blocking != NULL) {
        blocking->begin(blocking->self);
    }
    call_function(functions, &call, answer);
    if (blocking != NULL) {
        blocking->end(blocking->self);
    }
    if (answer->kind == PH_FUNCTION_FAILED || answer->kind == PH_FUNCTION_LATE) {
        PH_LOG(&ctx->log, PH_WARN, "function_failed", ph_f_str("function", arn),
               ph_f_str("error", answer->text));
    }
}

void ph_function_deliver(struct ph_functions *functions, struct ph_arena *arena, struct ph_str arn,
                         struct ph_str event, struct ph_function_answer *answer)
{
    struct ph_try call = { .arena = arena, .arn = arn, .event = event, .asynchronous = true };

    if (functions == NULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ResourceNotFoundException"));
        return;
    }
    call.options = &functions->options;
    call_function(functions, &call, answer);
}
