#include "main/config.h"

#include "deliver/mail.h"
#include "main/suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROBLEMS_MAX = 64 * 1024, SECRET_FILE_MAX = 64 * 1024 };

static const char PREFIX[] = "POOLHOUSE_";

void ph_config_init(struct ph_config *config, enum ph_mode mode)
{
    *config = (struct ph_config){ .settings.mode = mode };
    ph_buf_init(&config->problems, &config->arena, PROBLEMS_MAX);
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const char *text = mode == PH_MODE_DEV ? ph_config_keys[i].dev : ph_config_keys[i].serve;

        config->values[i].text = ph_str_from(text);
        config->values[i].source = PH_STR("default");
    }
}

void ph_config_finish(struct ph_config *config)
{
    ph_arena_finish(&config->arena);
    *config = (struct ph_config){ 0 };
}

void ph_config_problem(struct ph_config *config, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ph_buf_addf(&config->problems, "%s\n", line);
}

const struct ph_config_key *ph_config_find(struct ph_str section, struct ph_str name)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        if (ph_str_eq(ph_str_from(ph_config_keys[i].section), section) &&
            ph_str_eq(ph_str_from(ph_config_keys[i].name), name)) {
            return &ph_config_keys[i];
        }
    }
    return NULL;
}

const struct ph_config_key *ph_config_find_flag(struct ph_str flag)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        if (ph_config_keys[i].flag != NULL &&
            ph_str_eq(ph_str_from(ph_config_keys[i].flag), flag)) {
            return &ph_config_keys[i];
        }
    }
    return NULL;
}

void ph_config_set(struct ph_config *config, const struct ph_config_key *key, struct ph_str text,
                   struct ph_str source)
{
    struct ph_config_value *value = &config->values[key - ph_config_keys];

    if (key->type == PH_CONFIG_LIST && value->given && ph_str_eq(value->source, source)) {
        value->text = PH_CONCAT(&config->arena, value->text, PH_STR("\n"), text);
        return;
    }
    value->text = ph_str_dup(&config->arena, text);
    value->source = ph_str_dup(&config->arena, source);
    value->given = true;
}

/* A secret's file must be its owner's alone; false and a problem otherwise. */
static bool is_private(struct ph_config *config, int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        ph_config_problem(config, "%s is not a file", path);
        return false;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        ph_config_problem(config, "%s can be read by others: chmod 600 %s", path, path);
        return false;
    }
    return true;
}

