/* What tokens say about the groups of a user (authentication.md 3.2). */
#ifndef PH_TOKEN_GROUPS_H
#define PH_TOKEN_GROUPS_H

#include "token/token.h"

/* A user in no group: empty lists. */
struct ph_token_groups {
    struct json_t *names;         /* of all groups, the best precedence first */
    struct json_t *roles;         /* their roles in the same order, each once */
    struct ph_str preferred_role; /* of the best group; absent when the best ones disagree */
};

PH_MUST_USE struct ph_err ph_token_groups_read(struct ph_ctx *ctx,
                                               const struct ph_auth_granted *granted,
                                               struct ph_token_groups *groups);

/* The groupConfiguration that the trigger gets. */
struct json_t *ph_token_groups_configuration(struct ph_ctx *ctx,
                                             const struct ph_token_groups *groups);

#endif
