/* The system's cryptographic random source. */
#ifndef PH_CRYPTO_RANDOM_H
#define PH_CRYPTO_RANDOM_H

#include "util/ctx.h"

extern const struct ph_random ph_system_random;

#endif
