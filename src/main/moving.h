/* What the commands that move whole installations share. */
#ifndef PH_MAIN_MOVING_H
#define PH_MAIN_MOVING_H

#include "main/data.h"
#include "move/move.h"

/* Prints each table that has rows. */
extern const struct ph_move_report ph_moving_report;

/*
 * True when no server writes to a database of several servers: none has for a while, or none does
 * while this waits. A file says so by its lock. False and a text in why.
 */
PH_MUST_USE bool ph_moving_is_quiet(struct ph_ctx *ctx, char *why, size_t why_size);

/* The same for a database that is to be filled; one that an earlier run began to fill is nobody's.
 */
PH_MUST_USE bool ph_moving_may_fill(struct ph_ctx *ctx, char *why, size_t why_size);

#endif
