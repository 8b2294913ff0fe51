/* Groups of a pool and who is in them, in the store (management.md 5). */
#ifndef PH_STORE_GROUPS_H
#define PH_STORE_GROUPS_H

#include "store/users.h"

enum { PH_GROUPS_MAX = 10000, PH_GROUPS_OF_USER_MAX = 100, PH_GROUP_NO_PRECEDENCE = -1 };

struct ph_group {
    struct ph_str name;
    struct ph_str description; /* absent: none was given */
    struct ph_str role;        /* ARN; absent: none */
    int64_t precedence;        /* 0 is the best; PH_GROUP_NO_PRECEDENCE is the worst */
    int64_t created_ms;
    int64_t modified_ms;
};

/* GONE: no such pool, group or user. FULL: one of the numbers above is reached. */
enum ph_group_write { PH_GROUP_DONE, PH_GROUP_TAKEN, PH_GROUP_GONE, PH_GROUP_FULL };

PH_MUST_USE struct ph_err ph_store_group_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                const struct ph_group *group,
                                                enum ph_group_write *result);

/* *group is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_group_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                              struct ph_str name, struct ph_group **group);

/*
 * Description, role and precedence, each only when it is given (`change_precedence` for the last),
 * and modified_ms: changes of different members at the same time are all kept.
 */
PH_MUST_USE struct ph_err ph_store_group_update(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                const struct ph_group *group,
                                                bool change_precedence,
                                                enum ph_group_write *result);

/* Nobody is in it any more; the users stay. */
PH_MUST_USE struct ph_err ph_store_group_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_str name, enum ph_group_write *result);

/* Groups after `after` (a name; absent: from the start) in order of their names. */
PH_MUST_USE struct ph_err ph_store_group_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                              struct ph_str after, size_t limit,
                                              struct ph_group **groups, size_t *count);

/* Adding who is in already, and removing who is not, is DONE. */
PH_MUST_USE struct ph_err ph_store_group_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                             struct ph_str name, struct ph_str sub,
                                             enum ph_group_write *result);
PH_MUST_USE struct ph_err ph_store_group_remove(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                struct ph_str name, struct ph_str sub,
                                                enum ph_group_write *result);

/* All groups of the user, the best precedence first; at most PH_GROUPS_OF_USER_MAX. */
PH_MUST_USE struct ph_err ph_store_groups_of_user(struct ph_ctx *ctx,
                                                  const struct ph_pool_ref *pool, struct ph_str sub,
                                                  struct ph_group **groups, size_t *count);

/* Users after `after` (a sub) in order of their subs. Passwords are not read. */
PH_MUST_USE struct ph_err ph_store_group_users(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               struct ph_str name, struct ph_str after,
                                               size_t limit, struct ph_user ***users,
                                               size_t *count);

#endif
