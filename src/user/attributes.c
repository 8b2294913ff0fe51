/* Writing attributes: permission, schema, mutability, format, in this order (management.md 2.4). */
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/contact.h"
#include "user/user.h"
#include "util/buf.h"
#include "util/unicode.h"

enum { CLAUSES_MAX = 64 * 1024 };

#define NONCONFORMING "Attributes did not conform to the schema: "

static bool is_flag(struct ph_str name)
{
    return ph_str_eq(name, PH_STR("email_verified")) ||
           ph_str_eq(name, PH_STR("phone_number_verified"));
}

static bool is_sub(struct ph_str name)
{
    return ph_str_eq(name, PH_STR("sub"));
}

/* Links are made and taken away by operations of their own (identity.h). */
static bool is_identities(struct ph_str name)
{
    return ph_str_eq(name, PH_STR("identities"));
}

/* The flag that follows a contact, or absent. */
static struct ph_str flag_of(struct ph_str name)
{
    const struct ph_contact_kind *contact = ph_contact_of(name);

    return contact == NULL ? (struct ph_str){ 0 } : contact->flag;
}

/* Flags, identities and developer attributes are the administrator's. */
static struct ph_err check_permission(const struct ph_client *client, enum ph_writer writer,
                                      const struct ph_attr_def *def, struct ph_str name)
{
    const bool reserved =
        is_flag(name) || is_identities(name) || (def != NULL && def->developer_only);

    if (writer == PH_BY_ADMIN) {
        return PH_OK;
    }
    if (reserved ||
        (client != NULL && def != NULL && !is_sub(name) && !ph_client_may_write(client, name))) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_UNAUTHORIZED_WRITE);
    }
    return PH_OK;
}

static struct ph_err immutable(struct ph_ctx *ctx, struct ph_str name)
{
    return PH_FAIL(InvalidParameterException,
                   ph_textf(ctx->arena, "user.%.*s: Attribute cannot be updated.\n", PH_FMT(name)));
}

static struct ph_err nonconforming(struct ph_ctx *ctx, struct ph_str name, const char *why)
{
    return PH_FAIL(InvalidParameterException,
                   ph_textf(ctx->arena, NONCONFORMING "%.*s: %s", PH_FMT(name), why));
}

static bool is_birthdate(struct ph_str s)
{
    struct ph_date date = { 0 };
    int64_t year, month, day, epoch;

    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' ||
        !ph_str_to_int((struct ph_str){ s.p, 4 }, 0, 9999, &year) ||
        !ph_str_to_int((struct ph_str){ s.p + 5, 2 }, 1, 12, &month) ||
        !ph_str_to_int((struct ph_str){ s.p + 8, 2 }, 1, 31, &day)) {
        return false;
    }
    date.year = (int)year;
    date.month = (int)month;
    date.day = (int)day;
    return ph_date_to_epoch(&date, &epoch);
}

static struct ph_err check_string(struct ph_ctx *ctx, const struct ph_attr_def *def,
                                  struct ph_str value)
{
    const int64_t n = (int64_t)ph_utf16_length(value);

    if (ph_str_eq(def->name, PH_STR("email")) && !ph_is_email(value)) {
        return PH_FAIL(InvalidParameterException, "Invalid email address format.");
    }
    if (ph_str_eq(def->name, PH_STR("phone_number")) && !ph_is_phone(value)) {
        return PH_FAIL(InvalidParameterException, "Invalid phone number format.");
    }
    if (ph_str_eq(def->name, PH_STR("birthdate")) && !is_birthdate(value)) {
        return nonconforming(ctx, def->name, "Value must be a date of the form YYYY-MM-DD.");
    }
    if (def->has_min && n < def->min) {
        return nonconforming(ctx, def->name, "String must be longer.");
    }
    if (def->has_max && n > def->max) {
        return nonconforming(ctx, def->name, "String must be shorter.");
    }
    return PH_OK;
}

/* Names that are compared folded are stored folded. */
static bool is_folded(struct ph_str name)
{
    return ph_str_eq(name, PH_STR("email")) || ph_str_eq(name, PH_STR("preferred_username"));
}

/* *value becomes the form in which it is stored. */
static struct ph_err check_format(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_attr_def *def, struct ph_str *value)
{
    const int64_t min = def->has_min ? def->min : INT64_MIN;
    const int64_t max = def->has_max ? def->max : INT64_MAX;
    int64_t number;

    switch (def->type) {
    case PH_ATTR_STRING:
        *value = is_folded(def->name) ? ph_user_fold(ctx, pool, *value) : *value;
        return check_string(ctx, def, *value);
    case PH_ATTR_NUMBER:
        return ph_str_to_int(*value, min, max, &number)
                   ? PH_OK
                   : nonconforming(ctx, def->name, "Value must be a number in the range.");
    case PH_ATTR_BOOLEAN:
        *value = ph_str_lower(ctx->arena, *value);
        return ph_str_eq(*value, PH_STR("true")) || ph_str_eq(*value, PH_STR("false"))
                   ? PH_OK
                   : nonconforming(ctx, def->name, "Value must be true or false.");
    case PH_ATTR_DATETIME:
        return PH_OK;
    }
    return PH_OK;
}

