/* Ranges of addresses: "192.0.2.0/24", "2001:db8::/32". Pure. */
#ifndef PH_RISK_CIDR_H
#define PH_RISK_CIDR_H

#include "util/str.h"

/* An address, a slash and how many of its bits count. */
bool ph_is_cidr(struct ph_str s);

/*
 * Whether the address is in the range. IPv4 in the form of IPv6 ("::ffff:192.0.2.1") is IPv4.
 * False for texts that are none of both.
 */
bool ph_cidr_contains(struct ph_str range, struct ph_str address);

#endif