static bool read_secret(struct ph_config *config, struct ph_str name, struct ph_str *secret)
{
    const char *path = ph_cstr(&config->arena, name);
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *text = ph_arena_alloc(&config->arena, SECRET_FILE_MAX);
    ssize_t n;

    if (fd < 0) {
        ph_config_problem(config, "cannot read %.*s: %s", PH_FMT(name), strerror(errno));
        return false;
    }
    if (!is_private(config, fd, path)) {
        close(fd);
        return false;
    }
    n = read(fd, text, SECRET_FILE_MAX);
    close(fd);
    if (n < 0) {
        ph_config_problem(config, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    *secret = ph_str_trim((struct ph_str){ text, (size_t)n });
    return true;
}

static void set_from_file(struct ph_config *config, const struct ph_config_key *key,
                          struct ph_str path)
{
    struct ph_str secret;

    if (read_secret(config, path, &secret)) {
        ph_config_set(config, key, secret, path);
    }
}

/* The key that `name` reads from a file ("key_file" for the secret "key"), or NULL. */
static const struct ph_config_key *find_secret_file(struct ph_str section, struct ph_str name)
{
    const struct ph_str suffix = PH_STR("_file");
    const struct ph_config_key *key;

    if (!ph_str_ends(name, suffix)) {
        return NULL;
    }
    key = ph_config_find(section, (struct ph_str){ name.p, name.n - suffix.n });
    return key != NULL && key->secret ? key : NULL;
}

static void report_unknown(struct ph_config *config, const char *path, struct ph_str section,
                           struct ph_str name)
{
    struct ph_suggestion s = { .given = ph_strf(&config->arena, "%.*s.%.*s", PH_FMT(section),
                                                PH_FMT(name)) };

    for (size_t i = 0; i < ph_config_key_count; i++) {
        ph_suggest(&s, ph_strf(&config->arena, "%s.%s", ph_config_keys[i].section,
                               ph_config_keys[i].name));
    }
    if (s.best.p == NULL) {
        ph_config_problem(config, "%s: there is no key %.*s in section [%.*s]", path, PH_FMT(name),
                          PH_FMT(section));
        return;
    }
    ph_config_problem(config, "%s: there is no key %.*s; did you mean %.*s?", path, PH_FMT(s.given),
                      PH_FMT(s.best));
}

struct reading {
    struct ph_config *config;
    const char *path;
    bool seen[PH_CONFIG_KEYS_MAX];
};

static int on_line(void *self, const char *section, const char *name, const char *value)
{
    struct reading *reading = self;
    const struct ph_str in = ph_str_from(section);
    const struct ph_str called = ph_str_from(name);
    const struct ph_config_key *direct = ph_config_find(in, called);
    const struct ph_config_key *key = direct != NULL ? direct : find_secret_file(in, called);

    if (key == NULL) {
        report_unknown(reading->config, reading->path, in, called);
        return 1;
    }
    if (reading->seen[key - ph_config_keys] && key->type != PH_CONFIG_LIST) {
        ph_config_problem(reading->config, "%s: %s.%s is given twice", reading->path, section,
                          key->name);
        return 1;
    }
    reading->seen[key - ph_config_keys] = true;
    if (direct == NULL) {
        set_from_file(reading->config, key, ph_str_from(value));
    } else {
        ph_config_set(reading->config, key, ph_str_from(value), ph_str_from(reading->path));
    }
    return 1;
}

void ph_config_read_file(struct ph_config *config, const char *path)
{
    struct reading reading = { .config = config, .path = path };
    const int line = ini_parse(path, on_line, &reading);

    if (line == -1) {
        ph_config_problem(config, "cannot read %s: %s", path, strerror(errno));
    } else if (line != 0) {
        ph_config_problem(config, "%s:%d: this line is not \"[section]\" or \"key = value\"", path,
                          line);
    }
}

/* "POOLHOUSE_SERVER_LISTEN" without its prefix, in lower case, against section and name. */
static bool names_key(struct ph_str variable, const struct ph_config_key *key)
{
    const struct ph_str section = ph_str_from(key->section);

    return ph_str_starts(variable, section) && variable.n > section.n &&
           variable.p[section.n] == '_' &&
           ph_str_eq(ph_str_skip(variable, section.n + 1), ph_str_from(key->name));
}

static bool in_a_section(struct ph_str variable)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_str section = ph_str_from(ph_config_keys[i].section);

        if (ph_str_starts(variable, section) && variable.n > section.n &&
            variable.p[section.n] == '_') {
            return true;
        }
    }
    return false;
}

static const struct ph_config_key *find_variable(struct ph_str variable)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        if (names_key(variable, &ph_config_keys[i])) {
            return &ph_config_keys[i];
        }
    }
    return NULL;
}

static struct ph_str upper(struct ph_arena *arena, const char *section, const char *name)
{
    const struct ph_str s = ph_strf(arena, "%s%s_%s", PREFIX, section, name);
    uint8_t *copy = ph_arena_alloc(arena, s.n);

    for (size_t i = 0; i < s.n; i++) {
        copy[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (uint8_t)(s.p[i] - 'a' + 'A') : s.p[i];
    }
    return (struct ph_str){ copy, s.n };
}

static void report_variable(struct ph_config *config, struct ph_str full)
{
    struct ph_suggestion s = { .given = full };

    for (size_t i = 0; i < ph_config_key_count; i++) {
        ph_suggest(&s, upper(&config->arena, ph_config_keys[i].section, ph_config_keys[i].name));
    }
    ph_config_problem(config, "environment: %.*s names no key%s%.*s%s", PH_FMT(full),
                      s.best.p == NULL ? "" : "; did you mean ", PH_FMT(s.best),
                      s.best.p == NULL ? "" : "?");
}

/* Other programs may use the prefix: only a name that begins like a section must be a key. */
static void take_variable(struct ph_config *config, struct ph_str full, char *value)
{
    const struct ph_str suffix = PH_STR("_file");
    const struct ph_str name = ph_str_lower(&config->arena, ph_str_skip(full, sizeof PREFIX - 1));
    const struct ph_config_key *key = find_variable(name);

    if (key != NULL) {
        ph_config_set(config, key, ph_str_from(value), PH_STR("environment"));
        if (key->secret) {
            memset(value, '*', strlen(value)); /* or /proc/PID/environ would show it for ever */
        }
        return;
    }
    if (ph_str_ends(name, suffix)) {
        key = find_variable((struct ph_str){ name.p, name.n - suffix.n });
    }
    if (key != NULL && key->secret) {
        set_from_file(config, key, ph_str_from(value));
        return;
    }
    if (in_a_section(name)) {
        report_variable(config, full);
    }
}

void ph_config_read_environment(struct ph_config *config, char **environment)
{
    for (; *environment != NULL; environment++) {
        struct ph_str name;

        if (ph_str_starts(ph_str_from(*environment), PH_STR("POOLHOUSE_")) &&
            ph_str_cut(ph_str_from(*environment), '=', &name, NULL)) {
            take_variable(config, name, *environment + name.n + 1);
        }
    }
}

/* "http://localhost:9229" of the address: what a client on this machine would use. */
static struct ph_str local_url(struct ph_config *config)
{
    const struct ph_server_settings *server = &config->settings.server;
    const struct ph_str address = server->listen;
    const uint8_t *colon = memrchr(address.p, ':', address.n);
    struct ph_str host = { address.p, (size_t)(colon - address.p) };
    const struct ph_str port = ph_str_skip(address, host.n + 1);
    static const char *const here[] = { "", "0.0.0.0", "127.0.0.1", "[::]", "[::1]" };

    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        if (ph_str_eq(host, ph_str_from(here[i]))) {
            host = PH_STR("localhost");
        }
    }
    return ph_strf(&config->arena, "%s://%.*s:%.*s", server->tls_cert.n > 0 ? "https" : "http",
                   PH_FMT(host), PH_FMT(port));
}

