/*
 * The filter of ListUsers (management.md 4.10): name = "value" or name ^= "value".
 */
#ifndef PH_USER_FILTER_H
#define PH_USER_FILTER_H

#include "store/users.h"

/*
 * An empty text filters nothing. Values are folded where the store compares folded.
 * InvalidParameterException "Error while parsing filter" or "Invalid search attribute: <name>".
 */
PH_MUST_USE struct ph_err ph_user_filter_parse(struct ph_arena *arena, struct ph_str text,
                                               struct ph_user_filter *filter);

#endif
