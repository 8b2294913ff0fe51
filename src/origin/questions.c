/* What a service is asked, and what its answers mean. */
#include "origin/internal.h"
#include "util/encode.h"

/* ---- members of requests ---- */

/* The app client that passwords and proofs are asked with. */
static struct ph_str client_id_of(const struct ph_pool *pool, const struct ph_client *client)
{
    return pool->origin->client_id.n > 0 ? pool->origin->client_id : client->id;
}

static struct ph_str secret_of(const struct ph_pool *pool, const struct ph_client *client)
{
    return pool->origin->client_id.n > 0 ? pool->origin->client_secret : client->secrets[0].value;
}

static void set_hash(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_client *client,
                     struct ph_str name, struct json_t *parameters)
{
    const struct ph_str secret = secret_of(pool, client);
    struct ph_digest digest;

    if (secret.n > 0) {
        PH_HMAC(secret, &digest, name, client_id_of(pool, client));
        ph_json_set_str(ctx->arena, parameters, "SECRET_HASH",
                        ph_base64(ctx->arena, ph_digest_str(&digest)));
    }
}

static struct json_t *request_of(struct ph_ctx *ctx, struct ph_str client_id, const char *flow,
                                 struct json_t *parameters)
{
    struct json_t *body = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, body, "ClientId", client_id);
    ph_json_set_str(ctx->arena, body, "AuthFlow", ph_str_from(flow));
    ph_json_set(ctx->arena, body, "AuthParameters", parameters);
    return body;
}

static bool has_origin(const struct ph_ctx *ctx, const struct ph_pool *pool)
{
    return pool->origin != NULL && ctx->origins != NULL;
}

/* ---- who it is ---- */

/* The claims of a token that came over a connection to who has signed it: not verified again. */
static const struct json_t *claims_of(struct ph_arena *arena, struct ph_str token)
{
    struct ph_str header, payload, text;

    ph_str_cut(token, '.', &header, &payload);
    ph_str_cut(payload, '.', &payload, NULL);
    return ph_base64url_decode(arena, payload, &text) ? ph_json_parse(arena, text) : NULL;
}

static const struct json_t *described_by_token(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               struct ph_str token, bool *came)
{
    struct json_t *body = ph_json_object(ctx->arena);
    struct ph_origin_answer answer;

    ph_json_set_str(ctx->arena, body, "AccessToken", token);
    ph_origin_call(ctx, pool, PH_ORIGIN_PUBLIC, "GetUser", body, &answer);
    *came = answer.came;
    return answer.reply;
}

static const struct json_t *described_by_name(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              struct ph_str name, bool *came)
{
    struct json_t *body = ph_json_object(ctx->arena);
    struct ph_origin_answer answer;

    *came = true;
    if (pool->origin->access_key_id.n == 0) {
        return NULL;
    }
    ph_json_set_str(ctx->arena, body, "UserPoolId", pool->origin->pool_id);
    ph_json_set_str(ctx->arena, body, "Username", name);
    ph_origin_call(ctx, pool, PH_ORIGIN_SIGNED, "AdminGetUser", body, &answer);
    *came = answer.came;
    return answer.reply;
}

/* ---- what an answer means ---- */

static enum ph_origin_word word_of_error(struct ph_str error)
{
    if (ph_str_eq(error, PH_STR("PasswordResetRequiredException"))) {
        return PH_ORIGIN_SAYS_RESET;
    }
    return ph_str_eq(error, PH_STR("UserNotConfirmedException")) ? PH_ORIGIN_SAYS_UNCONFIRMED
                                                                 : PH_ORIGIN_SAYS_NO;
}

static const struct {
    struct ph_str name;
    unsigned bit;
} FACTORS[] = {
    { PH_STR_INIT("SMS_MFA"), PH_MFA_SMS },
    { PH_STR_INIT("EMAIL_OTP"), PH_MFA_EMAIL },
    { PH_STR_INIT("SOFTWARE_TOKEN_MFA"), PH_MFA_TOTP },
};
enum { FACTOR_COUNT = sizeof FACTORS / sizeof FACTORS[0] };

