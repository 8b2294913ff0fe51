/* States that tests take and put back: the database, the clock, the faults, the count of ids. */
#include "control/internal.h"

#include "pool/pool.h"
#include "seed/seed.h"
#include "store/image.h"
#include "util/memory.h"

#include <stdlib.h>
#include <string.h>

#define BUSY                                                                                       \
    "operations were still in work after 5 s: one that waits for a function, or for a delay, may " \
    "need longer; try again"

static void free_state(struct ph_state *state)
{
    if (state != NULL) {
        ph_store_image_free(state->image);
        free(state);
    }
}

void ph_states_finish(struct ph_control *control)
{
    for (size_t i = 0; i < control->state_count; i++) {
        free_state(control->states[i]);
    }
    ph_store_image_free(control->start);
}

static const char *check_name(struct ph_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] > '~') {
            return "name is a word of at most 64 letters, digits and signs";
        }
    }
    return name.n > 0 && name.n <= PH_STATE_NAME_MAX
               ? NULL
               : "name is a word of at most 64 letters, digits and signs";
}

static struct ph_state **find(struct ph_control *control, struct ph_str name)
{
    for (size_t i = 0; i < control->state_count; i++) {
        if (ph_str_eq(ph_str_from(control->states[i]->name), name)) {
            return &control->states[i];
        }
    }
    return NULL;
}

/* --- what lies beside the database --- */

static void read_settings(struct ph_control *control, struct ph_state *state)
{
    state->clock = ph_moved_clock_read(&control->clock);
    pthread_mutex_lock(&control->lock);
    state->faults = control->faults;
    state->ids = control->ids;
    pthread_mutex_unlock(&control->lock);
}

static void write_settings(struct ph_control *control, const struct ph_state *state)
{
    ph_moved_clock_write(&control->clock, state->clock);
    pthread_mutex_lock(&control->lock);
    control->faults = state->faults;
    control->ids = state->ids;
    pthread_mutex_unlock(&control->lock);
}

/* --- taking --- */

static const char *keep(struct ph_control *control, struct ph_state *state, int *status)
{
    struct ph_state **place = find(control, ph_str_from(state->name));

    if (place == NULL && control->state_count == PH_STATES_MAX) {
        free_state(state);
        *status = 409;
        return "there are 64 snapshots: delete some";
    }
    if (place == NULL) {
        place = &control->states[control->state_count++];
        *place = NULL;
    }
    free_state(*place);
    *place = state;
    return NULL;
}

static const char *take(struct ph_control *control, struct ph_ctx *ctx, struct ph_str name,
                        int *status)
{
    struct ph_state *state = ph_heap_zeroed(1, sizeof *state);
    const char *why = NULL;
    bool taken;

    if (!ph_door_close(&control->door, ctx->blocking)) {
        free_state(state);
        *status = 503;
        return BUSY;
    }
    memcpy(state->name, name.p, name.n);
    read_settings(control, state);
    taken = ph_store_image_take(control->shared.store, &state->image, &why);
    ph_door_open(&control->door);
    if (!taken) {
        free_state(state);
        *status = 501;
        return why;
    }
    return keep(control, state, status);
}

const char *ph_states_take(struct ph_control *control, struct ph_ctx *ctx, struct ph_str name,
                           int *status)
{
    const char *wrong = check_name(name);

    *status = 400;
    if (wrong != NULL) {
        return wrong;
    }
    pthread_mutex_lock(&control->states_lock);
    wrong = take(control, ctx, name, status);
    pthread_mutex_unlock(&control->states_lock);
    return wrong;
}

/* --- putting back --- */

/* With the door closed: what requests remember of the database goes with it. */
static const char *put(struct ph_control *control, const struct ph_store_image *image, int *status)
{
    const char *why = NULL;
    const bool done = ph_store_image_put(control->shared.store, image, &why);

    ph_pool_forget_all(control->shared.pools);
    *status = 500;
    return done ? NULL : why;
}

