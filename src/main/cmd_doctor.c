/* What would keep a server from starting or serving well, told before it does. */
#include "main/command.h"
#include "main/data.h"
#include "main/master_key.h"
#include "main/pem.h"

#include "crypto/tls_pair.h"
#include "deliver/mail.h"
#include "http/probe.h"
#include "store/access.h"
#include "store/backup.h"
#include "store/data_keys.h"
#include "store/master.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum { DOCTOR_WAIT_MS = 10 * 1000 };

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct doctor {
    struct ph_arena arena;
    const struct ph_settings *settings;
    const char *check; /* the one that is running */
    const char *data;  /* the directory; NULL: in memory, or no name of a file */
    const char *file;  /* the database */
    bool has_database;
    enum verdict worst;
};

static void say(struct doctor *d, enum verdict verdict, const char *format, ...) PH_PRINTF(3, 4);

static void say(struct doctor *d, enum verdict verdict, const char *format, ...)
{
    static const char *const words[] = { "ok", "warn", "fail" };
    va_list args;

    printf("%-5s %-15s ", words[verdict], d->check);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    d->worst = verdict > d->worst ? verdict : d->worst;
}

/* --- the data directory --- */

static const char *parent_of(struct doctor *d, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return ".";
    }
    return slash == path ? "/" : ph_textf(&d->arena, "%.*s", (int)(slash - path), path);
}

static void check_missing_directory(struct doctor *d)
{
    const char *parent = parent_of(d, d->data);

    if (access(parent, W_OK | X_OK) == 0) {
        say(d, VERDICT_OK, "%s does not exist yet; the server makes it", d->data);
    } else {
        say(d, VERDICT_FAIL,
            "%s does not exist and %s: %s; make it and give it to the user of the server", d->data,
            parent, strerror(errno));
    }
}

static void check_permissions(struct doctor *d, const struct stat *info)
{
    if (info->st_uid != geteuid()) {
        say(d, VERDICT_WARN, "%s belongs to user %u and this is user %u: run this as that user",
            d->data, info->st_uid, geteuid());
    }
    if ((info->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        say(d, VERDICT_WARN, "others may look into %s; run: chmod 700 %s", d->data, d->data);
    } else {
        say(d, VERDICT_OK, "%s can be written, by this user alone", d->data);
    }
}

static void check_directory(struct doctor *d)
{
    struct stat info = { 0 };

    if (d->data == NULL) {
        say(d, VERDICT_OK, "none: everything is in memory and gone at the end");
    } else if (stat(d->data, &info) != 0 && errno == ENOENT) {
        check_missing_directory(d);
    } else if (info.st_mode != 0 && !S_ISDIR(info.st_mode)) {
        say(d, VERDICT_FAIL, "%s is no directory", d->data);
    } else if (access(d->data, R_OK | W_OK | X_OK) != 0) {
        say(d, VERDICT_FAIL, "%s: %s; give it to the user of the server", d->data, strerror(errno));
    } else {
        check_permissions(d, &info);
    }
}

/* --- the database and its key --- */

static void check_first_key(struct doctor *d)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_settings strict = *d->settings;
    char why[256] = "";
    bool made;

    strict.mode = PH_MODE_SERVE; /* asks for a key and makes none */
    if (ph_master_key_load(&strict, &key, &made, why, sizeof why)) {
        say(d, VERDICT_OK, "the master key is good; there is no database yet");
    } else if (d->settings->mode == PH_MODE_DEV && d->settings->master_key.n == 0) {
        say(d, VERDICT_OK, "the server makes a master key and a database when it starts");
    } else {
        say(d, VERDICT_FAIL, "%s", why);
    }
}

