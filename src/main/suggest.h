/* Which of the known words was meant? */
#ifndef PH_MAIN_SUGGEST_H
#define PH_MAIN_SUGGEST_H

#include "util/str.h"

enum { PH_SUGGEST_MAX = 40 }; /* longer words are not compared */

/*
 * The number of single changes (insert, delete, replace, swap of neighbours) that make one word
 * of the other; PH_SUGGEST_MAX when one of them is too long.
 */
size_t ph_edit_distance(struct ph_str a, struct ph_str b);

/* Collects the nearest of many: start with { .given = what was typed }. */
struct ph_suggestion {
    struct ph_str given;
    struct ph_str best; /* absent when nothing is near enough */
    size_t distance;
};

void ph_suggest(struct ph_suggestion *suggestion, struct ph_str candidate);

#endif
