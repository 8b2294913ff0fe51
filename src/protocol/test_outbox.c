/* The page and the JSON of the outbox, and how one waits for a message. */
#include "protocol/test_support.h"

#include "protocol/outbox.h"
#include "store/users.h"
#include "util/blocking.h"

#include <pthread.h>
#include <time.h>

struct box {
    struct test_pool *t;
    const struct ph_pool *pool;
    atomic_bool stopping;
    struct ph_outbox_waiters waiters;
    struct ph_http_reply reply;
};

static void open_box(struct box *box, struct test_pool *t)
{
    *box = (struct box){ .t = t, .pool = make_pool(t, "{}") };
    box->waiters.stopping = &box->stopping;
    box->waiters.max = 2;
}

/* A user with a message: what writes one to the outbox. */
static void send_with(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_message message)
{
    struct ph_user user = { .sub = ph_new_uuid4(ctx), .username = message.username };
    const struct ph_user_change change = { .user = &user,
                                           .messages = &message,
                                           .message_count = 1 };
    enum ph_user_write result;
    enum ph_alias_kind taken;

    message.id = ph_new_uuid7(ctx);
    message.pool_id = pool->id;
    assert_ok(ph_store_user_write(ctx, &pool->ref, &change, &result, &taken));
    assert_int_equal(result, PH_USER_DONE);
}

static void send(struct box *box, const char *username, const char *code)
{
    send_with(&box->t->ctx, box->pool,
              (struct ph_message){ .username = ph_str_from(username),
                                   .destination = ph_strf(&box->t->arena, "%s@b.example", username),
                                   .reason = PH_STR("SignUp"),
                                   .subject = PH_STR("Your code"),
                                   .body = ph_strf(&box->t->arena, "It is %s.", code),
                                   .code = ph_str_from(code),
                                   .created_ms = 1767323045678 });
}

static struct ph_str get_as(struct box *box, const char *accept, const char *query)
{
    const struct ph_http_field header = { PH_STR("Accept"), ph_str_from(accept) };
    const struct ph_http_request request = { .method = PH_STR("GET"),
                                             .path = PH_STR("/_poolhouse/outbox"),
                                             .query = ph_str_from(query),
                                             .headers = &header,
                                             .header_count = 1 };

    box->reply = (struct ph_http_reply){ .status = 200 };
    assert_true(ph_outbox_handle(&box->t->ctx, &box->waiters, &request, &box->reply));
    return box->reply.body;
}

static struct ph_str get(struct box *box, const char *query)
{
    return get_as(box, "application/json", query);
}

/* The codes of an answer, newest first. */
static struct ph_str codes(struct box *box, const char *query)
{
    const struct json_t *document = ph_json_parse(&box->t->arena, get(box, query));
    const struct json_t *list = ph_json_get(document, "messages");
    struct ph_str all = PH_STR("");

    assert_int_equal(box->reply.status, 200);
    assert_int_equal(ph_json_kind(list), PH_JSON_ARRAY);
    for (size_t i = 0; i < ph_json_length(list); i++) {
        all = ph_strf(&box->t->arena, "%.*s%.*s", PH_FMT(all),
                      PH_FMT(ph_json_get_str(ph_json_at(list, i), "code")));
    }
    return all;
}

static struct ph_str newest_id(struct box *box)
{
    const struct json_t *document = ph_json_parse(&box->t->arena, get(box, "limit=1"));

    return ph_json_get_str(ph_json_at(ph_json_get(document, "messages"), 0), "id");
}

/* --- what is shown --- */

static void a_message_is_told_whole(void **state)
{
    struct box box;
    const struct json_t *m;

    open_box(&box, *state);
    assert_str(get(&box, ""), "{\"messages\":[]}");
    send(&box, "alice", "123456");
    m = ph_json_at(ph_json_get(ph_json_parse(&box.t->arena, get(&box, "")), "messages"), 0);
    assert_int_equal(ph_json_get_str(m, "id").n, 36);
    assert_str(ph_json_get_str(m, "poolId"), POOL_ID);
    assert_str(ph_json_get_str(m, "username"), "alice");
    assert_str(ph_json_get_str(m, "medium"), "EMAIL");
    assert_str(ph_json_get_str(m, "destination"), "alice@b.example");
    assert_str(ph_json_get_str(m, "reason"), "SignUp");
    assert_str(ph_json_get_str(m, "subject"), "Your code");
    assert_str(ph_json_get_str(m, "body"), "It is 123456.");
    assert_str(ph_json_get_str(m, "code"), "123456");
    assert_str(ph_json_get_str(m, "createdAt"), "2026-01-02T03:04:05Z");
    assert_int_equal(ph_json_members(m), 10);
    assert_str(box.reply.content_type, "application/json");
    assert_str(reply_header(&box.reply, "Cache-Control"), "no-store");
}

