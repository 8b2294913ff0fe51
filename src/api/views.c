#include "api/views.h"

#include "mfa/factors.h"
#include "user/contact.h"

void ph_view_read_attributes(struct ph_ctx *ctx, const struct ph_in *in, enum ph_member_name m,
                             struct ph_attrs *attrs)
{
    *attrs = (struct ph_attrs){ 0 };
    for (size_t i = 0; i < ph_in_count(in, m); i++) {
        const struct ph_in one = ph_in_object_at(in, m, i);

        ph_attrs_set(ctx->arena, attrs, ph_in_str(&one, M_Name), ph_in_str(&one, M_Value));
    }
}

void ph_view_read_names(struct ph_ctx *ctx, const struct ph_in *in, enum ph_member_name m,
                        const struct ph_str **names, size_t *count)
{
    const size_t n = ph_in_count(in, m);
    struct ph_str *read = ph_arena_array(ctx->arena, n + 1, struct ph_str);

    for (size_t i = 0; i < n; i++) {
        read[i] = ph_in_str_at(in, m, i);
    }
    *names = read;
    *count = n;
}

const struct json_t *ph_view_read_map(struct ph_ctx *ctx, const struct ph_in *in,
                                      enum ph_member_name m)
{
    struct json_t *map = ph_in_has(in, m) ? ph_json_object(ctx->arena) : NULL;

    for (size_t i = 0; i < ph_in_count(in, m); i++) {
        const struct ph_in one = ph_in_object_at(in, m, i);

        ph_json_set_s(ctx->arena, map, ph_in_str(&one, M_Name),
                      ph_json_new_str(ctx->arena, ph_in_str(&one, M_Value)));
    }
    return map;
}

static bool is_wanted(const struct ph_view_choice *choice, struct ph_str name)
{
    for (size_t i = 0; i < ph_json_length(choice->wanted); i++) {
        if (ph_str_eq(ph_json_str(ph_json_at(choice->wanted, i)), name)) {
            return true;
        }
    }
    return choice->wanted == NULL;
}

/* Developer attributes are for administrators only. */
static bool is_readable(const struct ph_view_choice *choice, struct ph_str name)
{
    return choice->reader == NULL ||
           (!ph_str_starts(name, PH_STR("dev:")) && ph_client_may_read(choice->reader, name));
}

static void add(struct ph_out_list *list, const struct ph_view_choice *choice, struct ph_str name,
                struct ph_str value)
{
    if (value.p != NULL && is_wanted(choice, name) && is_readable(choice, name)) {
        struct ph_out one = ph_out_list_object(list);

        ph_out_str(&one, M_Name, name);
        ph_out_str(&one, M_Value, value);
    }
}

/* True for a flag whose attribute is there and brings it along. */
static bool follows_attribute(const struct ph_attrs *attrs, struct ph_str name)
{
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        if (ph_str_eq(ph_contacts[i].flag, name)) {
            return ph_attrs_get(attrs, ph_contacts[i].attribute).n > 0;
        }
    }
    return false;
}

void ph_view_attributes(struct ph_out *out, enum ph_member_name m, const struct ph_user *user,
                        const struct ph_view_choice *choice)
{
    const struct ph_attrs *attrs = &user->attrs;
    struct ph_out_list list = ph_out_list(out, m);

    if (is_wanted(choice, PH_STR("sub"))) {
        static const struct ph_view_choice ALWAYS = { .reader = NULL };

        add(&list, &ALWAYS, PH_STR("sub"), user->sub);
    }
    for (size_t i = 0; i < attrs->count; i++) {
        const struct ph_str name = attrs->items[i].name;
        const struct ph_contact_kind *contact = ph_contact_of(name);

        if (contact != NULL) {
            add(&list, choice, contact->flag, ph_attrs_get(attrs, contact->flag));
        }
        if (!follows_attribute(attrs, name)) {
            add(&list, choice, name, attrs->items[i].value);
        }
    }
}

void ph_view_mfa(struct ph_out *out, const struct ph_user *user)
{
    struct json_t *names;

    if (user->mfa_on == 0) {
        return;
    }
    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        if (user->mfa_preferred == (unsigned)ph_mfa_kinds[i].bit) {
            ph_out_str(out, M_PreferredMfaSetting, ph_mfa_kinds[i].name);
        }
    }
    names = ph_mfa_names(out->arena, user->mfa_on);
    if ((user->mfa_on & PH_MFA_PASSKEY) != 0) { /* beside the others; nothing asks for it */
        ph_json_append(out->arena, names, ph_json_new_str(out->arena, PH_STR("WEB_AUTHN_MFA")));
    }
    ph_out_json(out, M_UserMFASettingList, names);
}

void ph_view_mfa_options(struct ph_out *out, const struct ph_user *user)
{
    struct ph_out_list options;
    struct ph_out option;

    if ((user->mfa_on & PH_MFA_SMS) == 0) {
        return;
    }
    options = ph_out_list(out, M_MFAOptions);
    option = ph_out_list_object(&options);
    ph_out_str(&option, M_DeliveryMedium, PH_STR("SMS"));
    ph_out_str(&option, M_AttributeName, PH_STR("phone_number"));
}

void ph_view_user(struct ph_out *out, const struct ph_user *user, enum ph_member_name attributes,
                  const struct ph_view_choice *choice)
{
    ph_out_str(out, M_Username, user->username);
    ph_view_attributes(out, attributes, user, choice);
    ph_out_time(out, M_UserCreateDate, user->created_ms);
    ph_out_time(out, M_UserLastModifiedDate, user->modified_ms);
    ph_out_bool(out, M_Enabled, user->enabled);
    ph_out_str(out, M_UserStatus, ph_user_status_name(user->status));
    ph_view_mfa_options(out, user);
}

void ph_view_delivery(struct ph_out *details, const struct ph_delivery *delivery)
{
    ph_out_str(details, M_AttributeName, delivery->attribute);
    ph_out_str(details, M_DeliveryMedium,
               delivery->medium == PH_MEDIUM_SMS ? PH_STR("SMS") : PH_STR("EMAIL"));
    ph_out_str(details, M_Destination, delivery->destination);
}

void ph_view_code_delivery(struct ph_out *out, const struct ph_delivery *delivery)
{
    struct ph_out details = ph_out_object(out, M_CodeDeliveryDetails);

    ph_view_delivery(&details, delivery);
}
