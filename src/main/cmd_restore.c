/* A backup becomes the database of this installation. */
#include "crypto/passphrase.h"
#include "main/command.h"
#include "main/data.h"
#include "main/master_key.h"
#include "main/passphrase.h"
#include "store/backup.h"
#include "store/moving.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAG_FILE, FLAG_REPLACE, FLAG_PASSPHRASE, FLAG_COUNT };

enum { PIECE_BYTES = 1024 * 1024 };

struct restoring {
    struct ph_arena *arena; /* of the configuration */
    const struct ph_settings *settings;
    const struct ph_command_flag *flags;
    const char *from;   /* the backup, which is only read */
    const char *copy;   /* beside the database */
    const char *target; /* the database */
    const char *aside;  /* where an old one goes; NULL: there may be none */
    char why[256];
};

static bool refuse(struct restoring *r, const char *what, const char *why)
{
    snprintf(r->why, sizeof r->why, "%s%s%s", what, what[0] == '\0' ? "" : ": ", why);
    return false;
}

/* --- what must be so before anything is written --- */

static bool check_places(struct restoring *r)
{
    if (r->settings->database.n > 0) {
        return refuse(r, "",
                      "PostgreSQL has its own tools for that: pg_restore for what pg_dump"
                      " made; for pg_basebackup put the directory back and let it replay"
                      " the archive of the WAL");
    }
    if (r->settings->memory) {
        return refuse(r, "", "a server with --memory keeps nothing: say with --data where to");
    }
    if (access(ph_textf(r->arena, "%s-wal", r->from), F_OK) == 0) {
        return refuse(r, r->from,
                      "that is the database of a server, with a part of it in the"
                      " file -wal beside it; make a copy with poolhouse backup");
    }
    if (access(r->target, F_OK) == 0 && r->aside == NULL) {
        return refuse(r, r->target, "there is a database already; --replace puts it aside");
    }
    return ph_data_make_directory(r->settings, r->why, sizeof r->why);
}

/* --- the copy --- */

static bool copy_bytes(struct restoring *r, int from, int to)
{
    uint8_t *piece = ph_arena_alloc(r->arena, PIECE_BYTES);
    ssize_t n;

    while ((n = read(from, piece, PIECE_BYTES)) > 0) {
        for (ssize_t done = 0, more = 0; done < n; done += more) {
            more = write(to, piece + done, (size_t)(n - done));
            if (more <= 0) {
                return refuse(r, r->copy, strerror(errno));
            }
        }
    }
    return n == 0 || refuse(r, r->from, strerror(errno));
}

/* Also of an earlier run that was killed: its log would be taken for that of this copy. */
static void remove_copy(struct restoring *r)
{
    static const char *const NAMES[] = { "", "-wal", "-shm" };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        (void)unlink(ph_textf(r->arena, "%s%s", r->copy, NAMES[i]));
    }
}

static bool copy_file(struct restoring *r)
{
    const int from = open(r->from, O_RDONLY | O_CLOEXEC);
    const int to = from < 0 ? -1 : open(r->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool copied = false;

    if (from < 0 || to < 0) {
        (void)refuse(r, from < 0 ? r->from : r->copy, strerror(errno));
    } else {
        copied = copy_bytes(r, from, to);
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
    return copied;
}

/* --- its master key --- */

static bool fits(const struct ph_backup *backup, const struct ph_key *key)
{
    struct ph_digest check;

    ph_store_check_value(key, &check);
    return ph_equal_secret(ph_digest_str(&check), backup->check);
}

/* The key comes out of the backup, to where the server looks for it. */
static bool take_key(struct restoring *r, const struct ph_backup *backup)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_wrapped_key wrapped;
    struct ph_str passphrase;

    if (!ph_wrapped_key_parse(r->arena, backup->key, &wrapped)) {
        return refuse(r, r->from, "the master key in it is damaged");
    }
    if (!ph_passphrase_read(r->arena, r->flags[FLAG_PASSPHRASE].value, PH_PASSPHRASE_KNOWN,
                            &passphrase, r->why, sizeof r->why)) {
        return false;
    }
    if (!ph_passphrase_unwrap(r->arena, passphrase, &wrapped, &key)) {
        return refuse(r, "", "the passphrase is not the one that the backup was made with");
    }
    if (!fits(backup, &key)) {
        return refuse(r, r->from, "the master key in it is not that of its database");
    }
    return ph_master_key_put(r->settings, &key, r->why, sizeof r->why);
}

static bool check_key(struct restoring *r, const struct ph_backup *backup)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };

    if (backup->key.p != NULL && !ph_master_key_is_given(r->settings)) {
        return take_key(r, backup);
    }
    if (!ph_data_load_key(r->settings, &key, r->why, sizeof r->why)) {
        return false;
    }
    return fits(backup, &key) ||
           refuse(r, "",
                  "the master key is not the one that the backup was made with: give the"
                  " right key; without it its secrets cannot be read by anybody");
}

