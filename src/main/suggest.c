#include "main/suggest.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the usual table are enough. */
size_t ph_edit_distance(struct ph_str a, struct ph_str b)
{
    size_t rows[3][PH_SUGGEST_MAX + 1];

    if (a.n > PH_SUGGEST_MAX || b.n > PH_SUGGEST_MAX) {
        return PH_SUGGEST_MAX;
    }
    for (size_t j = 0; j <= b.n; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        const size_t *two_above = rows[(i + 1) % 3];
        const size_t *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            const size_t change = a.p[i - 1] == b.p[j - 1] ? 0 : 1;

            row[j] = least(above[j - 1] + change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1]) {
                row[j] = least(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a.n % 3][b.n];
}

void ph_suggest(struct ph_suggestion *s, struct ph_str candidate)
{
    const size_t distance = ph_edit_distance(s->given, candidate);
    const size_t most = candidate.n / 3 + 1; /* a third of the word may be wrong */

    if (distance <= most && (s->best.p == NULL || distance < s->distance)) {
        s->best = candidate;
        s->distance = distance;
    }
}
