/*
 * Changes made by operations that know no conflict: whoever changes the same thing at the same
 * time, the loser reads again what the winner has left and changes that.
 *
 *     do {
 *         PH_TRY(ph_contest_enter(ctx, &contest));
 *         ...read, change, store...
 *     } while (result == PH_WRITE_CONFLICT);
 */
#ifndef PH_POOL_CONTEST_H
#define PH_POOL_CONTEST_H

#include "util/ctx.h"

struct ph_contest {
    int entered;
};

/*
 * The first time at once; then after a pause, longer each time and never the same as that of
 * others. TooManyRequestsException when the contest has been lost for about a second.
 */
PH_MUST_USE struct ph_err ph_contest_enter(struct ph_ctx *ctx, struct ph_contest *contest);

#endif