static void check_together(struct ph_config *config)
{
    struct ph_settings *s = &config->settings;

    if (s->server.listen.n == 0) {
        ph_config_problem(config, "server.listen must not be empty");
        return;
    }
    if ((s->server.tls_cert.n == 0) != (s->server.tls_key.n == 0)) {
        ph_config_problem(config, "server.tls_cert and server.tls_key belong together");
    }
    if (s->issuer_mode == PH_ISSUER_TEMPLATE &&
        !ph_str_contains(s->issuer_template, PH_STR("{poolId}"))) {
        ph_config_problem(config, "issuer.template must contain {poolId} in issuer mode template");
    }
    if ((s->sms.endpoint.n > 0 || s->analytics.endpoint.n > 0) && s->aws_secret_key.n == 0 &&
        s->mode == PH_MODE_SERVE) {
        ph_config_problem(config, "sms.endpoint and analytics.endpoint need aws.access_key_id and "
                                  "aws.secret_access_key");
    }
    if (s->database.n > 0 && !ph_str_starts(s->database, PH_STR("postgresql://")) &&
        !ph_str_starts(s->database, PH_STR("postgres://"))) {
        ph_config_problem(config, "storage.database must begin with postgresql://");
    }
    if (s->database.n > 0 && s->memory) {
        ph_config_problem(config, "storage.memory and storage.database exclude each other");
    }
    if (ph_mail_settings_problem(&s->mail) != NULL) {
        ph_config_problem(config, "%s", ph_mail_settings_problem(&s->mail));
    }
    if (s->public_url.n == 0) {
        s->public_url = local_url(config);
    }
}

static bool is_on(const struct ph_config_key *key, struct ph_str text)
{
    struct ph_settings scratch = { 0 };
    const char *why;
    struct ph_arena arena = { 0 };
    bool on;

    if (key->type != PH_CONFIG_BOOL) {
        return text.n > 0;
    }
    on = ph_config_parse(&arena, key, text, &scratch, &why) &&
         *(const bool *)((const char *)&scratch + key->offset);
    ph_arena_finish(&arena);
    return on;
}

static void settle_one(struct ph_config *config, size_t i)
{
    const struct ph_config_key *key = &ph_config_keys[i];
    const struct ph_config_value *value = &config->values[i];
    const char *why;

    if (key->dev_only && config->settings.mode == PH_MODE_SERVE && is_on(key, value->text)) {
        ph_config_problem(config, "%s.%s is for `poolhouse dev` only", key->section, key->name);
        return;
    }
    if (value->text.p == NULL) {
        return;
    }
    if (!ph_config_parse(&config->arena, key, value->text, &config->settings, &why)) {
        ph_config_problem(config, "%s.%s (%.*s): \"%.*s\" %s", key->section, key->name,
                          PH_FMT(value->source), PH_FMT(key->secret ? PH_STR("***") : value->text),
                          why);
    }
}

bool ph_config_settle(struct ph_config *config)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        settle_one(config, i);
    }
    if (config->problems.n == 0) {
        check_together(config);
    }
    return config->problems.n == 0;
}