static void check_file(struct doctor *d)
{
    struct stat info;

    if (stat(d->file, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        say(d, VERDICT_WARN, "others may read %s; run: chmod 600 %s", d->file, d->file);
    }
}

static void check_ready(struct doctor *d, struct ph_store *store)
{
    const char *why = "";

    if (ph_store_is_ready(store, &why)) {
        say(d, VERDICT_OK, "opens with the master key and can be written");
    } else {
        say(d, VERDICT_FAIL, "%s", why);
    }
}

/* Between the two commands a copy of the database opens with either key. */
static void check_rotation(struct doctor *d, struct ph_ctx *ctx)
{
    bool leaving;

    if (ph_store_master_is_leaving(ctx, &leaving).type == NULL && leaving) {
        say(d, VERDICT_WARN,
            "two master keys open it: restart all servers with the new one, then"
            " run: poolhouse keys retire-master");
    }
}

static void check_data_keys(struct doctor *d, struct ph_ctx *ctx)
{
    struct ph_str first;
    int64_t count;

    if (ph_store_data_keys_leaving(ctx, &count, &first).type == NULL && count > 0) {
        say(d, VERDICT_WARN,
            "the data keys of %lld pools, as of %.*s, are not yet replaced: to end it run: "
            "poolhouse"
            " keys rotate-data --pool %.*s",
            (long long)count, PH_FMT(first), PH_FMT(first));
    }
}

/* Those whose time is over open nothing. */
static void check_administrators(struct doctor *d, struct ph_ctx *ctx)
{
    struct ph_access_key *keys;
    size_t count, good = 0;

    if (d->settings->mode == PH_MODE_DEV ||
        ph_store_access_key_list(ctx, &keys, &count).type != NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        good += keys[i].expires_ms == 0 || keys[i].expires_ms > ph_now_ms(ctx);
    }
    if (good == 0) {
        say(d, VERDICT_WARN,
            "no administrator has a good access key; run: poolhouse credentials create");
    } else {
        say(d, VERDICT_OK, "%zu access key%s of administrators", good, good == 1 ? "" : "s");
    }
}

enum { BACKUP_DAYS = 7 };

/* Of a server in production that is one file; who runs PostgreSQL has other tools for it. */
static void check_backup(struct doctor *d, struct ph_ctx *ctx)
{
    int64_t at_ms = 0, days;

    if (d->settings->mode == PH_MODE_DEV || d->settings->database.n > 0 ||
        ph_store_backup_ms(ctx, &at_ms).type != NULL) {
        return;
    }
    days = (ph_now_ms(ctx) - at_ms) / (86400 * 1000);
    if (at_ms == 0) {
        say(d, VERDICT_WARN, "no backup was made yet; run: poolhouse backup FILE");
    } else if (days >= BACKUP_DAYS) {
        say(d, VERDICT_WARN, "the last backup is %lld days old; run: poolhouse backup FILE",
            (long long)days);
    } else {
        say(d, VERDICT_OK, "the last backup is of %.*s",
            PH_FMT(ph_time_iso(&d->arena, at_ms / 1000)));
    }
}

static void check_database(struct doctor *d)
{
    struct ph_data data;
    char why[256] = "";

    if (d->data == NULL) {
        return;
    }
    if (!d->has_database && d->settings->database.n == 0) {
        check_first_key(d);
        return;
    }
    if (d->has_database) {
        check_file(d);
    }
    if (!ph_data_open(&data, d->settings, PH_DATA_EXISTING, why, sizeof why)) {
        say(d, VERDICT_FAIL, "%s", why);
        return;
    }
    check_ready(d, data.ctx.store);
    check_rotation(d, &data.ctx);
    check_data_keys(d, &data.ctx);
    check_administrators(d, &data.ctx);
    check_backup(d, &data.ctx);
    ph_data_close(&data);
}

/* --- the machine --- */

static void check_space(struct doctor *d)
{
    const uint64_t mib = 1024 * 1024;
    struct statvfs info;
    uint64_t left;

    if (d->data == NULL ||
        (statvfs(d->data, &info) != 0 && statvfs(parent_of(d, d->data), &info) != 0)) {
        return;
    }
    left = (uint64_t)info.f_bavail * info.f_frsize / mib;
    if (left < 64) {
        say(d, VERDICT_FAIL, "%llu MiB are free: make space", (unsigned long long)left);
    } else if (left < 1024) {
        say(d, VERDICT_WARN, "%llu MiB are free: make space soon", (unsigned long long)left);
    } else {
        say(d, VERDICT_OK, "%llu GiB are free", (unsigned long long)(left / 1024));
    }
}

/* Later than the program itself, and than the last write to the database. */
static bool is_behind(const struct doctor *d, int64_t now_s)
{
    const struct ph_date first = { .year = 2026, .month = 1, .day = 1 };
    int64_t first_s = 0;
    struct stat info;

    if (!ph_date_to_epoch(&first, &first_s) || now_s < first_s) {
        return true;
    }
    return d->has_database && stat(d->file, &info) == 0 && info.st_mtime > now_s + 60;
}

static void check_clock(struct doctor *d)
{
    const int64_t now_s = ph_system_clock.now_ms(ph_system_clock.self) / 1000;
    const struct ph_str now = ph_time_iso(&d->arena, now_s);
    struct timex state = { 0 };

    if (is_behind(d, now_s)) {
        say(d, VERDICT_FAIL, "%.*s is in the past: signatures and tokens will be refused; set it",
            PH_FMT(now));
    } else if (adjtimex(&state) == TIME_ERROR) {
        say(d, VERDICT_WARN, "%.*s, but nothing keeps it right: let NTP do so (chrony)",
            PH_FMT(now));
    } else {
        say(d, VERDICT_OK, "%.*s, kept right by NTP", PH_FMT(now));
    }
}

static void check_files(struct doctor *d)
{
    const rlim_t wanted = (rlim_t)d->settings->server.max_connections + 256;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < wanted) {
        say(d, VERDICT_WARN,
            "%llu may be open, max_connections wants %llu: raise it (LimitNOFILE= in systemd)",
            (unsigned long long)limit.rlim_max, (unsigned long long)wanted);
    } else {
        say(d, VERDICT_OK, "enough may be open for max_connections");
    }
}

