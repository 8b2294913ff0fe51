/*
 * Time as numbers: epoch milliseconds and epoch seconds, UTC.
 *
 * All expiry runs on the clock in the request context, so that tests can move it.
 */
#ifndef PH_UTIL_CLOCK_H
#define PH_UTIL_CLOCK_H

#include "util/str.h"

struct ph_clock {
    int64_t (*now_ms)(void *self); /* epoch milliseconds */
    void *self;
};

/* The system's clock (CLOCK_REALTIME). */
extern const struct ph_clock ph_system_clock;

/* For durations: CLOCK_MONOTONIC in nanoseconds. */
int64_t ph_monotonic_ns(void);

struct ph_date {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday; /* 0: Sunday */
};

struct ph_date ph_date_from(int64_t epoch_s);

/* Epoch seconds; false when a member is out of range (29 February in a common year, ...). */
PH_MUST_USE bool ph_date_to_epoch(const struct ph_date *date, int64_t *epoch_s);

extern const char *const ph_month_names[12];  /* "Jan" ... */
extern const char *const ph_weekday_names[7]; /* "Sun" ... */

/* "20260102T030405Z", the basic ISO 8601 form that SigV4 uses. */
struct ph_str ph_time_basic(struct ph_arena *arena, int64_t epoch_s);
PH_MUST_USE bool ph_time_basic_parse(struct ph_str text, int64_t *epoch_s);

/* "20260102030405", as the service writes versions. */
struct ph_str ph_time_digits(struct ph_arena *arena, int64_t epoch_s);

/* "Fri, 02 Jan 2026 03:04:05 GMT", the form of HTTP dates (RFC 9110, 5.6.7). */
struct ph_str ph_time_http(struct ph_arena *arena, int64_t epoch_s);

/* "2026-01-02T03:04:05Z" (RFC 3339). */
struct ph_str ph_time_iso(struct ph_arena *arena, int64_t epoch_s);

/*
 * "2026-01-02T03:04:05.678+01:00": the form above with a fraction and an offset, as other programs
 * write it; without an offset it is UTC. What a fraction has beyond milliseconds is cut off.
 */
PH_MUST_USE bool ph_time_iso_parse(struct ph_str text, int64_t *epoch_ms);

#endif
