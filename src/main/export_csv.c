#include "main/export_csv.h"

#include "import/written.h"
#include "main/command.h"
#include "store/users.h"
#include "util/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { USERS_AT_ONCE = 500 };

struct writing {
    const struct ph_pool *pool;
    struct ph_import_writing columns;
    FILE *file;
    size_t written;
    size_t left_out;
};

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "poolhouse: %s%s\n", what, why);
    return PH_EXIT_FAILED;
}

static void write_line(FILE *file, struct ph_str line)
{
    (void)fwrite(line.p, 1, line.n, file);
    (void)fputc('\n', file); /* ferror() remembers what failed */
}

static void write_user(struct ph_arena *arena, struct writing *w, const struct ph_user *user)
{
    struct ph_str line;
    const char *why = ph_import_written_user(arena, &w->columns, user, &line);

    if (why == NULL) {
        write_line(w->file, line);
        w->written++;
    } else {
        fprintf(stderr, "poolhouse: without %.*s: %s\n", PH_FMT(user->sub), why);
        w->left_out++;
    }
}

/* *cursor: of the page before; it becomes that of the next one, and absent after the last. */
static struct ph_err write_page(struct ph_ctx *ctx, struct writing *w, struct ph_str *cursor)
{
    static const struct ph_user_filter ALL = { .by = PH_BY_NOTHING };
    struct ph_arena arena = { 0 };
    struct ph_ctx page = *ctx;
    struct ph_user **users;
    struct ph_str next;
    struct ph_err err;
    size_t count;

    page.arena = &arena;
    err = ph_store_user_list(&page, &w->pool->ref, &ALL, *cursor, USERS_AT_ONCE, &users, &count,
                             &next);
    if (err.type == NULL) {
        for (size_t i = 0; i < count; i++) {
            write_user(&arena, w, users[i]);
        }
        *cursor = ph_str_dup(ctx->arena, next);
    }
    ph_arena_finish(&arena);
    return err;
}

static struct ph_err write_users(struct ph_ctx *ctx, struct writing *w)
{
    struct ph_str cursor = { 0 };

    w->columns = ph_import_writing_of(ctx->arena, w->pool);
    write_line(w->file, ph_import_written_header(ctx->arena, &w->columns));
    do {
        PH_TRY(write_page(ctx, w, &cursor));
    } while (cursor.p != NULL && ferror(w->file) == 0);
    return PH_OK;
}

static int write_to(struct ph_ctx *ctx, struct ph_str pool_id, const char *path)
{
    struct writing w = { 0 };
    struct ph_err err = ph_pool_get(ctx, pool_id, &w.pool);

    if (err.type != NULL) {
        return complain(err.message, "");
    }
    w.file = ph_new_file(path);
    if (w.file == NULL) {
        fprintf(stderr, "poolhouse: cannot make %s: %s\n", path, strerror(errno));
        return PH_EXIT_FAILED;
    }
    err = write_users(ctx, &w);
    if (!ph_new_file_end(w.file, path) || err.type != NULL) {
        return complain("the file is not whole, delete it: ",
                        err.type != NULL ? err.message : strerror(errno));
    }
    printf("%zu users are in %s, %zu are not (above).\n", w.written, path, w.left_out);
    return PH_EXIT_OK;
}

int ph_export_csv(const struct ph_settings *settings, struct ph_str pool_id, const char *path)
{
    struct ph_data data;
    char why[256] = "";
    int status;

    if (!ph_data_open(&data, settings, PH_DATA_EXISTING, why, sizeof why)) {
        return complain(why, "");
    }
    status = write_to(&data.ctx, pool_id, path);
    ph_data_close(&data);
    return status;
}
