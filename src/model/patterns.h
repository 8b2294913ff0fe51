/*
 * The model's regular expressions, compiled once. Inside of model/.
 *
 * Java's rules as far as the model uses them: the whole text must match, \w and \s are ASCII,
 * \p{..} is Unicode. Matching is bounded: a text that needs too much backtracking does not match.
 */
#ifndef PH_MODEL_PATTERNS_H
#define PH_MODEL_PATTERNS_H

#include "util/str.h"

void ph_patterns_compile(void); /* ends the process when one is bad */

/* index: of ph_patterns; text: UTF-8. Thread-safe after ph_patterns_compile(). */
bool ph_pattern_matches(int index, struct ph_str text);

#endif
