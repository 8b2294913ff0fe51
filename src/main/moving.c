#include "main/moving.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* A server writes every ten seconds at least: it sweeps what has expired. */
enum { QUIET_MS = 60 * 1000, WAIT_MS = 25 * 1000, LOOK_MS = 250 };

static void print_table(const char *name, int64_t rows)
{
    if (rows > 0) {
        printf("  %-20s %" PRId64 "\n", name, rows);
    }
}

const struct ph_move_report ph_moving_report = { .table = print_table };

static bool stays_quiet(struct ph_ctx *ctx, int64_t before_ms)
{
    const struct timespec a_while = { .tv_nsec = LOOK_MS * 1000000L };
    int64_t at_ms = before_ms;

    for (int waited_ms = 0; waited_ms < WAIT_MS && at_ms == before_ms; waited_ms += LOOK_MS) {
        nanosleep(&a_while, NULL);
        if (ph_store_written_ms(ctx, &at_ms).type != NULL) {
            return false;
        }
    }
    return at_ms == before_ms;
}

bool ph_moving_is_quiet(struct ph_ctx *ctx, char *why, size_t why_size)
{
    const int64_t now_ms = ph_now_ms(ctx);
    int64_t at_ms;

    if (ph_store_written_ms(ctx, &at_ms).type != NULL) {
        snprintf(why, why_size, "the database does not answer");
        return false;
    }
    if (at_ms < now_ms - QUIET_MS) {
        return true;
    }
    fprintf(stderr,
            "Somebody wrote to the database a moment ago: waiting %d s for another write.\n",
            WAIT_MS / 1000);
    if (!stays_quiet(ctx, at_ms)) {
        snprintf(why, why_size, "a server writes to the database: stop all of them first");
        return false;
    }
    return true;
}

bool ph_moving_may_fill(struct ph_ctx *ctx, char *why, size_t why_size)
{
    bool begun;

    if (ph_fill_has_begun(ctx, &begun).type != NULL) {
        snprintf(why, why_size, "the database does not answer");
        return false;
    }
    return begun || ph_moving_is_quiet(ctx, why, why_size);
}
