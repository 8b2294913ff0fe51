/* What operations meet, and the requests to /_poolhouse/ as a table. */
#include "control/control.h"

#include "control/internal.h"
#include "seed/dump.h"
#include "util/blocking.h"
#include "util/memory.h"

#include <stdlib.h>
#include <time.h>

#define PREFIX PH_STR("/_poolhouse/")

enum { NAP_MS = 20 };

struct ph_control *ph_control_create(const struct ph_control_options *options)
{
    struct ph_control *control = ph_heap_zeroed(1, sizeof *control);

    control->with = *options;
    ph_moved_clock_init(&control->clock);
    ph_door_init(&control->door);
    pthread_mutex_init(&control->lock, NULL);
    pthread_mutex_init(&control->states_lock, NULL);
    (void)ph_fixed_ids_set(&control->ids, options->settings->fixed_ids);
    return control;
}

void ph_control_destroy(struct ph_control *control)
{
    if (control == NULL) {
        return;
    }
    ph_states_finish(control);
    pthread_mutex_destroy(&control->states_lock);
    pthread_mutex_destroy(&control->lock);
    ph_door_finish(&control->door);
    free(control);
}

const struct ph_clock *ph_control_clock(struct ph_control *control)
{
    return control == NULL ? &ph_system_clock : &control->clock.clock;
}

void ph_control_start(struct ph_control *control, const struct ph_ctx *shared,
                      const struct ph_seed *seed, bool fresh)
{
    if (control == NULL) {
        return;
    }
    control->shared = *shared;
    control->seed = seed;
    if (fresh) {
        ph_states_keep_start(control);
    }
}

/* --- operations --- */

static void nap_until(const struct ph_control *control, int64_t deadline_ns)
{
    const struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };

    while (ph_monotonic_ns() < deadline_ns && !atomic_load(control->with.stopping)) {
        (void)nanosleep(&nap, NULL);
    }
}

/* Each who waits holds a thread: some must stay for the others. */
static void delay(struct ph_control *control, const struct ph_ctx *ctx, int64_t ms)
{
    if (ms == 0) {
        return;
    }
    if (atomic_fetch_add(&control->waiting, 1) < control->with.waiters_max) {
        ph_blocking_begin(ctx->blocking);
        nap_until(control, ph_monotonic_ns() + ms * 1000000);
        ph_blocking_end(ctx->blocking);
    } else {
        PH_LOG(&ctx->log, PH_WARN, "delay_skipped",
               ph_f_text("text", "half of the workers are delayed already"));
    }
    atomic_fetch_sub(&control->waiting, 1);
}

struct ph_err ph_control_enter(struct ph_control *control, struct ph_ctx *ctx,
                               const struct ph_operation *operation)
{
    struct ph_fault_met met = { 0 };
    const struct ph_random *random;

    if (control == NULL) {
        return PH_OK;
    }
    pthread_mutex_lock(&control->lock);
    ph_faults_meet(ctx->arena, &control->faults, operation, &met);
    pthread_mutex_unlock(&control->lock);
    delay(control, ctx, met.delay_ms);
    if (met.error != NULL) {
        return (struct ph_err){ met.error, met.message };
    }
    ph_door_enter(&control->door, ctx->blocking);
    pthread_mutex_lock(&control->lock);
    random = ph_fixed_ids_next(ctx->arena, &control->ids, operation);
    pthread_mutex_unlock(&control->lock);
    if (random != NULL) {
        ctx->random = random;
    }
    return PH_OK;
}

void ph_control_leave(struct ph_control *control)
{
    if (control != NULL) {
        ph_door_leave(&control->door);
    }
}

/* --- requests --- */

/* One request to the controls: `wrong` stays NULL when it is done. */
struct asked {
    struct ph_control *control;
    struct ph_ctx *ctx;
    const struct ph_http_request *request;
    const struct json_t *body; /* an object */
    struct json_t *answer;     /* NULL: an empty object */
    const char *wrong;
    int status; /* of what is wrong */
};

