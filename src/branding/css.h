/* The style sheets of the classic hosted pages (management.md 9). */
#ifndef PH_BRANDING_CSS_H
#define PH_BRANDING_CSS_H

#include "util/str.h"

/*
 * NULL, or what is wrong with the sheet, in the words for its author: rules for other than the
 * classes that may be customised, statements that begin with '@', scripts, and what is no CSS at
 * all. A sheet that is right may stand inside a page's <style>: it has no '<'.
 */
PH_MUST_USE const char *ph_css_check(struct ph_arena *arena, struct ph_str css);

#endif
