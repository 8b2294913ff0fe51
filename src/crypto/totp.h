/*
 * Codes of authenticator apps: TOTP (RFC 6238) with HMAC-SHA-1, 30 seconds and six digits, which is
 * what every app takes for granted.
 *
 * Pure: which step it is and which were used, others know.
 */
#ifndef PH_CRYPTO_TOTP_H
#define PH_CRYPTO_TOTP_H

#include "util/str.h"

enum { PH_TOTP_PERIOD_S = 30, PH_TOTP_DIGITS = 6 };

/* The time step of an epoch time. */
int64_t ph_totp_step(int64_t epoch_s);

/* The six digits of a step. A secret as long as its step lasts. */
struct ph_str ph_totp_code(struct ph_arena *arena, struct ph_str secret, int64_t step);

#endif
