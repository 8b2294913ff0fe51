/* Files become items. */
#include "seed/seed.h"

#include "seed/internal.h"
#include "seed/yaml.h"
#include "util/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024 * 1024, STACK_MAX = 128, TEXT_MAX = 64 * 1024 * 1024 };

/* --- for the other files --- */

bool ph_seed_refuse(struct ph_seed_file *file, struct ph_str path, const char *format, ...)
{
    struct ph_seed *seed = file->seed;
    char text[512];
    va_list args;

    if (seed->why != NULL) {
        return false;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    seed->why = ph_textf(seed->arena, "%.*s: %.*s%s%s", PH_FMT(file->name), PH_FMT(path),
                         path.n > 0 ? ": " : "", text);
    return false;
}

struct ph_seed_item *ph_seed_add(struct ph_seed_file *file, enum ph_seed_kind kind,
                                 struct ph_str path, struct json_t *body)
{
    struct ph_seed *seed = file->seed;
    struct ph_seed_item *item = ph_arena_new(seed->arena, struct ph_seed_item);

    *item = (struct ph_seed_item){
        .kind = kind, .file = file->name, .path = path, .stack = file->stack, .body = body
    };
    *seed->ends[kind] = item;
    seed->ends[kind] = &item->next;
    return item;
}

/* --- one file --- */

static bool read_all(int fd, struct ph_buf *text)
{
    uint8_t chunk[16 * 1024];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof chunk)) > 0) {
        ph_buf_add(text, (struct ph_str){ chunk, (size_t)n });
    }
    return n == 0;
}

static bool read_file(struct ph_seed_file *file, struct ph_str *text)
{
    const char *path = ph_cstr(file->seed->arena, file->name);
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    struct ph_buf bytes;
    bool done;

    if (fd < 0) {
        return ph_seed_refuse(file, (struct ph_str){ 0 }, "cannot be read: %s", strerror(errno));
    }
    ph_buf_init(&bytes, file->seed->arena, FILE_MAX);
    done = read_all(fd, &bytes);
    close(fd);
    if (!done || bytes.overflowed) {
        return ph_seed_refuse(file, (struct ph_str){ 0 }, "cannot be read: %s",
                              done ? "it is too large" : strerror(errno));
    }
    *text = ph_buf_str(&bytes);
    return true;
}

/* What begins like JSON is read as JSON: its errors are told in its own words. */
static struct json_t *parse(struct ph_seed_file *file, struct ph_str text)
{
    struct ph_arena *arena = file->seed->arena;
    const struct ph_str trimmed = ph_str_trim(text);
    const char *why = "this is neither JSON nor YAML";
    struct json_t *value;

    if (trimmed.n > 0 && trimmed.p[0] == '{') {
        value = ph_json_parse(arena, text);
        why = value == NULL ? ph_json_problem(arena, text) : "";
    } else {
        value = ph_yaml_parse(arena, text, &why);
    }
    if (value == NULL) {
        (void)ph_seed_refuse(file, (struct ph_str){ 0 }, "%s", why);
    }
    return value;
}

static bool read_text(struct ph_seed_file *file, struct ph_str text)
{
    const struct json_t *document = parse(file, text);

    if (document == NULL) {
        return false;
    }
    if (ph_json_get(document, "UserPools") != NULL) {
        return ph_seed_read_document(file, document);
    }
    if (ph_json_get(document, "Resources") != NULL) {
        return ph_seed_read_template(file, document);
    }
    return ph_seed_refuse(file, (struct ph_str){ 0 },
                          "there is neither \"UserPools\" nor \"Resources\" in it");
}

/* --- names of stacks --- */

static bool is_stack_name(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i] | 0x20;
        const bool is_letter = c >= 'a' && c <= 'z';

        if (!is_letter && (i == 0 || !((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))) {
            return false;
        }
    }
    return s.n > 0 && s.n <= STACK_MAX;
}

/* "shop" of "infra/shop.yaml", with other signs as '-'. */
static struct ph_str stack_of_file(struct ph_arena *arena, struct ph_str name)
{
    struct ph_str base = name, head, tail;
    struct ph_buf stack;

    while (ph_str_cut(base, '/', &head, &tail)) {
        base = tail;
    }
    ph_str_cut(base, '.', &head, NULL);
    ph_buf_init(&stack, arena, STACK_MAX);
    for (size_t i = 0; i < head.n; i++) {
        const struct ph_str one = { head.p + i, 1 };

        ph_buf_add_byte(&stack,
                        is_stack_name(ph_strf(arena, "a%.*s", PH_FMT(one))) ? head.p[i] : '-');
    }
    head = ph_buf_str(&stack);
    return is_stack_name(head) ? head : PH_STR("stack");
}

