/*
 * Lambda triggers: the one place where the rules call an application's function
 * (authentication.md section 5).
 *
 * Whoever has something to ask fills a call; event.c makes the event of it, functions.h brings it
 * to the function, reply.c checks what comes back. A pool without the trigger goes on.
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
    const struct ph_user *user; /* NULL with user_not_found, and in UserMigration */
    struct ph_str user_name;    /* without a user: the name as it was typed */
    bool user_not_found;
    const struct json_t *client_metadata; /* string map or NULL */
    const struct json_t *validation_data; /* string map or NULL */

    bool new_device_used;                    /* PostAuthentication */
    struct ph_str password;                  /* UserMigration at sign-in: what was typed */
    const struct json_t *session;            /* custom challenges: the results so far, an array */
    const struct json_t *private_parameters; /* Verify: of Create's reply */
    struct ph_str challenge_answer;          /* Verify */
    const struct json_t *groups;             /* PreTokenGeneration: groupConfiguration, or NULL */
    struct ph_str scope;                     /* PreTokenGeneration: separated by spaces */
    struct ph_str code;                      /* custom senders: in clear */
};

bool ph_trigger_is_set(const struct ph_pool *pool, enum ph_trigger trigger);

/* 1, 2 or 3: which event and which reply PreTokenGeneration of the pool has. */
int ph_trigger_token_version(const struct ph_pool *pool);

/*
 * Runs the trigger; *response is its `response` object, whose members have the types that they
 * should have or are absent; NULL when the pool has no such trigger.
 *
 * UserLambdaValidationException with the function's own error; UnexpectedLambdaException when it
 * could not be asked; InvalidLambdaResponseException for a reply that is none (5.5).
 */
PH_MUST_USE struct ph_err ph_trigger_run(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         const struct ph_trigger_call *call,
                                         const struct json_t **response);

/*
 * The call of a custom sender, as a message of the outbox: written in the transaction that causes
 * it, made when that is durable (trigger/sender.h), and nobody waits for what comes of it (5.1).
 * UnexpectedLambdaException where codes can be handed over in no way (trigger/codes.h).
 */
PH_MUST_USE struct ph_err ph_trigger_call_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                const struct ph_trigger_call *call,
                                                struct ph_message *message);

/* "Unrecognizable lambda output", for replies whose members make no sense together. */
struct ph_err ph_trigger_unusable(void);

#endif