/* --- the network --- */

static void check_health_address(struct doctor *d, struct ph_str address, bool *running)
{
    struct ph_http_probe probe;

    ph_http_probe(address, "/readyz", &probe);
    *running = probe.status == 200 || probe.status == 503;
    if (probe.free) {
        say(d, VERDICT_OK, "%.*s is free", PH_FMT(address));
    } else if (probe.status == 200) {
        say(d, VERDICT_OK, "a server answers at %.*s and is ready", PH_FMT(address));
    } else if (probe.status == 503) {
        say(d, VERDICT_FAIL, "the server at %.*s is not ready; ask it why: curl %.*s/readyz",
            PH_FMT(address), PH_FMT(address));
    } else {
        say(d, VERDICT_FAIL, "%s; nothing there answers /readyz: stop it, or take another address",
            probe.why);
    }
}

static void check_api_address(struct doctor *d, struct ph_str address, bool running)
{
    struct ph_http_probe probe;

    ph_http_probe(address, "/", &probe);
    if (probe.free && running) {
        say(d, VERDICT_FAIL, "%.*s is free, but a server runs: it listens elsewhere",
            PH_FMT(address));
    } else if (probe.free || running) {
        say(d, VERDICT_OK, "%.*s %s", PH_FMT(address),
            probe.free ? "is free" : "is taken by the server that answers");
    } else {
        say(d, VERDICT_FAIL, "%s; stop what listens there, or take another address", probe.why);
    }
}

/* Health is plain HTTP on an address of its own, or shares that of the API. */
static void check_addresses(struct doctor *d)
{
    const struct ph_server_settings *s = &d->settings->server;
    bool running = false;

    if (s->admin_listen.n > 0) {
        check_health_address(d, s->admin_listen, &running);
        check_api_address(d, s->listen, running);
    } else if (s->tls_cert.n > 0) {
        check_api_address(d, s->listen, false);
    } else {
        check_health_address(d, s->listen, &running);
    }
}

static void check_url(struct doctor *d)
{
    const struct ph_str url = d->settings->public_url;

    if (d->settings->mode == PH_MODE_SERVE && !ph_str_starts(url, PH_STR("https://"))) {
        say(d, VERDICT_WARN,
            "%.*s: passwords and tokens go over it; let it be https (--public-url, TLS here or in "
            "front)",
            PH_FMT(url));
    } else {
        say(d, VERDICT_OK, "%.*s", PH_FMT(url));
    }
}

enum { RENEW_DAYS = 14 };

static void check_validity(struct doctor *d, const struct ph_tls_pair *pair)
{
    const int64_t now_s = ph_system_clock.now_ms(ph_system_clock.self) / 1000;
    const struct ph_str until = ph_time_iso(&d->arena, pair->not_after_s);

    if (pair->not_before_s > now_s) {
        say(d, VERDICT_FAIL, "the certificate is not valid before %.*s",
            PH_FMT(ph_time_iso(&d->arena, pair->not_before_s)));
    } else if (pair->not_after_s <= now_s) {
        say(d, VERDICT_FAIL, "the certificate has expired on %.*s: renew it, restart the server",
            PH_FMT(until));
    } else if (pair->not_after_s - now_s < RENEW_DAYS * 86400) {
        say(d, VERDICT_WARN, "the certificate expires on %.*s: renew it, restart the server",
            PH_FMT(until));
    } else {
        say(d, VERDICT_OK, "the key is that of the certificate, which is good until %.*s",
            PH_FMT(until));
    }
}

