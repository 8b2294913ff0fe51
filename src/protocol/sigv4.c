#include "protocol/sigv4.h"

#include "crypto/sigv4.h"
#include "util/clock.h"
#include "util/encode.h"

#include <string.h>

#define ALGORITHM PH_SIGV4_ALGORITHM
#define MISMATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."

static struct ph_err incomplete(struct ph_arena *arena, const char *what)
{
    return PH_FAIL(IncompleteSignatureException,
                   ph_textf(arena, "Authorization header requires %s.", what));
}

/* One "Name=value" of the header into its place; false when unknown, doubled or empty. */
static bool take_part(struct ph_str part, struct ph_str *credential, struct ph_str *headers,
                      struct ph_str *signature)
{
    struct ph_str name, value;
    struct ph_str *place = NULL;

    ph_str_cut(ph_str_trim(part), '=', &name, &value);
    if (ph_str_eq(name, PH_STR("Credential"))) {
        place = credential;
    } else if (ph_str_eq(name, PH_STR("SignedHeaders"))) {
        place = headers;
    } else if (ph_str_eq(name, PH_STR("Signature"))) {
        place = signature;
    }
    if (place == NULL || place->n > 0 || value.n == 0) {
        return false;
    }
    *place = value;
    return true;
}

/* key/date/region/service/aws4_request */
static bool take_scope(struct ph_str credential, struct ph_sigv4 *out)
{
    ph_str_cut(credential, '/', &out->access_key_id, &credential);
    ph_str_cut(credential, '/', &out->date, &credential);
    ph_str_cut(credential, '/', &out->region, &credential);
    ph_str_cut(credential, '/', &out->service, &credential);
    return out->access_key_id.n > 0 && out->date.n == 8 && out->region.n > 0 &&
           out->service.n > 0 && ph_str_eq(credential, PH_STR("aws4_request"));
}

static bool take_signature(struct ph_arena *arena, struct ph_str hex, struct ph_sigv4 *out)
{
    struct ph_str bytes;

    if (!ph_hex_decode(arena, hex, &bytes) || bytes.n != PH_SIGV4_SIGNATURE_BYTES) {
        return false;
    }
    memcpy(out->signature, bytes.p, bytes.n);
    return true;
}

static struct ph_err parse_parts(struct ph_arena *arena, struct ph_str rest, struct ph_sigv4 *out)
{
    struct ph_str credential = { 0 }, headers = { 0 }, signature = { 0 };

    while (rest.n > 0) {
        struct ph_str part;

        ph_str_cut(rest, ',', &part, &rest);
        if (!take_part(part, &credential, &headers, &signature)) {
            return incomplete(arena, "each of its parameters once");
        }
    }
    out->signed_headers = headers;
    if (!take_scope(credential, out)) {
        return incomplete(arena, "'Credential' parameter");
    }
    if (headers.n == 0) {
        return incomplete(arena, "'SignedHeaders' parameter");
    }
    if (!take_signature(arena, signature, out)) {
        return incomplete(arena, "'Signature' parameter");
    }
    return PH_OK;
}

struct ph_err ph_sigv4_parse(struct ph_arena *arena, const struct ph_http_request *request,
                             struct ph_sigv4 *out)
{
    struct ph_str header = ph_http_header(request, PH_STR("Authorization"));
    struct ph_sigv4 parsed = { .time = ph_http_header(request, PH_STR("X-Amz-Date")),
                               .session_token =
                                   ph_http_header(request, PH_STR("X-Amz-Security-Token")) };
    int64_t at;

    if (header.n == 0) {
        return PH_FAIL(MissingAuthenticationTokenException, "Missing Authentication Token");
    }
    if (header.n > PH_SIGV4_HEADER_MAX || !ph_str_starts(header, PH_STR(ALGORITHM " "))) {
        return incomplete(arena, "the algorithm " ALGORITHM);
    }
    PH_TRY(parse_parts(arena, ph_str_skip(header, sizeof ALGORITHM), &parsed));
    if (parsed.time.n == 0) {
        parsed.time = ph_http_header(request, PH_STR("Date"));
    }
    if (!ph_time_basic_parse(parsed.time, &at)) {
        return incomplete(arena, "existence of either a 'X-Amz-Date' or a 'Date' header");
    }
    *out = parsed;
    return PH_OK;
}

static struct ph_err check_time(struct ph_arena *arena, const struct ph_sigv4 *parsed,
                                int64_t now_s, int64_t skew_s)
{
    const long long minutes = (long long)skew_s / 60;
    int64_t at;

    if (!ph_time_basic_parse(parsed->time, &at) || !ph_str_starts(parsed->time, parsed->date)) {
        return PH_FAIL(InvalidSignatureException, MISMATCH);
    }
    if (at < now_s - skew_s) {
        return PH_FAIL(InvalidSignatureException,
                       ph_textf(arena,
                                "Signature expired: %.*s is now earlier than %.*s (%.*s - %lld "
                                "min.)",
                                PH_FMT(parsed->time), PH_FMT(ph_time_basic(arena, now_s - skew_s)),
                                PH_FMT(ph_time_basic(arena, now_s)), minutes));
    }
    if (at > now_s + skew_s) {
        return PH_FAIL(InvalidSignatureException,
                       ph_textf(arena,
                                "Signature not yet current: %.*s is still later than %.*s (%.*s + "
                                "%lld min.)",
                                PH_FMT(parsed->time), PH_FMT(ph_time_basic(arena, now_s + skew_s)),
                                PH_FMT(ph_time_basic(arena, now_s)), minutes));
    }
    return PH_OK;
}

static bool is_listed(struct ph_str names, struct ph_str wanted)
{
    while (names.n > 0) {
        struct ph_str name;

        ph_str_cut(names, ';', &name, &names);
        if (ph_str_eq(name, wanted)) {
            return true;
        }
    }
    return false;
}

/* Else a request could be replayed to another server, or as another operation. */
static bool signs_what_it_must(const struct ph_http_request *request, struct ph_str names)
{
    const struct ph_str target = PH_STR("x-amz-target");

    return is_listed(names, PH_STR("host")) &&
           (ph_http_header(request, target).p == NULL || is_listed(names, target));
}

struct ph_err ph_sigv4_verify(struct ph_arena *arena, const struct ph_http_request *request,
                              const struct ph_sigv4 *parsed, struct ph_str service,
                              struct ph_str secret, int64_t now_s, int64_t skew_s)
{
    const struct ph_str given = { parsed->signature, sizeof parsed->signature };
    const struct ph_sigv4_scope scope = { .time = parsed->time,
                                          .date = parsed->date,
                                          .region = parsed->region,
                                          .service = parsed->service,
                                          .signed_headers = parsed->signed_headers };
    struct ph_digest expected = { 0 };

    PH_TRY(check_time(arena, parsed, now_s, skew_s));
    if (!ph_str_eq(parsed->service, service) ||
        !signs_what_it_must(request, parsed->signed_headers) ||
        !ph_sigv4_signature(arena, request, &scope, secret, &expected) ||
        !ph_equal_secret(given, ph_digest_str(&expected))) {
        return PH_FAIL(InvalidSignatureException, MISMATCH);
    }
    return PH_OK;
}