static void the_page_escapes_what_comes_from_outside(void **state)
{
    static const char wanted[] = "&lt;script&gt;&#39;&quot;&amp;";
    const struct ph_str bad = PH_STR("<script>'\"&");
    struct ph_str page;
    struct box box;

    open_box(&box, *state);
    assert_in(get_as(&box, "text/html", ""), "There is no message.");
    send_with(&box.t->ctx, box.pool,
              (struct ph_message){ .username = bad,
                                   .medium = PH_MEDIUM_SMS,
                                   .destination = bad,
                                   .reason = bad,
                                   .subject = bad,
                                   .body = bad,
                                   .code = bad });
    page = get_as(&box, "text/html", "");
    assert_str(box.reply.content_type, "text/html; charset=utf-8");
    assert_not_in(page, "<script");
    for (int i = 0; i < 6; i++) {
        const uint8_t *at = memmem(page.p, page.n, wanted, sizeof wanted - 1);

        assert_non_null(at);
        page = ph_str_skip(page, (size_t)(at - page.p) + 1);
    }
    assert_in(reply_header(&box.reply, "Content-Security-Policy"), "default-src 'none'");
}

static void accept_decides_between_page_and_json(void **state)
{
    static const struct {
        const char *accept, *query, *type;
    } cases[] = {
        { "", "", "text/html; charset=utf-8" },
        { "*/*", "", "text/html; charset=utf-8" },
        { "text/html,application/xhtml+xml,*/*;q=0.8", "", "text/html; charset=utf-8" },
        { "application/json", "", "application/json" },
        { "Application/JSON; charset=utf-8", "", "application/json" },
        { "application/json, text/plain, */*", "", "application/json" },
        { "application/json;q=0.5, text/html;q=0.9", "", "text/html; charset=utf-8" },
        { "text/html; level=1; q=0.2, application/json; q=0.25", "", "application/json" },
        { "application/json;q=0", "", "text/html; charset=utf-8" },
        { "text/html", "format=json", "application/json" },
        { "application/json", "format=html", "text/html; charset=utf-8" },
    };
    struct box box;

    open_box(&box, *state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        get_as(&box, cases[i].accept, cases[i].query);
        assert_str(box.reply.content_type, cases[i].type);
    }
}

static void parameters_choose_messages(void **state)
{
    struct box box;
    struct ph_str first;

    open_box(&box, *state);
    send(&box, "a b", "1");
    first = newest_id(&box);
    send(&box, "bob", "2");
    send(&box, "bob", "3");
    assert_str(codes(&box, ""), "321");
    assert_str(codes(&box, "limit=2"), "32");
    assert_str(codes(&box, "username=a+b"), "1");
    assert_str(codes(&box, "username=%62ob&limit=1&"), "3");
    assert_str(codes(&box, "destination=a%20b%40b.example"), "1");
    assert_str(codes(&box, ph_textf(&box.t->arena, "after=%.*s", PH_FMT(first))), "32");
    assert_str(codes(&box, "username=nobody"), "");
}

static void a_wrong_parameter_is_explained(void **state)
{
    static const char *const cases[][2] = {
        { "limit=0", "limit is a number from 1 to 1000" },
        { "limit=1001", "limit is a number from 1 to 1000" },
        { "limit=x", "limit is a number from 1 to 1000" },
        { "wait=61", "wait is a number of seconds from 0 to 60" },
        { "wait=-1", "wait is a number of seconds from 0 to 60" },
        { "after=", "after is the id of a message" },
        { "format=xml", "format is json or html" },
        { "user=a", "the parameters are after, username, destination, limit, wait and format" },
        { "username=%4", "a '%' in the query is not followed by two hexadecimal digits" },
    };
    struct box box;

    open_box(&box, *state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        get(&box, cases[i][0]);
        assert_int_equal(box.reply.status, 400);
        assert_str(box.reply.body, ph_textf(&box.t->arena, "{\"message\":\"%s\"}", cases[i][1]));
    }
}

static void it_is_there_while_developing_only(void **state)
{
    struct ph_http_request request = { .method = PH_STR("GET"),
                                       .path = PH_STR("/_poolhouse/outbox") };
    struct box box;

    open_box(&box, *state);
    box.t->settings.mode = PH_MODE_SERVE;
    assert_false(ph_outbox_handle(&box.t->ctx, &box.waiters, &request, &box.reply));
    box.t->settings.mode = PH_MODE_DEV;
    request.method = PH_STR("POST");
    assert_false(ph_outbox_handle(&box.t->ctx, &box.waiters, &request, &box.reply));
    request.method = PH_STR("GET");
    request.path = PH_STR("/_poolhouse/outbox/");
    assert_false(ph_outbox_handle(&box.t->ctx, &box.waiters, &request, &box.reply));
}

