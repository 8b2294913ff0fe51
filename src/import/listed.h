/*
 * Users in files that the AWS CLI has written, one after the other however large a file is: pages
 * {"Users": [...], ...} of ListUsers and ListUsersInGroup, or replies of AdminGetUser. A file holds
 * one of them or several.
 *
 * Pure: a text in, the texts of its users out. Only what is around them is looked at here.
 */
#ifndef PH_IMPORT_LISTED_H
#define PH_IMPORT_LISTED_H

#include "util/str.h"

struct ph_listed {
    struct ph_str text;
    size_t at;
    bool inside; /* a list of users */
    const char *why;
};

enum ph_listed_found { PH_LISTED_USER, PH_LISTED_END, PH_LISTED_BROKEN };

void ph_listed_begin(struct ph_listed *listed, struct ph_str text);

/*
 * The text of the next user: balanced, but whether it is JSON must be seen when it is read. BROKEN:
 * listed->why says what is wrong at listed->at, and there is no going on.
 */
enum ph_listed_found ph_listed_next(struct ph_listed *listed, struct ph_str *user);

#endif
