#include "main/data.h"

#include "crypto/random.h"
#include "main/master_key.h"
#include "util/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ph_str ph_data_file(struct ph_arena *arena, const struct ph_settings *settings)
{
    return ph_strf(arena, "%.*s/poolhouse.db", PH_FMT(settings->data));
}

void ph_data_place(struct ph_arena *arena, const struct ph_settings *settings,
                   struct ph_store_options *options)
{
    if (settings->database.n > 0) {
        options->path = settings->database;
        options->password = settings->database_password;
        options->migrate = settings->mode == PH_MODE_DEV;
    } else if (!settings->memory) {
        options->path = ph_data_file(arena, settings);
    }
}

bool ph_data_needs_directory(const struct ph_settings *settings)
{
    return !settings->memory && (settings->database.n == 0 || settings->master_key.n == 0);
}

bool ph_data_make_directory(const struct ph_settings *settings, char *why, size_t why_size)
{
    struct ph_arena arena = { 0 };
    const char *path = ph_cstr(&arena, settings->data);
    const bool made = !ph_data_needs_directory(settings) ||
                      (path != NULL && (mkdir(path, 0700) == 0 || errno == EEXIST));

    if (!made) {
        snprintf(why, why_size, "cannot make the data directory %.*s: %s", PH_FMT(settings->data),
                 strerror(errno));
    }
    ph_arena_finish(&arena);
    return made;
}

static bool check_existing(struct ph_data *data, char *why, size_t why_size)
{
    const struct ph_settings *settings = data->ctx.settings;
    const char *path = ph_cstr(&data->arena, ph_data_file(&data->arena, settings));

    if (settings->database.n > 0 || (path != NULL && access(path, R_OK | W_OK) == 0)) {
        return true;
    }
    if (path == NULL || errno == ENOENT) {
        snprintf(why, why_size,
                 "there is no database in %.*s; say with --data where the server keeps it",
                 PH_FMT(settings->data));
    } else {
        snprintf(why, why_size, "cannot open %s: %s; run this as the user of the server", path,
                 strerror(errno));
    }
    return false;
}

bool ph_data_load_key(const struct ph_settings *settings, struct ph_key *key, char *why,
                      size_t why_size)
{
    struct ph_settings strict = *settings;
    bool made;

    strict.mode = PH_MODE_SERVE;
    return ph_master_key_load(&strict, key, &made, why, why_size);
}

static bool open_store(struct ph_data *data, const struct ph_store_options *place, char *why,
                       size_t why_size)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_store_options options = *place;
    const char *text = "";

    options.master_key = &key;
    options.log = data->ctx.log;
    if (!ph_data_load_key(data->ctx.settings, &key, why, why_size)) {
        return false;
    }
    if (!ph_store_open(&options, &data->ctx.store, &text)) {
        snprintf(why, why_size, "%s", text);
        return false;
    }
    data->ctx.pools = ph_pool_cache_create();
    return true;
}

static void begin(struct ph_data *data, const struct ph_settings *settings)
{
    *data = (struct ph_data){
        .sink = { .fd = STDERR_FILENO, .least = PH_WARN, .format = PH_LOG_TEXT },
        .ctx = { .arena = &data->arena,
                 .clock = &ph_system_clock,
                 .random = &ph_system_random,
                 .settings = settings,
                 .log = { .sink = &data->sink } },
    };
    ph_json_start();
}

bool ph_data_open_place(struct ph_data *data, const struct ph_settings *settings,
                        const struct ph_store_options *place, char *why, size_t why_size)
{
    begin(data, settings);
    if (open_store(data, place, why, why_size)) {
        return true;
    }
    ph_arena_finish(&data->arena);
    return false;
}

bool ph_data_open(struct ph_data *data, const struct ph_settings *settings,
                  enum ph_data_wanted wanted, char *why, size_t why_size)
{
    struct ph_store_options place = { 0 };

    begin(data, settings);
    ph_data_place(&data->arena, settings, &place);
    place.migrate = place.migrate || wanted == PH_DATA_MIGRATED;
    place.contract = wanted == PH_DATA_CONTRACTED;
    if ((wanted == PH_DATA_EXISTING ? check_existing(data, why, why_size)
                                    : ph_data_make_directory(settings, why, why_size)) &&
        open_store(data, &place, why, why_size)) {
        return true;
    }
    ph_arena_finish(&data->arena);
    return false;
}

void ph_data_close(struct ph_data *data)
{
    ph_arena_finish(&data->arena); /* gives back what it holds of the cache */
    ph_pool_cache_destroy(data->ctx.pools);
    ph_store_close(data->ctx.store);
}

bool ph_data_write_private(const char *path, struct ph_str text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool done;

    if (file == NULL) {
        return false;
    }
    done = fwrite(text.p, 1, text.n, file) == text.n && fputc('\n', file) != EOF;
    return fclose(file) == 0 && done;
}
