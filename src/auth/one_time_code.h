/*
 * Codes that are sent during a sign-in, as first or as second factor (authentication.md 1.5, 1.8).
 *
 * No code has a row: its MAC, over the code, the address it went to and the nonce of the attempt's
 * Session, rides in the Session. So it lives as long as the Session, serves in that Session only,
 * and not after the user has got another address. A wrong code leaves the Session alone and counts
 * as a failure of the user; the right one spends the Session.
 */
#ifndef PH_AUTH_ONE_TIME_CODE_H
#define PH_AUTH_ONE_TIME_CODE_H

#include "auth/internal.h"
#include "user/contact.h"

enum { PH_SECOND_FACTOR_DIGITS = 6, PH_FIRST_FACTOR_DIGITS = 8 };

/*
 * Sends a code to the user's contact and fills decision->session and ->parameters
 * (CODE_DELIVERY_DELIVERY_MEDIUM, CODE_DELIVERY_DESTINATION) for `challenge`. A decoy is sent
 * nothing, shows an address that fits its name, and takes as long.
 */
PH_MUST_USE struct ph_err ph_one_time_code_ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                               const char *challenge,
                                               const struct ph_contact_kind *contact, size_t digits,
                                               struct ph_decision *decision);

/*
 * Judges the code that was given: sets `proof` in attempt->proven, spends the Session, and the
 * contact is verified from now on. CodeMismatchException "Invalid code or auth state for the
 * user."; the errors of ph_check_opened() and of the lockout.
 */
PH_MUST_USE struct ph_err ph_one_time_code_answer(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                                  const struct ph_contact_kind *contact,
                                                  struct ph_str given, enum ph_proof proof);

/* The answer to EMAIL_OTP, of either factor, by any of the names that clients give it. */
struct ph_str ph_email_code(const struct ph_attempt *attempt);

/* ph_open_session() of a stage that wants it. */
PH_MUST_USE struct ph_err ph_email_code_open(struct ph_ctx *ctx, struct ph_attempt *attempt);

#endif
