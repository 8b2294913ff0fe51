/*
 * A signed request of anywhere. Its lines are: Authorization, X-Amz-Date, X-Amz-Target, query, and
 * all the rest is the body. A seed that was signed with the secret below reaches the success path;
 * whoever does not know a secret never does, and what verifies does not survive a change.
 */
#include "protocol/sigv4.h"
#include "support/fuzz.h"
#include "util/clock.h"

static struct ph_arena arena;

static const struct ph_str SERVICE = PH_STR_INIT("cognito-idp");
static const struct ph_str SECRET = PH_STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
static const struct ph_str UNKNOWN = PH_STR_INIT("4nW8pT+qYz0LrVbK2sDf6HjXcGmA1uEoI7xQ9RtB");

enum { NOW_S = 1767323045, SKEW_S = 300 }; /* 2026-01-02T03:04:05Z */

static bool verifies(const struct ph_http_request *request, const struct ph_sigv4 *parsed,
                     struct ph_str secret)
{
    return ph_sigv4_verify(&arena, request, parsed, SERVICE, secret, NOW_S, SKEW_S).type == NULL;
}

static void check_parsed(struct ph_str in, struct ph_http_request *request,
                         const struct ph_sigv4 *parsed)
{
    int64_t at;

    fuzz_inside(in, parsed->access_key_id);
    fuzz_inside(in, parsed->date);
    fuzz_inside(in, parsed->region);
    fuzz_inside(in, parsed->service);
    fuzz_inside(in, parsed->signed_headers);
    fuzz_inside(in, parsed->time);
    fuzz_check(parsed->access_key_id.n > 0 && parsed->date.n == 8 && parsed->region.n > 0);
    fuzz_check(ph_time_basic_parse(parsed->time, &at));
    fuzz_check(!verifies(request, parsed, UNKNOWN));
    if (verifies(request, parsed, SECRET)) {
        fuzz_check(at >= NOW_S - SKEW_S && at <= NOW_S + SKEW_S);
        request->body = ph_strf(&arena, "%.*s ", PH_FMT(request->body));
        fuzz_check(!verifies(request, parsed, SECRET));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ph_str in = { data, size };
    struct ph_http_field headers[] = {
        { PH_STR("Authorization"), { 0 } },
        { PH_STR("X-Amz-Date"), { 0 } },
        { PH_STR("X-Amz-Target"), { 0 } },
        { PH_STR("Host"), PH_STR("localhost:9229") },
    };
    struct ph_http_request request = {
        .method = PH_STR("POST"), .path = PH_STR("/"), .headers = headers, .header_count = 4
    };
    struct ph_sigv4 parsed;

    ph_str_cut(in, '\n', &headers[0].value, &request.body);
    ph_str_cut(request.body, '\n', &headers[1].value, &request.body);
    ph_str_cut(request.body, '\n', &headers[2].value, &request.body);
    ph_str_cut(request.body, '\n', &request.query, &request.body);
    if (ph_sigv4_parse(&arena, &request, &parsed).type == NULL) {
        check_parsed(in, &request, &parsed);
    }
    ph_arena_reset(&arena);
    return 0;
}
