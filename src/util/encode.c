#include "util/encode.h"

#include <string.h>

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char HEX[] = "0123456789abcdef";

enum padding { UNPADDED, PADDED };

static void encode_three(uint32_t word, const char *alphabet, uint8_t out[4])
{
    out[0] = (uint8_t)alphabet[word >> 18 & 63];
    out[1] = (uint8_t)alphabet[word >> 12 & 63];
    out[2] = (uint8_t)alphabet[word >> 6 & 63];
    out[3] = (uint8_t)alphabet[word & 63];
}

static struct ph_str encode64(struct ph_arena *arena, struct ph_str in, const char *alphabet,
                              enum padding padding)
{
    uint8_t *out = ph_arena_alloc(arena, (in.n + 2) / 3 * 4 + 1);
    size_t n = 0, i = 0;

    for (; in.n - i >= 3; i += 3, n += 4) {
        encode_three((uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8 | in.p[i + 2], alphabet,
                     out + n);
    }
    if (i < in.n) {
        const size_t left = in.n - i;

        encode_three((uint32_t)in.p[i] << 16 | (left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0),
                     alphabet, out + n);
        memset(out + n + left + 1, padding == PADDED ? '=' : 0, 3 - left);
        n += padding == PADDED ? 4 : left + 1;
    }
    return (struct ph_str){ out, n };
}

struct ph_str ph_base32(struct ph_arena *arena, struct ph_str bytes)
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t *out = ph_arena_alloc(arena, (bytes.n * 8 + 4) / 5 + 1);
    uint32_t bits = 0; /* the lowest `waiting` are not written yet */
    unsigned waiting = 0;
    size_t n = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | bytes.p[i];
        for (waiting += 8; waiting >= 5; waiting -= 5) {
            out[n++] = (uint8_t)ALPHABET[bits >> (waiting - 5) & 31];
        }
    }
    if (waiting > 0) {
        out[n++] = (uint8_t)ALPHABET[bits << (5 - waiting) & 31];
    }
    return (struct ph_str){ out, n };
}

static int value32(uint8_t c)
{
    if (c >= '2' && c <= '7') {
        return c - '2' + 26;
    }
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? c - 'a' : -1;
}

bool ph_base32_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes)
{
    uint8_t *out = ph_arena_alloc(arena, text.n + 1);
    uint32_t bits = 0; /* the lowest `waiting` belong to no byte yet */
    unsigned waiting = 0;
    size_t n = 0;

    for (unsigned i = 0; i < 6 && text.n > 0 && text.p[text.n - 1] == '='; i++) {
        text.n--;
    }
    for (size_t i = 0; i < text.n; i++) {
        const int value = value32(text.p[i]);

        if (value < 0) {
            return false;
        }
        bits = (bits << 5 | (uint32_t)value) & 0xfff;
        waiting += 5;
        if (waiting >= 8) {
            waiting -= 8;
            out[n++] = (uint8_t)(bits >> waiting);
        }
    }
    if (waiting >= 5 || (bits & ((1U << waiting) - 1)) != 0) {
        return false; /* a letter too many, or bits that no byte has */
    }
    *bytes = (struct ph_str){ out, n };
    return true;
}

static int value64(uint8_t c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (uint8_t)alphabet[62]) {
        return 62;
    }
    return c == (uint8_t)alphabet[63] ? 63 : -1;
}

static bool decode64(struct ph_arena *arena, struct ph_str text, const char *alphabet,
                     struct ph_str *bytes)
{
    uint8_t *out = ph_arena_alloc(arena, text.n / 4 * 3 + 3);
    uint32_t word = 0;
    unsigned bits = 0;
    size_t n = 0;

    if (text.n % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        const int v = value64(text.p[i], alphabet);

        if (v < 0) {
            return false;
        }
        word = word << 6 | (uint32_t)v;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(word >> bits);
            word &= (1u << bits) - 1;
        }
    }
    if (word != 0) { /* bits that no encoder sets: two texts for the same bytes */
        return false;
    }
    *bytes = (struct ph_str){ out, n };
    return true;
}

struct ph_str ph_base64(struct ph_arena *arena, struct ph_str bytes)
{
    return encode64(arena, bytes, BASE64, PADDED);
}

struct ph_str ph_base64url(struct ph_arena *arena, struct ph_str bytes)
{
    return encode64(arena, bytes, BASE64URL, UNPADDED);
}

bool ph_base64_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes)
{
    if (text.n % 4 != 0) {
        return false;
    }
    if (text.n > 0 && text.p[text.n - 1] == '=') {
        text.n -= text.p[text.n - 2] == '=' ? 2 : 1;
    }
    return decode64(arena, text, BASE64, bytes);
}

bool ph_base64url_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes)
{
    return decode64(arena, text, BASE64URL, bytes);
}

struct ph_str ph_hex(struct ph_arena *arena, struct ph_str bytes)
{
    uint8_t *out = ph_arena_alloc(arena, bytes.n * 2 + 1);

