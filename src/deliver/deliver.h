/*
 * Messages to users: which text, by which medium. They leave through the outbox after the commit.
 */
#ifndef PH_DELIVER_DELIVER_H
#define PH_DELIVER_DELIVER_H

#include "pool/pool.h"
#include "store/users.h"

enum ph_template {
    PH_TEMPLATE_VERIFICATION,
    PH_TEMPLATE_INVITATION,
    PH_TEMPLATE_AUTHENTICATION, /* a code of a sign-in */
};

struct ph_message_request {
    enum ph_template template;
    struct ph_str reason; /* "SignUp", "ResendCode", "AdminCreateUser", "UpdateUserAttribute" */
    const struct ph_user *user;
    enum ph_medium medium;
    struct ph_str destination;
    struct ph_str code;      /* or the temporary password */
    struct ph_str client_id; /* for links; absent otherwise */
    /* Instead of the pool's templates; absent: those. */
    struct ph_str own_subject;
    struct ph_str own_body;
};

/* Whether a link stands in the message for the code. */
bool ph_message_has_link(const struct ph_pool *pool, const struct ph_message_request *request);

/* Fills *message from the pool's templates or the defaults (management.md 2.6). */
PH_MUST_USE struct ph_err ph_message_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           const struct ph_message_request *request,
                                           struct ph_message *message);

#endif
