#include "crypto/sigv4.h"

#include "util/buf.h"
#include "util/clock.h"
#include "util/encode.h"

#include <stdlib.h>
#include <string.h>

enum { CANONICAL_MAX = 64 * 1024, QUERY_PARAMETERS_MAX = 64 };

/* Encoded once more than it was sent, as all services but S3 have it. */
static void add_path(struct ph_buf *buf, const struct ph_sigv4_scope *scope, struct ph_str path)
{
    static const struct ph_str PLAIN =
        PH_STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    for (size_t i = 0; i < path.n; i++) {
        if (scope->keeps_path || ph_str_has_byte(PLAIN, path.p[i])) {
            ph_buf_add_byte(buf, path.p[i]);
        } else {
            ph_buf_addf(buf, "%%%02X", path.p[i]);
        }
    }
    ph_buf_add_byte(buf, '\n');
}

static int compare_parameters(const void *a, const void *b)
{
    return ph_str_cmp(*(const struct ph_str *)a, *(const struct ph_str *)b);
}

/* Sorted "name=value" pairs as sent. */
static bool add_query(struct ph_buf *buf, struct ph_arena *arena, struct ph_str query)
{
    struct ph_str *parameters = ph_arena_array(arena, QUERY_PARAMETERS_MAX, struct ph_str);
    size_t count = 0;

    while (query.n > 0) {
        if (count == QUERY_PARAMETERS_MAX) {
            return false;
        }
        ph_str_cut(query, '&', &parameters[count++], &query);
    }
    qsort(parameters, count, sizeof *parameters, compare_parameters);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            ph_buf_add_byte(buf, '&');
        }
        ph_buf_add(buf, parameters[i]);
        if (!ph_str_has_byte(parameters[i], '=')) {
            ph_buf_add_byte(buf, '=');
        }
    }
    ph_buf_add_byte(buf, '\n');
    return true;
}

/* Trimmed, and runs of spaces become one. */
static void add_folded(struct ph_buf *buf, struct ph_str value)
{
    value = ph_str_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] != ' ' || value.p[i - 1] != ' ') {
            ph_buf_add_byte(buf, value.p[i]);
        }
    }
}

/* "name:value,value" for one signed header; false when the request does not have it. */
static bool add_header(struct ph_buf *buf, const struct ph_http_request *request,
                       struct ph_str name)
{
    struct ph_str value;
    bool found = false;

    ph_buf_add(buf, name);
    for (size_t at = 0; ph_http_header_next(request, name, &at, &value);) {
        ph_buf_add_byte(buf, found ? ',' : ':');
        add_folded(buf, value);
        found = true;
    }
    ph_buf_add_byte(buf, '\n');
    return found;
}

static bool add_headers(struct ph_buf *buf, const struct ph_http_request *request,
                        struct ph_str names)
{
    while (names.n > 0) {
        struct ph_str name;

        ph_str_cut(names, ';', &name, &names);
        if (!add_header(buf, request, name)) {
            return false;
        }
    }
    ph_buf_add_byte(buf, '\n');
    return true;
}

static void add_hash(struct ph_buf *buf, struct ph_arena *arena, struct ph_str of)
{
    struct ph_digest d;

    PH_SHA256(&d, of);
    ph_buf_add(buf, ph_hex(arena, ph_digest_str(&d)));
}

/* The body is hashed whatever x-amz-content-sha256 says: a wrong header then fails to match. */
static bool canonical_request(struct ph_arena *arena, const struct ph_http_request *request,
                              const struct ph_sigv4_scope *scope, struct ph_str *canonical)
{
    struct ph_buf buf;

    ph_buf_init(&buf, arena, CANONICAL_MAX);
    ph_buf_addf(&buf, "%.*s\n", PH_FMT(request->method));
    add_path(&buf, scope, request->path);
    if (!add_query(&buf, arena, request->query) ||
        !add_headers(&buf, request, scope->signed_headers)) {
        return false;
    }
    ph_buf_addf(&buf, "%.*s\n", PH_FMT(scope->signed_headers));
    add_hash(&buf, arena, request->body);
    *canonical = ph_buf_str(&buf);
    return !buf.overflowed;
}

static void sign(struct ph_arena *arena, const struct ph_sigv4_scope *scope, struct ph_str secret,
                 struct ph_str canonical, struct ph_digest *out)
{
    struct ph_digest key;
    struct ph_buf text;

    ph_buf_init(&text, arena, CANONICAL_MAX);
    ph_buf_addf(&text, PH_SIGV4_ALGORITHM "\n%.*s\n%.*s/%.*s/%.*s/aws4_request\n",
                PH_FMT(scope->time), PH_FMT(scope->date), PH_FMT(scope->region),
                PH_FMT(scope->service));
    add_hash(&text, arena, canonical);
    PH_HMAC(ph_strf(arena, "AWS4%.*s", PH_FMT(secret)), &key, scope->date);
    PH_HMAC(ph_digest_str(&key), &key, scope->region);
    PH_HMAC(ph_digest_str(&key), &key, scope->service);
    PH_HMAC(ph_digest_str(&key), &key, PH_STR("aws4_request"));
    PH_HMAC(ph_digest_str(&key), out, ph_buf_str(&text));
    explicit_bzero(&key, sizeof key);
}

