/* How messages of the outbox are shown: included only inside protocol/. */
#ifndef PH_PROTOCOL_OUTBOX_PAGE_H
#define PH_PROTOCOL_OUTBOX_PAGE_H

#include "store/outbox.h"

struct ph_str ph_outbox_json(struct ph_arena *arena, const struct ph_message *messages,
                             size_t count);

/* A page without scripts; everything that comes from outside is escaped. */
struct ph_str ph_outbox_page(struct ph_arena *arena, const struct ph_message *messages,
                             size_t count);

#endif
