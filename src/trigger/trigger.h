/*
 * Lambda triggers: the one place where the rules call an application's function.
 *
 * The transports come later. Until then a pool without the trigger goes on, and a pool that has
 * one gets UnexpectedLambdaException: nothing is silently skipped.
 */
#ifndef PH_TRIGGER_TRIGGER_H
#define PH_TRIGGER_TRIGGER_H

#include "pool/pool.h"
#include "store/users.h"

enum ph_trigger {
    PH_TRIGGER_PRE_SIGN_UP,
    PH_TRIGGER_POST_CONFIRMATION,
    PH_TRIGGER_PRE_AUTHENTICATION,
    PH_TRIGGER_POST_AUTHENTICATION,
    PH_TRIGGER_PRE_TOKEN_GENERATION,
    PH_TRIGGER_USER_MIGRATION,
    PH_TRIGGER_CUSTOM_MESSAGE,
    PH_TRIGGER_CUSTOM_EMAIL_SENDER, /* sends instead of us */
    PH_TRIGGER_CUSTOM_SMS_SENDER,
    PH_TRIGGER_DEFINE_AUTH_CHALLENGE,
    PH_TRIGGER_CREATE_AUTH_CHALLENGE,
    PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE,
    PH_TRIGGER_COUNT
};

/* What the event of a trigger is made of. Members that a trigger does not carry stay zero. */
struct ph_trigger_call {
    enum ph_trigger trigger;
    struct ph_str source;       /* "PreSignUp_SignUp", ... (authentication.md 5.2) */
    struct ph_str client_id;    /* absent: CLIENT_ID_NOT_APPLICABLE */
    const struct ph_user *user; /* NULL with user_not_found */
    bool user_not_found;
    const struct json_t *client_metadata; /* string map or NULL */
    const struct json_t *validation_data; /* string map or NULL */
};

bool ph_trigger_is_set(const struct ph_pool *pool, enum ph_trigger trigger);

/* Runs the trigger; *response is its `response` object, or NULL when the pool has no such one. */
PH_MUST_USE struct ph_err ph_trigger_run(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         const struct ph_trigger_call *call,
                                         const struct json_t **response);

#endif
