/* What the User-Agent header of a request tells of its sender, for people to recognise it. */
#ifndef PH_UTIL_USER_AGENT_H
#define PH_UTIL_USER_AGENT_H

#include "util/str.h"

/*
 * "Chrome 126, Windows 10": the browser or program with its major version, and the system;
 * "Other" for one of them that is not recognised, the absent slice when both are not. Printable
 * ASCII, at most PH_DEVICE_NAME_MAX bytes, whatever the header holds.
 */
enum { PH_DEVICE_NAME_MAX = 80 };
struct ph_str ph_device_name(struct ph_arena *arena, struct ph_str user_agent);

#endif
