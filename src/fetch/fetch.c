#include "fetch/fetch.h"

#include "util/buf.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    IDLE_MAX = 32, /* handles that keep their connections; more are closed after use */
    URL_MAX = 8 * 1024,
    HEADER_MAX = 16 * 1024, /* bytes of all headers together */
    IDLE_CONNECTION_S = 50, /* servers close theirs after about a minute */
};

struct ph_fetch {
    pthread_mutex_t lock;
    CURL *idle[IDLE_MAX]; /* the last used first: its connection is the warmest */
    size_t idle_count;
};

/* One request on its way. */
struct call {
    struct ph_arena *arena;
    struct ph_fetch_reply *reply;
    struct ph_buf body;
    size_t header_bytes;
    bool too_large;
};

struct ph_fetch *ph_fetch_create(void)
{
    struct ph_fetch *fetch = calloc(1, sizeof *fetch);

    if (fetch == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        ph_fatal("cannot start the HTTP client");
    }
    pthread_mutex_init(&fetch->lock, NULL);
    return fetch;
}

void ph_fetch_destroy(struct ph_fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    while (fetch->idle_count > 0) {
        curl_easy_cleanup(fetch->idle[--fetch->idle_count]);
    }
    pthread_mutex_destroy(&fetch->lock);
    free(fetch);
    curl_global_cleanup();
}

static CURL *take_handle(struct ph_fetch *fetch)
{
    CURL *handle = NULL;

    pthread_mutex_lock(&fetch->lock);
    if (fetch->idle_count > 0) {
        handle = fetch->idle[--fetch->idle_count];
    }
    pthread_mutex_unlock(&fetch->lock);
    if (handle == NULL) {
        handle = curl_easy_init();
    }
    if (handle == NULL) {
        ph_fatal("out of memory");
    }
    return handle;
}

static void return_handle(struct ph_fetch *fetch, CURL *handle)
{
    curl_easy_reset(handle); /* forgets the request, keeps the connections */
    pthread_mutex_lock(&fetch->lock);
    if (fetch->idle_count < IDLE_MAX) {
        fetch->idle[fetch->idle_count++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&fetch->lock);
    curl_easy_cleanup(handle); /* NULL is fine */
}

static size_t on_body(char *bytes, size_t size, size_t count, void *self)
{
    struct call *call = self;

    ph_buf_add(&call->body, (struct ph_str){ (const uint8_t *)bytes, size * count });
    call->too_large = call->body.overflowed;
    return call->too_large ? 0 : size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *self)
{
    struct call *call = self;
    struct ph_fetch_reply *reply = call->reply;
    const struct ph_str line = { (const uint8_t *)bytes, size * count };
    struct ph_str name, value;

    call->header_bytes += line.n;
    if (call->header_bytes > HEADER_MAX) {
        call->too_large = true;
        return 0;
    }
    if (ph_str_starts(line, PH_STR("HTTP/"))) {
        reply->header_count = 0; /* what came before was "100 Continue" */
    } else if (ph_str_cut(line, ':', &name, &value) && reply->header_count < PH_FETCH_HEADERS_MAX) {
        reply->headers[reply->header_count++] =
            (struct ph_http_field){ ph_str_dup(call->arena, name),
                                    ph_str_dup(call->arena, ph_str_trim(value)) };
    }
    return line.n;
}

static struct curl_slist *add_line(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    if (longer == NULL) {
        ph_fatal("out of memory");
    }
    return longer;
}

/* NULL when a value could not stand in one line. */
static struct curl_slist *header_lines(struct ph_arena *arena,
                                       const struct ph_fetch_request *request)
{
    struct curl_slist *list = add_line(NULL, "Expect:"); /* does not ask before it sends */

    for (size_t i = 0; i < request->header_count; i++) {
        const struct ph_http_field *field = &request->headers[i];
        const char *line =
            ph_cstr(arena, ph_strf(arena, "%.*s: %.*s", PH_FMT(field->name), PH_FMT(field->value)));

        if (line == NULL || ph_str_has_byte(field->value, '\n') ||
            ph_str_has_byte(field->value, '\r')) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = add_line(list, line);
    }
    return list;
}

static void free_lines(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static bool is_loopback(struct ph_str url)
{
    static const struct ph_str NAMES[] = { PH_STR_INIT("localhost"), PH_STR_INIT("127."),
                                           PH_STR_INIT("[::1]") };

    while (url.n > 0 && !ph_str_starts(url, PH_STR("://"))) {
        url = ph_str_skip(url, 1);
    }
    url = ph_str_skip(url, 3);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (ph_str_starts(url, NAMES[i])) {
            return true;
        }
    }
    return false;
}

static void set_request(CURL *handle, const struct ph_fetch_request *request, const char *url,
                        struct curl_slist *headers)
{
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S);
    if (is_loopback(request->url)) {
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
    }
    if (request->body.p != NULL) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body.p);
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_callbacks(CURL *handle, struct call *call)
{
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, call);
}

static enum ph_fetch_result result_of(const struct call *call, CURL *handle, CURLcode code)
{
    long sent = 0;

    if (call->too_large) {
        return PH_FETCH_TOO_LARGE;
    }
    if (code == CURLE_OK) {
        return PH_FETCH_REPLIED;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return PH_FETCH_TIMEOUT;
    }
    curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0 ? PH_FETCH_BROKEN : PH_FETCH_UNREACHABLE;
}

static enum ph_fetch_result perform(CURL *handle, struct call *call)
{
    long status = 0;
    CURLcode code;

    set_callbacks(handle, call);
    code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    call->reply->status = (int)status;
    call->reply->body = ph_buf_str(&call->body);
    call->reply->why = code == CURLE_OK ? NULL : curl_easy_strerror(code);
    return result_of(call, handle, code);
}

enum ph_fetch_result ph_fetch(struct ph_fetch *fetch, struct ph_arena *arena,
                              const struct ph_fetch_request *request, struct ph_fetch_reply *reply)
{
    PH_AUTO(free_lines) struct curl_slist *headers = header_lines(arena, request);
    const char *url = request->url.n <= URL_MAX ? ph_cstr(arena, request->url) : NULL;
    struct call call = { .arena = arena, .reply = reply };
    enum ph_fetch_result result;
    CURL *handle;

    *reply = (struct ph_fetch_reply){ .why = "the request cannot be written" };
    if (headers == NULL || url == NULL) {
        return PH_FETCH_UNREACHABLE;
    }
    ph_buf_init(&call.body, arena, request->reply_max);
    handle = take_handle(fetch);
    set_request(handle, request, url, headers);
    result = perform(handle, &call);
    return_handle(fetch, handle);
    return result;
}

struct ph_str ph_fetch_header(const struct ph_fetch_reply *reply, struct ph_str name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (ph_str_eq_nocase(reply->headers[i].name, name)) {
            return reply->headers[i].value;
        }
    }
    return (struct ph_str){ 0 };
}
