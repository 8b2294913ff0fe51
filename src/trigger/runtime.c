#include "trigger/runtime.h"

#include "util/buf.h"
#include "util/clock.h"
#include "util/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TOKEN_MAX = 64,
    CONNECTIONS_MAX = 4, /* clients that open a new one for each question */
    HEAD_MAX = 16 * 1024,
    READ_BYTES = 16 * 1024,
};

#define VERSION "/2018-06-01/runtime/"

/* What a connection has sent and nobody has read yet. */
struct connection {
    int fd; /* -1: free */
    uint8_t *bytes;
    size_t n, capacity;
};

struct ph_runtime {
    int listener;
    uint16_t port;
    uint8_t token[TOKEN_MAX];
    size_t token_n;
    struct connection connections[CONNECTIONS_MAX];
};

/* One invocation on its way. */
struct run {
    struct ph_runtime *runtime;
    struct ph_arena *arena;
    const struct ph_runtime_event *event;
    size_t reply_max;
    struct ph_runtime_answer *answer;
    bool given; /* the process has the event */
};

struct question {
    struct ph_str method;
    struct ph_str path;
    struct ph_str body;
};

/* ---- making ---- */

static bool listen_on_loopback(struct ph_runtime *runtime)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof address;

    runtime->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (runtime->listener < 0 || bind(runtime->listener, (struct sockaddr *)&address, n) != 0 ||
        listen(runtime->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(runtime->listener, (struct sockaddr *)&address, &n) != 0) {
        return false;
    }
    runtime->port = ntohs(address.sin_port);
    return true;
}

struct ph_runtime *ph_runtime_create(struct ph_str token)
{
    struct ph_runtime *runtime = ph_heap_zeroed(1, sizeof *runtime);

    if (token.n > sizeof runtime->token) {
        ph_fatal("a runtime's token is too long");
    }
    if (token.n > 0) {
        memcpy(runtime->token, token.p, token.n);
        runtime->token_n = token.n;
    }
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        runtime->connections[i].fd = -1;
    }
    if (!listen_on_loopback(runtime)) {
        ph_runtime_destroy(runtime);
        return NULL;
    }
    return runtime;
}

static void drop(struct connection *connection)
{
    if (connection->fd >= 0) {
        close(connection->fd);
    }
    if (connection->bytes != NULL) {
        explicit_bzero(connection->bytes, connection->capacity);
    }
    free(connection->bytes);
    *connection = (struct connection){ .fd = -1 };
}

void ph_runtime_destroy(struct ph_runtime *runtime)
{
    if (runtime == NULL) {
        return;
    }
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        drop(&runtime->connections[i]);
    }
    if (runtime->listener >= 0) {
        close(runtime->listener);
    }
    free(runtime);
}

struct ph_str ph_runtime_address(struct ph_arena *arena, const struct ph_runtime *runtime)
{
    const struct ph_str token = { runtime->token, runtime->token_n };

    return ph_strf(arena, "127.0.0.1:%d%.*s", runtime->port, PH_FMT(token));
}

/* ---- reading ---- */

static void accept_one(struct ph_runtime *runtime)
{
    const int fd = accept4(runtime->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const int yes = 1;

    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (runtime->connections[i].fd < 0) {
            runtime->connections[i].fd = fd;
            return;
        }
    }
    drop(&runtime->connections[0]); /* clients that never close: the oldest is idle */
    memmove(&runtime->connections[0], &runtime->connections[1],
            (CONNECTIONS_MAX - 1) * sizeof runtime->connections[0]);
    runtime->connections[CONNECTIONS_MAX - 1] = (struct connection){ .fd = fd };
}

static void make_room(struct connection *c)
{
    if (c->capacity - c->n < READ_BYTES) {
        const size_t capacity = c->capacity == 0 ? 2 * (size_t)READ_BYTES : 2 * c->capacity;
        uint8_t *larger = ph_heap_alloc(capacity);

        if (c->n > 0) {
            memcpy(larger, c->bytes, c->n);
            explicit_bzero(c->bytes, c->n);
        }
        free(c->bytes);
        c->bytes = larger;
        c->capacity = capacity;
    }
}

/* False when the connection has ended. */
static bool receive(struct connection *c)
{
    ssize_t n;

    make_room(c);
    n = read(c->fd, c->bytes + c->n, READ_BYTES);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    c->n += (size_t)n;
    return n > 0;
}

static size_t find(struct ph_str in, struct ph_str what)
{
    const void *at = in.n == 0 ? NULL : memmem(in.p, in.n, what.p, what.n);

    return at == NULL ? SIZE_MAX : (size_t)((const uint8_t *)at - in.p);
}