/* Those that a challenge asks for; of SELECT_MFA_TYPE all that the user may choose. */
static unsigned factors_of(struct ph_str challenge, const struct json_t *parameters)
{
    const struct ph_str choice = ph_json_get_str(parameters, "MFAS_CAN_CHOOSE");
    const bool chooses = ph_str_eq(challenge, PH_STR("SELECT_MFA_TYPE"));
    unsigned factors = 0;

    for (size_t i = 0; i < FACTOR_COUNT; i++) {
        if (ph_str_eq(challenge, FACTORS[i].name) ||
            (chooses && ph_str_contains(choice, FACTORS[i].name))) {
            factors |= FACTORS[i].bit;
        }
    }
    return factors;
}

/*
 * These challenges follow a password that was right (authentication.md 1.8). Any other says nothing
 * about it.
 */
static enum ph_origin_word word_of_challenge(const struct json_t *reply, unsigned *factors)
{
    const struct ph_str challenge = ph_json_get_str(reply, "ChallengeName");

    if (ph_str_eq(challenge, PH_STR("NEW_PASSWORD_REQUIRED"))) {
        return PH_ORIGIN_SAYS_TEMPORARY;
    }
    if (ph_str_eq(challenge, PH_STR("MFA_SETUP"))) {
        return PH_ORIGIN_SAYS_FACTOR;
    }
    *factors = factors_of(challenge, ph_json_get(reply, "ChallengeParameters"));
    return *factors != 0 ? PH_ORIGIN_SAYS_FACTOR : PH_ORIGIN_SAYS_NO;
}

static void read_tokens(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str access_token,
                        struct ph_origin_reply *reply)
{
    bool came;

    reply->claims = claims_of(ctx->arena, access_token);
    reply->described = described_by_token(ctx, pool, access_token, &came);
    reply->word = !came ? PH_ORIGIN_SAYS_NOTHING
                        : (reply->described != NULL ? PH_ORIGIN_SAYS_YES : PH_ORIGIN_SAYS_NO);
}

/* Tokens, a challenge or an error in answer to a password or a proof. */
static void read_answer(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                        const struct ph_origin_answer *answer, struct ph_origin_reply *reply)
{
    const struct json_t *result = ph_json_get(answer->reply, "AuthenticationResult");
    bool came = true;

    *reply = (struct ph_origin_reply){ .word = PH_ORIGIN_SAYS_NOTHING };
    if (!answer->came) {
        return;
    }
    if (answer->reply == NULL) {
        reply->word = word_of_error(answer->error);
        return;
    }
    if (result != NULL) {
        read_tokens(ctx, pool, ph_json_get_str(result, "AccessToken"), reply);
        return;
    }
    reply->word = word_of_challenge(answer->reply, &reply->factors);
    if (reply->word != PH_ORIGIN_SAYS_NO) {
        reply->described = described_by_name(ctx, pool, name, &came);
        reply->word = came ? reply->word : PH_ORIGIN_SAYS_NOTHING;
    }
}

static void count(struct ph_origins *origins, const struct ph_origin_reply *reply)
{
    const bool right = reply->word == PH_ORIGIN_SAYS_YES ||
                       reply->word == PH_ORIGIN_SAYS_TEMPORARY ||
                       reply->word == PH_ORIGIN_SAYS_FACTOR;

    atomic_fetch_add(&origins->asked, 1);
    atomic_fetch_add(&origins->proven, right ? 1 : 0);
}

/* ---- questions ---- */

/* A sign-in there: the user's name, and what the flow begins with. */
static void initiate(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_client *client,
                     struct ph_str name, const char *flow, const char *key, struct ph_str value,
                     struct ph_origin_answer *answer)
{
    struct json_t *parameters = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, parameters, "USERNAME", name);
    ph_json_set_str(ctx->arena, parameters, key, value);
    set_hash(ctx, pool, client, name, parameters);
    ph_origin_call(ctx, pool, PH_ORIGIN_PUBLIC, "InitiateAuth",
                   request_of(ctx, client_id_of(pool, client), flow, parameters), answer);
}

void ph_origin_ask_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_client *client, struct ph_str name,
                            struct ph_str password, struct ph_origin_reply *reply)
{
    struct ph_origin_answer answer;

