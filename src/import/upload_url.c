#include "import/upload_url.h"

#include "crypto/hash.h"
#include "util/encode.h"

#define PATH PH_STR("/import-jobs/")
#define SIGNED_HEADERS "x-amz-server-side-encryption"

enum { EXPIRES_MAX = 7 * 24 * 3600, ID_MAX = 64, HEX_DIGITS = 2 * PH_SHA256_BYTES };

static void sign(const struct ph_key *key, const struct ph_pool *pool, struct ph_str job_id,
                 struct ph_str date, struct ph_str expires, struct ph_digest *out)
{
    const struct ph_str newline = PH_STR("\n");

    PH_HMAC(((struct ph_str){ key->bytes, sizeof key->bytes }), out, PH_STR("PUT"), newline,
            pool->id, newline, job_id, newline, date, newline, expires, newline,
            PH_STR(SIGNED_HEADERS));
}

struct ph_str ph_upload_url(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_import_job *job)
{
    const struct ph_str date = ph_time_basic(ctx->arena, job->created_ms / 1000);
    const struct ph_str expires = ph_strf(ctx->arena, "%d", PH_UPLOAD_URL_SECONDS);
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_digest signature;

    ph_pool_key(pool, PH_PURPOSE_IMPORT_UPLOAD, &key);
    sign(&key, pool, job->id, date, expires, &signature);
    return ph_strf(ctx->arena,
                   "%.*s/import-jobs/%.*s/%.*s?X-Amz-Date=%.*s&X-Amz-Expires=%.*s"
                   "&X-Amz-SignedHeaders=" SIGNED_HEADERS "&X-Amz-Signature=%.*s",
                   PH_FMT(ctx->settings->public_url), PH_FMT(pool->id), PH_FMT(job->id),
                   PH_FMT(date), PH_FMT(expires),
                   PH_FMT(ph_hex(ctx->arena, ph_digest_str(&signature))));
}

bool ph_upload_url_is_path(struct ph_str path)
{
    return ph_str_starts(path, PATH);
}

/* Ids as the API knows them; nothing in them is ever encoded. */
static bool is_id(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i];

        if (!(c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
              (c >= 'a' && c <= 'z'))) {
            return false;
        }
    }
    return s.n > 0 && s.n <= ID_MAX;
}

static bool is_hex(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) {
            return false;
        }
    }
    return s.n == HEX_DIGITS;
}

static bool read_parameter(struct ph_upload_url *url, struct ph_str pair, struct ph_str *headers)
{
    struct ph_str name, value;
    const struct {
        struct ph_str name;
        struct ph_str *value;
    } known[] = {
        { PH_STR("X-Amz-Date"), &url->date },
        { PH_STR("X-Amz-Expires"), &url->expires },
        { PH_STR("X-Amz-Signature"), &url->signature },
        { PH_STR("X-Amz-SignedHeaders"), headers },
    };

    ph_str_cut(pair, '=', &name, &value);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ph_str_eq(name, known[i].name)) {
            const bool first = known[i].value->p == NULL;

            *known[i].value = value;
            return first && value.n > 0;
        }
    }
    return false;
}

bool ph_upload_url_parse(struct ph_str path, struct ph_str query, struct ph_upload_url *out)
{
    struct ph_upload_url url = { 0 };
    struct ph_str headers = { 0 };

    if (!ph_upload_url_is_path(path) ||
        !ph_str_cut(ph_str_skip(path, PATH.n), '/', &url.pool_id, &url.job_id) ||
        !is_id(url.pool_id) || !is_id(url.job_id)) {
        return false;
    }
    while (query.n > 0) {
        struct ph_str pair;

        ph_str_cut(query, '&', &pair, &query);
        if (!read_parameter(&url, pair, &headers)) {
            return false;
        }
    }
    if (!ph_str_eq(headers, PH_STR(SIGNED_HEADERS)) || !is_hex(url.signature) ||
        !ph_time_basic_parse(url.date, &url.signed_s) ||
        !ph_str_to_int(url.expires, 1, EXPIRES_MAX, &url.expires_s)) {
        return false;
    }
    *out = url;
    return true;
}

bool ph_upload_url_is_signed(const struct ph_pool *pool, const struct ph_upload_url *url,
                             int64_t now_ms)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_arena arena = { 0 };
    struct ph_digest digest;
    bool is_ours = false;

    for (size_t i = 0;
         !is_ours && ph_pool_next_key(pool, PH_PURPOSE_IMPORT_UPLOAD, now_ms, &i, &key);) {
        sign(&key, pool, url->job_id, url->date, url->expires, &digest);
        is_ours = ph_equal_secret(ph_hex(&arena, ph_digest_str(&digest)), url->signature);
    }
    ph_arena_finish(&arena);
    return is_ours;
}