/* A new address is unverified, unless the same call says otherwise. */
static void store_value(struct ph_ctx *ctx, struct ph_user *user, const struct ph_attrs *writes,
                        struct ph_str name, struct ph_str value)
{
    const struct ph_str flag = flag_of(name);
    const bool changed = !ph_str_eq(ph_attrs_get(&user->attrs, name), value);

    if (value.n == 0) {
        ph_attrs_remove(&user->attrs, name);
        if (flag.n > 0) {
            ph_attrs_remove(&user->attrs, flag);
        }
        return;
    }
    if (flag.n > 0 && changed && ph_attrs_get(writes, flag).n == 0) {
        ph_attrs_set(ctx->arena, &user->attrs, flag, PH_STR("false"));
    }
    ph_attrs_set(ctx->arena, &user->attrs, name, value);
}

/*
 * An empty value takes the attribute away, which a required one does not allow. New users are
 * looked at as a whole; administrators need not give them all.
 */
static bool may_be_empty(const struct ph_attr_def *def, const struct ph_user *user)
{
    return !def->required || user->revision == 0 || ph_attrs_get(&user->attrs, def->name).n == 0;
}

static struct ph_err check_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_client *client, enum ph_writer writer,
                                 const struct ph_user *user, struct ph_attr *write)
{
    const struct ph_attr_def *def = ph_pool_attribute(pool, write->name);

    PH_TRY(check_permission(client, writer, def, write->name));
    if (def == NULL) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena,
                                NONCONFORMING "Type for attribute {%.*s} could not be determined",
                                PH_FMT(write->name)));
    }
    if (is_sub(write->name) || is_identities(write->name) ||
        (!def->mutable && user->revision != 0)) {
        return immutable(ctx, write->name);
    }
    if (write->value.n == 0) {
        return may_be_empty(def, user)
                   ? PH_OK
                   : nonconforming(ctx, def->name, "The attribute is required\n");
    }
    return check_format(ctx, pool, def, &write->value);
}

struct ph_err ph_attributes_apply(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_client *client, enum ph_writer writer,
                                  struct ph_user *user, const struct ph_attrs *writes)
{
    struct ph_attr *checked = ph_arena_array(ctx->arena, writes->count + 1, struct ph_attr);

    for (size_t i = 0; i < writes->count; i++) {
        checked[i] = writes->items[i];
        PH_TRY(check_write(ctx, pool, client, writer, user, &checked[i]));
    }
    for (size_t i = 0; i < writes->count; i++) {
        store_value(ctx, user, writes, checked[i].name, checked[i].value);
    }
    return PH_OK;
}

struct ph_err ph_attributes_delete(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_client *client, enum ph_writer writer,
                                   struct ph_user *user, const struct ph_str *names, size_t count)
{
    struct ph_buf clauses;

    ph_buf_init(&clauses, ctx->arena, CLAUSES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct ph_attr_def *def = ph_pool_attribute(pool, names[i]);

        PH_TRY(check_permission(client, writer, def, names[i]));
        if (def == NULL) {
            ph_buf_addf(&clauses, "user.%.*s: Attribute does not exist in the schema.\n",
                        PH_FMT(names[i]));
        } else if (def->required) {
            ph_buf_addf(&clauses, "user.%.*s: Attribute is required.", PH_FMT(names[i]));
        } else if (!def->mutable || is_identities(names[i])) {
            return immutable(ctx, names[i]);
        }
    }
    if (clauses.n > 0) {
        return PH_FAIL(
            InvalidParameterException,
            ph_textf(ctx->arena, "Invalid user attributes: %.*s", PH_FMT(ph_buf_str(&clauses))));
    }
    for (size_t i = 0; i < count; i++) {
        store_value(ctx, user, &user->attrs, names[i], (struct ph_str){ 0 });
    }
    return PH_OK;
}

struct ph_err ph_attributes_check_required(struct ph_ctx *ctx, const struct ph_pool *pool,
                                           const struct ph_user *user)
{
    struct ph_buf clauses;

    ph_buf_init(&clauses, ctx->arena, CLAUSES_MAX);
    for (size_t i = 0; i < pool->schema_count; i++) {
        struct ph_str name = pool->schema[i].name;

        if (!pool->schema[i].required || is_sub(name) || ph_attrs_get(&user->attrs, name).n > 0) {
            continue;
        }
        if (ph_str_eq(name, PH_STR("name"))) {
            ph_buf_add(&clauses,
                       PH_STR("name.formatted: The attribute name.formatted is required\n"));
        } else {
            ph_buf_addf(&clauses, "%.*s: The attribute is required\n", PH_FMT(name));
        }
    }
    if (clauses.n == 0) {
        return PH_OK;
    }
    return PH_FAIL(InvalidParameterException,
                   ph_textf(ctx->arena, NONCONFORMING "%.*s", PH_FMT(ph_buf_str(&clauses))));
}
