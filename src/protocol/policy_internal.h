/*
 * Between the files of the policy: grammar (policy_check.c), conditions (policy_condition.c) and
 * the decision (policy.c).
 */
#ifndef PH_PROTOCOL_POLICY_INTERNAL_H
#define PH_PROTOCOL_POLICY_INTERNAL_H

#include "protocol/policy.h"
#include "util/json.h"

#define PH_POLICY_NO_VARIABLES "policy variables are not supported"

/* Elements may be written as one value or as a list of them: the i-th, NULL past the end. */
static inline const struct json_t *ph_policy_at(const struct json_t *value, size_t i)
{
    if (ph_json_kind(value) == PH_JSON_ARRAY) {
        return ph_json_at(value, i);
    }
    return i == 0 ? value : NULL;
}

/* Bytewise; * stands for any number of bytes and ? for one. */
bool ph_policy_glob(struct ph_str pattern, struct ph_str text);

/* Names of actions are compared without regard to case. */
bool ph_policy_covers_action(struct ph_arena *arena, struct ph_str pattern, struct ph_str action);

/* NULL when the parsed document is well-formed, else what is wrong and where. */
const char *ph_policy_check_json(struct ph_arena *arena, const struct json_t *document);

/* As ph_policy_review(). */
const char *ph_policy_review_json(struct ph_arena *arena, const struct json_t *document,
                                  const struct ph_policy_actions *actions, struct ph_str *doubts);

/* Whether the operator is one of ours and fits the key. */
bool ph_policy_knows_condition(struct ph_str operation, struct ph_str key);

/* What is wrong with a value of a condition, or NULL; nothing is, where we do not know the pair. */
const char *ph_policy_check_value(struct ph_str operation, struct ph_str key,
                                  const struct json_t *value);

enum ph_truth { PH_FALSE, PH_TRUE, PH_UNDECIDED };

/* All of a well-formed Condition element; an absent one (NULL) holds. */
enum ph_truth ph_policy_condition(const struct json_t *condition,
                                  const struct ph_policy_request *request);

#endif
