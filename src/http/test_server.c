/* The server with a real socket; what needs deadlines and thousands of connections is in
 * tests/protocol/test_http.py. */
#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PLACES = 2 };

struct fixture {
    struct ph_workers *workers;
    struct ph_http_server *server;
    sem_t entered; /* a request for /slow is with a worker */
    sem_t gate;    /* lets it go on */
    struct ph_http_streams streams;
    size_t pieces; /* of the last stream */
    size_t bytes;
    atomic_int begun, dropped; /* streams */
};

enum { PIECE = 1000 };

/* Answers with what it has seen. */
static void echo(void *self, struct ph_worker *worker, const struct ph_http_request *request,
                 struct ph_http_reply *reply)
{
    struct fixture *fixture = self;

    if (ph_str_eq(request->path, PH_STR("/slow"))) {
        sem_post(&fixture->entered);
        sem_wait(&fixture->gate);
    }
    reply->status = 203;
    reply->content_type = PH_STR("text/x-echo");
    ph_http_reply_header(reply, &worker->arena, PH_STR("X-Mixed"),
                         ph_http_header(request, PH_STR("x-MIXED")));
    ph_http_reply_header(reply, &worker->arena, PH_STR("X-Forged"), PH_STR("a\r\nX-Evil: \xc3"));
    reply->body = ph_strf(&worker->arena, "[%.*s][%.*s][%.*s][%.*s][%.*s]", PH_FMT(request->method),
                          PH_FMT(request->path), PH_FMT(request->query), PH_FMT(request->body),
                          PH_FMT(request->remote_address));
}

/* ---- streams: paths under /stream ---- */

static bool wants(void *self, struct ph_str method, struct ph_str path)
{
    (void)self;
    return ph_str_eq(method, PH_STR("PUT")) && ph_str_starts(path, PH_STR("/stream"));
}

static void *begin(void *self, struct ph_worker *worker, const struct ph_http_request *request,
                   struct ph_http_reply *reply)
{
    struct fixture *fixture = self;

    (void)worker;
    if (ph_str_eq(request->query, PH_STR("refuse"))) {
        reply->status = 403;
        reply->body = PH_STR("refused");
        return NULL;
    }
    fixture->pieces = 0;
    fixture->bytes = 0;
    atomic_fetch_add(&fixture->begun, 1);
    return fixture;
}

/* A piece that begins with '!' is refused. */
static bool take(void *self, struct ph_worker *worker, void *stream, struct ph_str piece,
                 struct ph_http_reply *reply)
{
    struct fixture *fixture = stream;

    (void)self;
    (void)worker;
    fixture->pieces++;
    fixture->bytes += piece.n;
    reply->status = 409;
    reply->body = PH_STR("broken");
    return piece.n == PIECE && piece.p[0] != '!';
}

static void end(void *self, struct ph_worker *worker, void *stream, struct ph_str rest,
                struct ph_http_reply *reply)
{
    const struct fixture *fixture = stream;

    (void)self;
    reply->body =
        ph_strf(&worker->arena, "[%zu pieces, %zu bytes, %zu left: %.*s]", fixture->pieces,
                fixture->bytes, rest.n, (int)(rest.n < 3 ? rest.n : 3), (const char *)rest.p);
}

static void drop(void *self, void *stream)
{
    struct fixture *fixture = stream;

    (void)self;
    atomic_fetch_add(&fixture->dropped, 1);
}

static void refuse(void *self, int status, struct ph_http_reply *reply)
{
    (void)self;
    reply->content_type = PH_STR("text/x-refused");
    reply->body = status == 413 ? PH_STR("too large") : PH_STR("malformed");
}

static struct ph_http_server *make_server(struct fixture *fixture)
{
    const struct ph_http_handler handler = { .self = fixture, .handle = echo, .refuse = refuse };
    const struct ph_http_options options = { .listen = PH_STR("127.0.0.1:0"),
                                             .header_max = 16384,
                                             .body_max = 1000,
                                             .connections_max = 100,
                                             .head_ms = 10000,
                                             .body_ms = 10000,
                                             .write_ms = 10000,
                                             .idle_ms = 10000,
                                             .last_ms = 1000,
                                             .streams = &fixture->streams };
    char why[100];
    struct ph_http_server *server =
        ph_http_server_create(&options, &handler, fixture->workers, why, sizeof why);

    assert_non_null(server);
    return server;
}

