#include "deliver/mime.h"

#include "util/buf.h"
#include "util/clock.h"
#include "util/encode.h"

enum {
    ADDRESS_MAX = 254,      /* RFC 5321, 4.5.3.1.3, without the brackets */
    LINE = 76,              /* RFC 2045, 6.7 and 6.8; RFC 2047, 2 */
    WORD_BYTES = 39,        /* in an encoded word: 64 characters, and a field's name before it */
    TEXT_MAX = 1024 * 1024, /* far above a body of 128 KB, encoded */
};

/* --- addresses --- */

static bool may_stand_in_address(uint8_t c)
{
    static const struct ph_str NOT = PH_STR_INIT("()<>[]:;@\\,\"");

    return c > ' ' && c != 0x7f && !ph_str_has_byte(NOT, c);
}

static bool is_part_of_address(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!may_stand_in_address(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

bool ph_mailbox_is_address(struct ph_str text)
{
    struct ph_str local, domain;

    return text.n <= ADDRESS_MAX && ph_str_cut(text, '@', &local, &domain) &&
           is_part_of_address(local) && is_part_of_address(domain);
}

/* Without the quotes around it and the backslashes in it (RFC 5322, 3.2.4). */
static struct ph_str unquote(struct ph_arena *arena, struct ph_str name)
{
    struct ph_buf out;

    if (name.n < 2 || name.p[0] != '"' || name.p[name.n - 1] != '"') {
        return name;
    }
    ph_buf_init(&out, arena, name.n);
    for (size_t i = 1; i < name.n - 1; i++) {
        if (name.p[i] == '\\' && i + 1 < name.n - 1) {
            i++;
        }
        ph_buf_add_byte(&out, name.p[i]);
    }
    return ph_buf_str(&out);
}

bool ph_mailbox_parse(struct ph_arena *arena, struct ph_str text, struct ph_mailbox *mailbox)
{
    struct ph_mailbox found = { .address = ph_str_trim(text) };
    size_t at = found.address.n;

    if (ph_str_ends(found.address, PH_STR(">"))) {
        while (at > 0 && found.address.p[at - 1] != '<') {
            at--;
        }
        if (at == 0) {
            return false;
        }
        found.name = unquote(arena, ph_str_trim((struct ph_str){ found.address.p, at - 1 }));
        found.address = (struct ph_str){ found.address.p + at, found.address.n - at - 1 };
    }
    if (!ph_mailbox_is_address(found.address)) {
        return false;
    }
    *mailbox = found;
    return true;
}

/* --- header fields --- */

/* The first character of UTF-8 text, whole; one byte where it is none. */
static size_t character(struct ph_str s)
{
    size_t n = s.n > 0 ? 1 : 0;

    while (n > 0 && n < s.n && n < 4 && (s.p[n] & 0xc0) == 0x80) {
        n++;
    }
    return n;
}

/* As much as one encoded word holds, without cutting a character (RFC 2047, 5). */
static struct ph_str take_word(struct ph_str *text)
{
    size_t n = 0;

    while (n < text->n) {
        const size_t next = character(ph_str_skip(*text, n));

        if (n + next > WORD_BYTES) {
            break;
        }
        n += next;
    }
    return ph_str_take(text, n);
}

static void add_encoded(struct ph_buf *out, struct ph_str text)
{
    for (bool first = true; text.n > 0; first = false) {
        const struct ph_str word = take_word(&text);

        ph_buf_add(out, first ? PH_STR("") : PH_STR("\r\n "));
        ph_buf_add(out, PH_STR("=?UTF-8?B?"));
        ph_buf_add(out, ph_base64(out->arena, word));
        ph_buf_add(out, PH_STR("?="));
    }
}

/* May stand in a field as it is, on one line of at most 76 bytes with the field's name. */
static bool is_plain(struct ph_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < ' ' || text.p[i] > '~') {
            return false;
        }
    }
    return text.n <= LINE - (sizeof "Reply-To: " - 1) && !ph_str_contains(text, PH_STR("=?"));
}

/* Line ends and other controls have no business in a subject or a name, however encoded. */
static struct ph_str without_controls(struct ph_arena *arena, struct ph_str text)
{
    uint8_t *copy = ph_arena_alloc(arena, text.n + 1);

    for (size_t i = 0; i < text.n; i++) {
        copy[i] = text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i];
    }
    return ph_str_trim((struct ph_str){ copy, text.n });
}

static void add_text(struct ph_buf *out, struct ph_str given)
{
    const struct ph_str text = without_controls(out->arena, given);

    if (is_plain(text)) {
        ph_buf_add(out, text);
    } else {
        add_encoded(out, text);
    }
}

static void add_quoted(struct ph_buf *out, struct ph_str name)
{
    ph_buf_add_byte(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\') {
            ph_buf_add_byte(out, '\\');
        }
        ph_buf_add_byte(out, name.p[i]);
    }
    ph_buf_add_byte(out, '"');
}

