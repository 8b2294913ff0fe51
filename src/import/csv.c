#include "import/csv.h"

#include <string.h>

void ph_csv_init(struct ph_csv *csv, struct ph_arena *arena)
{
    *csv = (struct ph_csv){ .begun = ph_arena_alloc(arena, PH_CSV_LINE_BYTES) };
}

void ph_csv_seek(struct ph_csv *csv, int64_t at_byte, int64_t at_line)
{
    *csv = (struct ph_csv){ .begun = csv->begun, .at_byte = at_byte, .at_line = at_line };
}

void ph_csv_feed(struct ph_csv *csv, struct ph_str piece)
{
    csv->piece = piece;
}

/* Keeps what a line has of this piece; of a line that is too long only its length. */
static void keep(struct ph_csv *csv, struct ph_str part)
{
    csv->line_bytes += part.n;
    if (csv->line_bytes <= PH_CSV_LINE_BYTES && part.n > 0) {
        memcpy(csv->begun + csv->begun_n, part.p, part.n);
        csv->begun_n += part.n;
    }
}

/* The line that ends with this part; `taken` are its bytes in the piece, with the LF. */
static void finish(struct ph_csv *csv, struct ph_str part, size_t taken, struct ph_csv_line *line)
{
    struct ph_str text = part;

    csv->at_byte += (int64_t)(csv->line_bytes + taken);
    if (csv->line_bytes > 0) {
        keep(csv, part);
        text = (struct ph_str){ csv->begun, csv->begun_n };
    } else {
        csv->line_bytes = part.n;
    }
    *line = (struct ph_csv_line){
        .number = ++csv->at_line,
        .is_too_long = csv->line_bytes > PH_CSV_LINE_BYTES,
    };
    if (!line->is_too_long) {
        if (ph_str_ends(text, PH_STR("\r"))) {
            text.n--;
        }
        line->text = text;
    }
    csv->begun_n = 0;
    csv->line_bytes = 0;
}

bool ph_csv_next(struct ph_csv *csv, struct ph_csv_line *line)
{
    struct ph_str part, rest;

    if (!ph_str_cut(csv->piece, '\n', &part, &rest)) {
        keep(csv, csv->piece);
        csv->piece = (struct ph_str){ 0 };
        return false;
    }
    csv->piece = rest;
    finish(csv, part, part.n + 1, line);
    return true;
}

bool ph_csv_last(struct ph_csv *csv, struct ph_csv_line *line)
{
    if (csv->line_bytes == 0) {
        return false;
    }
    finish(csv, (struct ph_str){ 0 }, 0, line);
    return true;
}

/* --- fields --- */

/* Bytes of the field at the start of the text, before unescaping: up to a comma that is not "\,".
 */
static size_t field_length(struct ph_str text)
{
    size_t n = 0;

    while (n < text.n && text.p[n] != ',') {
        n += text.p[n] == '\\' && n + 1 < text.n && text.p[n + 1] == ',' ? 2 : 1;
    }
    return n;
}

static struct ph_str unescape(struct ph_arena *arena, struct ph_str field)
{
    uint8_t *copy;
    size_t n = 0;

    if (!ph_str_has_byte(field, '\\')) {
        return field;
    }
    copy = ph_arena_alloc(arena, field.n);
    for (size_t i = 0; i < field.n; i++) {
        if (!(field.p[i] == '\\' && i + 1 < field.n && field.p[i + 1] == ',')) {
            copy[n++] = field.p[i];
        }
    }
    return (struct ph_str){ copy, n };
}

void ph_csv_split(struct ph_arena *arena, struct ph_str line, struct ph_str *fields, size_t max,
                  size_t *count)
{
    bool more = line.p != NULL;

    for (*count = 0; more; ++*count) {
        struct ph_str field = ph_str_take(&line, field_length(line));

        more = line.n > 0; /* a comma, after which there is always another field */
        line = ph_str_skip(line, 1);
        if (*count < max) {
            fields[*count] = unescape(arena, ph_str_trim(field));
        }
    }
}

/* --- text --- */

/* Bytes of the character at the start of s, which has some; 0: none that RFC 3629 allows. */
static size_t character_length(struct ph_str s)
{
    const uint8_t first = s.p[0];
    const size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (n == 0 || first > 0xf4 || first == 0 || n > s.n) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s.p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Overlong forms, surrogates, and what is past U+10FFFF. */
    if ((first == 0xe0 && s.p[1] < 0xa0) || (first == 0xed && s.p[1] > 0x9f) ||
        (first == 0xf0 && s.p[1] < 0x90) || (first == 0xf4 && s.p[1] > 0x8f)) {
        return 0;
    }
    return n;
}

bool ph_csv_is_text(struct ph_str line)
{
    size_t characters = 0;

    while (line.n > 0) {
        const size_t n = character_length(line);

        if (n == 0 || ++characters > PH_CSV_LINE_CHARACTERS) {
            return false;
        }
        line = ph_str_skip(line, n);
    }
    return true;
}
