/*
 * IAM policy documents: what the holder of an access key may do.
 *
 * Pure: a document and a request in, a verdict out. Follows "IAM JSON policy elements reference",
 * for the policies of users: Version, Id, Statement (one or several) with Sid, Effect, Action or
 * NotAction, Resource or NotResource, Condition. Wildcards are * and ?; action names are compared
 * without regard to case, resources field by field of their ARN, so that no wildcard reaches over
 * a colon. A denial beats every allowance, and what is not allowed is denied.
 *
 * Conditions (all of them must hold):
 *   IpAddress, NotIpAddress                      of aws:SourceIp
 *   StringEquals, StringLike and their Not forms of aws:RequestedRegion
 *   Bool                                         of aws:SecureTransport
 * Any other operator or key, and a fact that is not known, can neither hold nor fail: an Allow
 * with it does not allow, and a Deny with it denies.
 *
 * A document that says something we would have to ignore (an element that does not exist, a policy
 * variable, an action without its service) is malformed, because ignoring it could widen it.
 */
#ifndef PH_PROTOCOL_POLICY_H
#define PH_PROTOCOL_POLICY_H

#include "util/str.h"

enum { PH_POLICY_MAX = 16 * 1024 }; /* bytes */

enum ph_transport {
    PH_TRANSPORT_UNKNOWN,
    PH_TRANSPORT_PLAIN,
    PH_TRANSPORT_TLS,
};

struct ph_policy_request {
    struct ph_str action;    /* "cognito-idp:AdminGetUser" */
    struct ph_str resource;  /* an ARN, or "*" for what has none */
    struct ph_str source_ip; /* numeric; anything else: not known */
    struct ph_str region;    /* empty: not known */
    enum ph_transport transport;
};

enum ph_policy_verdict {
    PH_POLICY_ALLOWED,
    PH_POLICY_DENIED,      /* by a statement */
    PH_POLICY_NOT_ALLOWED, /* no statement speaks of it */
    PH_POLICY_MALFORMED,   /* nothing is allowed by it */
};

/* NULL for a well-formed document, else what is wrong and where ("Statement[1].Action: ..."). */
const char *ph_policy_check(struct ph_arena *arena, struct ph_str document);

/* Actions that exist: "cognito-idp:AdminGetUser", ... */
struct ph_policy_actions {
    const struct ph_str *names;
    size_t count;
};

/*
 * The same for whoever writes a policy: *doubts has a line for each part of a well-formed document
 * that is valid and has no effect here: an action of ours that names none of `actions` (a typing
 * mistake in a Deny denies nothing), and a condition that is not known.
 */
const char *ph_policy_review(struct ph_arena *arena, struct ph_str document,
                             const struct ph_policy_actions *actions, struct ph_str *doubts);

enum ph_policy_verdict ph_policy_decide(struct ph_arena *arena, struct ph_str document,
                                        const struct ph_policy_request *request);

#endif
