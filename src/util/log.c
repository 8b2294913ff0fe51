#include "util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* One event; a fixed buffer, so that logging works when memory does not. */
struct line {
    char text[4096];
    size_t n;
};

static const char *const LEVELS[] = { "debug", "info", "warn", "error" };

static void add_byte(struct line *line, char c)
{
    if (line->n < sizeof line->text - 4) { /* room for the end of the event */
        line->text[line->n++] = c;
    }
}

static void add_text(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        add_byte(line, *text);
    }
}

/* Control characters, quotes and backslashes are escaped, so that no value can forge a line. */
static void add_escaped(struct line *line, struct ph_str s)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i];

        if (c == '"' || c == '\\') {
            add_byte(line, '\\');
            add_byte(line, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            add_text(line, "\\u00");
            add_byte(line, hex[c >> 4]);
            add_byte(line, hex[c & 15]);
        } else {
            add_byte(line, (char)c);
        }
    }
}

static void add_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char text[40];
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%03ldZ", now.tv_nsec / 1000000);
    add_text(line, text);
}

static void add_int(struct line *line, int64_t n)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, n);
    add_text(line, text);
}

static void add_json_field(struct line *line, const struct ph_field *f)
{
    add_text(line, ",\"");
    add_text(line, f->name);
    add_text(line, "\":");
    if (f->kind == PH_FIELD_INT) {
        add_int(line, f->n);
        return;
    }
    add_byte(line, '"');
    add_escaped(line, f->s);
    add_byte(line, '"');
}

static void add_text_field(struct line *line, const struct ph_field *f)
{
    add_byte(line, ' ');
    add_text(line, f->name);
    add_byte(line, '=');
    if (f->kind == PH_FIELD_INT) {
        add_int(line, f->n);
        return;
    }
    if (ph_str_has_byte(f->s, ' ') || f->s.n == 0) {
        add_byte(line, '"');
        add_escaped(line, f->s);
        add_byte(line, '"');
        return;
    }
    add_escaped(line, f->s);
}

static void begin(struct line *line, enum ph_log_format format, enum ph_level level,
                  const char *event)
{
    if (format == PH_LOG_JSON) {
        add_text(line, "{\"time\":\"");
        add_time(line);
        add_text(line, "\",\"level\":\"");
        add_text(line, LEVELS[level]);
        add_text(line, "\",\"event\":\"");
        add_text(line, event);
        add_byte(line, '"');
        return;
    }
    add_time(line);
    add_byte(line, ' ');
    add_text(line, LEVELS[level]);
    add_byte(line, ' ');
    add_text(line, event);
}

void ph_log_write(const struct ph_log *log, enum ph_level level, const char *event,
                  const struct ph_field *fields, size_t count)
{
    const struct ph_field id = ph_f_str("request_id", log->request_id);
    struct line line = { .n = 0 };
    ssize_t written;

    if (log->sink == NULL || level < log->sink->least) {
        return;
    }
    void (*const add)(struct line *, const struct ph_field *) =
        log->sink->format == PH_LOG_JSON ? add_json_field : add_text_field;

    begin(&line, log->sink->format, level, event);
    if (log->request_id.n > 0) {
        add(&line, &id);
    }
    for (size_t i = 0; i < count; i++) {
        add(&line, &fields[i]);
    }
    if (log->sink->format == PH_LOG_JSON) {
        line.text[line.n++] = '}';
    }
    line.text[line.n++] = '\n';
    written = write(log->sink->fd, line.text, line.n);
    (void)written; /* there is nowhere left to say that the log is broken */
}