static struct ph_str name_of(const struct asked *asked)
{
    const struct json_t *name = ph_json_get(asked->body, "name");

    return name == NULL ? PH_STR("default") : ph_json_str(name);
}

static void reset(struct asked *asked)
{
    asked->wrong = ph_states_reset(asked->control, asked->ctx, &asked->status);
}

static void take_snapshot(struct asked *asked)
{
    asked->wrong = ph_states_take(asked->control, asked->ctx, name_of(asked), &asked->status);
}

static void restore(struct asked *asked)
{
    asked->wrong = ph_states_restore(asked->control, asked->ctx, name_of(asked), &asked->status);
}

static void list_snapshots(struct asked *asked)
{
    asked->answer = ph_states_json(asked->ctx->arena, asked->control);
}

static void delete_snapshot(struct asked *asked)
{
    asked->wrong = ph_states_forget(asked->control, name_of(asked), &asked->status);
}

static void show_clock(struct asked *asked)
{
    asked->answer = ph_moved_clock_json(asked->ctx->arena, &asked->control->clock);
}

static void set_clock(struct asked *asked)
{
    asked->wrong = ph_moved_clock_set(&asked->control->clock, asked->body);
    show_clock(asked);
}

static void advance_clock(struct asked *asked)
{
    asked->wrong = ph_moved_clock_advance(&asked->control->clock, asked->body);
    show_clock(asked);
}

static void release_clock(struct asked *asked)
{
    ph_moved_clock_write(&asked->control->clock, (struct ph_clock_state){ 0 });
    show_clock(asked);
}

/* With the lock held. */
static void show_faults(struct asked *asked)
{
    asked->answer = ph_faults_json(asked->ctx->arena, &asked->control->faults);
}

static void list_faults(struct asked *asked)
{
    pthread_mutex_lock(&asked->control->lock);
    show_faults(asked);
    pthread_mutex_unlock(&asked->control->lock);
}

static void add_fault(struct asked *asked)
{
    pthread_mutex_lock(&asked->control->lock);
    asked->wrong = ph_faults_add(&asked->control->faults, asked->body);
    show_faults(asked);
    pthread_mutex_unlock(&asked->control->lock);
}

static void delete_faults(struct asked *asked)
{
    pthread_mutex_lock(&asked->control->lock);
    asked->control->faults.count = 0;
    show_faults(asked);
    pthread_mutex_unlock(&asked->control->lock);
}

static void change_ids(struct asked *asked, struct ph_str text)
{
    pthread_mutex_lock(&asked->control->lock);
    asked->wrong = ph_fixed_ids_set(&asked->control->ids, text);
    pthread_mutex_unlock(&asked->control->lock);
}

static void show_ids(struct asked *asked)
{
    struct ph_arena *arena = asked->ctx->arena;

    asked->answer = ph_json_object(arena);
    pthread_mutex_lock(&asked->control->lock);
    ph_json_set_str(arena, asked->answer, "seed", ph_str_from(asked->control->ids.text));
    pthread_mutex_unlock(&asked->control->lock);
}

static void fix_ids(struct asked *asked)
{
    const struct ph_str text = ph_json_get_str(asked->body, "seed");

    if (text.n == 0) {
        asked->wrong = "say {\"seed\": \"any text\"}";
        return;
    }
    change_ids(asked, text);
    show_ids(asked);
}

static void release_ids(struct asked *asked)
{
    change_ids(asked, (struct ph_str){ 0 });
    show_ids(asked);
}

static void dump(struct asked *asked)
{
    struct ph_err err;

    ph_door_enter(&asked->control->door, asked->ctx->blocking);
    err = ph_seed_dump(asked->ctx,
                       ph_str_contains(asked->request->query, PH_STR("secrets=true"))
                           ? PH_DUMP_WITH_SECRETS
                           : PH_DUMP_WITHOUT_SECRETS,
                       &asked->answer);
    ph_door_leave(&asked->control->door);
    asked->wrong = err.type == NULL ? NULL : ph_textf(asked->ctx->arena, "%s", err.message);
    asked->status = 500;
}

