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

/* A filter taken apart. */
enum ph_filter_op { PH_FILTER_EQUALS, PH_FILTER_BEGINS, PH_FILTER_ENDS, PH_FILTER_CONTAINS };

struct ph_filter_parts {
    struct ph_str name;
    enum ph_filter_op op;
    struct ph_str value; /* as it stands there, unescaped */
};

/* False when the text is no filter. `extended` knows $= (ends) and *= (contains), too. */
bool ph_user_filter_split(struct ph_arena *arena, struct ph_str text, bool extended,
                          struct ph_filter_parts *parts);

#endif
