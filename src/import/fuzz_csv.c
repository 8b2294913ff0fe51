/*
 * Any bytes, cut into pieces anywhere, give the same lines as in one piece; each place between two
 * lines is one that the reader can go on from; fields are no longer than their line.
 */
#include "import/csv.h"
#include "support/fuzz.h"

enum { FIELDS_MAX = 16 };

struct seen {
    size_t lines;
    int64_t at_byte;
    size_t bytes;
};

static void look(struct ph_arena *arena, const struct ph_csv *csv, const struct ph_csv_line *line,
                 struct seen *seen)
{
    struct ph_str fields[FIELDS_MAX];
    size_t count, bytes = 0;

    seen->lines++;
    seen->bytes += line->text.n;
    fuzz_check(line->number == (int64_t)seen->lines && csv->at_line == line->number);
    fuzz_check(csv->at_byte > seen->at_byte);
    fuzz_check(line->is_too_long == (line->text.p == NULL));
    seen->at_byte = csv->at_byte;
    (void)ph_csv_is_text(line->text);
    ph_csv_split(arena, line->text, fields, FIELDS_MAX, &count);
    fuzz_check((count == 0) == line->is_too_long);
    for (size_t i = 0; i < count && i < FIELDS_MAX; i++) {
        bytes += fields[i].n;
    }
    fuzz_check(bytes <= line->text.n);
}

static struct seen read_all(struct ph_str all, size_t piece)
{
    struct ph_arena arena = { 0 };
    struct seen seen = { 0 };
    struct ph_csv_line line;
    struct ph_csv csv;
    size_t given = 0;

    ph_csv_init(&csv, &arena);
    for (;;) {
        if (ph_csv_next(&csv, &line)) {
            look(&arena, &csv, &line, &seen);
            fuzz_check(csv.at_byte <= (int64_t)all.n && all.p[csv.at_byte - 1] == '\n');
        } else if (given < all.n) {
            const struct ph_str rest = ph_str_skip(all, given);
            const size_t n = piece < rest.n ? piece : rest.n;

            ph_csv_feed(&csv, (struct ph_str){ rest.p, n });
            given += n;
        } else {
            break;
        }
    }
    if (ph_csv_last(&csv, &line)) {
        look(&arena, &csv, &line, &seen);
    }
    fuzz_check(csv.at_byte == (int64_t)all.n);
    ph_arena_finish(&arena);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t piece = size == 0 ? 1 : (size_t)data[0] + 1;
    const struct ph_str all =
        size == 0 ? (struct ph_str){ 0 } : (struct ph_str){ data + 1, size - 1 };
    const struct seen whole = read_all(all, all.n + 1), cut = read_all(all, piece);

    fuzz_check(whole.lines == cut.lines && whole.bytes == cut.bytes);
    return 0;
}