static void start(struct ph_http_server *server)
{
    char why[100];

    assert_true(ph_http_server_start(server, why, sizeof why));
}

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.streams = (struct ph_http_streams){ .self = &fixture,
                                                .piece = PIECE,
                                                .wants = wants,
                                                .begin = begin,
                                                .take = take,
                                                .end = end,
                                                .drop = drop };

    sem_init(&fixture.entered, 0, 0);
    sem_init(&fixture.gate, 0, 0);
    fixture.workers = ph_workers_create(&(struct ph_workers_options){
        .threads = 4, .running = PLACES, .queue_max = 100, .wait_ms = 60000 });
    assert_non_null(fixture.workers);
    fixture.server = make_server(&fixture);
    start(fixture.server);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    ph_http_server_quiesce(fixture->server);
    assert_true(ph_http_server_drain(fixture->server, 10000));
    ph_http_server_destroy(fixture->server);
    assert_true(ph_workers_stop(fixture->workers, 10000));
    ph_workers_destroy(fixture->workers);
    sem_destroy(&fixture->gate);
    sem_destroy(&fixture->entered);
    return 0;
}

static int dial(const struct ph_http_server *server)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons((in_port_t)ph_http_server_port(server)),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval most = { .tv_sec = 20 };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most), 0);
    return fd;
}

static int ask(const struct ph_http_server *server, const char *request)
{
    const int fd = dial(server);

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    return fd;
}

/* All to the end of the stream. */
static const char *read_reply(int fd)
{
    static _Thread_local char reply[8192];
    size_t n = 0;
    ssize_t got;

    while (n < sizeof reply - 1 && (got = recv(fd, reply + n, sizeof reply - 1 - n, 0)) > 0) {
        n += (size_t)got;
    }
    reply[n] = '\0';
    close(fd);
    return reply;
}

/* Every request here says Connection: close. */
static const char *exchange(const struct fixture *fixture, const char *request)
{
    return read_reply(ask(fixture->server, request));
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", part, text);
    }
}

