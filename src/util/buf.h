/*
 * A byte buffer that grows and is born with its maximum. There is no unlimited buffer.
 *
 * Appending past the maximum marks the buffer as overflowed and keeps what was there; callers
 * append freely and ask once at the end.
 */
#ifndef PH_UTIL_BUF_H
#define PH_UTIL_BUF_H

#include "util/str.h"

struct ph_buf {
    struct ph_arena *arena;
    uint8_t *p;
    size_t n;
    size_t capacity;
    size_t max;
    bool overflowed;
};

void ph_buf_init(struct ph_buf *buf, struct ph_arena *arena, size_t max);
void ph_buf_add(struct ph_buf *buf, struct ph_str s);
void ph_buf_add_byte(struct ph_buf *buf, uint8_t byte);
void ph_buf_addf(struct ph_buf *buf, const char *format, ...) PH_PRINTF(2, 3);

/* What was collected; points into the buffer and holds until the next append. */
struct ph_str ph_buf_str(const struct ph_buf *buf);

#endif
