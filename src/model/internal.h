/*
 * Inside of model/: the generated table of shapes, sorted by name.
 */
#ifndef PH_MODEL_INTERNAL_H
#define PH_MODEL_INTERNAL_H

#include "model/model.h"

extern const struct ph_shape ph_shapes[PH_MODEL_SHAPE_COUNT];

#endif