static const char *restore(struct ph_control *control, struct ph_ctx *ctx, struct ph_str name,
                           int *status)
{
    struct ph_state *const *state = find(control, name);
    const char *wrong;

    if (state == NULL) {
        *status = 404;
        return "there is no snapshot of this name";
    }
    if (!ph_door_close(&control->door, ctx->blocking)) {
        *status = 503;
        return BUSY;
    }
    wrong = put(control, (*state)->image, status);
    if (wrong == NULL) {
        write_settings(control, *state);
    }
    ph_door_open(&control->door);
    return wrong;
}

const char *ph_states_restore(struct ph_control *control, struct ph_ctx *ctx, struct ph_str name,
                              int *status)
{
    const char *wrong;

    pthread_mutex_lock(&control->states_lock);
    wrong = restore(control, ctx, name, status);
    pthread_mutex_unlock(&control->states_lock);
    return wrong;
}

/* --- back to the start --- */

static const char *seed_again(struct ph_control *control, struct ph_ctx *ctx)
{
    struct ph_ctx fresh = control->shared;
    const char *why = NULL;

    fresh.arena = ctx->arena;
    fresh.log.request_id = ctx->request_id;
    return control->seed == NULL || ph_seed_apply(&fresh, control->seed, &why) ? NULL : why;
}

/* The first time all is made anew; from then on it is there to be put back. */
static const char *start_anew(struct ph_control *control, struct ph_ctx *ctx, int *status)
{
    struct ph_store_image *empty;
    const char *why = NULL;

    *status = 501;
    if (!ph_store_image_empty(control->shared.store, &empty, &why)) {
        return why;
    }
    why = put(control, empty, status);
    ph_store_image_free(empty);
    if (why == NULL) {
        why = seed_again(control, ctx);
    }
    if (why == NULL && !ph_store_image_take(control->shared.store, &control->start, &why)) {
        return why;
    }
    return why;
}

static const char *reset(struct ph_control *control, struct ph_ctx *ctx, int *status)
{
    struct ph_state *first;
    const char *wrong;

    if (!ph_door_close(&control->door, ctx->blocking)) {
        *status = 503;
        return BUSY;
    }
    first = ph_arena_new(ctx->arena, struct ph_state); /* the clock runs, nothing fails */
    (void)ph_fixed_ids_set(&first->ids, control->with.settings->fixed_ids);
    write_settings(control, first);
    wrong = control->start != NULL ? put(control, control->start, status)
                                   : start_anew(control, ctx, status);
    ph_door_open(&control->door);
    return wrong;
}

const char *ph_states_reset(struct ph_control *control, struct ph_ctx *ctx, int *status)
{
    const char *wrong;

    pthread_mutex_lock(&control->states_lock);
    wrong = reset(control, ctx, status);
    pthread_mutex_unlock(&control->states_lock);
    return wrong;
}

void ph_states_keep_start(struct ph_control *control)
{
    const char *why;

    if (!ph_store_image_take(control->shared.store, &control->start, &why)) {
        control->start = NULL; /* a reset says so */
    }
}

/* --- the list --- */

const char *ph_states_forget(struct ph_control *control, struct ph_str name, int *status)
{
    struct ph_state **state;

    pthread_mutex_lock(&control->states_lock);
    state = find(control, name);
    if (state != NULL) {
        free_state(*state);
        *state = control->states[--control->state_count];
    }
    pthread_mutex_unlock(&control->states_lock);
    *status = 404;
    return state != NULL ? NULL : "there is no snapshot of this name";
}

struct json_t *ph_states_json(struct ph_arena *arena, struct ph_control *control)
{
    struct json_t *object = ph_json_object(arena), *list = ph_json_array(arena);

    pthread_mutex_lock(&control->states_lock);
    for (size_t i = 0; i < control->state_count; i++) {
        struct json_t *one = ph_json_object(arena);

        ph_json_set_str(arena, one, "name", ph_str_from(control->states[i]->name));
        ph_json_set_int(arena, one, "bytes",
                        (int64_t)ph_store_image_bytes(control->states[i]->image));
        ph_json_append(arena, list, one);
    }
    pthread_mutex_unlock(&control->states_lock);
    ph_json_set(arena, object, "snapshots", list);
    return object;
}
