/* What a program does first, before any other use of OpenSSL, its own or a library's. */
#ifndef PH_CRYPTO_START_H
#define PH_CRYPTO_START_H

/* Gives libcrypto memory that never ends, so that it does not take want of it for a bad signature.
 */
void ph_crypto_start(void);

#endif