static void the_handler_sees_the_request_as_it_was_sent(void **state)
{
    const char *reply =
        exchange(*state, "POST //a%20b? HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         "Content-Length: 5\r\n\r\nhello");

    assert_has(reply, "HTTP/1.1 203 ");
    assert_has(reply, "[POST][//a%20b][][hello][127.0.0.1]");
    assert_has(reply, "Content-Type: text/x-echo\r\n");
    reply = exchange(*state, "GET /x?a=%41&b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_has(reply, "[GET][/x][a=%41&b][][127.0.0.1]");
}

static void header_names_have_no_case_and_values_forge_nothing(void **state)
{
    const char *reply = exchange(*state, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                         "X-mixed:   one two  \r\n\r\n");

    assert_has(reply, "X-Mixed: one two\r\n");
    assert_has(reply, "X-Forged: a??X-Evil: ?\r\n");
}

static void a_refusal_has_the_words_of_the_handler(void **state)
{
    const char *reply =
        exchange(*state, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");

    assert_has(reply, "HTTP/1.1 413 ");
    assert_has(reply, "text/x-refused");
    assert_has(reply, "too large");
    reply = exchange(*state, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n");
    assert_has(reply, "HTTP/1.1 400 ");
}

static void *many(void *self)
{
    for (int i = 0; i < 25; i++) {
        assert_has(exchange(self, "POST /t HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Content-Length: 2\r\n\r\n{}"),
                   "[POST][/t][][{}]");
    }
    return NULL;
}

static void many_clients_at_once_are_all_answered(void **state)
{
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many, *state), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void an_address_that_is_none_is_explained(void **state)
{
    const struct fixture *fixture = *state;
    const struct ph_http_handler handler = { .handle = echo };
    static const struct ph_str wrong[] = { PH_STR_INIT("nonsense"), PH_STR_INIT("1.2.3.4:99999"),
                                           PH_STR_INIT("") };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct ph_http_options options = { .listen = wrong[i] };
        char why[100] = "";

        assert_null(ph_http_server_create(&options, &handler, fixture->workers, why, sizeof why));
        assert_has(why, "is not an address like");
    }
}

static void *ask_slow(void *self)
{
    return strdup(exchange(self, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
}

/* Nobody has a turn after a job then; the guard has one. */
static void connections_are_looked_after_while_all_places_are_taken(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[PLACES];
    void *reply;

    for (size_t i = 0; i < PLACES; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_slow, fixture), 0);
    }
    for (size_t i = 0; i < PLACES; i++) {
        sem_wait(&fixture->entered);
    }
    assert_has(exchange(fixture, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
               "HTTP/1.1 413 ");
    for (size_t i = 0; i < PLACES; i++) {
        sem_post(&fixture->gate);
    }
    for (size_t i = 0; i < PLACES; i++) {
        pthread_join(threads[i], &reply);
        assert_has(reply, "HTTP/1.1 203 ");
        free(reply);
    }
}

static void *ask_slow_and_stay(void *self)
{
    return strdup(exchange(self, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
}

/* The last test: nobody can connect afterwards. The request does not say Connection: close. */
static void a_request_in_work_is_answered_before_the_server_ends(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    void *reply;

    assert_int_equal(pthread_create(&thread, NULL, ask_slow_and_stay, fixture), 0);
    sem_wait(&fixture->entered);
    ph_http_server_quiesce(fixture->server);
    assert_false(ph_http_server_drain(fixture->server, 20));
    sem_post(&fixture->gate);
    assert_true(ph_http_server_drain(fixture->server, 10000));
    pthread_join(thread, &reply);
    assert_has(reply, "HTTP/1.1 203 ");
    assert_has(reply, "Connection: close\r\n");
    free(reply);
}

/*
 * Clients that have connected and asked before anybody accepts them, round after round. Workers may
 * be faster than the end: who is answered before it is not told that the connection ends.
 */
static void who_was_not_accepted_yet_is_answered_before_the_server_ends(void **state)
{
    int waiting[8];

    for (int round = 0; round < 20; round++) {
        struct ph_http_server *server = make_server(*state);

        for (size_t i = 0; i < 8; i++) {
            waiting[i] = ask(server, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        start(server);
        ph_http_server_quiesce(server);
        for (size_t i = 0; i < 8; i++) {
            assert_has(read_reply(waiting[i]), "HTTP/1.1 203 ");
        }
        assert_true(ph_http_server_drain(server, 10000));
        ph_http_server_destroy(server);
    }
}

/* A body of n bytes that is the character but for its last three, "end". */
static char *put(const char *head, size_t n, char c)
{
    char *request = malloc(strlen(head) + n + 1);
    char *body;

    assert_non_null(request);
    memcpy(request, head, strlen(head));
    body = request + strlen(head);
    memset(body, c, n);
    memcpy(body + n - 3, "end", 4);
    return request;
}

static void a_large_body_comes_in_pieces_of_one_size(void **state)
{
    char *request = put("PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Content-Length: 123457\r\n\r\n",
                        123457, 'a');

    assert_has(exchange(*state, request), "[123 pieces, 123000 bytes, 457 left: aaa]");
    free(request);
    request = put("PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                  "Content-Length: 2000\r\n\r\n",
                  2000, 'a');
    assert_has(exchange(*state, request), "[2 pieces, 2000 bytes, 0 left: ]");
    free(request);
    assert_has(exchange(*state, "PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Content-Length: 3\r\n\r\nend"),
               "[0 pieces, 0 bytes, 3 left: end]");
    assert_has(exchange(*state, "PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
               "[0 pieces, 0 bytes, 0 left: ]");
    assert_has(exchange(*state,
                        "PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"),
               "[0 pieces, 0 bytes, 7 left: abc]");
}

static void who_is_refused_at_the_head_need_not_send_the_body(void **state)
{
    assert_has(exchange(*state, "PUT /stream?refuse HTTP/1.1\r\nHost: x\r\n"
                                "Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n"),
               "HTTP/1.1 403 ");
}

static void after_a_refused_piece_the_rest_is_thrown_away(void **state)
{
    const struct fixture *fixture = *state;
    char *request = put("PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Content-Length: 50000\r\n\r\n",
                        50000, '!');
    const char *reply = exchange(fixture, request);

    assert_has(reply, "HTTP/1.1 409 ");
    assert_has(reply, "broken");
    assert_int_equal(fixture->pieces, 1);
    free(request);
}

static void a_stream_that_breaks_off_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    const char *head = "PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc";
    const int fd = dial(fixture->server);

    assert_int_equal(send(fd, head, strlen(head), MSG_NOSIGNAL), strlen(head));
    close(fd);
    for (int i = 0; i < 1000 && atomic_load(&fixture->dropped) != atomic_load(&fixture->begun);
         i++) {
        usleep(10000);
    }
    assert_int_equal(atomic_load(&fixture->dropped), atomic_load(&fixture->begun));
    assert_true(atomic_load(&fixture->begun) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handler_sees_the_request_as_it_was_sent),
        cmocka_unit_test(header_names_have_no_case_and_values_forge_nothing),
        cmocka_unit_test(a_refusal_has_the_words_of_the_handler),
        cmocka_unit_test(many_clients_at_once_are_all_answered),
        cmocka_unit_test(connections_are_looked_after_while_all_places_are_taken),
        cmocka_unit_test(an_address_that_is_none_is_explained),
        cmocka_unit_test(a_large_body_comes_in_pieces_of_one_size),
        cmocka_unit_test(who_is_refused_at_the_head_need_not_send_the_body),
        cmocka_unit_test(after_a_refused_piece_the_rest_is_thrown_away),
        cmocka_unit_test(a_stream_that_breaks_off_is_dropped),
        cmocka_unit_test(who_was_not_accepted_yet_is_answered_before_the_server_ends),
        cmocka_unit_test(a_request_in_work_is_answered_before_the_server_ends),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