    for (size_t i = 0; i < bytes.n; i++) {
        out[2 * i] = (uint8_t)HEX[bytes.p[i] >> 4];
        out[2 * i + 1] = (uint8_t)HEX[bytes.p[i] & 15];
    }
    return (struct ph_str){ out, bytes.n * 2 };
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool ph_hex_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes)
{
    uint8_t *out = ph_arena_alloc(arena, text.n / 2 + 1);

    if (text.n % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < text.n; i += 2) {
        const int high = hex_value(text.p[i]);
        const int low = hex_value(text.p[i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *bytes = (struct ph_str){ out, text.n / 2 };
    return true;
}

static bool is_dash_position(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool ph_form_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes)
{
    uint8_t *out = ph_arena_alloc(arena, text.n + 1);
    size_t n = 0;

    while (text.n > 0) {
        const struct ph_str c = ph_str_take(&text, 1);
        struct ph_str byte = c;

        if (*c.p == '%' && (text.n < 2 || !ph_hex_decode(arena, ph_str_take(&text, 2), &byte))) {
            return false;
        }
        out[n++] = *c.p == '+' ? ' ' : *byte.p;
    }
    *bytes = (struct ph_str){ out, n };
    return true;
}

struct ph_str ph_url_encode(struct ph_arena *arena, struct ph_str bytes)
{
    static const struct ph_str PLAIN =
        PH_STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
    static const char DIGITS[] = "0123456789ABCDEF";
    uint8_t *out = ph_arena_alloc_array(arena, bytes.n + 1, 3);
    size_t n = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        const uint8_t c = bytes.p[i];

        if (ph_str_has_byte(PLAIN, c)) {
            out[n++] = c;
        } else {
            out[n++] = '%';
            out[n++] = (uint8_t)DIGITS[c >> 4];
            out[n++] = (uint8_t)DIGITS[c & 15];
        }
    }
    return (struct ph_str){ out, n };
}

static struct ph_str entity(const uint8_t *c)
{
    switch (*c) {
    case '&':
        return PH_STR("&amp;");
    case '<':
        return PH_STR("&lt;");
    case '>':
        return PH_STR("&gt;");
    case '"':
        return PH_STR("&quot;");
    case '\'':
        return PH_STR("&#39;");
    default:
        return (struct ph_str){ c, 1 };
    }
}

struct ph_str ph_html(struct ph_arena *arena, struct ph_str text)
{
    uint8_t *out = ph_arena_alloc_array(arena, text.n + 1, sizeof "&quot;");
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        const struct ph_str e = entity(&text.p[i]);

        memcpy(out + n, e.p, e.n);
        n += e.n;
    }
    return (struct ph_str){ out, n };
}

struct ph_str ph_uuid_text(struct ph_arena *arena, const uint8_t bytes[PH_UUID_BYTES])
{
    uint8_t *out = ph_arena_alloc(arena, PH_UUID_CHARS + 1);
    size_t nibble = 0;

    for (size_t i = 0; i < PH_UUID_CHARS; i++) {
        if (is_dash_position(i)) {
            out[i] = '-';
            continue;
        }
        out[i] = (uint8_t)HEX[(nibble % 2 == 0 ? bytes[nibble / 2] >> 4 : bytes[nibble / 2]) & 15];
        nibble++;
    }
    return (struct ph_str){ out, PH_UUID_CHARS };
}

static void set_version(uint8_t bytes[PH_UUID_BYTES], uint8_t version)
{
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | (version << 4));
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
}

void ph_uuid4_set(uint8_t bytes[PH_UUID_BYTES])
{
    set_version(bytes, 4);
}

void ph_uuid7_set(uint8_t bytes[PH_UUID_BYTES], int64_t now_ms)
{
    for (size_t i = 0; i < 6; i++) {
        bytes[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    }
    set_version(bytes, 7);
}

bool ph_uuid_parse(struct ph_str text, uint8_t bytes[PH_UUID_BYTES])
{
    uint8_t parsed[PH_UUID_BYTES] = { 0 };
    size_t nibble = 0;

    if (text.n != PH_UUID_CHARS) {
        return false;
    }
    for (size_t i = 0; i < PH_UUID_CHARS; i++) {
        const int v = hex_value(text.p[i]);

        if (is_dash_position(i)) {
            if (text.p[i] != '-') {
                return false;
            }
            continue;
        }
        if (v < 0) {
            return false;
        }
        parsed[nibble / 2] = (uint8_t)(parsed[nibble / 2] << 4 | v);
        nibble++;
    }
    memcpy(bytes, parsed, sizeof parsed);
    return true;
}

int64_t ph_uuid7_time_ms(const uint8_t bytes[PH_UUID_BYTES])
{
    uint64_t ms = 0;

    for (size_t i = 0; i < 6; i++) {
        ms = ms << 8 | bytes[i];
    }
    return (int64_t)ms;
}