/* --- waiting --- */

struct later {
    struct box *box;
    struct ph_arena arena;
    struct ph_ctx ctx;
    pthread_t thread;
};

static void *send_later(void *self)
{
    struct later *later = self;
    const struct timespec pause = { .tv_nsec = 30 * 1000000 };

    while (atomic_load(&later->box->waiters.count) == 0) {
        nanosleep(&pause, NULL);
    }
    nanosleep(&pause, NULL);
    send_with(&later->ctx, later->box->pool,
              (struct ph_message){ .username = PH_STR("later"), .code = PH_STR("9") });
    return NULL;
}

static void start_sender(struct later *later, struct box *box)
{
    *later = (struct later){ .box = box, .ctx = box->t->ctx };
    later->ctx.arena = &later->arena;
    assert_int_equal(pthread_create(&later->thread, NULL, send_later, later), 0);
}

static void end_sender(struct later *later)
{
    pthread_join(later->thread, NULL);
    ph_arena_finish(&later->arena);
}

static int64_t ms_since(int64_t began_ns)
{
    return (ph_monotonic_ns() - began_ns) / 1000000;
}

static void waiting_ends_with_the_message(void **state)
{
    struct later later;
    struct box box;
    int64_t began_ns;

    open_box(&box, *state);
    send(&box, "alice", "1");
    start_sender(&later, &box);
    began_ns = ph_monotonic_ns();
    assert_str(codes(&box, "wait=20"), "9"); /* what was there before is not waited for */
    assert_true(ms_since(began_ns) < 10000);
    end_sender(&later);
    assert_str(codes(&box, ph_textf(&box.t->arena, "wait=20&username=alice&after=%s",
                                    "00000000-0000-7000-8000-000000000000")),
               "1"); /* newer than `after`: nothing to wait for */
    assert_int_equal(atomic_load(&box.waiters.count), 0);
}

static void waiting_ends_with_its_time_and_with_the_server(void **state)
{
    struct box box;
    int64_t began_ns;

    open_box(&box, *state);
    began_ns = ph_monotonic_ns();
    assert_str(codes(&box, "wait=1&username=nobody"), "");
    assert_in_range(ms_since(began_ns), 1000, 5000);
    began_ns = ph_monotonic_ns();
    atomic_store(&box.stopping, true);
    assert_str(codes(&box, "wait=60"), "");
    assert_true(ms_since(began_ns) < 5000);
}

static void one_too_many_does_not_wait(void **state)
{
    struct box box;
    int64_t began_ns;

    open_box(&box, *state);
    atomic_store(&box.waiters.count, 2);
    began_ns = ph_monotonic_ns();
    assert_str(codes(&box, "wait=60"), "");
    assert_true(ms_since(began_ns) < 5000);
    assert_int_equal(atomic_load(&box.waiters.count), 2);
}

struct bracket {
    int begun, ended;
};

static void begin(void *self)
{
    ((struct bracket *)self)->begun++;
}

static void end(void *self)
{
    ((struct bracket *)self)->ended++;
}

static void who_waits_lets_others_work(void **state)
{
    struct bracket bracket = { 0 };
    const struct ph_blocking blocking = { begin, end, &bracket };
    struct box box;

    open_box(&box, *state);
    box.t->ctx.blocking = &blocking;
    atomic_store(&box.stopping, true);
    assert_str(codes(&box, "wait=1"), "");
    assert_int_equal(bracket.begun, 1);
    assert_int_equal(bracket.ended, 1);
    assert_str(codes(&box, ""), "");
    assert_int_equal(bracket.begun, 1);
    box.t->ctx.blocking = NULL;
}

#define OUTBOX_TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(a_message_is_told_whole),
        OUTBOX_TEST(the_page_escapes_what_comes_from_outside),
        OUTBOX_TEST(accept_decides_between_page_and_json),
        OUTBOX_TEST(parameters_choose_messages),
        OUTBOX_TEST(a_wrong_parameter_is_explained),
        OUTBOX_TEST(it_is_there_while_developing_only),
        OUTBOX_TEST(waiting_ends_with_the_message),
        OUTBOX_TEST(waiting_ends_with_its_time_and_with_the_server),
        OUTBOX_TEST(one_too_many_does_not_wait),
        OUTBOX_TEST(who_waits_lets_others_work),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
