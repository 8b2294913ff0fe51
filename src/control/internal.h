/* The parts of the test controls: each has its own lock and its own JSON form. */
#ifndef PH_CONTROL_INTERNAL_H
#define PH_CONTROL_INTERNAL_H

#include "control/control.h"
#include "util/json.h"

#include <pthread.h>

/* --- clock.c --- */

struct ph_moved_clock {
    struct ph_clock clock; /* what requests see */
    atomic_int_fast64_t offset_ms;
    atomic_int_fast64_t frozen_ms; /* 0: it runs */
};

struct ph_clock_state {
    int64_t offset_ms;
    int64_t frozen_ms;
};

void ph_moved_clock_init(struct ph_moved_clock *clock);
struct ph_clock_state ph_moved_clock_read(struct ph_moved_clock *clock);
void ph_moved_clock_write(struct ph_moved_clock *clock, struct ph_clock_state state);

/* {"now": "2026-01-02T03:04:05Z" or epoch seconds, "frozen": bool}; NULL, or what is wrong. */
const char *ph_moved_clock_set(struct ph_moved_clock *clock, const struct json_t *body);

/* {"advance": "15m", "90s", "2h", "7d" or seconds} */
const char *ph_moved_clock_advance(struct ph_moved_clock *clock, const struct json_t *body);
struct json_t *ph_moved_clock_json(struct ph_arena *arena, struct ph_moved_clock *clock);

/* --- faults.c --- */

enum { PH_FAULTS_MAX = 64, PH_FAULT_TEXT_MAX = 256 };

struct ph_fault {
    const struct ph_operation *operation; /* NULL: every one */
    const struct ph_exception *error;     /* NULL: only the delay */
    char message[PH_FAULT_TEXT_MAX];
    int64_t times;   /* how often it still strikes; -1: without end */
    int64_t percent; /* of the calls that it strikes */
    int64_t due;     /* grows by that with each call; strikes when it reaches 100 */
    int64_t delay_ms;
    int64_t hits;
};

struct ph_faults {
    struct ph_fault items[PH_FAULTS_MAX];
    size_t count;
};

const char *ph_faults_add(struct ph_faults *faults, const struct json_t *body);

/* What this call meets: delays add up, the first error counts. */
struct ph_fault_met {
    const struct ph_exception *error;
    const char *message; /* in the arena */
    int64_t delay_ms;
};
void ph_faults_meet(struct ph_arena *arena, struct ph_faults *faults,
                    const struct ph_operation *operation, struct ph_fault_met *met);
struct json_t *ph_faults_json(struct ph_arena *arena, const struct ph_faults *faults);

/* --- ids.c --- */

enum { PH_FIXED_TEXT_MAX = 128 };

/* The n-th call of an operation gets the numbers of (text, operation, n), whatever runs beside it.
 */
struct ph_fixed_ids {
    char text[PH_FIXED_TEXT_MAX]; /* empty: ids are random */
    uint32_t calls[PH_OP_COUNT];
};

const char *ph_fixed_ids_set(struct ph_fixed_ids *ids, struct ph_str text);

/* NULL while ids are random. Made in the arena. */
const struct ph_random *ph_fixed_ids_next(struct ph_arena *arena, struct ph_fixed_ids *ids,
                                          const struct ph_operation *operation);

/* --- door.c --- */

/* Operations pass it; who closes it waits until the last one is out. */
struct ph_door {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned inside;
    bool closed;
};

void ph_door_init(struct ph_door *door);
void ph_door_finish(struct ph_door *door);
void ph_door_enter(struct ph_door *door, const struct ph_blocking *blocking);
void ph_door_leave(struct ph_door *door);

/* False when those inside did not come out in time; it is open then. */
PH_MUST_USE bool ph_door_close(struct ph_door *door, const struct ph_blocking *blocking);
void ph_door_open(struct ph_door *door);

/* --- states.c --- */

enum { PH_STATES_MAX = 64, PH_STATE_NAME_MAX = 64 };

struct ph_store_image;

/* All that a test may want back. */
struct ph_state {
    char name[PH_STATE_NAME_MAX + 1];
    struct ph_store_image *image;
    struct ph_clock_state clock;
    struct ph_faults faults;
    struct ph_fixed_ids ids;
};

struct ph_control {
    struct ph_control_options with;
    struct ph_ctx shared; /* without an arena */
    const struct ph_seed *seed;
    struct ph_moved_clock clock;
    struct ph_door door;
    atomic_uint waiting;
    pthread_mutex_t lock; /* of faults and ids */
    struct ph_faults faults;
    struct ph_fixed_ids ids;
    pthread_mutex_t states_lock; /* of all below */
    struct ph_state *states[PH_STATES_MAX];
    size_t state_count;
    struct ph_store_image *start; /* what a reset goes back to; NULL: not known yet */
};

/* Each answers NULL, or what is wrong, with the HTTP status in *status. */
const char *ph_states_take(struct ph_control *control, struct ph_ctx *ctx, struct ph_str name,
                           int *status);
const char *ph_states_restore(struct ph_control *control, struct ph_ctx *ctx, struct ph_str name,
                              int *status);
const char *ph_states_reset(struct ph_control *control, struct ph_ctx *ctx, int *status);
const char *ph_states_forget(struct ph_control *control, struct ph_str name, int *status);
struct json_t *ph_states_json(struct ph_arena *arena, struct ph_control *control);
void ph_states_keep_start(struct ph_control *control);
void ph_states_finish(struct ph_control *control);

#endif
