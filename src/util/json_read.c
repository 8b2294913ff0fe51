/*
 * Reading plain JSON, which almost all requests and all documents of our own are. The library's
 * reader looks at each character through several layers; it remains the judge of all that is not
 * plain, so that what is accepted is its decision alone.
 */
#include "util/json_internal.h"

#include <jansson.h>

enum {
    DEPTH_MAX = 32,
    DIGITS_MAX = 18, /* always within an int64_t */
};

struct reader {
    const uint8_t *p, *end;
    unsigned depth;
};

static json_t *read_value(struct reader *r);

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t')) {
        r->p++;
    }
}

/* Takes this byte, and the space behind it. */
static bool take(struct reader *r, uint8_t byte)
{
    if (r->p == r->end || *r->p != byte) {
        return false;
    }
    r->p++;
    skip_space(r);
    return true;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static bool read_string(struct reader *r, struct ph_str *s)
{
    const uint8_t *const start = r->p + 1;

    if (r->p == r->end || *r->p != '"') {
        return false;
    }
    for (r->p = start; r->p < r->end && is_plain(*r->p);) {
        r->p++;
    }
    *s = (struct ph_str){ start, (size_t)(r->p - start) };
    return take(r, '"');
}

static json_t *read_text(struct reader *r)
{
    struct ph_str s;

    return read_string(r, &s) ? json_stringn_nocheck((const char *)s.p, s.n) : NULL;
}

static bool is_digit(const struct reader *r)
{
    return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

/* A fraction or an exponent behind it fails later: no value goes on like that. */
static json_t *read_integer(struct reader *r)
{
    const bool negative = *r->p == '-';
    const uint8_t *start;
    int64_t n = 0;

    r->p += negative;
    for (start = r->p; is_digit(r) && r->p - start < DIGITS_MAX; r->p++) {
        n = n * 10 + (*r->p - '0');
    }
    if (r->p == start || is_digit(r) || (*start == '0' && r->p - start > 1)) {
        return NULL;
    }
    skip_space(r);
    return json_integer(negative ? -n : n);
}

static json_t *read_word(struct reader *r, struct ph_str word, json_t *value)
{
    if (!ph_str_starts((struct ph_str){ r->p, (size_t)(r->end - r->p) }, word)) {
        return NULL;
    }
    r->p += word.n;
    skip_space(r);
    return value;
}

static bool read_member(struct reader *r, json_t *object)
{
    struct ph_str key;
    json_t *value;

    if (!read_string(r, &key) || !take(r, ':') ||
        json_object_getn(object, (const char *)key.p, key.n) != NULL) {
        return false;
    }
    value = read_value(r);
    return value != NULL &&
           json_object_setn_new_nocheck(object, (const char *)key.p, key.n, value) == 0;
}

static json_t *read_object(struct reader *r)
{
    json_t *object = json_object();

    if (take(r, '}')) {
        return object;
    }
    do {
        if (!read_member(r, object)) {
            return NULL;
        }
    } while (take(r, ','));
    return take(r, '}') ? object : NULL;
}

static json_t *read_array(struct reader *r)
{
    json_t *array = json_array();

    if (take(r, ']')) {
        return array;
    }
    do {
        json_t *value = read_value(r);

        if (value == NULL || json_array_append_new(array, value) != 0) {
            return NULL;
        }
    } while (take(r, ','));
    return take(r, ']') ? array : NULL;
}

static json_t *read_container(struct reader *r)
{
    json_t *value;

    if (r->depth == DEPTH_MAX) {
        return NULL;
    }
    r->depth++;
    value = take(r, '{') ? read_object(r) : take(r, '[') ? read_array(r) : NULL;
    r->depth--;
    return value;
}

static json_t *read_value(struct reader *r)
{
    if (r->p == r->end) {
        return NULL;
    }
    switch (*r->p) {
    case '"':
        return read_text(r);
    case '{':
    case '[':
        return read_container(r);
    case 't':
        return read_word(r, PH_STR("true"), json_true());
    case 'f':
        return read_word(r, PH_STR("false"), json_false());
    case 'n':
        return read_word(r, PH_STR("null"), json_null());
    default:
        return read_integer(r);
    }
}

struct json_t *ph_json_read_plain(struct ph_str text)
{
    struct reader r = { .p = text.p, .end = text.p + text.n };
    json_t *value;

    if (text.n == 0) {
        return NULL;
    }
    skip_space(&r);
    value = read_value(&r);
    return r.p == r.end ? value : NULL;
}
