/* The files of TLS, which a server reads when it starts and doctor looks at before. */
#ifndef PH_MAIN_PEM_H
#define PH_MAIN_PEM_H

#include "util/arena.h"
#include "util/str.h"

/* The file, whole, in the arena. False: `why` says what is wrong. */
PH_MUST_USE bool ph_pem_read(struct ph_arena *arena, struct ph_str name, struct ph_str *pem,
                             char *why, size_t why_size);

#endif
