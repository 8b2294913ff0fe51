/*
 * Functions that Poolhouse runs itself: processes that speak the Lambda Runtime API, started when
 * they are needed, kept warm, started anew when they die or their file changes.
 */
#include "crypto/random.h"
#include "trigger/internal.h"
#include "trigger/runtime.h"
#include "util/encode.h"

#include "trigger/bootstrap_js.h"
#include "trigger/bootstrap_py.h"
#include "util/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOKEN_BYTES = 16, IDLE_MAX = 8, LINE_MAX_BYTES = 2000, VARIABLES_MAX = 1000, LOOK_MS = 200 };

/* One process. */
struct instance {
    pid_t pid;
    int alive;  /* pidfd; -1: unknown */
    int output; /* what it writes */
    struct ph_runtime *runtime;
    struct timespec file_time;
    struct ph_local *local;
    pthread_t reader;
    bool has_reader;
    struct instance *next; /* of all that live; under the lock of `local` */
    bool ended;            /* of the process, as the reader sees it; under the lock of `local` */
};

struct ph_local {
    struct ph_log log;
    struct ph_arena arena;
    struct ph_str arn;
    const char *name;          /* of the function */
    const char *file;          /* NULL: the name has a zero in it */
    const char *handler;       /* what the file exports */
    const char *program;       /* "node", "python3" or the file itself */
    const char *code;          /* the bootstrap, NULL for programs that need none */
    struct ph_str key_service; /* absent: none */
    pthread_mutex_t lock;
    struct instance *idle[IDLE_MAX];
    size_t idle_count;
    struct instance *living;
    bool killed; /* nothing is started any more */
};

/* ---- what runs ---- */

struct language {
    struct ph_str suffix;
    const char *program;
    const char *code;
};

static const struct language LANGUAGES[] = {
    { PH_STR_INIT(".js"), "node", bootstrap_js },
    { PH_STR_INIT(".mjs"), "node", bootstrap_js },
    { PH_STR_INIT(".cjs"), "node", bootstrap_js },
    { PH_STR_INIT(".py"), "python3", bootstrap_py },
};

/* "/srv/index.js:handler": the part after the last ':' unless it belongs to a folder's name. */
static void split_target(struct ph_local *local, struct ph_str target)
{
    const uint8_t *colon = target.n == 0 ? NULL : memrchr(target.p, ':', target.n);
    struct ph_str handler = PH_STR("handler");

    if (colon != NULL) {
        const struct ph_str rest = ph_str_skip(target, (size_t)(colon - target.p) + 1);

        if (!ph_str_has_byte(rest, '/') && rest.n > 0) {
            handler = rest;
            target.n = (size_t)(colon - target.p);
        }
    }
    local->file = ph_cstr(&local->arena, target);
    local->handler = ph_cstr(&local->arena, handler);
    local->program = local->file;
    for (size_t i = 0; i < sizeof LANGUAGES / sizeof LANGUAGES[0]; i++) {
        if (ph_str_ends(target, LANGUAGES[i].suffix)) {
            local->program = LANGUAGES[i].program;
            local->code = LANGUAGES[i].code;
        }
    }
}

struct ph_local *ph_local_create(const struct ph_functions_options *options, struct ph_str arn,
                                 struct ph_str target)
{
    struct ph_local *local = ph_heap_zeroed(1, sizeof *local);

    local->log = options->log;
    local->key_service = options->key_service;
    local->arn = ph_str_dup(&local->arena, arn);
    local->name = ph_cstr(&local->arena, ph_function_name(arn, NULL));
    split_target(local, target);
    pthread_mutex_init(&local->lock, NULL);
    return local;
}

/* ---- its output, line by line ---- */

static void log_line(const struct instance *instance, struct ph_str line)
{
    line = ph_str_trim(line);
    if (line.n > 0) {
        PH_LOG(&instance->local->log, PH_INFO, "function_output",
               ph_f_text("function", instance->local->name), ph_f_str("line", line));
    }
}

static bool has_ended(struct instance *instance)
{
    bool ended;

    pthread_mutex_lock(&instance->local->lock);
    ended = instance->ended;
    pthread_mutex_unlock(&instance->local->lock);
    return ended;
}