static const struct {
    struct ph_str path; /* after the prefix */
    struct ph_str method;
    void (*run)(struct asked *asked);
} ROUTES[] = {
    { PH_STR_INIT("reset"), PH_STR_INIT("POST"), reset },
    { PH_STR_INIT("snapshot"), PH_STR_INIT("POST"), take_snapshot },
    { PH_STR_INIT("snapshot"), PH_STR_INIT("DELETE"), delete_snapshot },
    { PH_STR_INIT("snapshots"), PH_STR_INIT("GET"), list_snapshots },
    { PH_STR_INIT("restore"), PH_STR_INIT("POST"), restore },
    { PH_STR_INIT("clock"), PH_STR_INIT("GET"), show_clock },
    { PH_STR_INIT("clock"), PH_STR_INIT("PUT"), set_clock },
    { PH_STR_INIT("clock"), PH_STR_INIT("POST"), advance_clock },
    { PH_STR_INIT("clock"), PH_STR_INIT("DELETE"), release_clock },
    { PH_STR_INIT("faults"), PH_STR_INIT("GET"), list_faults },
    { PH_STR_INIT("faults"), PH_STR_INIT("POST"), add_fault },
    { PH_STR_INIT("faults"), PH_STR_INIT("DELETE"), delete_faults },
    { PH_STR_INIT("ids"), PH_STR_INIT("GET"), show_ids },
    { PH_STR_INIT("ids"), PH_STR_INIT("PUT"), fix_ids },
    { PH_STR_INIT("ids"), PH_STR_INIT("DELETE"), release_ids },
    { PH_STR_INIT("dump"), PH_STR_INIT("GET"), dump },
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof ROUTES[0] };

/* An empty body is an empty object; anything but an object is wrong. */
static void read_body(struct asked *asked)
{
    struct ph_arena *arena = asked->ctx->arena;

    asked->body = asked->request->body.n == 0 ? ph_json_object(arena)
                                              : ph_json_parse(arena, asked->request->body);
    if (ph_json_kind(asked->body) != PH_JSON_OBJECT) {
        asked->wrong = "the body is a JSON object";
    }
}

static void run(struct asked *asked)
{
    const struct ph_str path = ph_str_skip(asked->request->path, PREFIX.n);
    bool known = false;

    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!ph_str_eq(path, ROUTES[i].path)) {
            continue;
        }
        known = true;
        if (ph_str_eq(asked->request->method, ROUTES[i].method)) {
            read_body(asked);
            if (asked->wrong == NULL) {
                ROUTES[i].run(asked);
            }
            return;
        }
    }
    asked->status = known ? 405 : 404;
    asked->wrong = known ? "this path takes other methods"
                         : "here are outbox, clock, faults, ids, reset, snapshot, snapshots, "
                           "restore and dump";
}

static void answer(struct asked *asked, struct ph_http_reply *reply)
{
    struct ph_arena *arena = asked->ctx->arena;
    struct json_t *body = asked->answer;

    if (asked->wrong != NULL) {
        body = ph_json_object(arena);
        ph_json_set_str(arena, body, "message", ph_str_from(asked->wrong));
        reply->status = asked->status;
    } else if (body == NULL) {
        body = ph_json_object(arena);
    }
    reply->content_type = PH_STR("application/json");
    ph_http_reply_header(reply, arena, PH_STR("Cache-Control"), PH_STR("no-store"));
    reply->body = ph_json_text(arena, body, PH_JSON_INSERTION);
}

bool ph_control_handle(struct ph_control *control, struct ph_ctx *ctx,
                       const struct ph_http_request *request, struct ph_http_reply *reply)
{
    struct asked asked = { .control = control, .ctx = ctx, .request = request, .status = 400 };

    if (!ph_str_starts(request->path, PREFIX)) {
        return false;
    }
    if (control == NULL) {
        asked.status = 404;
        asked.wrong = "the test controls are there in `poolhouse dev` only";
    } else {
        run(&asked);
    }
    answer(&asked, reply);
    return true;
}
