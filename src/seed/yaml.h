/*
 * YAML as JSON values: what CloudFormation templates are written in (libyaml).
 *
 * The short forms of CloudFormation become their long ones: "!Ref X" reads as {"Ref": "X"},
 * "!GetAtt A.B" as {"Fn::GetAtt": ["A", "B"]}. Plain words are true, false, null, integers and
 * decimal numbers; a date, a number with a leading zero and everything quoted is text.
 */
#ifndef PH_SEED_YAML_H
#define PH_SEED_YAML_H

#include "util/json.h"

/*
 * One document; NULL and a text ("line 3: ...") in *why when it is none. Bounded: depth, and how
 * much aliases may copy.
 */
PH_MUST_USE struct json_t *ph_yaml_parse(struct ph_arena *arena, struct ph_str text,
                                         const char **why);

#endif
