/*
 * The events of users, for the audit trail and analytics: who signed in, up or changed a password,
 * from where (authentication.md 6). The one place that makes them.
 *
 * An event is written with the next commit; nobody waits for it and it never fails a request.
 * Passwords, codes and tokens have no member here.
 */
#ifndef PH_USER_EVENT_H
#define PH_USER_EVENT_H

#include "model/io.h"
#include "pool/pool.h"

enum ph_event_type {
    PH_EVENT_SIGN_IN,
    PH_EVENT_SIGN_UP,
    PH_EVENT_FORGOT_PASSWORD,
    PH_EVENT_PASSWORD_CHANGE,
    PH_EVENT_RESEND_CODE,
};

enum ph_event_response { PH_EVENT_PASS, PH_EVENT_FAIL, PH_EVENT_IN_PROGRESS };

/* One step of a sign-in: { "Password", true }, { "Mfa", false }. */
struct ph_event_challenge {
    const char *name;
    bool passed;
};

struct ph_event {
    struct ph_str id; /* UUID version 7; absent: a new one */
    enum ph_event_type type;
    enum ph_event_response response;
    struct ph_str sub;              /* absent: nobody of that name */
    const struct ph_client *client; /* NULL: without one */
    const struct ph_event_challenge *challenges;
    size_t challenge_count;
    bool blocked; /* by the address it came from */
};

/*
 * Where a request comes from, as events have it: the address of the connection, unless ContextData
 * (signed operations) or UserContextData (clients that vouch for it) say otherwise.
 */
struct ph_str ph_event_address(const struct ph_ctx *ctx, const struct ph_client *client,
                               const struct ph_in *in);

/*
 * Records the event. `in` is the request's input: AnalyticsMetadata, UserContextData and
 * ContextData are read from it where the operation has them; NULL: none.
 */
void ph_event_record(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_in *in,
                     const struct ph_event *event);

#endif
