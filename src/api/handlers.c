#include "api/handlers.h"

#define HANDLER(operation, function) [OP_##operation] = { function },

const struct ph_handler ph_handlers[PH_OP_COUNT] = {
#include "api/handlers.def"
};
