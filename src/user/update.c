#include "user/update.h"

#include "model/exceptions.h"
#include "model/messages.h"

enum { CODES_PER_HOUR = 5 };

/* A contact in the state before and after the writes. */
struct contact_change {
    const struct ph_contact_kind *kind;
    struct ph_str old_value, old_flag;
    struct ph_str new_value, new_flag;
};

static struct contact_change compare(const struct ph_contact_kind *kind,
                                     const struct ph_attrs *before, const struct ph_attrs *after)
{
    return (struct contact_change){
        .kind = kind,
        .old_value = ph_attrs_get(before, kind->attribute),
        .old_flag = ph_attrs_get(before, kind->flag),
        .new_value = ph_attrs_get(after, kind->attribute),
        .new_flag = ph_attrs_get(after, kind->flag),
    };
}

static void put_back(struct ph_ctx *ctx, struct ph_attrs *attrs, struct ph_str name,
                     struct ph_str value)
{
    if (value.p == NULL) {
        ph_attrs_remove(attrs, name);
    } else {
        ph_attrs_set(ctx->arena, attrs, name, value);
    }
}

static struct ph_err send_code(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_update *given, const struct contact_change *contact,
                               struct ph_user_change *change, struct ph_deliveries *sent)
{
    const struct ph_code_request request = {
        .user = change->user,
        .purpose = contact->kind->verification,
        .attribute = contact->kind->attribute,
        .destination = contact->new_value,
        .reason = PH_STR("UpdateUserAttribute"),
        .client_id = given->client == NULL ? (struct ph_str){ 0 } : given->client->id,
        .client_metadata = given->client_metadata,
    };

    PH_TRY(ph_code_issue(ctx, pool, &request, change, &sent->items[sent->count]));
    sent->count++;
    return PH_OK;
}

/* Codes for an address that was there or waited before prove nothing about this one. */
static struct ph_err follow(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_update *given, const struct contact_change *contact,
                            struct ph_user_change *change, struct ph_deliveries *sent)
{
    const unsigned bit = (unsigned)contact->kind->bit;
    struct ph_attrs *attrs = &change->user->attrs;

    if (ph_str_eq(contact->old_value, contact->new_value)) {
        return PH_OK;
    }
    change->forget_codes |= 1U << contact->kind->verification;
    if (contact->new_value.n == 0 || (pool->auto_verified & bit) == 0 ||
        ph_str_eq(contact->new_flag, PH_STR("true"))) {
        return PH_OK;
    }
    if ((pool->verify_before_update & bit) != 0) {
        put_back(ctx, attrs, contact->kind->attribute, contact->old_value);
        put_back(ctx, attrs, contact->kind->flag, contact->old_flag);
    }
    return send_code(ctx, pool, given, contact, change, sent);
}

static struct ph_attrs copy_of(struct ph_ctx *ctx, const struct ph_attrs *attrs)
{
    struct ph_attrs copy = { 0 };

    for (size_t i = 0; i < attrs->count; i++) {
        ph_attrs_set(ctx->arena, &copy, attrs->items[i].name, attrs->items[i].value);
    }
    return copy;
}

struct ph_err ph_user_update(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                             const struct ph_update *given, struct ph_deliveries *sent)
{
    const struct ph_attrs before = copy_of(ctx, &user->attrs);
    struct ph_user_change change = { .user = user };
    struct ph_deliveries all = { .count = 0 };
    struct ph_attrs after;

    PH_TRY(ph_attributes_apply(ctx, pool, given->client,
                               given->client == NULL ? PH_BY_ADMIN : PH_BY_CLIENT, user,
                               given->writes));
    PH_TRY(ph_user_check_names(ctx, pool, &change, 0));
    after = copy_of(ctx, &user->attrs);
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        const struct contact_change contact = compare(&ph_contacts[i], &before, &after);

        PH_TRY(follow(ctx, pool, given, &contact, &change, &all));
    }
    PH_TRY(ph_user_save(ctx, pool, &change, 0));
    *sent = all;
    return PH_OK;
}

struct ph_err ph_user_remove_attributes(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_client *client, struct ph_user *user,
                                        const struct ph_str *names, size_t count)
{
    struct ph_user_change change = { .user = user };

    PH_TRY(ph_attributes_delete(ctx, pool, client, client == NULL ? PH_BY_ADMIN : PH_BY_CLIENT,
                                user, names, count));
    for (size_t i = 0; i < count; i++) {
        const struct ph_contact_kind *contact = ph_contact_of(names[i]);

        change.forget_codes |= contact == NULL ? 0 : 1U << contact->verification;
    }
    return ph_user_save(ctx, pool, &change, 0);
}

static struct ph_err find_contact(struct ph_str attribute, const struct ph_contact_kind **contact)
{
    *contact = ph_contact_of(attribute);
    return *contact != NULL ? PH_OK : PH_FAIL(InvalidParameterException, "Invalid attribute name");
}

/* *destination is empty when there is none. */
static struct ph_err find_destination(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_user *user,
                                      const struct ph_contact_kind *contact,
                                      struct ph_str *destination)
{
    struct ph_code *sent;

    PH_TRY(ph_store_code_find(ctx, &pool->ref, user->sub, contact->verification, &sent));
    *destination = sent != NULL && sent->expires_ms > ph_now_ms(ctx)
                       ? sent->destination
                       : ph_attrs_get(&user->attrs, contact->attribute);
    return PH_OK;
}

struct ph_err ph_user_request_verification(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           struct ph_user *user,
                                           const struct ph_verification *given,
                                           struct ph_delivery *delivery)
{
    struct ph_code_request request = {
        .user = user,
        .attribute = given->attribute,
        .reason = PH_STR("VerifyUserAttribute"),
        .client_id = given->client->id,
        .client_metadata = given->client_metadata,
    };
    struct ph_user_change change = { .user = user };
    const struct ph_contact_kind *contact;

    PH_TRY(find_contact(given->attribute, &contact));
    PH_TRY(find_destination(ctx, pool, user, contact, &request.destination));
    if (request.destination.n == 0) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "User does not have an attribute %.*s",
                                PH_FMT(contact->attribute)));
    }
    PH_TRY(ph_user_count_try(ctx, pool, user->sub, "VerificationCode", CODES_PER_HOUR));
    request.purpose = contact->verification;
    PH_TRY(ph_code_issue(ctx, pool, &request, &change, delivery));
    return ph_user_send(ctx, pool, &change);
}

struct ph_err ph_user_verify(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                             struct ph_str attribute, struct ph_str given)
{
    const struct ph_contact_kind *contact;
    struct ph_user_change change = { .user = user, .drop_code = true };
    struct ph_code *code;

    PH_TRY(find_contact(attribute, &contact));
    change.drop_purpose = contact->verification;
    PH_TRY(ph_code_check(ctx, pool, user, contact->verification, given, &code));
    ph_attrs_set(ctx->arena, &user->attrs, contact->flag, PH_STR("true"));
    ph_attrs_set(ctx->arena, &user->attrs, contact->attribute, code->destination);
    return ph_user_save(ctx, pool, &change,
                        pool->username_attributes == 0 ? 1U << contact->alias : 0);
}
