/*
 * What the service fixes when a pool is made, changed afterwards by the operator: whether names are
 * case sensitive, and which addresses sign users in (docs/operations.md).
 *
 * Usernames, tokens, passwords and attributes stay as they are; only what users are found by
 * changes.
 */
#ifndef PH_USER_ALTER_H
#define PH_USER_ALTER_H

#include "pool/pool.h"

struct ph_alteration {
    bool case_sensitive;
    unsigned alias_attributes;    /* enum ph_contact bits */
    unsigned username_attributes; /* PH_EMAIL, PH_PHONE; only one of the two may be set */
};

struct ph_alter_report {
    size_t users;
    size_t conflicts;
    void (*tell)(struct ph_str line); /* what is in the way, line by line */
};

/* As the pool is now. */
struct ph_alteration ph_alteration_of(const struct ph_pool *pool);

/*
 * Checks every user; stores the change, all of it at once, when there are no conflicts and `apply`.
 * InvalidParameterException for settings that exclude each other.
 */
PH_MUST_USE struct ph_err ph_user_alter(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_alteration *wanted, bool apply,
                                        struct ph_alter_report *report);

#endif