/* --- all of it --- */

static bool judge(struct restoring *r)
{
    struct ph_backup backup;
    const char *text = "";

    if (!ph_backup_inspect(r->arena, r->copy, &backup, &text)) {
        return refuse(r, r->from, text);
    }
    return check_key(r, &backup);
}

static bool place(struct restoring *r)
{
    const char *text = "";

    return ph_backup_place(r->copy, r->target, r->aside, &text) || refuse(r, r->target, text);
}

static bool restore(struct restoring *r)
{
    bool done;

    if (!check_places(r)) {
        return false;
    }
    remove_copy(r);
    done = copy_file(r) && judge(r) && place(r);
    if (!done) {
        remove_copy(r);
    }
    return done;
}

static const char *name_aside(struct restoring *r)
{
    const int64_t now_ms = ph_system_clock.now_ms(ph_system_clock.self);

    return ph_textf(r->arena, "%s.replaced-%lld", r->target, (long long)now_ms);
}

static int run_with(struct ph_config *config, const struct ph_command_flag *flags)
{
    struct restoring r = {
        .arena = &config->arena,
        .settings = &config->settings,
        .flags = flags,
        .from = flags[FLAG_FILE].value,
        .target = ph_cstr(&config->arena, ph_data_file(&config->arena, &config->settings)),
    };

    if (r.target == NULL || r.from == NULL) {
        fputs("poolhouse: say which file: poolhouse restore FILE\n", stderr);
        return PH_EXIT_MISUSED;
    }
    r.copy = ph_textf(r.arena, "%s.restoring", r.target);
    r.aside = flags[FLAG_REPLACE].value != NULL ? name_aside(&r) : NULL;
    if (!restore(&r)) {
        fprintf(stderr, "poolhouse: %s\n", r.why);
        return PH_EXIT_FAILED;
    }
    printf("%s is now what %s holds. Start the server.\n", r.target, r.from);
    if (r.aside != NULL && access(r.aside, F_OK) == 0) {
        printf("The database that was there is %s: delete it when it is not missed.\n", r.aside);
    }
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_FILE] = { .name = NULL },
        [FLAG_REPLACE] = { .name = "replace", .is_switch = true },
        [FLAG_PASSPHRASE] = { .name = "passphrase-file" },
    };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_restore, stderr);
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        status = run_with(&config, flags);
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_restore = {
    .name = "restore",
    .summary = "put a backup in place of the database",
    .help =
        "Usage: poolhouse restore FILE [--replace] [--passphrase-file FILE] [FLAGS]\n"
        "\n"
        "Makes a file of poolhouse backup the database of a data directory: reads all of it, "
        "checks\n"
        "it and its master key, and puts it in place in one step. Whatever ends the command "
        "leaves\n"
        "what was there, or the backup. The file itself is only read. The server must be stopped.\n"
        "\n"
        "The master key must be the one of the backup, given as the server is given it. A backup\n"
        "made with --include-key brings it along: where no key is given, it is written to\n"
        "master.key in the data directory.\n"
        "\n"
        "  --replace               put a database that is there aside, as\n"
        "                          poolhouse.db.replaced-TIME; without it nothing is replaced\n"
        "  --passphrase-file FILE  its first line is the passphrase of the key in the backup;\n"
        "                          otherwise the terminal is asked\n"
        "\n"
        "What happened after the backup is gone: sessions that were ended since then are good\n"
        "again until they expire. PostgreSQL is restored by its own tools.\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --data DIR, --mode dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse restore /var/backups/poolhouse-monday.db --config "
        "/etc/poolhouse/poolhouse.ini\n"
        "  poolhouse restore copy.db --data poolhouse-data --replace\n",
    .run = run,
};
