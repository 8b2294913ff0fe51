/* A clock that tests move: the system's with an offset, or one that stands still. */
#include "control/internal.h"

static const int64_t LAST_MS = INT64_C(253402300799000); /* the end of the year 9999 */

static int64_t system_ms(void)
{
    return ph_system_clock.now_ms(ph_system_clock.self);
}

static int64_t now_ms(void *self)
{
    struct ph_moved_clock *clock = self;
    const int64_t frozen_ms = atomic_load(&clock->frozen_ms);

    return frozen_ms != 0 ? frozen_ms : system_ms() + atomic_load(&clock->offset_ms);
}

void ph_moved_clock_init(struct ph_moved_clock *clock)
{
    clock->clock = (struct ph_clock){ now_ms, clock };
    atomic_init(&clock->offset_ms, 0);
    atomic_init(&clock->frozen_ms, 0);
}

struct ph_clock_state ph_moved_clock_read(struct ph_moved_clock *clock)
{
    return (struct ph_clock_state){ .offset_ms = atomic_load(&clock->offset_ms),
                                    .frozen_ms = atomic_load(&clock->frozen_ms) };
}

void ph_moved_clock_write(struct ph_moved_clock *clock, struct ph_clock_state state)
{
    atomic_store(&clock->offset_ms, state.offset_ms);
    atomic_store(&clock->frozen_ms, state.frozen_ms);
}

/* --- setting it --- */

static bool take_number(struct ph_str *s, size_t digits, uint8_t after, int *value)
{
    int64_t n;

    if (s->n < digits || !ph_str_to_int((struct ph_str){ s->p, digits }, 0, 9999, &n)) {
        return false;
    }
    *s = ph_str_skip(*s, digits);
    if (after != 0) {
        if (s->n == 0 || s->p[0] != after) {
            return false;
        }
        *s = ph_str_skip(*s, 1);
    }
    *value = (int)n;
    return true;
}

/* ".123" of a second, as toISOString() of JavaScript writes it. */
static bool take_millis(struct ph_str *s, int *ms)
{
    *ms = 0;
    if (s->n == 0 || s->p[0] != '.') {
        return true;
    }
    *s = ph_str_skip(*s, 1);
    return take_number(s, 3, 0, ms);
}

/* "2026-01-02T03:04:05Z" (RFC 3339), in UTC. */
static bool parse_time(struct ph_str s, int64_t *ms)
{
    struct ph_date d = { 0 };
    int64_t epoch_s;
    int millis;

    if (!take_number(&s, 4, '-', &d.year) || !take_number(&s, 2, '-', &d.month) ||
        !take_number(&s, 2, 'T', &d.day) || !take_number(&s, 2, ':', &d.hour) ||
        !take_number(&s, 2, ':', &d.minute) || !take_number(&s, 2, 0, &d.second) ||
        !take_millis(&s, &millis) || !ph_str_eq(s, PH_STR("Z")) ||
        !ph_date_to_epoch(&d, &epoch_s)) {
        return false;
    }
    *ms = epoch_s * 1000 + millis;
    return true;
}

static bool read_time(const struct json_t *value, int64_t *ms)
{
    if (ph_json_kind(value) == PH_JSON_INTEGER) {
        const int64_t s = ph_json_int(value);

        *ms = s > 0 && s <= LAST_MS / 1000 ? s * 1000 : 0;
        return *ms != 0;
    }
    return parse_time(ph_json_str(value), ms) && *ms > 0;
}

const char *ph_moved_clock_set(struct ph_moved_clock *clock, const struct json_t *body)
{
    const struct json_t *now = ph_json_get(body, "now");
    const bool stands = ph_json_bool(ph_json_get(body, "frozen"));
    int64_t ms = now_ms(clock);

    if (now == NULL && ph_json_get(body, "frozen") == NULL) {
        return "say {\"now\": \"2026-01-02T03:04:05Z\"}, {\"frozen\": true}, or both";
    }
    if (now != NULL && !read_time(now, &ms)) {
        return "now is a time like 2026-01-02T03:04:05Z, or seconds since 1970";
    }
    ph_moved_clock_write(clock, (struct ph_clock_state){ .offset_ms = ms - system_ms(),
                                                         .frozen_ms = stands ? ms : 0 });
    return NULL;
}

/* --- advancing it --- */

static int64_t unit_ms(uint8_t unit)
{
    switch (unit) {
    case 's':
        return 1000;
    case 'm':
        return 60 * 1000;
    case 'h':
        return 3600 * 1000;
    case 'd':
        return 86400 * 1000;
    default:
        return 0;
    }
}

static bool read_duration(const struct json_t *value, int64_t *ms)
{
    enum { MOST = 1000000000 };
    struct ph_str text = ph_json_str(value);
    int64_t n;

    if (ph_json_kind(value) == PH_JSON_INTEGER) {
        *ms = ph_json_int(value) * 1000;
        return ph_json_int(value) > 0 && ph_json_int(value) <= MOST;
    }
    if (text.n < 2 || unit_ms(text.p[text.n - 1]) == 0 ||
        !ph_str_to_int((struct ph_str){ text.p, text.n - 1 }, 1, MOST, &n)) {
        return false;
    }
    *ms = n * unit_ms(text.p[text.n - 1]);
    return true;
}

const char *ph_moved_clock_advance(struct ph_moved_clock *clock, const struct json_t *body)
{
    int64_t ms;

    if (!read_duration(ph_json_get(body, "advance"), &ms)) {
        return "say {\"advance\": \"15m\"}: seconds, or a number with s, m, h or d";
    }
    if (ms > LAST_MS - now_ms(clock)) {
        return "that is after the year 9999";
    }
    atomic_fetch_add(&clock->offset_ms, ms);
    if (atomic_load(&clock->frozen_ms) != 0) {
        atomic_fetch_add(&clock->frozen_ms, ms);
    }
    return NULL;
}

struct json_t *ph_moved_clock_json(struct ph_arena *arena, struct ph_moved_clock *clock)
{
    const struct ph_clock_state state = ph_moved_clock_read(clock);
    struct json_t *object = ph_json_object(arena);
    const int64_t ms = now_ms(clock);

    ph_json_set_str(arena, object, "now", ph_time_iso(arena, ms / 1000));
    ph_json_set_int(arena, object, "nowMs", ms);
    ph_json_set_int(arena, object, "offsetMs",
                    state.frozen_ms != 0 ? ms - system_ms() : state.offset_ms);
    ph_json_set_bool(arena, object, "frozen", state.frozen_ms != 0);
    return object;
}
