#include "auth/session.h"

#include "crypto/seal.h"
#include "util/encode.h"
#include "util/json.h"

#include <string.h>

/* What is sealed for one of them does not open for the other. */
struct kind {
    enum ph_purpose purpose;
    struct ph_str name;
};

static const struct kind SESSION = { PH_PURPOSE_SESSION, PH_STR_INIT("session") };
static const struct kind SECRET_BLOCK = { PH_PURPOSE_SECRET_BLOCK, PH_STR_INIT("secret block") };

enum { TEXT_MAX = 4096 };

static struct ph_str write_state(struct ph_ctx *ctx, const struct ph_session *s)
{
    struct json_t *o = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, o, "challenge", s->challenge);
    ph_json_set_str(ctx->arena, o, "client", s->client_id);
    ph_json_set_str(ctx->arena, o, "sub", s->sub);
    ph_json_set_str(ctx->arena, o, "name", s->name);
    ph_json_set_str(ctx->arena, o, "event", s->event_id);
    ph_json_set_str(ctx->arena, o, "nonce", s->nonce);
    ph_json_set_str(ctx->arena, o, "password", s->password);
    if (s->code.n > 0) {
        ph_json_set_str(ctx->arena, o, "code", s->code);
    }
    if (s->device_key.n > 0) {
        ph_json_set_str(ctx->arena, o, "device", s->device_key);
    }
    if (s->custom != NULL) {
        ph_json_set(ctx->arena, o, "custom", ph_json_copy(ctx->arena, s->custom));
    }
    ph_json_set_int(ctx->arena, o, "proven", s->proven);
    ph_json_set_int(ctx->arena, o, "expires", s->expires_ms);
    if (s->targets != 0) {
        ph_json_set_int(ctx->arena, o, "targets", s->targets);
        ph_json_set_int(ctx->arena, o, "methods", s->methods);
    }
    if (s->choice != PH_CHOICE_NONE) {
        ph_json_set_int(ctx->arena, o, "choice", s->choice);
    }
    return ph_json_text(ctx->arena, o, PH_JSON_INSERTION);
}

static bool read_state(struct ph_ctx *ctx, struct ph_str text, struct ph_session *session)
{
    const struct json_t *o = ph_json_parse(ctx->arena, text);

    if (o == NULL) {
        return false;
    }
    *session = (struct ph_session){
        .challenge = ph_json_get_str(o, "challenge"),
        .client_id = ph_json_get_str(o, "client"),
        .sub = ph_json_get_str(o, "sub"),
        .name = ph_json_get_str(o, "name"),
        .event_id = ph_json_get_str(o, "event"),
        .nonce = ph_json_get_str(o, "nonce"),
        .password = ph_json_get_str(o, "password"),
        .code = ph_json_get_str(o, "code"),
        .device_key = ph_json_get_str(o, "device"),
        .custom = ph_json_get(o, "custom"),
        .proven = (unsigned)ph_json_int(ph_json_get(o, "proven")),
        .methods = (unsigned)ph_json_int(ph_json_get(o, "methods")),
        .targets = (unsigned)ph_json_int(ph_json_get(o, "targets")),
        .choice = (enum ph_choice)ph_json_int(ph_json_get(o, "choice")),
        .expires_ms = ph_json_int(ph_json_get(o, "expires")),
    };
    return true;
}

static struct ph_str seal(struct ph_ctx *ctx, const struct ph_pool *pool, const struct kind *kind,
                          struct ph_str plain)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };

    ph_pool_key(pool, kind->purpose, &key);
    return ph_seal(ctx->arena, &key, kind->name, plain);
}

static bool unseal(struct ph_ctx *ctx, const struct ph_pool *pool, const struct kind *kind,
                   struct ph_str sealed, struct ph_str *plain)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    bool opened = false;

    for (size_t i = 0;
         !opened && ph_pool_next_key(pool, kind->purpose, ph_now_ms(ctx), &i, &key);) {
        opened = ph_open(ctx->arena, &key, kind->name, sealed, plain);
    }
    return opened;
}

/* A Session is its pool's id, '|', and what is sealed: nobody else names the pool in some calls. */
struct ph_str ph_session_seal(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_session *session)
{
    const struct ph_str sealed = seal(ctx, pool, &SESSION, write_state(ctx, session));

    return ph_base64url(ctx->arena, PH_CONCAT(ctx->arena, pool->id, PH_STR("|"), sealed));
}

static bool split(struct ph_ctx *ctx, struct ph_str text, struct ph_str *pool_id,
                  struct ph_str *sealed)
{
    struct ph_str bytes;

    return text.n <= TEXT_MAX && ph_base64url_decode(ctx->arena, text, &bytes) &&
           ph_str_cut(bytes, '|', pool_id, sealed);
}

bool ph_session_pool_id(struct ph_ctx *ctx, struct ph_str text, struct ph_str *pool_id)
{
    struct ph_str id, sealed;

    if (!split(ctx, text, &id, &sealed)) {
        return false;
    }
    *pool_id = id;
    return true;
}

bool ph_session_open(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str text,
                     struct ph_session *session)
{
    struct ph_str id, sealed, plain;

    return split(ctx, text, &id, &sealed) && ph_str_eq(id, pool->id) &&
           unseal(ctx, pool, &SESSION, sealed, &plain) && read_state(ctx, plain, session);
}

void ph_srp_state_wipe(struct ph_srp_state *state)
{
    ph_wipe(state, sizeof *state);
}

struct ph_str ph_secret_block_seal(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_session *session, const struct ph_srp_state *srp)
{
    const struct ph_str state = write_state(ctx, session);
    uint8_t *plain = ph_arena_alloc(ctx->arena, sizeof *srp + state.n);

    /* Only bytes: the struct has no padding and reads the same on every machine. */
    _Static_assert(sizeof(struct ph_srp_state) == 2 * PH_SRP_BYTES + PH_SRP_EXPONENT,
                   "a struct of bytes without padding");
    memcpy(plain, srp, sizeof *srp);
    memcpy(plain + sizeof *srp, state.p, state.n);
    return ph_base64(ctx->arena, seal(ctx, pool, &SECRET_BLOCK,
                                      (struct ph_str){ plain, sizeof *srp + state.n }));
}

bool ph_secret_block_open(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str text,
                          struct ph_session *session, struct ph_srp_state *srp,
                          struct ph_str *bytes)
{
    struct ph_session read;
    struct ph_str sealed, plain;

    if (text.n > TEXT_MAX || !ph_base64_decode(ctx->arena, text, &sealed) ||
        !unseal(ctx, pool, &SECRET_BLOCK, sealed, &plain) || plain.n < sizeof *srp ||
        !read_state(ctx, ph_str_skip(plain, sizeof *srp), &read)) {
        return false;
    }
    memcpy(srp, plain.p, sizeof *srp);
    *session = read;
    *bytes = sealed;
    return true;
}
