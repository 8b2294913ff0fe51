/* `keys rotate-master` and `keys retire-master`, and what other rotations share with them. */
#ifndef PH_MAIN_KEYS_MASTER_H
#define PH_MAIN_KEYS_MASTER_H

#include "util/ctx.h"

/* Each takes the words after its name; the exit status. */
int ph_keys_rotate_master(int argc, char **argv);
int ph_keys_retire_master(int argc, char **argv);

void ph_keys_pause(int64_t ms);

/*
 * Waits until all running servers have loaded the newest keys, for somewhat more than a minute: who
 * was killed is forgotten by then. *all is false when one of them does not; we have said so.
 */
typedef struct ph_err ph_keys_behind(struct ph_ctx *ctx, size_t *count);
PH_MUST_USE struct ph_err ph_keys_wait(struct ph_ctx *ctx, ph_keys_behind *count_behind, bool *all);

#endif