static void add_mailbox(struct ph_buf *out, const char *field, const struct ph_mailbox *mailbox)
{
    const struct ph_str name = without_controls(out->arena, mailbox->name);

    ph_buf_addf(out, "%s: ", field);
    if (name.n > 0 && is_plain(name)) {
        add_quoted(out, name);
    } else if (name.n > 0) {
        add_encoded(out, name);
    }
    ph_buf_add(out, name.n == 0 ? PH_STR("<") : PH_STR("\r\n <"));
    ph_buf_add(out, mailbox->address);
    ph_buf_add(out, PH_STR(">\r\n"));
}

static void add_date(struct ph_buf *out, int64_t epoch_s)
{
    const struct ph_date d = ph_date_from(epoch_s);

    ph_buf_addf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", ph_weekday_names[d.weekday],
                d.day, ph_month_names[d.month - 1], d.year, d.hour, d.minute, d.second);
}

static void add_header(struct ph_buf *out, const struct ph_mail *mail)
{
    const struct ph_mailbox to = { .address = mail->to };
    const struct ph_mailbox reply_to = { .address = mail->reply_to };

    add_date(out, mail->date_s);
    add_mailbox(out, "From", &mail->from);
    if (mail->reply_to.n > 0) {
        add_mailbox(out, "Reply-To", &reply_to);
    }
    add_mailbox(out, "To", &to);
    ph_buf_add(out, PH_STR("Subject: "));
    add_text(out, mail->subject);
    ph_buf_addf(out, "\r\nMessage-ID: <%.*s@%.*s>\r\n", PH_FMT(mail->id), PH_FMT(mail->id_domain));
    ph_buf_add(out, PH_STR("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/html; charset=UTF-8\r\n"));
}

/* --- the body --- */

/* Text has its own line ends; the body has CRLF only. */
static bool is_line_end(struct ph_str *rest)
{
    if (ph_str_starts(*rest, PH_STR("\r\n"))) {
        *rest = ph_str_skip(*rest, 2);
        return true;
    }
    if (rest->p[0] == '\n' || rest->p[0] == '\r') {
        *rest = ph_str_skip(*rest, 1);
        return true;
    }
    return false;
}

/* A space or tab before a line's end would be lost on the way. */
static bool ends_line(struct ph_str after)
{
    return after.n == 0 || after.p[0] == '\r' || after.p[0] == '\n';
}

static bool stays_readable(uint8_t c, struct ph_str after)
{
    if (c == ' ' || c == '\t') {
        return !ends_line(after);
    }
    return c > ' ' && c <= '~' && c != '=';
}

/* RFC 2045, 6.7. */
static void add_quoted_printable(struct ph_buf *out, struct ph_str text)
{
    size_t column = 0;

    while (text.n > 0) {
        uint8_t c;
        size_t width;

        if (is_line_end(&text)) {
            ph_buf_add(out, PH_STR("\r\n"));
            column = 0;
            continue;
        }
        c = ph_str_take(&text, 1).p[0];
        width = stays_readable(c, text) ? 1 : 3;
        if (column + width > LINE - 1) { /* one is for the '=' */
            ph_buf_add(out, PH_STR("=\r\n"));
            column = 0;
        }
        if (width == 1) {
            ph_buf_add_byte(out, c);
        } else {
            ph_buf_addf(out, "=%02X", c);
        }
        column += width;
    }
    ph_buf_add(out, PH_STR("\r\n"));
}

/* RFC 2045, 6.8: text has CRLF before it is encoded. */
static void add_base64(struct ph_buf *out, struct ph_str text)
{
    struct ph_buf canonical;
    struct ph_str all;

    ph_buf_init(&canonical, out->arena, TEXT_MAX);
    while (text.n > 0) {
        if (is_line_end(&text)) {
            ph_buf_add(&canonical, PH_STR("\r\n"));
        } else {
            ph_buf_add(&canonical, ph_str_take(&text, 1));
        }
    }
    all = ph_base64(out->arena, ph_buf_str(&canonical));
    while (all.n > 0) {
        ph_buf_add(out, ph_str_take(&all, LINE));
        ph_buf_add(out, PH_STR("\r\n"));
    }
}

/* Where a sixth of the bytes are not ASCII, base64 is the shorter one. */
static bool is_mostly_ascii(struct ph_str text)
{
    size_t others = 0;

    for (size_t i = 0; i < text.n; i++) {
        others += text.p[i] >= 0x80;
    }
    return others <= text.n / 6;
}

struct ph_str ph_mail_text(struct ph_arena *arena, const struct ph_mail *mail)
{
    const bool readable = is_mostly_ascii(mail->html);
    struct ph_buf out;

    ph_buf_init(&out, arena, TEXT_MAX);
    add_header(&out, mail);
    ph_buf_addf(&out, "Content-Transfer-Encoding: %s\r\n\r\n",
                readable ? "quoted-printable" : "base64");
    if (readable) {
        add_quoted_printable(&out, mail->html);
    } else {
        add_base64(&out, mail->html);
    }
    return ph_buf_str(&out);
}
