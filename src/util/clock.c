#include "util/clock.h"

#include <time.h>

const char *const ph_month_names[12] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
const char *const ph_weekday_names[7] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static int64_t system_now_ms(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct ph_clock ph_system_clock = { system_now_ms, NULL };

int64_t ph_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct ph_date ph_date_from(int64_t epoch_s)
{
    const time_t t = (time_t)epoch_s;
    struct tm utc = { 0 };

    gmtime_r(&t, &utc);
    return (struct ph_date){ .year = utc.tm_year + 1900,
                             .month = utc.tm_mon + 1,
                             .day = utc.tm_mday,
                             .hour = utc.tm_hour,
                             .minute = utc.tm_min,
                             .second = utc.tm_sec,
                             .weekday = utc.tm_wday };
}

bool ph_date_to_epoch(const struct ph_date *date, int64_t *epoch_s)
{
    struct tm utc = { .tm_year = date->year - 1900,
                      .tm_mon = date->month - 1,
                      .tm_mday = date->day,
                      .tm_hour = date->hour,
                      .tm_min = date->minute,
                      .tm_sec = date->second };
    struct ph_date back;
    time_t t;

    if (date->year < 1970 || date->year > 9999) {
        return false;
    }
    t = timegm(&utc);
    back = ph_date_from((int64_t)t);
    /* timegm() rolls 30 February over to March: what comes back differs. */
    if (back.year != date->year || back.month != date->month || back.day != date->day ||
        back.hour != date->hour || back.minute != date->minute || back.second != date->second) {
        return false;
    }
    *epoch_s = (int64_t)t;
    return true;
}

struct ph_str ph_time_basic(struct ph_arena *arena, int64_t epoch_s)
{
    const struct ph_date d = ph_date_from(epoch_s);

    return ph_strf(arena, "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day, d.hour, d.minute,
                   d.second);
}

static bool take_number(struct ph_str *s, size_t digits, int *value)
{
    int64_t n;

    if (s->n < digits || s->p[0] == '-' || !ph_str_to_int(ph_str_take(s, digits), 0, 9999, &n)) {
        return false;
    }
    *value = (int)n;
    return true;
}

static bool take_byte(struct ph_str *s, uint8_t byte)
{
    const struct ph_str first = ph_str_take(s, 1);

    return first.n == 1 && first.p[0] == byte;
}

bool ph_time_basic_parse(struct ph_str text, int64_t *epoch_s)
{
    struct ph_date d = { 0 };

    return take_number(&text, 4, &d.year) && take_number(&text, 2, &d.month) &&
           take_number(&text, 2, &d.day) && take_byte(&text, 'T') &&
           take_number(&text, 2, &d.hour) && take_number(&text, 2, &d.minute) &&
           take_number(&text, 2, &d.second) && take_byte(&text, 'Z') && text.n == 0 &&
           ph_date_to_epoch(&d, epoch_s);
}

struct ph_str ph_time_digits(struct ph_arena *arena, int64_t epoch_s)
{
    const struct ph_date d = ph_date_from(epoch_s);

    return ph_strf(arena, "%04d%02d%02d%02d%02d%02d", d.year, d.month, d.day, d.hour, d.minute,
                   d.second);
}

struct ph_str ph_time_http(struct ph_arena *arena, int64_t epoch_s)
{
    const struct ph_date d = ph_date_from(epoch_s);

    return ph_strf(arena, "%s, %02d %s %04d %02d:%02d:%02d GMT", ph_weekday_names[d.weekday], d.day,
                   ph_month_names[d.month - 1], d.year, d.hour, d.minute, d.second);
}

struct ph_str ph_time_iso(struct ph_arena *arena, int64_t epoch_s)
{
    const struct ph_date d = ph_date_from(epoch_s);

    return ph_strf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month, d.day, d.hour,
                   d.minute, d.second);
}

/* ".678000": its first three digits. */
static bool take_fraction(struct ph_str *text, int *ms)
{
    int digits = 0;

    *ms = 0;
    if (text->n == 0 || text->p[0] != '.') {
        return true;
    }
    ph_str_take(text, 1);
    for (; text->n > 0 && text->p[0] >= '0' && text->p[0] <= '9'; digits++) {
        const int digit = ph_str_take(text, 1).p[0] - '0';

        *ms = digits < 3 ? *ms * 10 + digit : *ms;
    }
    for (int i = digits; i < 3; i++) {
        *ms *= 10;
    }
    return digits > 0;
}

/* "Z", "+01:00", "-0530" or nothing. */
static bool take_offset(struct ph_str *text, int64_t *offset_s)
{
    const struct ph_str sign = ph_str_take(text, 1);
    int hours = 0, minutes = 0;

    *offset_s = 0;
    if (sign.n == 0 || sign.p[0] == 'Z') {
        return true;
    }
    if ((sign.p[0] != '+' && sign.p[0] != '-') || !take_number(text, 2, &hours)) {
        return false;
    }
    if (text->n > 0 && text->p[0] == ':') {
        ph_str_take(text, 1);
    }
    if (!take_number(text, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *offset_s = (sign.p[0] == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
    return true;
}

bool ph_time_iso_parse(struct ph_str text, int64_t *epoch_ms)
{
    struct ph_date d = { 0 };
    int64_t epoch_s, offset_s;
    int ms;

    if (!take_number(&text, 4, &d.year) || !take_byte(&text, '-') ||
        !take_number(&text, 2, &d.month) || !take_byte(&text, '-') ||
        !take_number(&text, 2, &d.day) || !take_byte(&text, 'T') ||
        !take_number(&text, 2, &d.hour) || !take_byte(&text, ':') ||
        !take_number(&text, 2, &d.minute) || !take_byte(&text, ':') ||
        !take_number(&text, 2, &d.second) || !take_fraction(&text, &ms) ||
        !take_offset(&text, &offset_s) || text.n != 0 || !ph_date_to_epoch(&d, &epoch_s)) {
        return false;
    }
    *epoch_ms = (epoch_s - offset_s) * 1000 + ms;
    return true;
}