/* Whether the authorities that vouch for it are trusted is a matter of the clients. */
static void check_tls(struct doctor *d)
{
    const struct ph_server_settings *s = &d->settings->server;
    struct ph_str certificate, key;
    struct ph_tls_pair pair;
    char why[256] = "";

    if (s->tls_cert.n == 0) {
        say(d, VERDICT_OK, "none here");
        return;
    }
    if (!ph_pem_read(&d->arena, s->tls_cert, &certificate, why, sizeof why) ||
        !ph_pem_read(&d->arena, s->tls_key, &key, why, sizeof why)) {
        say(d, VERDICT_FAIL, "%s", why);
        return;
    }
    pair = ph_tls_pair_read(certificate, key);
    if (pair.verdict == PH_TLS_FITS) {
        check_validity(d, &pair);
    } else {
        say(d, VERDICT_FAIL, "%s", ph_tls_pair_problem(&pair));
    }
}

/* --- deliveries --- */

/* Greets and signs in; sends nothing. */
static void check_mail(struct doctor *d)
{
    struct ph_mail_settings mail = d->settings->mail;
    struct ph_carry_report report = { .why = "" };

    if (mail.relay.n == 0 && d->settings->mode == PH_MODE_DEV) {
        say(d, VERDICT_OK, "none: e-mail is read at /_poolhouse/outbox");
        return;
    }
    if (mail.relay.n == 0) {
        say(d, VERDICT_WARN, "none: e-mail waits in the outbox for a day; set mail.relay");
        return;
    }
    mail.timeout_ms = mail.timeout_ms < DOCTOR_WAIT_MS ? mail.timeout_ms : DOCTOR_WAIT_MS;
    if (ph_mail_check(&mail, &report)) {
        say(d, VERDICT_OK, "%.*s lets us in", PH_FMT(mail.relay));
    } else {
        say(d, VERDICT_WARN, "%.*s: %s (reply %d): messages wait for it", PH_FMT(mail.relay),
            report.why, report.code);
    }
}

/* What can be known without paying for a message. */
static void check_sms(struct doctor *d)
{
    const struct ph_str endpoint = d->settings->sms.endpoint;

    if (endpoint.n > 0) {
        say(d, VERDICT_OK, "%.*s", PH_FMT(endpoint));
    } else if (d->settings->mode == PH_MODE_DEV) {
        say(d, VERDICT_OK, "none: they are read at /_poolhouse/outbox");
    } else {
        say(d, VERDICT_WARN, "none: they wait in the outbox for a day; set sms.endpoint");
    }
}

/* --- all of it --- */

static const struct {
    const char *name;
    void (*run)(struct doctor *d);
} CHECKS[] = {
    { "data directory", check_directory }, { "database", check_database },
    { "free space", check_space },         { "clock", check_clock },
    { "open files", check_files },         { "public URL", check_url },
    { "TLS certificate", check_tls },      { "addresses", check_addresses },
    { "mail relay", check_mail },          { "text messages", check_sms },
};

static int examine(const struct ph_settings *settings)
{
    struct doctor d = { .settings = settings, .check = "configuration" };

    if (!settings->memory) {
        d.data = ph_cstr(&d.arena, settings->data);
        d.file = ph_cstr(&d.arena, ph_data_file(&d.arena, settings));
        d.has_database = settings->database.n == 0 && d.file != NULL && access(d.file, F_OK) == 0;
    }
    say(&d, VERDICT_OK, "is good");
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++) {
        d.check = CHECKS[i].name;
        CHECKS[i].run(&d);
    }
    ph_arena_finish(&d.arena);
    return d.worst == VERDICT_FAIL ? PH_EXIT_FAILED : PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_config config;
    int status = PH_EXIT_OK;

    if (ph_command_configure_with(&config, NULL, 0, argc, argv, &status)) {
        status = examine(&config.settings);
    } else if (config.problems.n > 0) {
        puts("fail  configuration   correct what stands above; then ask again");
        status = PH_EXIT_FAILED;
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_doctor = {
    .name = "doctor",
    .summary = "check all that a server needs, and say what to do",
    .help =
        "Usage: poolhouse doctor [--mode dev|serve] [FLAGS]\n"
        "\n"
        "Checks the configuration, the data directory, the master key and the database, free\n"
        "space, the clock, limits, and the addresses: before the first start, or beside a running\n"
        "server. One line for each: ok, warn or fail, and what to do. Run it as the user of the\n"
        "server, with the server's flags; the mode is serve when none is given.\n"
        "\n"
        "Exit status: 0 when nothing fails (there may be warnings), 1 when something does.\n"
        "\n"
        "Examples:\n"
        "  poolhouse doctor --config /etc/poolhouse/poolhouse.ini\n"
        "  poolhouse doctor --mode dev\n",
    .run = run,
};
