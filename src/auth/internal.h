/* What the files of auth/ share: an attempt on its way, and the table of stages. */
#ifndef PH_AUTH_INTERNAL_H
#define PH_AUTH_INTERNAL_H

#include "auth/session.h"
#include "auth/sign_in.h"
#include "crypto/srp.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "store/devices.h"
#include "user/user.h"

/* One call of a sign-in: who, what has been proven, where it came from. */
struct ph_attempt {
    const struct ph_sign_in_request *request;
    const struct ph_pool *pool;
    const struct ph_client *client;
    struct ph_user *user; /* a decoy, whom nothing proves, when the user does not exist */
    bool exists;
    const struct ph_user *named; /* of that name, for functions, also when the attempt became
                                    nobody's; NULL: there is none */
    struct ph_str name;          /* as typed in the first call */
    struct ph_str event_id;
    enum ph_choice choice; /* of the first factor, in USER_AUTH */
    unsigned factor;  /* the second one that was chosen in this call (enum ph_mfa_factor), or 0 */
    unsigned proven;  /* enum ph_proof bits */
    unsigned methods; /* enum ph_method bits: how, and what a token was credited for */
    unsigned targets; /* levels that the client wants, the best first (step_up.c); 0: none */
    unsigned credited_level;  /* of the token that came along; 0: none */
    bool may_migrate;         /* the password itself came: who does not exist may be migrated */
    bool may_relay;           /* whoever does not exist here may exchange SRP at the origin */
    struct ph_str relayed;    /* USER_ID_FOR_SRP of an exchange with the origin; absent: ours */
    bool judged;              /* a first factor was judged in this call: an event is recorded */
    bool judged_mfa;          /* a second factor was */
    bool blocked;             /* the address may not sign in */
    bool never_failed;        /* when a right proof was judged in this call, nothing was counted */
    struct ph_str device_key; /* that the client named; absent: none */
    bool device_began;        /* it sent its half of the exchange in this call */
    const struct ph_device *device; /* the user's confirmed device of that key; NULL: none yet */
    struct json_t *custom;          /* in CUSTOM_AUTH: what happened so far (custom.c) */
    struct ph_session opened;       /* what the answer came with */
    struct ph_srp_state srp;        /* and in it, during SRP; wiped when the call ends */
    struct ph_str secret_block;
};

static inline void ph_attempt_wipe(struct ph_attempt *attempt)
{
    ph_srp_state_wipe(&attempt->srp);
}

/* ---- stages.c: what may follow what ---- */

struct ph_stage {
    const char *challenge;      /* ChallengeName */
    const char *const *answers; /* required ChallengeResponses besides USERNAME */
    bool (*is_due)(const struct ph_attempt *attempt);
    /* Fills parameters (and session, when the state does not ride in them). */
    struct ph_err (*ask)(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision);
    /* Opens what the answer came with into attempt->opened; expiry and binding are not its own. */
    struct ph_err (*open)(struct ph_ctx *ctx, struct ph_attempt *attempt);
    struct ph_err (*refuse)(void); /* says that what was opened belongs elsewhere */
    /* Judges the answer: sets a bit in attempt->proven or fails. */
    struct ph_err (*answer)(struct ph_ctx *ctx, struct ph_attempt *attempt);
};

extern const struct ph_stage ph_stage_select_challenge;  /* choice.c */
extern const struct ph_stage ph_stage_password;          /* password.c */
extern const struct ph_stage ph_stage_password_srp;      /* srp.c */
extern const struct ph_stage ph_stage_first_email_otp;   /* first_code.c */
extern const struct ph_stage ph_stage_first_sms_otp;     /* first_code.c */
extern const struct ph_stage ph_stage_web_authn;         /* web_authn.c */
extern const struct ph_stage ph_stage_password_verifier; /* srp.c */
extern const struct ph_stage ph_stage_new_password;      /* new_password.c */
extern const struct ph_stage ph_stage_mfa_setup;         /* mfa_setup.c */
extern const struct ph_stage ph_stage_select_mfa_type;   /* mfa.c */
extern const struct ph_stage ph_stage_software_token;    /* software_token.c */
extern const struct ph_stage ph_stage_sms_mfa;           /* mfa.c */
extern const struct ph_stage ph_stage_email_otp;         /* mfa.c */
extern const struct ph_stage ph_stage_device_srp;        /* device.c */
extern const struct ph_stage ph_stage_device_verifier;   /* device.c */

extern const struct ph_stage ph_stage_custom; /* custom.c */

/* The last of those that ask this challenge; NULL when none does. */
const struct ph_stage *ph_stage_find(struct ph_str challenge);

/* False when what was proven first is all that the pool asks for (authentication.md 1.8, 1 and 2).
 */
static inline bool ph_wants_second_factor(const struct ph_attempt *attempt)
{
    const struct ph_pool *pool = attempt->pool;

    if ((attempt->proven & (PH_PROVED_CODE | PH_PROVED_PASSKEY)) == 0) {
        return true;
    }
    return pool->mfa == PH_MFA_ON &&
           ((attempt->proven & PH_PROVED_CODE) != 0 || !pool->web_authn.is_multi_factor);
}

