/*
 * Test controls of `poolhouse dev`, under /_poolhouse/: state that is reset, taken and put back; a
 * clock that tests move; operations that fail or wait when they are told to; ids that are the same
 * in each run. docs/development.md describes them. In `serve` there is none: the pointer is NULL,
 * which every function here takes.
 *
 * All of it is safe while requests run. Taking and putting back state waits for the operations that
 * are in work, and lets no new one begin meanwhile.
 */
#ifndef PH_CONTROL_CONTROL_H
#define PH_CONTROL_CONTROL_H

#include "model/model.h"
#include "util/ctx.h"
#include "util/message.h"

#include <stdatomic.h>

struct ph_control;
struct ph_seed; /* seed/seed.h */

struct ph_control_options {
    const struct ph_settings *settings;
    const atomic_bool *stopping; /* ends every wait */
    unsigned waiters_max;        /* operations that may be delayed at the same time */
};

/* Owns its clock: requests run by ph_control_clock(). */
struct ph_control *ph_control_create(const struct ph_control_options *options);
void ph_control_destroy(struct ph_control *control); /* NULL is fine */

/* The system's clock, moved; ph_system_clock itself for NULL. */
const struct ph_clock *ph_control_clock(struct ph_control *control);

/*
 * What every request starts from, and the seed that a reset applies again (NULL: none). `fresh`
 * says that there was nothing before the seed, so that the state of now is what a reset goes back
 * to.
 */
void ph_control_start(struct ph_control *control, const struct ph_ctx *shared,
                      const struct ph_seed *seed, bool fresh);

/*
 * An operation begins: waits where a fault says so, fails where one says so, and gets the random
 * numbers of this call when ids are fixed. PH_OK: ph_control_leave() must follow.
 */
PH_MUST_USE struct ph_err ph_control_enter(struct ph_control *control, struct ph_ctx *ctx,
                                           const struct ph_operation *operation);
void ph_control_leave(struct ph_control *control);

/* False when the path is none of /_poolhouse/; else it is answered. */
bool ph_control_handle(struct ph_control *control, struct ph_ctx *ctx,
                       const struct ph_http_request *request, struct ph_http_reply *reply);

#endif
