#include "fetch/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUEST_MAX = 4096 };

/* A server for one connection: reads a request, answers the same text to each. */
struct server {
    int listener;
    const char *answer; /* NULL: none at all */
    size_t repeat;      /* how often its last byte follows again */
    char seen[REQUEST_MAX];
    unsigned requests;
    pthread_t thread;
};

static bool read_request(struct server *server, int fd)
{
    size_t n = 0;

    while (n + 1 < sizeof server->seen) {
        const ssize_t got = read(fd, server->seen + n, sizeof server->seen - 1 - n);

        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        server->seen[n] = '\0';
        if (strstr(server->seen, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

static void *serve(void *self)
{
    struct server *server = self;
    const int fd = accept(server->listener, NULL, NULL);
    char filler[4096];

    while (read_request(server, fd)) {
        server->requests++;
        if (server->answer == NULL) {
            continue;
        }
        memset(filler, server->answer[strlen(server->answer) - 1], sizeof filler);
        if (write(fd, server->answer, strlen(server->answer)) < 0) {
            break;
        }
        for (size_t left = server->repeat; left > 0;) {
            const ssize_t n =
                send(fd, filler, left < sizeof filler ? left : sizeof filler, MSG_NOSIGNAL);

            if (n < 0) {
                break;
            }
            left -= (size_t)n;
        }
        if (strstr(server->answer, "Content-Length") == NULL) {
            break;
        }
    }
    close(fd);
    return NULL;
}

static struct ph_str start(struct server *server, struct ph_arena *arena)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof address;

    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &n), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return ph_strf(arena, "http://127.0.0.1:%d/there", ntohs(address.sin_port));
}

static void stop(struct server *server, struct ph_fetch *fetch)
{
    ph_fetch_destroy(fetch);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

static struct ph_fetch_request request_to(struct ph_str url)
{
    return (struct ph_fetch_request){
        .method = "POST", .url = url, .body = PH_STR("{}"), .timeout_ms = 2000, .reply_max = 1024
    };
}

static void gives_status_headers_and_body(void **state)
{
    static const struct ph_http_field header = { PH_STR_INIT("X-Sent"), PH_STR_INIT("yes") };
    struct server server = { .answer = "HTTP/1.1 418 Teapot\r\nX-Kind:  short \r\n"
                                       "Content-Length: 5\r\n\r\nhello" };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_arena arena = { 0 };
    struct ph_fetch_request request = request_to(start(&server, &arena));
    struct ph_fetch_reply reply;

    (void)state;
    request.headers = &header;
    request.header_count = 1;
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_REPLIED);
    assert_int_equal(reply.status, 418);
    assert_true(ph_str_eq(reply.body, PH_STR("hello")));
    assert_true(ph_str_eq(ph_fetch_header(&reply, PH_STR("x-kind")), PH_STR("short")));
    assert_null(ph_fetch_header(&reply, PH_STR("x-other")).p);
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_REPLIED);
    stop(&server, fetch);
    assert_int_equal(server.requests, 2); /* on one connection */
    assert_non_null(strstr(server.seen, "POST /there HTTP/1.1\r\n"));
    assert_non_null(strstr(server.seen, "X-Sent: yes\r\n"));
    assert_null(strstr(server.seen, "Expect"));
    ph_arena_finish(&arena);
}

static void stops_at_the_limit_of_size(void **state)
{
    struct server server = { .answer = "HTTP/1.1 200 OK\r\n\r\nx", .repeat = 1 << 20 };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_arena arena = { 0 };
    const struct ph_fetch_request request = request_to(start(&server, &arena));
    struct ph_fetch_reply reply;

    (void)state;
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_TOO_LARGE);
    stop(&server, fetch);
    ph_arena_finish(&arena);
}

static void stops_when_the_time_is_over(void **state)
{
    struct server server = { .answer = NULL };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_arena arena = { 0 };
    struct ph_fetch_request request = request_to(start(&server, &arena));
    struct ph_fetch_reply reply;

    (void)state;
    request.timeout_ms = 50;
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_TIMEOUT);
    assert_non_null(reply.why);
    stop(&server, fetch);
    ph_arena_finish(&arena);
}

static void tells_a_broken_reply_from_none(void **state)
{
    struct server server = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel" };
    struct server cut = { .answer = "nonsense\r\n\r\n" };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_arena arena = { 0 };
    struct ph_fetch_request request = request_to(start(&server, &arena));
    const struct ph_str other = start(&cut, &arena);
    struct ph_fetch_reply reply;

    (void)state;
    request.timeout_ms = 100;
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_TIMEOUT);
    request.url = other;
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_BROKEN);
    stop(&server, fetch);
    stop(&cut, NULL);
    ph_arena_finish(&arena);
}

static void says_when_nobody_is_there(void **state)
{
    static const char *const URLS[] = { "http://127.0.0.1:1/", "ftp://127.0.0.1/", "no url",
                                        "http://no-such-host.invalid/" };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_arena arena = { 0 };
    struct ph_fetch_reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++) {
        const struct ph_fetch_request request = request_to(ph_str_from(URLS[i]));

        assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_UNREACHABLE);
    }
    ph_fetch_destroy(fetch);
    ph_arena_finish(&arena);
}

/* A function that sends us on could send us anywhere in our own network. */
static void goes_where_it_is_told_and_no_further(void **state)
{
    struct server redirecting = { .answer = "HTTP/1.1 302 Found\r\n"
                                            "Location: http://127.0.0.1:1/\r\n"
                                            "Content-Length: 0\r\n\r\n" };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_arena arena = { 0 };
    struct ph_fetch_reply reply;
    struct ph_fetch_request request;

    (void)state;
    request = request_to(start(&redirecting, &arena));
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_REPLIED);
    assert_int_equal(reply.status, 302);
    stop(&redirecting, fetch);
    ph_arena_finish(&arena);
}

static void refuses_headers_that_would_be_two(void **state)
{
    static const struct ph_http_field header = { PH_STR_INIT("X"), PH_STR_INIT("a\r\nY: b") };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_fetch_request request = request_to(PH_STR("http://127.0.0.1:1/"));
    struct ph_arena arena = { 0 };
    struct ph_fetch_reply reply;

    (void)state;
    request.headers = &header;
    request.header_count = 1;
    assert_int_equal(ph_fetch(fetch, &arena, &request, &reply), PH_FETCH_UNREACHABLE);
    ph_fetch_destroy(fetch);
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_status_headers_and_body),
        cmocka_unit_test(stops_at_the_limit_of_size),
        cmocka_unit_test(stops_when_the_time_is_over),
        cmocka_unit_test(tells_a_broken_reply_from_none),
        cmocka_unit_test(says_when_nobody_is_there),
        cmocka_unit_test(goes_where_it_is_told_and_no_further),
        cmocka_unit_test(refuses_headers_that_would_be_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
