/* Users who do not exist, for those who must not learn it (authentication.md 2.2). */
#include "crypto/hash.h"
#include "store/sign_in.h"
#include "user/contact.h"
#include "user/user.h"
#include "user/verifier.h"
#include "util/encode.h"

#include <string.h>

static void derive(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str what,
                   struct ph_str name, struct ph_digest *out)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    const struct ph_str separator = { (const uint8_t *)"", 1 };

    ph_pool_key(pool, PH_PURPOSE_DECOY, &key);
    PH_HMAC(((struct ph_str){ key.bytes, sizeof key.bytes }), out, what, separator, pool->id,
            separator, ph_user_fold(ctx, pool, name));
}

static struct ph_password *decoy_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          struct ph_str name)
{
    struct ph_password *password = ph_arena_new(ctx->arena, struct ph_password);
    struct ph_digest digest;

    derive(ctx, pool, PH_STR("salt"), name, &digest);
    memcpy(password->salt, digest.bytes, sizeof password->salt);
    ph_salt_shape(password->salt);
    derive(ctx, pool, PH_STR("verifier"), name, &digest);
    /* Any number does: only k*v + g^b is ever seen. A power of g would take time that a user who
     * exists does not take. */
    ph_hkdf_sha256(ph_digest_str(&digest), (struct ph_str){ 0 }, PH_STR("verifier"),
                   password->verifier, sizeof password->verifier);
    return password;
}

struct ph_str ph_decoy_destination(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str name, enum ph_medium medium)
{
    struct ph_digest digest;

    derive(ctx, pool, PH_STR("delivery"), name, &digest);
    if (medium == PH_MEDIUM_SMS && !ph_is_phone(name)) {
        return ph_strf(ctx->arena, "%04u",
                       (unsigned)(digest.bytes[0] << 8 | digest.bytes[1]) % 10000U);
    }
    if (medium == PH_MEDIUM_EMAIL && !ph_is_email(name)) {
        return ph_strf(ctx->arena, "%c@%c", 'a' + digest.bytes[0] % 26, 'a' + digest.bytes[1] % 26);
    }
    return name;
}

/* To an address when the name is one, else to one that fits the name for ever. */
void ph_decoy_delivery(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                       struct ph_delivery *delivery)
{
    const bool phone_only = (pool->auto_verified & PH_EMAIL) == 0;
    const bool is_phone = ph_is_phone(name) && (pool->auto_verified & PH_PHONE) != 0;

    ph_decoy_delivery_by(ctx, pool, name, phone_only || is_phone ? PH_MEDIUM_SMS : PH_MEDIUM_EMAIL,
                         delivery);
}

void ph_decoy_delivery_by(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                          enum ph_medium medium, struct ph_delivery *delivery)
{
    const struct ph_contact_kind *contact =
        ph_contact_of(medium == PH_MEDIUM_SMS ? PH_STR("phone_number") : PH_STR("email"));

    *delivery = (struct ph_delivery){
        .medium = contact->medium,
        .attribute = contact->attribute,
        .destination = ph_mask_destination(ctx->arena, contact->medium,
                                           ph_decoy_destination(ctx, pool, name, contact->medium)),
    };
}

struct ph_str ph_decoy_sub(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name)
{
    struct ph_digest digest;

    derive(ctx, pool, PH_STR("sub"), name, &digest);
    ph_uuid4_set(digest.bytes);
    return ph_uuid_text(ctx->arena, digest.bytes);
}

/* Nobody's Username looks like an alias of the pool: who is found by one has another name. */
static bool is_alias_of(const struct ph_pool *pool, struct ph_str name)
{
    return ((pool->alias_attributes & PH_EMAIL) != 0 && ph_is_email(name)) ||
           ((pool->alias_attributes & PH_PHONE) != 0 && ph_is_phone(name));
}

/* What a user of that name would be called: an id where names are ids, else as it is stored. */
static struct ph_str decoy_username(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    struct ph_str name, struct ph_str sub)
{
    return pool->username_attributes != 0 || is_alias_of(pool, name)
               ? sub
               : ph_user_fold(ctx, pool, name);
}

struct ph_user *ph_user_decoy(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name)
{
    struct ph_user *user = ph_arena_new(ctx->arena, struct ph_user);

    user->sub = ph_decoy_sub(ctx, pool, name);
    user->username = decoy_username(ctx, pool, name, user->sub);
    user->status = PH_USER_CONFIRMED;
    user->enabled = true;
    user->password = decoy_password(ctx, pool, name);
    return user;
}

struct ph_err ph_decoy_write(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub)
{
    int64_t ignored;

    return ph_store_attempt_count(ctx, pool->id, ph_strf(ctx->arena, "code %.*s", PH_FMT(sub)),
                                  &ignored);
}
