#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ph_buf_init(struct ph_buf *buf, struct ph_arena *arena, size_t max)
{
    *buf = (struct ph_buf){ .arena = arena, .max = max };
}

static bool make_room(struct ph_buf *buf, size_t more)
{
    size_t capacity = buf->capacity == 0 ? 256 : buf->capacity;
    uint8_t *larger;

    if (buf->overflowed || more > buf->max - buf->n) {
        buf->overflowed = true;
        return false;
    }
    if (buf->n + more <= buf->capacity) {
        return true;
    }
    while (capacity < buf->n + more) {
        capacity *= 2;
    }
    if (buf->p != NULL && ph_arena_extend(buf->arena, buf->p, buf->capacity, capacity)) {
        buf->capacity = capacity;
        return true;
    }
    larger = ph_arena_alloc(buf->arena, capacity);
    if (buf->p != NULL) {
        memcpy(larger, buf->p, buf->n);
    }
    buf->p = larger;
    buf->capacity = capacity;
    return true;
}

void ph_buf_add(struct ph_buf *buf, struct ph_str s)
{
    if (s.n > 0 && make_room(buf, s.n)) {
        memcpy(buf->p + buf->n, s.p, s.n);
        buf->n += s.n;
    }
}

void ph_buf_add_byte(struct ph_buf *buf, uint8_t byte)
{
    ph_buf_add(buf, (struct ph_str){ &byte, 1 });
}

void ph_buf_addf(struct ph_buf *buf, const char *format, ...)
{
    char small[256];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length < 0) {
        ph_fatal("bad format");
    }
    if ((size_t)length < sizeof small) {
        ph_buf_add(buf, (struct ph_str){ (const uint8_t *)small, (size_t)length });
        return;
    }
    if (make_room(buf, (size_t)length + 1)) {
        va_start(args, format);
        vsnprintf((char *)buf->p + buf->n, (size_t)length + 1, format, args);
        va_end(args);
        buf->n += (size_t)length;
    }
}

struct ph_str ph_buf_str(const struct ph_buf *buf)
{
    return (struct ph_str){ buf->p, buf->n };
}
