/*
 * Software tokens: authenticator apps with TOTP (authentication.md 4.3).
 *
 * A secret is handed out, waits until its first code came back, and then is what codes are judged
 * by. A code is good one step before and after its time, and each step once.
 */
#ifndef PH_MFA_SOFTWARE_TOKEN_H
#define PH_MFA_SOFTWARE_TOKEN_H

#include "pool/pool.h"
#include "store/totp.h"

/*
 * A new secret, in base32; the one in force stays until the new one is verified.
 * SoftwareTokenMFANotFoundException when the pool does without.
 */
PH_MUST_USE struct ph_err ph_software_token_associate(struct ph_ctx *ctx,
                                                      const struct ph_pool *pool,
                                                      const struct ph_user *user,
                                                      struct ph_str *secret_code);

/*
 * The first code of the secret that waits: sets user->has_totp and change->totp, which the caller
 * stores with the user. EnableSoftwareTokenMFAException for a wrong code,
 * InvalidParameterException when nothing was handed out.
 */
PH_MUST_USE struct ph_err ph_software_token_verify(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                   struct ph_str code, struct ph_str device_name,
                                                   struct ph_user_change *change);

/* The user does without from now on. ResourceNotFoundException when there is none. */
PH_MUST_USE struct ph_err ph_software_token_remove(struct ph_ctx *ctx,
                                                   struct ph_user_change *change);

/* InvalidParameterException unless the user has a verified one. */
PH_MUST_USE struct ph_err ph_software_token_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                  const struct ph_user *user);

/* A code given at a sign-in, and for which steps it is right (hardly ever more than one). */
enum { PH_TOTP_WINDOW = 3 };
struct ph_totp_guess {
    struct ph_totp totp;
    int64_t steps[PH_TOTP_WINDOW];
    size_t count; /* 0: the code is wrong */
};

/* Compares in constant time; *guess is written without a token, too: wrong. */
PH_MUST_USE struct ph_err ph_software_token_guess(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                  const struct ph_user *user, struct ph_str code,
                                                  struct ph_totp_guess *guess);

/* Uses up the step of a right code. ExpiredCodeException when it was used before. */
PH_MUST_USE struct ph_err ph_software_token_use(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                const struct ph_user *user,
                                                const struct ph_totp_guess *guess);

#endif