bool ph_sigv4_signature(struct ph_arena *arena, const struct ph_http_request *request,
                        const struct ph_sigv4_scope *scope, struct ph_str secret,
                        struct ph_digest *out)
{
    struct ph_str canonical;

    if (!canonical_request(arena, request, scope, &canonical)) {
        return false;
    }
    sign(arena, scope, secret, canonical, out);
    return true;
}

/* ---- requests of ours ---- */

/* Clients leave the port out of Host when it is the scheme's own. */
static struct ph_str host_of(struct ph_str authority, struct ph_str scheme)
{
    const struct ph_str port = ph_str_eq(scheme, PH_STR("https")) ? PH_STR(":443") : PH_STR(":80");

    return ph_str_ends(authority, port) ? (struct ph_str){ authority.p, authority.n - port.n }
                                        : authority;
}

static bool split_url(struct ph_arena *arena, struct ph_str url, struct ph_http_request *parts,
                      struct ph_str *host)
{
    struct ph_str scheme, authority;

    if (!ph_str_cut(url, ':', &scheme, &url) || !ph_str_starts(url, PH_STR("//"))) {
        return false;
    }
    ph_str_cut(ph_str_skip(url, 2), '/', &authority, &url);
    if (!ph_str_cut(url, '?', &url, &parts->query)) {
        parts->query = (struct ph_str){ 0 };
    }
    parts->path = PH_CONCAT(arena, PH_STR("/"), url);
    *host = host_of(authority, scheme);
    return host->n > 0;
}

/* In the order of their names, as they are signed. Those that are not wanted have no value. */
struct signing_header {
    const char *signed_name;
    struct ph_http_field field;
};

static struct ph_str body_hash(struct ph_arena *arena, struct ph_str body)
{
    struct ph_digest digest;

    PH_SHA256(&digest, body);
    return ph_hex(arena, ph_digest_str(&digest));
}

static struct ph_str authorization(struct ph_arena *arena,
                                   const struct ph_aws_credentials *credentials,
                                   const struct ph_sigv4_scope *scope,
                                   const struct ph_digest *signature)
{
    return ph_strf(arena,
                   PH_SIGV4_ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                                      "SignedHeaders=%.*s, Signature=%.*s",
                   PH_FMT(credentials->access_key_id), PH_FMT(scope->date), PH_FMT(scope->region),
                   PH_FMT(scope->service), PH_FMT(scope->signed_headers),
                   PH_FMT(ph_hex(arena, ph_digest_str(signature))));
}

/* Writes those that are wanted: all of them for the signature, all but Host for the client. */
static size_t choose_headers(struct ph_arena *arena, const struct signing_header *all, size_t count,
                             struct ph_http_request *parts, struct ph_str *names,
                             struct ph_http_field *headers)
{
    struct ph_http_field *signed_fields = ph_arena_array(arena, count, struct ph_http_field);
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        if (all[i].field.value.n == 0) {
            continue;
        }
        signed_fields[parts->header_count++] = all[i].field;
        *names = PH_CONCAT(arena, *names, names->n > 0 ? PH_STR(";") : PH_STR(""),
                           ph_str_from(all[i].signed_name));
        if (!ph_str_eq(all[i].field.name, PH_STR("Host"))) {
            headers[sent++] = all[i].field;
        }
    }
    parts->headers = signed_fields;
    return sent;
}

bool ph_aws_sign(struct ph_arena *arena, const struct ph_aws_credentials *credentials,
                 const struct ph_aws_request *request, int64_t now_s,
                 struct ph_http_field headers[PH_AWS_HEADERS], size_t *count)
{
    const struct ph_str time = ph_time_basic(arena, now_s), none = { 0 };
    struct ph_http_request parts = { .method = request->method, .body = request->body };
    struct ph_sigv4_scope scope = { .time = time,
                                    .date = { time.p, 8 },
                                    .region = request->region,
                                    .service = request->service,
                                    .keeps_path = request->hashes_body };
    struct ph_str host;
    struct ph_digest signature;

    if (!split_url(arena, request->url, &parts, &host)) {
        return false;
    }
    const struct signing_header all[] = {
        { "content-type", { PH_STR("Content-Type"), request->content_type } },
        { "host", { PH_STR("Host"), host } },
        { "x-amz-content-sha256",
          { PH_STR("X-Amz-Content-Sha256"),
            request->hashes_body ? body_hash(arena, request->body) : none } },
        { "x-amz-date", { PH_STR("X-Amz-Date"), time } },
        { "x-amz-security-token", { PH_STR("X-Amz-Security-Token"), credentials->session_token } },
        { "x-amz-target", { PH_STR("X-Amz-Target"), request->target } },
    };
    *count = choose_headers(arena, all, sizeof all / sizeof all[0], &parts, &scope.signed_headers,
                            headers);
    if (!ph_sigv4_signature(arena, &parts, &scope, credentials->secret, &signature)) {
        return false;
    }
    headers[(*count)++] =
        (struct ph_http_field){ PH_STR("Authorization"),
                                authorization(arena, credentials, &scope, &signature) };
    return true;
}
