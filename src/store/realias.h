/* What all users of a pool are called by, claimed anew under changed settings. */
#ifndef PH_STORE_REALIAS_H
#define PH_STORE_REALIAS_H

#include "store/pools.h"
#include "store/users.h"

struct ph_realias {
    const struct ph_pool_record *pool; /* with the new settings, and the revision that was read */
    bool apply;                        /* false: everything is undone at the end */

    /* These run on the thread of the writer, while the caller waits. */
    void *self;
    /* It begins, perhaps once more: what was told below is void. */
    void (*begin)(void *self);
    /* The names of one user under the new settings, in the arena. */
    void (*names)(void *self, struct ph_arena *arena, const struct ph_user *user,
                  const struct ph_alias **aliases, size_t *count);
    /* The user would have a name that means somebody else. */
    void (*conflict)(void *self, struct ph_str username, struct ph_str name,
                     struct ph_str other_username);

    size_t users;     /* how many there are */
    size_t conflicts; /* told above; `names` may add its own */
};

/*
 * One transaction: stored when there is no conflict and `apply` says so, undone otherwise.
 * CONFLICT: the pool was changed since it was read. GONE: there is none.
 */
PH_MUST_USE struct ph_err ph_store_realias(struct ph_ctx *ctx, struct ph_realias *how,
                                           enum ph_write_result *result);

#endif
