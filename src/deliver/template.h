/*
 * Templates of messages: text with {####}, {username} and {##a link##}, and what stands for them
 * (management.md 2.6). Pure.
 */
#ifndef PH_DELIVER_TEMPLATE_H
#define PH_DELIVER_TEMPLATE_H

#include "util/str.h"

enum { PH_TEMPLATE_MAX = 128 * 1024 }; /* a template of 20,000 characters with its values */

struct ph_template_values {
    struct ph_str code;     /* or password */
    struct ph_str username; /* as the user types it */
    bool html;              /* values must bring no markup of their own */
};

/* False when the text would be too long; *text untouched. */
PH_MUST_USE bool ph_template_fill(struct ph_arena *arena, struct ph_str template,
                                  const struct ph_template_values *values, struct ph_str *text);

struct ph_template_link {
    struct ph_str host;
    struct ph_str client_id;
    struct ph_str username;
    struct ph_str code;
};

/* The same for {##text##}, which becomes a link that confirms. */
PH_MUST_USE bool ph_template_link(struct ph_arena *arena, struct ph_str template,
                                  const struct ph_template_link *link, struct ph_str *text);

#endif
