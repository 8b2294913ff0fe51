/* Users of a dump: AdminCreateUser's members and those that only seeds have. */
#include "seed/dump_internal.h"
#include "store/groups.h"
#include "store/parts.h"
#include "store/totp.h"
#include "user/identity.h"
#include "util/encode.h"

#include <stdlib.h>

#define IDENTITIES PH_STR("identities")

struct users {
    struct ph_user **items;
    size_t count;
    size_t capacity;
};

static void collect(struct ph_arena *arena, struct users *all, struct ph_user *const *page,
                    size_t count)
{
    if (all->count + count > all->capacity) {
        const size_t capacity = (all->count + count) * 2;
        struct ph_user **items = ph_arena_array(arena, capacity, struct ph_user *);

        for (size_t i = 0; i < all->count; i++) {
            items[i] = all->items[i];
        }
        all->items = items;
        all->capacity = capacity;
    }
    for (size_t i = 0; i < count; i++) {
        all->items[all->count++] = page[i];
    }
}

/* By id: users that were made in the same millisecond have no other order that stays. */
static int by_sub(const void *a, const void *b)
{
    const struct ph_user *const *left = a, *const *right = b;

    return ph_str_cmp((*left)->sub, (*right)->sub);
}

static struct ph_err read_all(const struct ph_dump *d, struct users *all)
{
    enum { PAGE = 500 };
    const struct ph_user_filter filter = { .by = PH_BY_NOTHING };
    struct ph_str cursor = { 0 };

    do {
        struct ph_user **page;
        size_t count;

        PH_TRY(ph_store_user_list(d->ctx, &d->pool->ref, &filter, cursor, PAGE, &page, &count,
                                  &cursor));
        collect(d->ctx->arena, all, page, count);
    } while (cursor.p != NULL);
    if (all->count > 0) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what is sorted */
        qsort(all->items, all->count, sizeof *all->items, by_sub);
    }
    return PH_OK;
}

/* --- one user --- */

/* In pools that sign in by address the name is made by the pool: the address is what one gives. */
static struct ph_str given_name(const struct ph_dump *d, const struct ph_user *user)
{
    const struct ph_str email = ph_attrs_get(&user->attrs, PH_STR("email"));
    const struct ph_str phone = ph_attrs_get(&user->attrs, PH_STR("phone_number"));
    const unsigned by = d->pool->username_attributes;

    if ((by & PH_EMAIL) != 0 && email.n > 0) {
        return email;
    }
    return (by & PH_PHONE) != 0 && phone.n > 0 ? phone : user->username;
}

/* Nobody writes his identities as an attribute: they are told as links. */
static struct json_t *attributes_of(struct ph_arena *arena, const struct ph_user *user)
{
    struct json_t *list = ph_json_array(arena);

    for (size_t i = 0; i < user->attrs.count; i++) {
        struct json_t *one = ph_json_object(arena);

        if (ph_str_eq(user->attrs.items[i].name, IDENTITIES)) {
            continue;
        }
        ph_json_set_str(arena, one, "Name", user->attrs.items[i].name);
        ph_json_set_str(arena, one, "Value", user->attrs.items[i].value);
        ph_json_append(arena, list, one);
    }
    return list;
}

static struct ph_err add_groups(const struct ph_dump *d, const struct ph_user *user,
                                struct json_t *out)
{
    struct json_t *names = ph_json_array(d->ctx->arena);
    struct ph_group *groups;
    size_t count;

    PH_TRY(ph_store_groups_of_user(d->ctx, &d->pool->ref, user->sub, &groups, &count));
    for (size_t i = 0; i < count; i++) {
        ph_json_append(d->ctx->arena, names, ph_json_new_str(d->ctx->arena, groups[i].name));
    }
    if (count > 0) {
        ph_json_set(d->ctx->arena, out, "Groups", names);
    }
    return PH_OK;
}

/* --- links to identities at providers --- */

static bool has_equal(const struct json_t *list, const struct json_t *one)
{
    for (size_t i = 0; i < ph_json_length(list); i++) {
        if (ph_json_equal(ph_json_at(list, i), one)) {
            return true;
        }
    }
    return false;
}

/* Adds the link by this attribute when it is the user's and not told yet. */
static struct ph_err try_link(const struct ph_dump *d, const struct ph_user *user,
                              const struct ph_provider_user *tried, struct json_t *links,
                              bool *added)
{
    struct json_t *link = ph_json_object(d->ctx->arena);
    struct ph_user *owner;

    ph_json_set_str(d->ctx->arena, link, "ProviderName", tried->provider);
    ph_json_set_str(d->ctx->arena, link, "ProviderAttributeName", tried->attribute);
    ph_json_set_str(d->ctx->arena, link, "ProviderAttributeValue", tried->value);
    PH_TRY(ph_user_by_identity(d->ctx, d->pool, tried, &owner));
    *added = owner != NULL && ph_str_eq(owner->sub, user->sub) && !has_equal(links, link);
    if (*added) {
        ph_json_append(d->ctx->arena, links, link);
    }
    return PH_OK;
}

/*
 * The attribute `identities` does not say by which attribute of the provider a user was linked: it
 * is the subject, or one that the provider maps. One that is neither any more is not told.
 */