/* Logs the whole lines in the buffer, moves the rest to its start. */
static size_t log_lines(const struct instance *instance, uint8_t *buffer, size_t n)
{
    struct ph_str rest = { buffer, n }, line, tail;

    while (ph_str_cut(rest, '\n', &line, &tail)) {
        log_line(instance, line);
        rest = tail;
    }
    if (rest.n == LINE_MAX_BYTES) {
        log_line(instance, rest);
        rest.n = 0;
    }
    memmove(buffer, rest.p, rest.n);
    return rest.n;
}

/* Until the pipe closes; a child's child may hold it, so that the end of the process ends it, too.
 */
static void *read_output(void *self)
{
    struct instance *instance = self;
    uint8_t buffer[LINE_MAX_BYTES];
    size_t n = 0;

    for (;;) {
        struct pollfd readable = { .fd = instance->output, .events = POLLIN };
        ssize_t got;

        if (poll(&readable, 1, LOOK_MS) <= 0) {
            if (has_ended(instance)) {
                break;
            }
            continue;
        }
        got = read(instance->output, buffer + n, sizeof buffer - n);
        if (got <= 0) {
            break;
        }
        n = log_lines(instance, buffer, n + (size_t)got);
    }
    log_line(instance, (struct ph_str){ buffer, n });
    return NULL;
}

/* ---- starting and ending ---- */

#define KMS_VARIABLE "AWS_ENDPOINT_URL_KMS="

static char *cstr(struct ph_arena *arena, struct ph_str s)
{
    char *copy = ph_arena_alloc(arena, s.n + 1);

    memcpy(copy, s.p, s.n);
    return copy;
}

/*
 * Everything but our own settings: they hold secrets. Where we are the key service, SDKs find us,
 * unless the developer has one.
 */
static char **environment_for(struct ph_arena *arena, const struct instance *instance)
{
    const struct ph_local *local = instance->local;
    const struct ph_str api = ph_runtime_address(arena, instance->runtime);
    const struct ph_str region = ph_function_region(local->arn);
    char **all = ph_arena_array(arena, VARIABLES_MAX + 10, char *);
    const struct ph_str ours[] = {
        ph_strf(arena, "AWS_LAMBDA_RUNTIME_API=%.*s", PH_FMT(api)),
        ph_strf(arena, "AWS_LAMBDA_FUNCTION_NAME=%s", local->name),
        PH_STR("AWS_LAMBDA_FUNCTION_VERSION=$LATEST"),
        PH_STR("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"),
        ph_strf(arena, "AWS_REGION=%.*s", PH_FMT(region)),
        ph_strf(arena, "_HANDLER=%s", local->handler),
        ph_strf(arena, "POOLHOUSE_HANDLER_FILE=%s", local->file),
    };
    bool has_kms = local->key_service.n == 0;
    size_t n = 0;

    for (char **variable = environ; *variable != NULL && n < VARIABLES_MAX; variable++) {
        if (!ph_str_starts(ph_str_from(*variable), PH_STR("POOLHOUSE_"))) {
            has_kms = has_kms || ph_str_starts(ph_str_from(*variable), PH_STR(KMS_VARIABLE));
            all[n++] = *variable;
        }
    }
    if (!has_kms) {
        all[n++] = cstr(arena, PH_CONCAT(arena, PH_STR(KMS_VARIABLE), local->key_service));
    }
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        all[n++] = cstr(arena, ours[i]);
    }
    return all;
}

/* A group of its own, default signals, no descriptors but the three. */
static int spawn(struct instance *instance, int output, char *const *arguments, char **environment)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int problem;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    problem =
        posix_spawnp(&instance->pid, arguments[0], &files, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return problem;
}

static char *text_of(struct ph_arena *arena, const char *text)
{
    const size_t n = strlen(text);
    char *copy = ph_arena_alloc(arena, n + 1);

    memcpy(copy, text, n);
    return copy;
}

