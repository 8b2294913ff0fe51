#include "util/err.h"

const struct ph_exception ph_ex_InternalErrorException = { "InternalErrorException", 500 };
