/* Seeds of `poolhouse dev`: read before the server is made, applied before it listens. */
#ifndef PH_MAIN_SEEDING_H
#define PH_MAIN_SEEDING_H

#include "seed/seed.h"

/*
 * Reads the files that the settings name; *seed is NULL when there are none. Functions of templates
 * whose code is at hand are added to the trigger routes, behind those of the operator. False and a
 * text in why.
 */
PH_MUST_USE bool ph_seeding_read(struct ph_arena *arena, struct ph_settings *settings,
                                 struct ph_seed **seed, char *why, size_t why_size);

/* Applies the seed with what all requests share; NULL is fine. */
PH_MUST_USE bool ph_seeding_apply(const struct ph_ctx *shared, const struct ph_seed *seed,
                                  char *why, size_t why_size);

/* Tells the ids: to standard output, and to the file that the settings name. NULL is fine. */
PH_MUST_USE bool ph_seeding_tell(const struct ph_settings *settings, const struct ph_seed *seed,
                                 char *why, size_t why_size);

#endif