static struct ph_str directory_of(struct ph_arena *arena, struct ph_str name)
{
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] != '/') {
        n--;
    }
    return n == 0 ? PH_STR("./") : ph_str_dup(arena, (struct ph_str){ name.p, n });
}

/* --- all files --- */

static struct ph_seed *new_seed(struct ph_arena *arena, const struct ph_seed_options *options)
{
    struct ph_seed *seed = ph_arena_new(arena, struct ph_seed);
    struct ph_seed_options *kept = ph_arena_new(arena, struct ph_seed_options);

    *kept = *options;
    seed->arena = arena;
    seed->options = kept;
    seed->region = options->settings->default_region;
    seed->outputs = ph_json_object(arena);
    seed->exports = ph_json_object(arena);
    seed->ignored = ph_json_array(arena);
    seed->routes = ph_json_array(arena);
    seed->used = ph_json_object(arena);
    for (size_t i = 0; i < PH_SEED_KIND_COUNT; i++) {
        seed->ends[i] = &seed->items[i];
    }
    return seed;
}

static bool read_line(struct ph_seed *seed, struct ph_str line)
{
    struct ph_seed_file file = { .seed = seed, .name = line };
    struct ph_str stack, name, text = { 0 };

    if (ph_str_cut(line, '=', &stack, &name) && is_stack_name(stack)) {
        file.name = name;
        file.stack = stack;
    } else {
        file.stack = stack_of_file(seed->arena, line);
    }
    file.directory = directory_of(seed->arena, file.name);
    return read_file(&file, &text) && read_text(&file, text);
}

/* Two pools or clients of one id would be made one of the other at each start. */
static bool check_twice(struct ph_seed *seed, enum ph_seed_kind kind)
{
    struct ph_arena *arena = seed->arena;
    struct json_t *seen = ph_json_object(arena);

    for (struct ph_seed_item *item = seed->items[kind]; item != NULL; item = item->next) {
        const struct ph_str id = kind == PH_SEED_POOL ? item->pool_id : item->client_id;
        struct ph_seed_file file = { .seed = seed, .name = item->file };

        if (ph_str_has_byte(id, 0)) {
            return ph_seed_refuse(&file, item->path, "the id is no id");
        }
        if (ph_json_get_s(seen, id) != NULL) {
            return ph_seed_refuse(&file, item->path,
                                  "there is a second one with the id %.*s: state another id, or "
                                  "name the stack (STACK=FILE)",
                                  PH_FMT(id));
        }
        ph_json_set_s(arena, seen, id, ph_json_new_bool(true));
    }
    return true;
}

/* A parameter that no template declares is a mistake of whoever wrote the command. */
static bool check_parameters(struct ph_seed *seed)
{
    struct ph_str rest = seed->options->parameters, line, name;

    while (rest.n > 0) {
        ph_str_cut(rest, '\n', &line, &rest);
        ph_str_cut(line, '=', &name, NULL);
        if (line.n > 0 && ph_json_get_s(seed->used, name) == NULL) {
            seed->why =
                ph_textf(seed->arena, "no template declares the parameter %.*s", PH_FMT(name));
            return false;
        }
    }
    return true;
}

static bool finish(struct ph_seed *seed, bool done, struct ph_seed **read, const char **why)
{
    done = done && check_twice(seed, PH_SEED_POOL) && check_twice(seed, PH_SEED_CLIENT) &&
           check_parameters(seed);
    if (done) {
        *read = seed;
    } else {
        *why = seed->why != NULL ? seed->why : "the seed cannot be read";
    }
    return done;
}

bool ph_seed_read(struct ph_arena *arena, const struct ph_seed_options *options,
                  struct ph_seed **seed, const char **why)
{
    struct ph_seed *made = new_seed(arena, options);
    struct ph_str rest = options->files, line;
    bool done = true;

    while (done && rest.n > 0) {
        ph_str_cut(rest, '\n', &line, &rest);
        done = line.n == 0 || read_line(made, line);
    }
    return finish(made, done, seed, why);
}

bool ph_seed_read_text(struct ph_arena *arena, const struct ph_seed_options *options,
                       struct ph_str stack, struct ph_str file, struct ph_str text,
                       struct ph_seed **seed, const char **why)
{
    struct ph_seed *made = new_seed(arena, options);
    struct ph_seed_file one = {
        .seed = made, .name = file, .stack = stack, .directory = PH_STR("./")
    };