static struct ph_str header(struct ph_str head, struct ph_str wanted)
{
    while (head.n > 0) {
        struct ph_str line, name, value;

        ph_str_cut(head, '\n', &line, &head);
        if (ph_str_cut(line, ':', &name, &value) && ph_str_eq_nocase(name, wanted)) {
            return ph_str_trim(value);
        }
    }
    return (struct ph_str){ 0 };
}

enum verdict { WHOLE, MORE, WRONG };

static bool hex_size(struct ph_str digits, size_t *size)
{
    size_t n = 0;

    ph_str_cut(digits, ';', &digits, NULL);
    digits = ph_str_trim(digits);
    for (size_t i = 0; i < digits.n; i++) {
        const uint8_t c = digits.p[i] | 0x20;

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
        n = n * 16 + (size_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *size = n;
    return digits.n > 0 && digits.n <= 7;
}

/* RFC 9112, 7.1. *used is what it took of `in`. */
static enum verdict read_chunks(struct ph_arena *arena, struct ph_str in, size_t max,
                                struct ph_str *body, size_t *used)
{
    struct ph_str rest = in;
    struct ph_buf out;
    size_t size;

    ph_buf_init(&out, arena, max);
    for (;;) {
        const size_t end = find(rest, PH_STR("\r\n"));

        if (end == SIZE_MAX) {
            return rest.n > HEAD_MAX ? WRONG : MORE;
        }
        if (!hex_size((struct ph_str){ rest.p, end }, &size)) {
            return WRONG;
        }
        rest = ph_str_skip(rest, end + 2);
        if (rest.n < size + 2) {
            return size > max ? WRONG : MORE;
        }
        ph_buf_add(&out, (struct ph_str){ rest.p, size });
        rest = ph_str_skip(rest, size + 2);
        if (size == 0 || out.overflowed) {
            *body = ph_buf_str(&out);
            *used = in.n - rest.n;
            return out.overflowed ? WRONG : WHOLE;
        }
    }
}

static enum verdict read_body(const struct run *run, struct ph_str head, struct ph_str rest,
                              struct ph_str *body, size_t *used)
{
    const struct ph_str length = header(head, PH_STR("content-length"));
    int64_t n = 0;

    if (ph_str_eq_nocase(header(head, PH_STR("transfer-encoding")), PH_STR("chunked"))) {
        if (!ph_str_ends(rest, PH_STR("0\r\n\r\n"))) { /* nobody sends more before our answer */
            return rest.n > 2 * run->reply_max + HEAD_MAX ? WRONG : MORE;
        }
        return read_chunks(run->arena, rest, run->reply_max, body, used);
    }
    if (length.n > 0 && !ph_str_to_int(length, 0, (int64_t)run->reply_max, &n)) {
        return WRONG;
    }
    if (rest.n < (size_t)n) {
        return MORE;
    }
    *body = ph_str_dup(run->arena, (struct ph_str){ rest.p, (size_t)n });
    *used = (size_t)n;
    return WHOLE;
}

/* Nothing of the path without the token. */
static struct ph_str without_token(const struct ph_runtime *runtime, struct ph_str path)
{
    const struct ph_str token = { runtime->token, runtime->token_n };

    return ph_str_starts(path, token) ? ph_str_skip(path, token.n) : (struct ph_str){ 0 };
}

/* Takes one question off what the connection has sent. */
static enum verdict take_question(const struct run *run, struct connection *c,
                                  struct question *question)
{
    const struct ph_str all = { c->bytes, c->n };
    const size_t end = find(all, PH_STR("\r\n\r\n"));
    struct ph_str head, line, rest;
    size_t used = 0;
    enum verdict verdict;

    if (end == SIZE_MAX) {
        return all.n > HEAD_MAX ? WRONG : MORE;
    }
    head = ph_str_dup(run->arena, (struct ph_str){ all.p, end });
    verdict = read_body(run, head, ph_str_skip(all, end + 4), &question->body, &used);
    if (verdict != WHOLE) {
        return verdict;
    }
    ph_str_cut(head, '\n', &line, &rest);
    ph_str_cut(line, ' ', &question->method, &line);
    ph_str_cut(line, ' ', &question->path, NULL);
    question->path = without_token(run->runtime, question->path);
    used += end + 4;
    memmove(c->bytes, c->bytes + used, c->n - used);
    c->n -= used;
    return WHOLE;
}

/* ---- answering ---- */

/* Events are small and the process waits for them: a socket that does not take one is broken. */
static bool send_all(const struct connection *c, struct ph_str text)
{
    while (text.n > 0) {
        const ssize_t n = send(c->fd, text.p, text.n, MSG_NOSIGNAL);
        struct pollfd writable = { .fd = c->fd, .events = POLLOUT };

        if (n < 0 && errno == EAGAIN && poll(&writable, 1, 1000) == 1) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        text = ph_str_skip(text, (size_t)n);
    }
    return true;
}

static bool send_event(const struct run *run, const struct connection *c)
{
    const struct ph_runtime_event *event = run->event;
    const struct ph_str head = ph_strf(
        run->arena,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Lambda-Runtime-Aws-Request-Id: %.*s\r\nLambda-Runtime-Deadline-Ms: %lld\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: %.*s\r\nContent-Length: %zu\r\n\r\n",
        PH_FMT(event->id), (long long)event->deadline_ms, PH_FMT(event->arn), event->text.n);

    return send_all(c, head) && send_all(c, event->text);
}

static bool send_status(const struct run *run, const struct connection *c, const char *status)
{
    return send_all(c, ph_strf(run->arena,
                               "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                               "Content-Length: 15\r\n\r\n{\"status\":\"OK\"}",
                               status));
}

/* "invocation/ID/response" of this invocation; an old one's comes too late. */
static bool is_about(const struct run *run, struct ph_str path, const char *what)
{
    return run->given && ph_str_eq(path, ph_strf(run->arena, VERSION "invocation/%.*s/%s",
                                                 PH_FMT(run->event->id), what));
}

static void finish(struct run *run, enum ph_runtime_outcome kind, struct ph_str text)
{
    run->answer->kind = kind;
    run->answer->text = text;
}

/* True when the invocation is over. */
static bool answer_question(struct run *run, struct connection *c, const struct question *q)
{
    if (ph_str_eq(q->path, PH_STR(VERSION "invocation/next"))) {
        run->given = send_event(run, c);
        return false;
    }
    if (is_about(run, q->path, "response")) {
        finish(run, PH_RUNTIME_REPLIED, q->body);
    } else if (is_about(run, q->path, "error")) {
        finish(run, PH_RUNTIME_THREW, q->body);
    } else if (ph_str_eq(q->path, PH_STR(VERSION "init/error"))) {
        finish(run, PH_RUNTIME_INIT_ERROR, q->body);
    } else {
        (void)send_status(run, c, "404 Not Found");
        return false;
    }
    (void)send_status(run, c, "202 Accepted");
    return true;
}

/* True when the invocation is over. */
static bool read_connection(struct run *run, struct connection *c)
{
    struct question question;
    enum verdict verdict;

    if (!receive(c)) {
        drop(c);
        return false;
    }
    while ((verdict = take_question(run, c, &question)) == WHOLE) {
        if (answer_question(run, c, &question)) {
            return true;
        }
    }
    if (verdict == WRONG) {
        drop(c);
        finish(run, PH_RUNTIME_BROKEN, PH_STR(""));
        return true;
    }
    return false;
}

static int64_t left_ms(int64_t end_ns)
{
    const int64_t left = (end_ns - ph_monotonic_ns() + 999999) / 1000000;

    return left > 0 ? left : 0;
}

/* One wait and what it brought. True when the invocation is over. */
static bool step(struct run *run, int alive, int64_t end_ns)
{
    struct ph_runtime *runtime = run->runtime;
    struct pollfd fds[CONNECTIONS_MAX + 2] = { { .fd = alive, .events = POLLIN },
                                               { .fd = runtime->listener, .events = POLLIN } };
    const int64_t wait_ms = left_ms(end_ns);
    bool heard = false;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        fds[i + 2] = (struct pollfd){ .fd = runtime->connections[i].fd, .events = POLLIN };
    }
    if (wait_ms == 0) {
        finish(run, PH_RUNTIME_TIMED_OUT, PH_STR(""));
        return true;
    }
    if (poll(fds, CONNECTIONS_MAX + 2, (int)wait_ms) <= 0) {
        return false;
    }
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        heard = heard || fds[i + 2].revents != 0;
        if (fds[i + 2].revents != 0 && read_connection(run, &runtime->connections[i])) {
            return true;
        }
    }
    if (fds[1].revents != 0) { /* after the others: taking one may move them */
        accept_one(runtime);
    } else if (fds[0].revents != 0 && !heard) { /* what it said before it died counts */
        finish(run, PH_RUNTIME_DIED, PH_STR(""));
        return true;
    }
    return false;
}

void ph_runtime_run(struct ph_runtime *runtime, struct ph_arena *arena, int alive,
                    const struct ph_runtime_event *event, int64_t timeout_ms, size_t reply_max,
                    struct ph_runtime_answer *answer)
{
    struct run run = {
        .runtime = runtime, .arena = arena, .event = event, .reply_max = reply_max, .answer = answer
    };
    const int64_t end_ns = ph_monotonic_ns() + timeout_ms * 1000000;

    while (!step(&run, alive, end_ns)) {
    }
}
