#include "risk/cidr.h"

#include <arpa/inet.h>
#include <string.h>

enum { V4_BYTES = 4, V6_BYTES = 16 };

/* All addresses are compared as IPv6: IPv4 has its place there. */
static const uint8_t V4_PREFIX[V6_BYTES - V4_BYTES] = { [10] = 0xff, [11] = 0xff };

struct address {
    uint8_t bytes[V6_BYTES];
    bool is_v4;
};

static bool parse_address(struct ph_str s, struct address *out)
{
    char text[INET6_ADDRSTRLEN];

    if (s.n == 0 || s.n >= sizeof text || ph_str_has_byte(s, '\0')) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    out->is_v4 = inet_pton(AF_INET, text, out->bytes + sizeof V4_PREFIX) == 1;
    if (out->is_v4) {
        memcpy(out->bytes, V4_PREFIX, sizeof V4_PREFIX);
        return true;
    }
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

/* *bits counts from the beginning of the IPv6 form. */
static bool parse_range(struct ph_str s, struct address *base, size_t *bits)
{
    struct ph_str address, length;
    int64_t n;

    if (!ph_str_cut(s, '/', &address, &length) || !parse_address(address, base) ||
        !ph_str_to_int(length, 0, (base->is_v4 ? V4_BYTES : V6_BYTES) * 8, &n)) {
        return false;
    }
    *bits = (size_t)n + (base->is_v4 ? sizeof V4_PREFIX * 8 : 0);
    return true;
}

bool ph_is_cidr(struct ph_str s)
{
    struct address base;
    size_t bits;

    return parse_range(s, &base, &bits);
}

bool ph_cidr_contains(struct ph_str range, struct ph_str address)
{
    struct address base, given;
    size_t bits;

    if (!parse_range(range, &base, &bits) || !parse_address(address, &given)) {
        return false;
    }
    for (size_t i = 0; i < bits; i++) {
        const uint8_t mask = (uint8_t)(0x80 >> i % 8);

        if (((base.bytes[i / 8] ^ given.bytes[i / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}
