/* Token lifetimes in a client's settings: numbers whose units stand in TokenValidityUnits. */
#ifndef PH_POOL_LIFETIMES_H
#define PH_POOL_LIFETIMES_H

#include "util/json.h"

struct ph_lifetimes {
    int64_t access_s, id_s, refresh_s; /* seconds; the defaults where nothing is set */
};

struct ph_lifetimes ph_lifetimes_of(const struct json_t *settings);

#endif
