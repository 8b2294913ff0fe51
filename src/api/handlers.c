#include "api/handlers.h"

#define HANDLER(operation, function) [OP_##operation] = { function },

const struct ph_handler ph_handlers[PH_OP_COUNT] = {
#include "api/handlers.def"
    [PH_OP_COUNT - 1] = { NULL }, /* an array needs one entry while the list is empty */
};