static struct ph_err add_link(const struct ph_dump *d, const struct ph_user *user,
                              const struct json_t *identity, struct json_t *links)
{
    struct ph_provider_user tried = { ph_json_get_str(identity, "providerName"), PH_SUBJECT,
                                      ph_json_get_str(identity, "userId") };
    struct ph_part *provider;
    const struct json_t *mapping;
    bool added;

    PH_TRY(ph_store_part_find(d->ctx, &d->pool->ref, PH_PART_PROVIDER, tried.provider, &provider));
    if (provider == NULL) {
        return PH_OK;
    }
    PH_TRY(try_link(d, user, &tried, links, &added));
    mapping = ph_json_get(provider->document, "AttributeMapping");
    for (void *at = ph_json_first(mapping); at != NULL && !added; at = ph_json_next(mapping, at)) {
        tried.attribute = ph_json_key(at);
        PH_TRY(try_link(d, user, &tried, links, &added));
    }
    return PH_OK;
}

static struct ph_err add_links(const struct ph_dump *d, const struct ph_user *user,
                               struct json_t *out)
{
    const struct json_t *list =
        ph_json_parse(d->ctx->arena, ph_attrs_get(&user->attrs, IDENTITIES));
    struct json_t *links = ph_json_array(d->ctx->arena);

    for (size_t i = 0; i < ph_json_length(list); i++) {
        PH_TRY(add_link(d, user, ph_json_at(list, i), links));
    }
    if (ph_json_length(links) > 0) {
        ph_json_set(d->ctx->arena, out, "Links", links);
    }
    return PH_OK;
}

/* --- secrets --- */

static struct ph_err add_verifier(const struct ph_dump *d, const struct ph_user *listed,
                                  struct json_t *out)
{
    struct json_t *verifier = ph_json_object(d->ctx->arena);
    struct ph_user *user;

    PH_TRY(ph_store_user_by_sub(d->ctx, &d->pool->ref, listed->sub, &user));
    if (user == NULL || user->password == NULL) {
        return PH_OK;
    }
    ph_json_set_str(d->ctx->arena, verifier, "Salt",
                    ph_base64(d->ctx->arena, (struct ph_str){ user->password->salt,
                                                              sizeof user->password->salt }));
    ph_json_set_str(d->ctx->arena, verifier, "Verifier",
                    ph_base64(d->ctx->arena, (struct ph_str){ user->password->verifier,
                                                              sizeof user->password->verifier }));
    ph_json_set(d->ctx->arena, out, "PasswordVerifier", verifier);
    return PH_OK;
}

static struct ph_err add_token(const struct ph_dump *d, const struct ph_user *user,
                               struct json_t *out)
{
    struct json_t *token = ph_json_object(d->ctx->arena);
    struct ph_totp totp;

    PH_TRY(ph_store_totp_find(d->ctx, &d->pool->ref, user->sub, &totp));
    if (totp.secret.n == 0) {
        return PH_OK;
    }
    ph_json_set_str(d->ctx->arena, token, "Secret", ph_base32(d->ctx->arena, totp.secret));
    if (totp.device_name.n > 0) {
        ph_json_set_str(d->ctx->arena, token, "DeviceName", totp.device_name);
    }
    ph_json_set(d->ctx->arena, out, "SoftwareToken", token);
    return PH_OK;
}

static void add_preference(struct ph_arena *arena, const struct ph_user *user,
                           enum ph_mfa_factor factor, const char *member, struct json_t *out)
{
    struct json_t *settings = ph_json_object(arena);

    if ((user->mfa_on & (unsigned)factor) == 0) {
        return;
    }
    ph_json_set_bool(arena, settings, "Enabled", true);
    ph_json_set_bool(arena, settings, "PreferredMfa",
                     (user->mfa_preferred & (unsigned)factor) != 0);
    ph_json_set(arena, out, member, settings);
}

static struct ph_err add_secrets(const struct ph_dump *d, const struct ph_user *user,
                                 struct json_t *out)
{
    PH_TRY(add_verifier(d, user, out));
    PH_TRY(add_token(d, user, out));
    if (user->has_totp) {
        add_preference(d->ctx->arena, user, PH_MFA_TOTP, "SoftwareTokenMfaSettings", out);
    }
    return PH_OK;
}

static struct ph_err add_user(const struct ph_dump *d, const struct ph_user *user,
                              struct json_t *to)
{
    struct ph_arena *arena = d->ctx->arena;
    struct json_t *out = ph_json_object(arena), *attributes = attributes_of(arena, user);

    ph_json_set_str(arena, out, "Username", given_name(d, user));
    ph_json_set_str(arena, out, "Sub", user->sub);
    ph_json_set_str(arena, out, "UserStatus", ph_user_status_name(user->status));
    ph_json_set_bool(arena, out, "Enabled", user->enabled);
    if (ph_json_length(attributes) > 0) {
        ph_json_set(arena, out, "UserAttributes", attributes);
    }
    PH_TRY(add_groups(d, user, out));
    PH_TRY(add_links(d, user, out));
    if (d->secrets == PH_DUMP_WITH_SECRETS) {
        PH_TRY(add_secrets(d, user, out));
    }
    add_preference(arena, user, PH_MFA_SMS, "SMSMfaSettings", out);
    add_preference(arena, user, PH_MFA_EMAIL, "EmailMfaSettings", out);
    ph_json_append(arena, to, out);
    return PH_OK;
}

struct ph_err ph_dump_users(const struct ph_dump *d)
{
    struct json_t *list = ph_json_array(d->ctx->arena);
    struct users all = { 0 };

    PH_TRY(read_all(d, &all));
    for (size_t i = 0; i < all.count; i++) {
        PH_TRY(add_user(d, all.items[i], list));
    }
    if (all.count > 0) {
        ph_json_set(d->ctx->arena, d->out, "Users", list);
    }
    return PH_OK;
}