    *reply = (struct ph_origin_reply){ .word = PH_ORIGIN_SAYS_NO };
    if (!has_origin(ctx, pool)) {
        return;
    }
    initiate(ctx, pool, client, name, "USER_PASSWORD_AUTH", "PASSWORD", password, &answer);
    read_answer(ctx, pool, name, &answer, reply);
    count(ctx->origins, reply);
}

void ph_origin_ask_user(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                        struct ph_origin_reply *reply)
{
    bool came;

    *reply = (struct ph_origin_reply){ .word = PH_ORIGIN_SAYS_NO };
    if (!has_origin(ctx, pool)) {
        return;
    }
    reply->described = described_by_name(ctx, pool, name, &came);
    if (!came) {
        reply->word = PH_ORIGIN_SAYS_NOTHING;
    } else if (reply->described != NULL) {
        reply->word = PH_ORIGIN_SAYS_YES;
    }
}

/* ---- SRP ---- */

enum ph_origin_word ph_origin_begin_srp(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_client *client, struct ph_str name,
                                        struct ph_str srp_a, struct ph_origin_srp *srp)
{
    const struct json_t *given;
    struct ph_origin_answer answer;

    if (!has_origin(ctx, pool)) {
        return PH_ORIGIN_SAYS_NO;
    }
    initiate(ctx, pool, client, name, "USER_SRP_AUTH", "SRP_A", srp_a, &answer);
    given = ph_json_get(answer.reply, "ChallengeParameters");
    *srp = (struct ph_origin_srp){
        .user_id = ph_json_get_str(given, "USER_ID_FOR_SRP"),
        .salt = ph_json_get_str(given, "SALT"),
        .srp_b = ph_json_get_str(given, "SRP_B"),
        .secret_block = ph_json_get_str(given, "SECRET_BLOCK"),
    };
    if (!answer.came) {
        return PH_ORIGIN_SAYS_NOTHING;
    }
    return srp->user_id.n > 0 && srp->salt.n > 0 && srp->srp_b.n > 0 && srp->secret_block.n > 0
               ? PH_ORIGIN_SAYS_YES
               : PH_ORIGIN_SAYS_NO;
}

void ph_origin_answer_srp(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_client *client, const struct ph_origin_proof *proof,
                          struct ph_origin_reply *reply)
{
    struct json_t *body = ph_json_object(ctx->arena), *given = ph_json_object(ctx->arena);
    struct ph_origin_answer answer;

    *reply = (struct ph_origin_reply){ .word = PH_ORIGIN_SAYS_NO };
    if (!has_origin(ctx, pool)) {
        return;
    }
    ph_json_set_str(ctx->arena, given, "USERNAME", proof->user_id);
    ph_json_set_str(ctx->arena, given, "PASSWORD_CLAIM_SECRET_BLOCK", proof->secret_block);
    ph_json_set_str(ctx->arena, given, "PASSWORD_CLAIM_SIGNATURE", proof->signature);
    ph_json_set_str(ctx->arena, given, "TIMESTAMP", proof->timestamp);
    set_hash(ctx, pool, client, proof->user_id, given);
    ph_json_set_str(ctx->arena, body, "ClientId", client_id_of(pool, client));
    ph_json_set_str(ctx->arena, body, "ChallengeName", PH_STR("PASSWORD_VERIFIER"));
    ph_json_set(ctx->arena, body, "ChallengeResponses", given);
    ph_origin_call(ctx, pool, PH_ORIGIN_PUBLIC, "RespondToAuthChallenge", body, &answer);
    read_answer(ctx, pool, proof->user_id, &answer, reply);
    count(ctx->origins, reply);
}

/* ---- refresh tokens ---- */

static void set_given(struct ph_ctx *ctx, struct json_t *object, const char *name,
                      struct ph_str value)
{
    if (value.n > 0) {
        ph_json_set_str(ctx->arena, object, name, value);
    }
}

