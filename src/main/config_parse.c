/* One value of the configuration from text into the settings. */
#include "main/config.h"

#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit SIZES[] = { { "", 1 },        { "K", 1024 },      { "KiB", 1024 },
                                     { "M", 1 << 20 }, { "MiB", 1 << 20 }, { NULL, 0 } };
static const struct unit MILLIS[] = { { "", 1000 },   { "ms", 1 },          { "s", 1000 },
                                      { "m", 60000 }, { "h", 3600 * 1000 }, { NULL, 0 } };
static const struct unit SECONDS[] = { { "", 1 },     { "s", 1 },     { "m", 60 },
                                       { "h", 3600 }, { "d", 86400 }, { NULL, 0 } };
static const struct unit NUMBER[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *units_of(enum ph_config_type type)
{
    switch (type) {
    case PH_CONFIG_SIZE:
        return SIZES;
    case PH_CONFIG_MILLIS:
        return MILLIS;
    case PH_CONFIG_SECONDS:
        return SECONDS;
    case PH_CONFIG_TEXT:
    case PH_CONFIG_ADDRESS:
    case PH_CONFIG_URL:
    case PH_CONFIG_BOOL:
    case PH_CONFIG_NUMBER:
    case PH_CONFIG_CHOICE:
    case PH_CONFIG_DIGITS:
    case PH_CONFIG_LIST:
        break;
    }
    return NUMBER;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(struct ph_str s)
{
    size_t n = 0;

    while (n < s.n && is_digit(s.p[n])) {
        n++;
    }
    return n;
}

static bool parse_number(const struct unit *units, struct ph_str text, int64_t *value)
{
    struct ph_str unit = text;
    const struct ph_str digits = ph_str_take(&unit, count_digits(text));
    int64_t n;

    if (!ph_str_to_int(digits, 0, INT64_MAX, &n)) {
        return false;
    }
    unit = ph_str_trim(unit);
    for (; units->name != NULL; units++) {
        if (ph_str_eq_nocase(unit, ph_str_from(units->name))) {
            return !__builtin_mul_overflow(n, units->factor, value);
        }
    }
    return false;
}

static const char *number_kind(enum ph_config_type type)
{
    switch (type) {
    case PH_CONFIG_SIZE:
        return "a size like 512, 64K or 1M";
    case PH_CONFIG_MILLIS:
        return "a duration like 500ms, 10s, 5m or 1h";
    case PH_CONFIG_SECONDS:
        return "a duration like 10s, 5m or 1h";
    case PH_CONFIG_TEXT:
    case PH_CONFIG_ADDRESS:
    case PH_CONFIG_URL:
    case PH_CONFIG_BOOL:
    case PH_CONFIG_NUMBER:
    case PH_CONFIG_CHOICE:
    case PH_CONFIG_DIGITS:
    case PH_CONFIG_LIST:
        break;
    }
    return "a number";
}

static bool set_number(struct ph_arena *arena, const struct ph_config_key *key, struct ph_str text,
                       void *to, const char **why)
{
    int64_t value;

    if (!parse_number(units_of(key->type), text, &value)) {
        *why = ph_textf(arena, "is not %s", number_kind(key->type));
        return false;
    }
    if (value < key->min || value > key->max) {
        *why = value < key->min ? "is too small" : "is too large";
        return false;
    }
    memcpy(to, &value, sizeof value);
    return true;
}

static bool set_bool(struct ph_str text, void *to, const char **why)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (ph_str_eq_nocase(text, ph_str_from(words[i]))) {
            const bool value = i % 2 == 1;

            memcpy(to, &value, sizeof value);
            return true;
        }
    }
    *why = "is not true or false";
    return false;
}

static bool set_choice(struct ph_arena *arena, const struct ph_config_key *key, struct ph_str text,
                       void *to, const char **why)
{
    struct ph_str all = { 0 };

    for (unsigned i = 0; key->choices[i] != NULL; i++) {
        if (ph_str_eq_nocase(text, ph_str_from(key->choices[i]))) {
            memcpy(to, &i, sizeof i);
            return true;
        }
        all = ph_strf(arena, "%.*s%s%s", PH_FMT(all), i == 0 ? "" : ", ", key->choices[i]);
    }
    *why = ph_textf(arena, "is not one of %.*s", PH_FMT(all));
    return false;
}

/* http/ has the last word when it listens; this finds slips early. */
static bool is_address(struct ph_str text)
{
    const uint8_t *colon = text.p == NULL ? NULL : memrchr(text.p, ':', text.n);
    int64_t port;

    return colon != NULL &&
           ph_str_to_int(ph_str_skip(text, (size_t)(colon - text.p) + 1), 1, 65535, &port);
}

static bool is_url(struct ph_str text)
{
    return (ph_str_starts(text, PH_STR("http://")) && text.n > sizeof "http://" - 1) ||
           (ph_str_starts(text, PH_STR("https://")) && text.n > sizeof "https://" - 1);
}

static bool set_text(struct ph_arena *arena, const struct ph_config_key *key, struct ph_str text,
                     void *to, const char **why)
{
    if (text.n == 0) {
        text = (struct ph_str){ 0 };
    } else if (key->type == PH_CONFIG_ADDRESS && !is_address(text)) {
        *why = "is not an address like 127.0.0.1:9229";
        return false;
    } else if (key->type == PH_CONFIG_URL && !is_url(text)) {
        *why = "is not a URL like http://localhost:9229";
        return false;
    } else if (key->type == PH_CONFIG_DIGITS &&
               (count_digits(text) != text.n || (int64_t)text.n != key->max)) {
        *why = ph_textf(arena, "does not have exactly %lld digits", (long long)key->max);
        return false;
    }
    while (key->type == PH_CONFIG_URL && ph_str_ends(text, PH_STR("/"))) {
        text.n--;
    }
    memcpy(to, &text, sizeof text);
    return true;
}

bool ph_config_parse(struct ph_arena *arena, const struct ph_config_key *key, struct ph_str text,
                     struct ph_settings *settings, const char **why)
{
    void *to = (char *)settings + key->offset;

    switch (key->type) {
    case PH_CONFIG_BOOL:
        return set_bool(text, to, why);
    case PH_CONFIG_CHOICE:
        return set_choice(arena, key, text, to, why);
    case PH_CONFIG_NUMBER:
    case PH_CONFIG_SIZE:
    case PH_CONFIG_MILLIS:
    case PH_CONFIG_SECONDS:
        return set_number(arena, key, text, to, why);
    case PH_CONFIG_TEXT:
    case PH_CONFIG_ADDRESS:
    case PH_CONFIG_URL:
    case PH_CONFIG_DIGITS:
    case PH_CONFIG_LIST:
        break;
    }
    return set_text(arena, key, text, to, why);
}

bool ph_config_seconds(struct ph_arena *arena, struct ph_str text, int64_t max, int64_t *seconds,
                       const char **why)
{
    const struct ph_config_key key = { .type = PH_CONFIG_SECONDS, .max = max };

    return set_number(arena, &key, text, seconds, why);
}
