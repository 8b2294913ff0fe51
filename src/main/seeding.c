#include "main/seeding.h"

#include "main/data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool fail(char *why, size_t why_size, const char *text)
{
    snprintf(why, why_size, "the seed is wrong: %s", text);
    return false;
}

/* The operator's own routes come first: the first that fits counts. */
static void add_routes(struct ph_arena *arena, struct ph_settings *settings, struct ph_str routes)
{
    if (routes.n == 0) {
        return;
    }
    settings->trigger_routes =
        settings->trigger_routes.n == 0
            ? routes
            : ph_strf(arena, "%.*s\n%.*s", PH_FMT(settings->trigger_routes), PH_FMT(routes));
}

bool ph_seeding_read(struct ph_arena *arena, struct ph_settings *settings, struct ph_seed **seed,
                     char *why, size_t why_size)
{
    const struct ph_seed_options options = {
        .settings = settings,
        .files = settings->seed_files,
        .parameters = settings->seed_parameters,
    };
    const char *text = "";

    *seed = NULL;
    if (settings->seed_files.n == 0) {
        return true;
    }
    ph_json_start();
    if (!ph_seed_read(arena, &options, seed, &text)) {
        return fail(why, why_size, text);
    }
    add_routes(arena, settings, ph_seed_routes(*seed));
    return true;
}

bool ph_seeding_apply(const struct ph_ctx *shared, const struct ph_seed *seed, char *why,
                      size_t why_size)
{
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = *shared;
    const char *text = "";
    bool done;

    if (seed == NULL) {
        return true;
    }
    ctx.arena = &arena;
    ph_seed_log_ignored(seed, &ctx.log);
    done = ph_seed_apply(&ctx, seed, &text) || fail(why, why_size, text);
    ph_arena_finish(&arena);
    return done;
}

bool ph_seeding_tell(const struct ph_settings *settings, const struct ph_seed *seed, char *why,
                     size_t why_size)
{
    struct ph_arena arena = { 0 };
    bool done = true;

    if (seed == NULL) {
        return true;
    }
    printf("%.*s", PH_FMT(ph_seed_summary(&arena, seed)));
    (void)fflush(stdout);
    if (settings->seed_output.n > 0) {
        const struct ph_str text =
            ph_json_text(&arena, ph_seed_result(&arena, seed), PH_JSON_INSERTION);

        const char *path = ph_cstr(&arena, settings->seed_output);

        done = path != NULL && ph_data_write_private(path, text);
        if (!done) {
            snprintf(why, why_size, "cannot write %.*s: %s", PH_FMT(settings->seed_output),
                     strerror(errno));
        }
    }
    ph_arena_finish(&arena);
    return done;
}