/* By the operation that the client used: the service may allow it only one of them. */
static void call_refresh(struct ph_ctx *ctx, const struct ph_pool *pool,
                         const struct ph_origin_refresh *given, struct ph_origin_answer *answer)
{
    struct json_t *members = ph_json_object(ctx->arena);

    if (given->by_operation) {
        ph_json_set_str(ctx->arena, members, "ClientId", given->client->id);
        ph_json_set_str(ctx->arena, members, "RefreshToken", given->token);
        set_given(ctx, members, "ClientSecret", given->client_secret);
        set_given(ctx, members, "DeviceKey", given->device_key);
        ph_origin_call(ctx, pool, PH_ORIGIN_PUBLIC, "GetTokensFromRefreshToken", members, answer);
        return;
    }
    ph_json_set_str(ctx->arena, members, "REFRESH_TOKEN", given->token);
    set_given(ctx, members, "SECRET_HASH", given->secret_hash);
    set_given(ctx, members, "DEVICE_KEY", given->device_key);
    ph_origin_call(ctx, pool, PH_ORIGIN_PUBLIC, "InitiateAuth",
                   request_of(ctx, given->client->id, "REFRESH_TOKEN_AUTH", members), answer);
}

static void digest_of(const struct ph_pool *pool, struct ph_str token, struct ph_digest *digest)
{
    PH_SHA256(digest, pool->id, PH_STR(" "), token);
}

static void read_refresh(struct ph_ctx *ctx, const struct ph_pool *pool,
                         const struct ph_origin_answer *answer, struct ph_origin_reply *reply)
{
    const struct json_t *result = ph_json_get(answer->reply, "AuthenticationResult");

    reply->word = answer->came ? PH_ORIGIN_SAYS_NO : PH_ORIGIN_SAYS_NOTHING;
    if (result != NULL) {
        read_tokens(ctx, pool, ph_json_get_str(result, "AccessToken"), reply);
    }
    if (reply->word == PH_ORIGIN_SAYS_YES) {
        atomic_fetch_add(&ctx->origins->refreshes, 1);
    }
}

void ph_origin_ask_refresh(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_origin_refresh *given, struct ph_origin_reply *reply,
                           bool *again)
{
    struct ph_origin_answer answer;
    struct ph_digest digest;
    enum ph_refresh_turn turn;

    *reply = (struct ph_origin_reply){ .word = PH_ORIGIN_SAYS_NO };
    *again = false;
    if (!has_origin(ctx, pool)) {
        return;
    }
    digest_of(pool, given->token, &digest);
    turn = ph_refresh_begin(ctx, &digest);
    *again = turn == PH_REFRESH_AGAIN;
    if (turn != PH_REFRESH_ASK) {
        reply->word = turn == PH_REFRESH_REFUSED ? PH_ORIGIN_SAYS_NO : PH_ORIGIN_SAYS_NOTHING;
        return;
    }
    call_refresh(ctx, pool, given, &answer);
    read_refresh(ctx, pool, &answer, reply);
    reply->asked = true;
}

bool ph_origin_revoke(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str client_id,
                      struct ph_str client_secret, struct ph_str token)
{
    struct json_t *body = ph_json_object(ctx->arena);
    struct ph_origin_answer answer;
    struct ph_digest digest;

    if (!has_origin(ctx, pool)) {
        return false;
    }
    digest_of(pool, token, &digest);
    if (ph_refresh_begin(ctx, &digest) != PH_REFRESH_ASK) {
        return false;
    }
    ph_json_set_str(ctx->arena, body, "ClientId", client_id);
    ph_json_set_str(ctx->arena, body, "Token", token);
    set_given(ctx, body, "ClientSecret", client_secret);
    ph_origin_call(ctx, pool, PH_ORIGIN_PUBLIC, "RevokeToken", body, &answer);
    if (answer.came) {
        ph_refresh_refuse(ctx->origins, &digest);
    }
    ph_refresh_end(ctx->origins, &digest);
    return answer.reply != NULL;
}

void ph_origin_refresh_done(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str token,
                            enum ph_refresh_end end)
{
    struct ph_digest digest;

    if (has_origin(ctx, pool)) {
        digest_of(pool, token, &digest);
        if (end == PH_REFRESH_NOT_KEPT) {
            ph_refresh_refuse(ctx->origins, &digest);
        }
        ph_refresh_end(ctx->origins, &digest);
    }
}