/* The next stage that is due asks its challenge; when none is, tokens are granted. */
PH_MUST_USE struct ph_err ph_advance(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                     struct ph_decision *decision);

/* The state of the attempt while this challenge is open; with a fresh nonce and expiry. */
struct ph_session ph_session_of(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                const char *challenge);

/* Asks decision->challenge with a Session and nothing else. */
PH_MUST_USE struct ph_err ph_ask_plainly(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                         struct ph_decision *decision);

/* For stages whose state rides in the Session. */
PH_MUST_USE struct ph_err ph_open_session(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* NotAuthorizedException when what was opened has expired. */
PH_MUST_USE struct ph_err ph_check_age(struct ph_ctx *ctx, const struct ph_attempt *attempt);

/* Spends what was opened; *first is false when another answer advanced with it before. */
PH_MUST_USE struct ph_err ph_spend_opened(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                          bool *first);

/*
 * For stages whose state rides in the Session, before they judge an answer: it was not used
 * before, and its user still has the password that was proven.
 */
PH_MUST_USE struct ph_err ph_check_opened(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* Spends what was opened; NotAuthorizedException when another answer was faster. */
PH_MUST_USE struct ph_err ph_use_opened(struct ph_ctx *ctx, const struct ph_attempt *attempt);

/* ---- identify.c: who, and whether that user may sign in at all ---- */

/*
 * Finds the user by the typed name, checks the secret hash before. Who does not exist is named
 * (UserNotFoundException) or becomes a decoy, as the client wants it.
 */
PH_MUST_USE struct ph_err ph_identify(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* The user of attempt->opened, a decoy when he is gone by now, and what was proven. */
PH_MUST_USE struct ph_err ph_identify_opened(struct ph_ctx *ctx, struct ph_attempt *attempt);

/*
 * The user of attempt->opened, who may be gone by now. Checks the secret hash of the answer;
 * *named says whether its USERNAME means that user.
 */
PH_MUST_USE struct ph_err ph_identify_again(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                            bool *named);

/*
 * Where users are hidden somebody unknown comes as far as a challenge for a password: with that he
 * may be brought along, as with the first call.
 */
PH_MUST_USE struct ph_err ph_identify_by_password(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* States that are told before any proof, where the client does not hide users. */
PH_MUST_USE struct ph_err ph_gate_open(struct ph_attempt *attempt);

/* States that are told to who has proven the password. */
PH_MUST_USE struct ph_err ph_gate_proven(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* The same for those who get tokens without a password: it may be as old as it likes. */
PH_MUST_USE struct ph_err ph_gate_custom(const struct ph_attempt *attempt);

/* ---- custom.c: functions that decide what is asked ---- */

/* Adds the result of a challenge to what the functions see; nothing in other flows. */
void ph_custom_note(struct ph_ctx *ctx, struct ph_attempt *attempt, const char *challenge,
                    bool right);

/*
 * Before a Session is made for this challenge: what does not fit into it is put into the store, and
 * comes back with the answer. Nothing in other flows.
 */
PH_MUST_USE struct ph_err ph_custom_park(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                         const char *challenge);
PH_MUST_USE struct ph_err ph_custom_recall(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* ---- password.c: one judgement for both ways to prove a password ---- */

/* The text that stands for the password that proofs are about: changes when the password does. */
struct ph_str ph_password_tag(struct ph_ctx *ctx, const struct ph_user *user);

/* NotAuthorizedException while wrong answers have locked the user; then PreAuthentication. */
PH_MUST_USE struct ph_err ph_password_prepare(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* Counts a wrong proof, durably, before it is answered; marks a right one as proven. */
PH_MUST_USE struct ph_err ph_password_judge(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                            bool right);

/* Judges PASSWORD of this call, then tells what only who knows it may learn (ph_gate_proven). */
PH_MUST_USE struct ph_err ph_password_prove(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* PreAuthentication alone, for sign-ins that begin without a password. */
PH_MUST_USE struct ph_err ph_pre_authenticate(struct ph_ctx *ctx, const struct ph_attempt *attempt);

/* ---- lockout.c: guesses of any kind ---- */

/* NotAuthorizedException "Password attempts exceeded" while locked. */
PH_MUST_USE struct ph_err ph_lockout_check(struct ph_ctx *ctx, const struct ph_attempt *attempt);

/*
 * Counts a wrong proof, durably, before it is answered with `refusal`; a right one fails while the
 * user is locked.
 */
PH_MUST_USE struct ph_err ph_lockout_judge(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                           bool right, struct ph_err refusal);

/* A sign-in is whole: counting begins anew. */
PH_MUST_USE struct ph_err ph_lockout_forget(struct ph_ctx *ctx, const struct ph_attempt *attempt);

/* ---- srp.c: the exchange, the same for users and for devices ---- */

/* Who proves a secret: by which names, and what we keep of the secret. */
struct ph_srp_party {
    struct ph_srp_identity identity;
    struct ph_str salt;
    struct ph_str verifier; /* PH_SRP_BYTES */
};

/* InvalidParameterException "Invalid SRP_A" for what is no public value of a client. */
PH_MUST_USE struct ph_err ph_exchange_check_a(struct ph_ctx *ctx, const struct ph_attempt *attempt);

/* Answers SRP_A: sets SALT, SECRET_BLOCK and SRP_B of the challenge that the session is for. */
PH_MUST_USE struct ph_err ph_exchange_begin(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                            const struct ph_srp_party *party,
                                            const struct ph_session *session,
                                            struct json_t *parameters);

/* Opens PASSWORD_CLAIM_SECRET_BLOCK: the `open` of stages whose state rides in it. */
PH_MUST_USE struct ph_err ph_exchange_open(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* NotAuthorizedException for a TIMESTAMP that is too far from now. */
PH_MUST_USE struct ph_err ph_exchange_check_time(struct ph_ctx *ctx,
                                                 const struct ph_attempt *attempt);

/* Whether the answer was made with the party's secret, for the password that was proven. */
bool ph_exchange_proves(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                        const struct ph_srp_party *party);

/* ---- origin.c: those whom only the service knows that the pool leaves ---- */

/*
 * Asks there for a password that is not known here: *right when it is; then the attempt is for the
 * user who is kept with it. The errors of user/origin.h.
 */
PH_MUST_USE struct ph_err ph_origin_prove(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                          struct ph_str password, bool *right);

/*
 * Answers SRP_A with the origin's half of the exchange, where the user's verifier is there.
 * TooManyRequestsException, PasswordResetRequiredException or UserNotFoundException where users are
 * not hidden and it gives none.
 */
PH_MUST_USE struct ph_err ph_origin_relay(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                          const struct ph_session *session,
                                          struct json_t *parameters, bool *relayed);

/* Opens what the origin's block stands for; sets attempt->relayed. */
PH_MUST_USE struct ph_err ph_origin_relay_open(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                               bool *opened);

/* Brings the proof there. */
PH_MUST_USE struct ph_err ph_origin_relay_answer(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                                 bool *right);

struct ph_origin_refresh;
struct ph_refresh_token;

/* A refresh token that is none of ours: *adopted when it was before, or when the origin honours it.
 */
PH_MUST_USE struct ph_err ph_refresh_adopt(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           const struct ph_origin_refresh *given,
                                           struct ph_refresh_token *token, bool *adopted);

/* ---- device.c: devices that the user has confirmed ---- */

/*
 * Finds the device that the client named, when the pool tracks devices and it was not found yet.
 * ResourceNotFoundException "Device does not exist." for one that is unknown or forgotten: clients
 * compare the text, drop the key and try again without it. Only after the first factor.
 */
PH_MUST_USE struct ph_err ph_device_recognise(struct ph_ctx *ctx, struct ph_attempt *attempt);

/*
 * True for a remembered device in a pool where that makes a second factor needless. Stages of MFA
 * are not due then: the stages of devices, which stand after them, are due until it is proven.
 */
bool ph_device_replaces_mfa(const struct ph_attempt *attempt);

/* ---- risk.c ---- */

/* NotAuthorizedException for addresses that may not sign in; nothing before the first proof. */
PH_MUST_USE struct ph_err ph_check_address(struct ph_ctx *ctx, struct ph_attempt *attempt);

/* ---- the flows that begin ---- */

PH_MUST_USE struct ph_err ph_begin_password(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                            struct ph_decision *decision);
PH_MUST_USE struct ph_err ph_begin_srp(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                       struct ph_decision *decision);
PH_MUST_USE struct ph_err ph_begin_custom(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                          struct ph_decision *decision);
PH_MUST_USE struct ph_err ph_begin_choice(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                          struct ph_decision *decision);
PH_MUST_USE struct ph_err ph_begin_signed_up(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                             struct ph_decision *decision); /* signed_up.c */
PH_MUST_USE struct ph_err ph_begin_refresh(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                           struct ph_decision *decision);

/* ---- grant.c: the end ---- */

PH_MUST_USE struct ph_err ph_grant(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                   struct ph_decision *decision);

/* ---- record.c ---- */

/* Appends the event of this call to the audit, when it judged somebody. */
void ph_sign_in_record(struct ph_ctx *ctx, const struct ph_attempt *attempt, struct ph_err err,
                       const struct ph_decision *decision);

/* ---- small things (stages.c) ---- */

/* An answer or parameter; absent when it is not there, null or empty. */
struct ph_str ph_answer(const struct ph_attempt *attempt, const char *name);

/* InvalidParameterException "Missing required parameter <name>" for the first that is missing. */
PH_MUST_USE struct ph_err ph_require(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                     const char *const *names);

static inline struct ph_err ph_wrong_password(void)
{
    return PH_FAIL(NotAuthorizedException, PH_MSG_WRONG_PASSWORD);
}

static inline struct ph_err ph_invalid_session(void)
{
    return PH_FAIL(NotAuthorizedException, PH_MSG_SESSION_INVALID);
}

/*
 * A UUID version 7 whose time is now, or later when the user was signed out in this very
 * millisecond: what is revoked is told by the time in it.
 */
struct ph_str ph_new_event_id(struct ph_ctx *ctx, const struct ph_user *user);

#endif
