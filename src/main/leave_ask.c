/* `leave ask`, `leave status` and `leave done`: whom a pool asks for what is not here yet. */
#include "main/leave.h"
#include "pool/origin.h"
#include "store/users.h"
#include "util/json.h"

#include <inttypes.h>

/* --- which pool --- */

static bool find_pool(const struct ph_leave *leave, const struct ph_pool **pool, int *status)
{
    const struct ph_str id = ph_leave_flag(leave, PH_LEAVE_POOL);
    struct ph_err err;

    if (id.n == 0) {
        fputs("poolhouse: say which pool: --pool ID\n", stderr);
        *status = PH_EXIT_MISUSED;
        return false;
    }
    err = ph_pool_get(leave->ctx, id, pool);
    if (err.type != NULL) {
        *status = ph_leave_complain_about(err);
    }
    return err.type == NULL;
}

/* --- ask --- */

/* {"AccessKeyId", "SecretAccessKey", "SessionToken", "ClientSecret"}: what is not to be typed. */
static bool read_secrets(const struct ph_leave *leave, const char *path, struct ph_origin *origin)
{
    struct ph_leave_file file;
    const struct json_t *secrets;

    if (path == NULL) {
        return true;
    }
    if (!ph_leave_file_open(path, &file)) {
        return false;
    }
    secrets = ph_json_parse(leave->ctx->arena, file.text);
    ph_leave_file_close(&file);
    origin->access_key_id = ph_json_get_str(secrets, "AccessKeyId");
    origin->secret_key = ph_json_get_str(secrets, "SecretAccessKey");
    origin->session_token = ph_json_get_str(secrets, "SessionToken");
    origin->client_secret = ph_json_get_str(secrets, "ClientSecret");
    if ((origin->access_key_id.n > 0) != (origin->secret_key.n > 0) ||
        (origin->access_key_id.n == 0 && origin->client_secret.n == 0)) {
        fprintf(stderr,
                "poolhouse: %s: it must be a JSON object with AccessKeyId and SecretAccessKey, as "
                "`aws configure export-credentials` prints it, with ClientSecret, or both\n",
                path);
        return false;
    }
    return true;
}

static struct ph_str without_slash(struct ph_str url)
{
    while (ph_str_ends(url, PH_STR("/"))) {
        url.n--;
    }
    return url;
}

static bool check(const struct ph_leave *leave, const struct ph_origin *origin)
{
    const char *why = NULL;

    if (!ph_str_starts(origin->endpoint, PH_STR("https://")) &&
        !ph_str_starts(origin->endpoint, PH_STR("http://"))) {
        why = "--endpoint: say a URL: https://cognito-idp.eu-west-1.amazonaws.com";
    } else if (ph_str_eq(origin->endpoint, leave->ctx->settings->public_url)) {
        why = "--endpoint: that is this server itself";
    } else if (origin->client_secret.n > 0 && origin->client_id.n == 0) {
        why =
            "a ClientSecret belongs to --client; without it clients of the same id are asked with "
            "their own secrets";
    }
    return why == NULL || ph_leave_complain(why) == PH_EXIT_OK;
}

static struct ph_str or_else(struct ph_str given, struct ph_str otherwise)
{
    return given.n > 0 ? given : otherwise;
}

static void tell_origin(const struct ph_pool *pool, const struct ph_origin *origin)
{
    printf("%.*s asks %.*s for %.*s, ", PH_FMT(pool->id), PH_FMT(origin->endpoint),
           PH_FMT(origin->pool_id));
    if (origin->client_id.n > 0) {
        printf("with the app client %.*s\n", PH_FMT(origin->client_id));
    } else {
        puts("with clients of the same ids");
    }
    if (!ph_str_starts(origin->endpoint, PH_STR("https://"))) {
        puts("note: passwords go there without TLS");
    }
    puts(origin->access_key_id.n > 0
             ? "users are looked up there when they forget their password"
             : "without keys: nobody is looked up there who forgets his password");
}

int ph_leave_ask(struct ph_leave *leave)
{
    struct ph_origin origin = { .client_id = ph_leave_flag(leave, PH_LEAVE_CLIENT) };
    const struct ph_pool *pool;
    struct ph_err err;
    int status;

    if (!find_pool(leave, &pool, &status)) {
        return status;
    }
    origin.pool_id = or_else(ph_leave_flag(leave, PH_LEAVE_ORIGIN_POOL), pool->id);
    origin.region = ph_leave_flag(leave, PH_LEAVE_REGION);
    if (origin.region.n == 0) {
        ph_str_cut(origin.pool_id, '_', &origin.region, NULL);
    }
    origin.endpoint =
        without_slash(or_else(ph_leave_flag(leave, PH_LEAVE_ENDPOINT),
                              ph_strf(leave->ctx->arena, "https://cognito-idp.%.*s.amazonaws.com",
                                      PH_FMT(origin.region))));
    if (!read_secrets(leave, leave->flags[PH_LEAVE_CREDENTIALS].value, &origin) ||
        !check(leave, &origin)) {
        return PH_EXIT_FAILED;
    }
    err = ph_origin_put(leave->ctx, pool, &origin);
    if (err.type != NULL) {
        return ph_leave_complain_about(err);
    }
    tell_origin(pool, &origin);
    return PH_EXIT_OK;
}

/* --- status, done --- */

static int tell_counts(const struct ph_leave *leave, struct ph_str pool_id)
{
    int64_t counts[PH_ORIGIN_COUNT];
    const struct ph_err err = ph_store_pool_origins(leave->ctx, pool_id, counts);

    if (err.type != NULL) {
        return ph_leave_complain_about(err);
    }
    printf("%" PRId64 " users wait for their passwords, %" PRId64 " are settled here\n",
           counts[PH_ORIGIN_WAITING], counts[PH_ORIGIN_SETTLED]);
    return PH_EXIT_OK;
}

int ph_leave_status(struct ph_leave *leave)
{
    const struct ph_pool *pool;
    int status;

    if (!find_pool(leave, &pool, &status)) {
        return status;
    }
    if (pool->origin != NULL) {
        tell_origin(pool, pool->origin);
    } else {
        printf("%.*s asks nobody\n", PH_FMT(pool->id));
    }
    return tell_counts(leave, pool->id);
}

int ph_leave_done(struct ph_leave *leave)
{
    const struct ph_pool *pool;
    struct ph_err err;
    int status;

    if (!find_pool(leave, &pool, &status)) {
        return status;
    }
    err = ph_origin_delete(leave->ctx, pool);
    if (err.type != NULL) {
        return ph_leave_complain_about(err);
    }
    printf("%.*s asks nobody any more\n", PH_FMT(pool->id));
    return tell_counts(leave, pool->id);
}
