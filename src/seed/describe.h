/*
 * What `aws cognito-idp describe-...` prints, as a seed: pools of the real service are made here
 * with their ids, clients and secrets. Pure: files are given as texts, in any order.
 */
#ifndef PH_SEED_DESCRIBE_H
#define PH_SEED_DESCRIBE_H

#include "util/json.h"

struct ph_described; /* lives in its arena */

struct ph_described *ph_described_new(struct ph_arena *arena);

/*
 * Adds the reply of one operation: DescribeUserPool, DescribeUserPoolClient, ListGroups or
 * GetGroup, DescribeIdentityProvider, DescribeResourceServer or ListResourceServers,
 * GetUserPoolMfaConfig, DescribeUserPoolDomain, DescribeRiskConfiguration, GetUICustomization or
 * GetLogDeliveryConfiguration. False and a text in *why when it is none of them.
 */
PH_MUST_USE bool ph_described_add(struct ph_described *described, struct ph_str file,
                                  struct ph_str text, const char **why);

/*
 * The account of the pools that were added, as their ARNs have it: roles that they name are of it.
 * Absent when none says.
 */
struct ph_str ph_described_account(const struct ph_described *described);

/*
 * The document that ph_seed_read_text() reads, once all are added. *notes: texts about what does
 * not come along, or must be set up here. False when something belongs to a pool that was not
 * described.
 */
PH_MUST_USE bool ph_described_seed(struct ph_described *described, struct json_t **document,
                                   struct json_t **notes, const char **why);

#endif
