#include "fetch/bulkhead.h"
#include "trigger/internal.h"

#include "util/blocking.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROUTES_MAX = 1000,
    LOCAL_AT_ONCE = 4, /* processes of one function */
    THROTTLE_PAUSE_MS = 100,
};

/* One function that has been called, for as long as the server runs. */
struct function {
    struct function *next;
    char *arn;
    const struct ph_route *route;
    struct ph_local *local; /* made at the first call; NULL for other transports */
    struct ph_bulkhead_place place;
    struct ph_str last_failure; /* static text; with the lock held */
};

struct ph_functions {
    struct ph_functions_options options;
    struct ph_arena arena;
    struct ph_route *routes;
    size_t route_count;
    struct ph_bulkhead *bulkhead;
    pthread_mutex_t lock; /* guards the list, and what of a function says so */
    struct function *first;
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
    functions->bulkhead = ph_bulkhead_create(&(struct ph_bulkhead_options){
        .share = options->share,
        .wait_ms = options->timeout_ms,
        .pause_ms = options->pause_ms,
    });
    pthread_mutex_init(&functions->lock, NULL);
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
    ph_bulkhead_destroy(functions->bulkhead);
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

static struct ph_str last_failure(struct ph_functions *functions, const struct function *f)
{
    struct ph_str text;

    pthread_mutex_lock(&functions->lock);
    text = f->last_failure;
    pthread_mutex_unlock(&functions->lock);
    return text;
}

/* False: *answer says why not, and nothing is to be left. */
static bool enter(struct ph_functions *functions, struct function *f,
                  struct ph_function_answer *answer)
{
    const enum ph_turn turn =
        ph_bulkhead_enter(functions->bulkhead, &f->place, at_once(functions, f));

    if (turn == PH_TURN_FULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("TooManyRequestsException"));
    } else if (turn == PH_TURN_BROKEN) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, last_failure(functions, f));
    }
    return turn == PH_TURN_TAKEN;
}

/* Only what costs time opens the breaker: a refusal or the function's own error comes at once. */
static void note(struct ph_functions *functions, struct function *f,
                 const struct ph_function_answer *answer)
{
    static const struct ph_str COSTLY[] = { PH_STR_INIT(PH_FUNCTION_TIMED_OUT),
                                            PH_STR_INIT("ServiceException") };

    if (answer->kind == PH_FUNCTION_REPLIED || answer->kind == PH_FUNCTION_THREW) {
        ph_bulkhead_well(functions->bulkhead, &f->place);
        return;
    }
    for (size_t i = 0; i < sizeof COSTLY / sizeof COSTLY[0]; i++) {
        if (ph_str_eq(answer->text, COSTLY[i])) {
            pthread_mutex_lock(&functions->lock);
            f->last_failure = COSTLY[i];
            pthread_mutex_unlock(&functions->lock);
            ph_bulkhead_failed(functions->bulkhead, &f->place);
        }
    }
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
            ph_bulkhead_is_broken(functions->bulkhead, &f->place)) {
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

    pthread_mutex_lock(&functions->lock);
    f = find_function(functions, call->arn);
    pthread_mutex_unlock(&functions->lock);
    if (f == NULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ResourceNotFoundException"));
        return;
    }
    if (enter(functions, f, answer)) {
        call->target = ph_route_target(call->arena, f->route, call->arn);
        try_often(functions, f, call, answer);
        ph_bulkhead_leave(functions->bulkhead, &f->place);
    }
}

void ph_function_call(struct ph_ctx *ctx, struct ph_functions *functions, struct ph_str arn,
                      struct ph_str event, struct ph_function_answer *answer)
{
    struct ph_try call = { .arena = ctx->arena, .arn = arn, .event = event };

    if (functions == NULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ResourceNotFoundException"));
        return;
    }
    call.options = &functions->options;
    ph_blocking_begin(ctx->blocking);
    call_function(functions, &call, answer);
    ph_blocking_end(ctx->blocking);
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
