#include "util/message.h"

#include <string.h>

struct ph_str ph_http_header(const struct ph_http_request *request, struct ph_str name)
{
    struct ph_str value = { 0 };
    size_t at = 0;

    ph_http_header_next(request, name, &at, &value);
    return value;
}

bool ph_http_header_next(const struct ph_http_request *request, struct ph_str name, size_t *at,
                         struct ph_str *value)
{
    while (*at < request->header_count) {
        const struct ph_http_field *field = &request->headers[(*at)++];

        if (ph_str_eq_nocase(field->name, name)) {
            *value = field->value;
            return true;
        }
    }
    return false;
}

static bool is_printable(uint8_t c)
{
    return c >= 0x20 && c < 0x7f;
}

static struct ph_str printable(struct ph_arena *arena, struct ph_str s)
{
    uint8_t *copy = ph_arena_alloc(arena, s.n + 1);

    for (size_t i = 0; i < s.n; i++) {
        copy[i] = is_printable(s.p[i]) ? s.p[i] : '?';
    }
    return (struct ph_str){ copy, s.n };
}

void ph_http_reply_header(struct ph_http_reply *reply, struct ph_arena *arena, struct ph_str name,
                          struct ph_str value)
{
    if (reply->header_count == PH_HTTP_REPLY_HEADERS_MAX) {
        ph_fatal("too many headers in a reply");
    }
    reply->headers[reply->header_count++] = (struct ph_http_field){ name, printable(arena, value) };
}