    return finish(made, read_text(&one, text), seed, why);
}

/* --- what is known before anything is applied --- */

struct ph_str ph_seed_routes(const struct ph_seed *seed)
{
    struct ph_buf lines;

    ph_buf_init(&lines, seed->arena, TEXT_MAX);
    for (size_t i = 0; i < ph_json_length(seed->routes); i++) {
        ph_buf_addf(&lines, "%s%.*s", i > 0 ? "\n" : "",
                    PH_FMT(ph_json_str(ph_json_at(seed->routes, i))));
    }
    return ph_buf_str(&lines);
}

void ph_seed_log_ignored(const struct ph_seed *seed, const struct ph_log *log)
{
    for (size_t i = 0; i < ph_json_length(seed->ignored); i++) {
        PH_LOG(log, PH_INFO, "seed_ignored",
               ph_f_str("what", ph_json_str(ph_json_at(seed->ignored, i))));
    }
}

static struct json_t *clients_of(struct ph_arena *arena, const struct ph_seed *seed,
                                 struct ph_str pool_id)
{
    struct json_t *list = ph_json_array(arena);

    for (struct ph_seed_item *c = seed->items[PH_SEED_CLIENT]; c != NULL; c = c->next) {
        struct json_t *client = ph_json_object(arena);

        if (!ph_str_eq(c->pool_id, pool_id)) {
            continue;
        }
        ph_json_set_str(arena, client, "ClientId", c->client_id);
        ph_json_set_str(arena, client, "ClientName", ph_json_get_str(c->body, "ClientName"));
        if (c->client_secret.n > 0) {
            ph_json_set_str(arena, client, "ClientSecret", c->client_secret);
        }
        if (c->logical.n > 0) {
            ph_json_set_str(arena, client, "LogicalId", c->logical);
        }
        ph_json_append(arena, list, client);
    }
    return list;
}

struct json_t *ph_seed_result(struct ph_arena *arena, const struct ph_seed *seed)
{
    struct json_t *result = ph_json_object(arena);
    struct json_t *pools = ph_json_array(arena);

    for (struct ph_seed_item *p = seed->items[PH_SEED_POOL]; p != NULL; p = p->next) {
        struct json_t *pool = ph_json_object(arena);

        ph_json_set_str(arena, pool, "Id", p->pool_id);
        ph_json_set_str(arena, pool, "Name", ph_json_get_str(p->body, "PoolName"));
        if (p->logical.n > 0) {
            ph_json_set_str(arena, pool, "Stack", p->stack);
            ph_json_set_str(arena, pool, "LogicalId", p->logical);
        }
        ph_json_set(arena, pool, "Clients", clients_of(arena, seed, p->pool_id));
        ph_json_append(arena, pools, pool);
    }
    ph_json_set(arena, result, "UserPools", pools);
    ph_json_set(arena, result, "Outputs", ph_json_copy(arena, seed->outputs));
    return result;
}

static void add_outputs(struct ph_buf *lines, struct ph_str stack, const struct json_t *outputs)
{
    for (void *at = ph_json_first(outputs); at != NULL; at = ph_json_next(outputs, at)) {
        ph_buf_addf(lines, "output %.*s.%.*s %.*s\n", PH_FMT(stack), PH_FMT(ph_json_key(at)),
                    PH_FMT(ph_json_str(ph_json_member(at))));
    }
}

struct ph_str ph_seed_summary(struct ph_arena *arena, const struct ph_seed *seed)
{
    struct ph_buf lines;

    ph_buf_init(&lines, arena, TEXT_MAX);
    for (struct ph_seed_item *p = seed->items[PH_SEED_POOL]; p != NULL; p = p->next) {
        ph_buf_addf(&lines, "pool %.*s %.*s\n", PH_FMT(ph_json_get_str(p->body, "PoolName")),
                    PH_FMT(p->pool_id));
    }
    for (struct ph_seed_item *c = seed->items[PH_SEED_CLIENT]; c != NULL; c = c->next) {
        ph_buf_addf(&lines, "client %.*s %.*s\n", PH_FMT(ph_json_get_str(c->body, "ClientName")),
                    PH_FMT(c->client_id));
    }
    for (void *at = ph_json_first(seed->outputs); at != NULL;
         at = ph_json_next(seed->outputs, at)) {
        add_outputs(&lines, ph_json_key(at), ph_json_member(at));
    }
    return ph_buf_str(&lines);
}