/* 0, or the number of the error. */
static int start_process(struct ph_arena *arena, struct instance *instance)
{
    const struct ph_local *local = instance->local;
    char *arguments[4] = { text_of(arena, local->program) };
    int ends[2], problem;

    if (local->code != NULL) {
        arguments[1] =
            text_of(arena, ph_str_eq(ph_str_from(local->program), PH_STR("node")) ? "-e" : "-c");
        arguments[2] = text_of(arena, local->code);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    problem = spawn(instance, ends[1], arguments, environment_for(arena, instance));
    close(ends[1]);
    if (problem != 0) {
        close(ends[0]);
        return problem;
    }
    instance->output = ends[0];
    instance->alive = pidfd_open(instance->pid, 0);
    instance->has_reader = pthread_create(&instance->reader, NULL, read_output, instance) == 0;
    return 0;
}

static void end_process(struct instance *instance)
{
    int status = 0;

    if (instance->pid <= 0) {
        return;
    }
    (void)kill(-instance->pid, SIGKILL);
    while (waitpid(instance->pid, &status, 0) < 0 && errno == EINTR) {
    }
    pthread_mutex_lock(&instance->local->lock);
    instance->ended = true;
    pthread_mutex_unlock(&instance->local->lock);
    if (instance->has_reader) {
        pthread_join(instance->reader, NULL);
    }
    close(instance->output);
    if (instance->alive >= 0) {
        close(instance->alive);
    }
}

/* A process that starts in the moment of the end must not outlive it. */
static void remember(struct ph_local *local, struct instance *instance)
{
    pthread_mutex_lock(&local->lock);
    instance->next = local->living;
    local->living = instance;
    if (local->killed) {
        (void)kill(-instance->pid, SIGKILL);
    }
    pthread_mutex_unlock(&local->lock);
}

static bool is_killed(struct ph_local *local)
{
    bool killed;

    pthread_mutex_lock(&local->lock);
    killed = local->killed;
    pthread_mutex_unlock(&local->lock);
    return killed;
}

/* Before the process is waited for: its number may be another's after that. */
static void forget(struct ph_local *local, const struct instance *instance)
{
    pthread_mutex_lock(&local->lock);
    for (struct instance **at = &local->living; *at != NULL; at = &(*at)->next) {
        if (*at == instance) {
            *at = instance->next;
            break;
        }
    }
    pthread_mutex_unlock(&local->lock);
}

void ph_local_kill(struct ph_local *local)
{
    pthread_mutex_lock(&local->lock);
    local->killed = true;
    for (struct instance *instance = local->living; instance != NULL; instance = instance->next) {
        (void)kill(-instance->pid, SIGKILL);
    }
    pthread_mutex_unlock(&local->lock);
}

static void end_instance(struct instance *instance)
{
    forget(instance->local, instance);
    end_process(instance);
    ph_runtime_destroy(instance->runtime);
    free(instance);
}

static void log_problem(const struct ph_local *local, const char *what, const char *why)
{
    PH_LOG(&local->log, PH_ERROR, "function_not_started", ph_f_text("function", local->name),
           ph_f_text("program", what), ph_f_text("why", why));
}

/* Events hold passwords, and a loopback port is open to all users of the machine. */
static struct ph_str make_token(const struct ph_local *local, struct ph_arena *arena)
{
    uint8_t bytes[TOKEN_BYTES];

    if (local->code == NULL) { /* not every program takes more than an address */
        return (struct ph_str){ 0 };
    }
    ph_system_random.fill(ph_system_random.self, bytes, sizeof bytes);
    return PH_CONCAT(arena, PH_STR("/"), ph_hex(arena, (struct ph_str){ bytes, sizeof bytes }));
}

static struct instance *start_instance(struct ph_local *local, struct ph_arena *arena,
                                       const struct stat *file)
{
    struct instance *instance = ph_heap_zeroed(1, sizeof *instance);
    int problem;

    *instance = (struct instance){ .local = local, .alive = -1, .file_time = file->st_mtim };
    instance->runtime = ph_runtime_create(make_token(local, arena));
    problem = instance->runtime == NULL ? errno : start_process(arena, instance);
    if (problem != 0) {
        log_problem(local, local->program, strerror(problem));
        end_instance(instance);
        return NULL;
    }
    remember(local, instance);
    PH_LOG(&local->log, PH_INFO, "function_started", ph_f_text("function", local->name),
           ph_f_int("pid", instance->pid));
    return instance;
}

/* ---- keeping warm ---- */

static bool is_fresh(const struct instance *instance, const struct stat *file)
{
    struct pollfd alive = { .fd = instance->alive, .events = POLLIN };

    return poll(&alive, 1, 0) == 0 && instance->file_time.tv_sec == file->st_mtim.tv_sec &&
           instance->file_time.tv_nsec == file->st_mtim.tv_nsec;
}

static struct instance *pop_idle(struct ph_local *local)
{
    struct instance *instance = NULL;

    pthread_mutex_lock(&local->lock);
    if (local->idle_count > 0) {
        instance = local->idle[--local->idle_count];
    }
    pthread_mutex_unlock(&local->lock);
    return instance;
}

static void push_idle(struct ph_local *local, struct instance *instance)
{
    pthread_mutex_lock(&local->lock);
    if (local->idle_count < IDLE_MAX) {
        local->idle[local->idle_count++] = instance;
        instance = NULL;
    }
    pthread_mutex_unlock(&local->lock);
    if (instance != NULL) {
        end_instance(instance);
    }
}

void ph_local_destroy(struct ph_local *local)
{
    struct instance *instance;

    if (local == NULL) {
        return;
    }
    while ((instance = pop_idle(local)) != NULL) {
        end_instance(instance);
    }
    pthread_mutex_destroy(&local->lock);
    ph_arena_finish(&local->arena);
    free(local);
}

/* Warm when there is one; NULL when none can be had. */
static struct instance *take_instance(struct ph_local *local, struct ph_arena *arena)
{
    struct instance *instance;
    struct stat file;

    if (local->file == NULL || stat(local->file, &file) != 0) {
        log_problem(local, local->file == NULL ? "" : local->file, strerror(errno));
        return NULL;
    }
    if (is_killed(local)) {
        return NULL;
    }
    while ((instance = pop_idle(local)) != NULL) {
        if (is_fresh(instance, &file)) {
            return instance;
        }
        end_instance(instance);
    }
    return start_instance(local, arena, &file);
}

/* ---- one call ---- */

static struct ph_runtime_event make_event(const struct ph_try *call)
{
    const int64_t now_ms = ph_system_clock.now_ms(ph_system_clock.self);
    uint8_t bytes[PH_UUID_BYTES] = { 0 };
    static _Atomic uint64_t count;
    const uint64_t n = ++count;

    memcpy(bytes + PH_UUID_BYTES - sizeof n, &n, sizeof n);
    ph_uuid7_set(bytes, now_ms); /* names the call between us and the process: need not be secret */
    return (struct ph_runtime_event){
        .id = ph_uuid_text(call->arena, bytes),
        .arn = call->arn,
        .text = call->event,
        .deadline_ms = now_ms + call->options->timeout_ms,
    };
}

static struct ph_str exit_text(struct ph_arena *arena, struct instance *instance, struct ph_str id)
{
    siginfo_t info = { 0 };

    (void)waitid(P_PID, (id_t)instance->pid, &info, WEXITED | WNOWAIT | WNOHANG);
    return ph_strf(arena, "RequestId: %.*s Error: Runtime exited with error: %s: %d", PH_FMT(id),
                   info.si_code == CLD_EXITED ? "exit status" : "signal", info.si_status);
}

/* True when the process may be asked again. */
static bool read_answer(const struct ph_try *call, struct instance *instance, struct ph_str id,
                        const struct ph_runtime_answer *got, struct ph_function_answer *answer)
{
    switch (got->kind) {
    case PH_RUNTIME_REPLIED:
        ph_answer_set(answer, PH_FUNCTION_REPLIED, got->text);
        return true;
    case PH_RUNTIME_THREW:
    case PH_RUNTIME_INIT_ERROR:
        ph_answer_set(answer, PH_FUNCTION_THREW, ph_error_message(call->arena, got->text));
        return got->kind == PH_RUNTIME_THREW;
    case PH_RUNTIME_DIED:
        ph_answer_set(answer, PH_FUNCTION_THREW, exit_text(call->arena, instance, id));
        return false;
    case PH_RUNTIME_TIMED_OUT:
        ph_answer_set(answer, PH_FUNCTION_LATE, PH_STR(PH_FUNCTION_TIMED_OUT));
        return false;
    case PH_RUNTIME_BROKEN:
        break;
    }
    ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ServiceException"));
    return false;
}

void ph_try_local(struct ph_local *local, const struct ph_try *call,
                  struct ph_function_answer *answer)
{
    const struct ph_runtime_event event = make_event(call);
    struct instance *instance = take_instance(local, call->arena);
    struct ph_runtime_answer got = { 0 };

    if (instance == NULL) {
        ph_answer_set(answer, PH_FUNCTION_FAILED, PH_STR("ResourceNotFoundException"));
        return;
    }
    ph_runtime_run(instance->runtime, call->arena, instance->alive, &event,
                   call->options->timeout_ms, PH_FUNCTION_REPLY_MAX, &got);
    if (read_answer(call, instance, event.id, &got, answer)) {
        push_idle(local, instance);
    } else {
        end_instance(instance);
    }
}
