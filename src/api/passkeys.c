/* Passkeys: the four WebAuthn operations (management.md 12). */
#include "passkey/passkey.h"

#include "api/handlers.h"
#include "api/page_token.h"
#include "api/self.h"
#include "model/exceptions.h"
#include "util/encode.h"

static struct ph_err find_owner(struct ph_ctx *ctx, struct ph_passkey_owner *owner)
{
    struct ph_self self;

    PH_TRY(ph_self_find(ctx, &self));
    *owner = (struct ph_passkey_owner){
        .pool = self.pool,
        .client = self.client,
        .user = self.user,
    };
    return PH_OK;
}

struct ph_err ph_api_start_web_authn_registration(struct ph_ctx *ctx, const struct ph_in *in,
                                                  struct ph_out *out)
{
    struct ph_passkey_owner owner;
    struct json_t *options;

    (void)in;
    PH_TRY(find_owner(ctx, &owner));
    PH_TRY(ph_passkey_start(ctx, &owner, &options));
    ph_out_json(out, M_CredentialCreationOptions, options);
    return PH_OK;
}

struct ph_err ph_api_complete_web_authn_registration(struct ph_ctx *ctx, const struct ph_in *in,
                                                     struct ph_out *out)
{
    struct ph_passkey_owner owner;

    (void)out;
    PH_TRY(find_owner(ctx, &owner));
    return ph_passkey_complete(ctx, &owner, ph_in_json(in, M_Credential));
}

/* Browsers that do not tell the attachment tell how the authenticator is reached. */
static bool is_built_in(const struct ph_passkey *passkey)
{
    return passkey->attachment.n > 0 ? ph_str_eq(passkey->attachment, PH_STR("platform"))
                                     : ph_str_contains(passkey->transports, PH_STR("\"internal\""));
}

static void write_passkey(struct ph_ctx *ctx, struct ph_out_list *list,
                          const struct ph_passkey *passkey)
{
    const struct json_t *transports = ph_json_parse(ctx->arena, passkey->transports);
    struct ph_out one = ph_out_list_object(list);
    struct ph_out_list names;

    ph_out_str(&one, M_CredentialId, ph_base64url(ctx->arena, passkey->id));
    ph_out_str(&one, M_FriendlyCredentialName,
               is_built_in(passkey) ? PH_STR("Platform passkey") : PH_STR("Roaming passkey"));
    ph_out_str(&one, M_RelyingPartyId, passkey->relying_party);
    ph_out_str(&one, M_AuthenticatorAttachment, passkey->attachment);
    names = ph_out_list(&one, M_AuthenticatorTransports);
    for (size_t i = 0; i < ph_json_length(transports); i++) {
        ph_out_list_str(&names, ph_json_str(ph_json_at(transports, i)));
    }
    ph_out_time(&one, M_CreatedAt, passkey->created_ms);
}

/* The order of the list as text, so that a page goes on behind one that is deleted meanwhile. */
static struct ph_str position_of(struct ph_ctx *ctx, const struct ph_passkey *passkey)
{
    const struct ph_str id = ph_hex(ctx->arena, passkey->id);

    return ph_strf(ctx->arena, "%016llx %.*s", (unsigned long long)passkey->created_ms, PH_FMT(id));
}

static size_t first_behind(struct ph_ctx *ctx, const struct ph_passkey *passkeys, size_t count,
                           struct ph_str after)
{
    size_t i = 0;

    while (i < count && after.n > 0 && ph_str_cmp(position_of(ctx, &passkeys[i]), after) <= 0) {
        i++;
    }
    return i;
}

struct ph_err ph_api_list_web_authn_credentials(struct ph_ctx *ctx, const struct ph_in *in,
                                                struct ph_out *out)
{
    const int64_t wanted = ph_in_int(in, M_MaxResults);
    const size_t max = wanted > 0 ? (size_t)wanted : PH_PASSKEYS_MAX;
    struct ph_passkey_owner owner;
    struct ph_out_list list = ph_out_list(out, M_Credentials);
    struct ph_str question, after;
    struct ph_passkey *passkeys;
    size_t count, from, to;

    PH_TRY(find_owner(ctx, &owner));
    question = ph_strf(ctx->arena, "ListWebAuthnCredentials %.*s", PH_FMT(owner.user->sub));
    PH_TRY(ph_page_token_read(ctx, question, ph_in_str(in, M_NextToken), &after));
    PH_TRY(ph_store_passkey_list(ctx, &owner.pool->ref, owner.user->sub, &passkeys, &count));
    from = first_behind(ctx, passkeys, count, after);
    to = count - from > max ? from + max : count;
    for (size_t i = from; i < to; i++) {
        write_passkey(ctx, &list, &passkeys[i]);
    }
    if (to < count) {
        ph_out_str(out, M_NextToken,
                   ph_page_token_make(ctx, question, position_of(ctx, &passkeys[to - 1])));
    }
    return PH_OK;
}

struct ph_err ph_api_delete_web_authn_credential(struct ph_ctx *ctx, const struct ph_in *in,
                                                 struct ph_out *out)
{
    struct ph_passkey_owner owner;
    bool existed = false;
    struct ph_str id;

    (void)out;
    PH_TRY(find_owner(ctx, &owner));
    if (ph_base64url_decode(ctx->arena, ph_in_str(in, M_CredentialId), &id)) {
        PH_TRY(ph_store_passkey_delete(ctx, &owner.pool->ref, owner.user->sub, id, &existed));
    }
    return existed ? PH_OK : PH_FAIL(ResourceNotFoundException, "The passkey does not exist.");
}
