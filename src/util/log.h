/*
 * Structured log: one JSON object (or one readable line) per event, on one descriptor.
 *
 * The log takes named fields and no format string with values. There is no function for secret
 * types (struct ph_key, struct ph_secret), so logging one does not compile. Thread-safe: each
 * event is one write(2).
 */
#ifndef PH_UTIL_LOG_H
#define PH_UTIL_LOG_H

#include "util/str.h"

enum ph_level { PH_DEBUG, PH_INFO, PH_WARN, PH_ERROR };
enum ph_log_format { PH_LOG_JSON, PH_LOG_TEXT };

struct ph_log_sink {
    int fd;
    enum ph_level least; /* events below are dropped */
    enum ph_log_format format;
};

struct ph_log {
    const struct ph_log_sink *sink; /* NULL: nothing is written */
    struct ph_str request_id;       /* absent outside requests */
};

struct ph_field {
    const char *name; /* lower_case_with_underscores */
    enum { PH_FIELD_STR, PH_FIELD_INT } kind;
    struct ph_str s;
    int64_t n;
};

static inline struct ph_field ph_f_str(const char *name, struct ph_str s)
{
    return (struct ph_field){ .name = name, .kind = PH_FIELD_STR, .s = s };
}

static inline struct ph_field ph_f_text(const char *name, const char *text)
{
    return ph_f_str(name, ph_str_from(text));
}

static inline struct ph_field ph_f_int(const char *name, int64_t n)
{
    return (struct ph_field){ .name = name, .kind = PH_FIELD_INT, .n = n };
}

/* At most 4096 bytes are written for one event; longer values are cut. */
void ph_log_write(const struct ph_log *log, enum ph_level level, const char *event,
                  const struct ph_field *fields, size_t count);

/* PH_LOG(&ctx->log, PH_WARN, "store_retry", ph_f_int("attempt", n)); at least one field. */
#define PH_LOG(log, level, event, ...)                                                             \
    ph_log_write((log), (level), (event), (const struct ph_field[]){ __VA_ARGS__ },                \
                 sizeof((const struct ph_field[]){ __VA_ARGS__ }) / sizeof(struct ph_field))

#endif
