#include "import/row.h"

#include "model/exceptions.h"
#include "user/contact.h"
#include "util/encode.h"
#include "util/unicode.h"

#define USERNAME "cognito:username"
#define MFA_ENABLED "cognito:mfa_enabled"
#define PASSWORD_HASH "password_hash"

/* --- the header --- */

static const struct ph_str STANDARD[] = {
    PH_STR_INIT("name"),
    PH_STR_INIT("given_name"),
    PH_STR_INIT("family_name"),
    PH_STR_INIT("middle_name"),
    PH_STR_INIT("nickname"),
    PH_STR_INIT("preferred_username"),
    PH_STR_INIT("profile"),
    PH_STR_INIT("picture"),
    PH_STR_INIT("website"),
    PH_STR_INIT("email"),
    PH_STR_INIT("email_verified"),
    PH_STR_INIT("gender"),
    PH_STR_INIT("birthdate"),
    PH_STR_INIT("zoneinfo"),
    PH_STR_INIT("locale"),
    PH_STR_INIT("phone_number"),
    PH_STR_INIT("phone_number_verified"),
    PH_STR_INIT("address"),
    PH_STR_INIT("updated_at"),
};
enum { STANDARD_COUNT = sizeof STANDARD / sizeof STANDARD[0] };

void ph_import_header(struct ph_arena *arena, const struct ph_pool *pool, struct ph_str **names,
                      size_t *count)
{
    struct ph_str *all =
        ph_arena_array(arena, STANDARD_COUNT + pool->schema_count + 3, struct ph_str);
    size_t n = 0;

    for (size_t i = 0; i < STANDARD_COUNT; i++) {
        all[n++] = STANDARD[i];
    }
    for (size_t i = 0; i < pool->schema_count; i++) {
        if (ph_str_starts(pool->schema[i].name, PH_STR("custom:"))) {
            all[n++] = pool->schema[i].name;
        }
    }
    all[n++] = PH_STR(MFA_ENABLED);
    all[n++] = PH_STR(USERNAME);
    all[n++] = PH_STR(PASSWORD_HASH);
    *names = all;
    *count = n;
}

static size_t times(const struct ph_import_columns *columns, struct ph_str name)
{
    size_t found = 0;

    for (size_t i = 0; i < columns->count; i++) {
        found += ph_str_eq(columns->names[i], name) ? 1 : 0;
    }
    return found;
}

static bool has_name(const struct ph_str *names, size_t count, struct ph_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (ph_str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

static const char *check_columns(struct ph_arena *arena, const struct ph_pool *pool,
                                 enum ph_hash_algorithm algorithm,
                                 const struct ph_import_columns *columns)
{
    struct ph_str *wanted;
    size_t count;

    ph_import_header(arena, pool, &wanted, &count);
    for (size_t i = 0; i < count; i++) {
        const bool optional =
            algorithm == PH_HASH_NONE && ph_str_eq(wanted[i], PH_STR(PASSWORD_HASH));

        if (times(columns, wanted[i]) == 0 && !optional) {
            return ph_textf(arena, "The header of the file lacks the column %.*s.",
                            PH_FMT(wanted[i]));
        }
        if (times(columns, wanted[i]) > 1) {
            return ph_textf(arena, "The header of the file has the column %.*s more than once.",
                            PH_FMT(wanted[i]));
        }
    }
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->may_have_sub && ph_str_eq(columns->names[i], PH_STR("sub"))) {
            continue;
        }
        if (!has_name(wanted, count, columns->names[i])) { /* its name may be anything */
            return ph_textf(arena, "Column %zu of the header is no attribute of the user pool.",
                            i + 1);
        }
    }
    return NULL;
}

const char *ph_import_columns_read(struct ph_arena *arena, const struct ph_pool *pool,
                                   enum ph_hash_algorithm algorithm, struct ph_str line,
                                   struct ph_import_columns *columns)
{
    if (ph_str_starts(line, PH_STR("\xef\xbb\xbf"))) {
        return "The file begins with a byte order mark; it must be UTF-8 without one.";
    }
    if (line.p == NULL || !ph_csv_is_text(line)) {
        return "The header of the file is not UTF-8, or too long.";
    }
    ph_csv_split(arena, line, columns->names, PH_IMPORT_COLUMNS_MAX, &columns->count);
    if (columns->count > PH_IMPORT_COLUMNS_MAX) {
        return "The header of the file has too many columns.";
    }
    return check_columns(arena, pool, algorithm, columns);
}

/* --- values of a line --- */

struct row {
    const struct ph_pool *pool;
    enum ph_hash_algorithm algorithm;
    struct ph_str username;
    struct ph_str mfa_enabled;
    struct ph_str hash;
    struct ph_str sub; /* absent: a new one */
    struct ph_attrs attrs;
};

static struct ph_err refuse(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

/* "mm/dd/yyyy" becomes "yyyy-mm-dd", which the rules check; absent when it is not of this form. */
static struct ph_str birthdate(struct ph_arena *arena, struct ph_str value)
{
    struct ph_str month, day, year;

    if (value.n != 10 || !ph_str_cut(value, '/', &month, &year) ||
        !ph_str_cut(year, '/', &day, &year) || month.n != 2 || day.n != 2) {
        return (struct ph_str){ 0 };
    }
    return ph_strf(arena, "%.*s-%.*s-%.*s", PH_FMT(year), PH_FMT(month), PH_FMT(day));
}

static bool is_boolean(struct ph_str value)
{
    return ph_str_eq_nocase(value, PH_STR("true")) || ph_str_eq_nocase(value, PH_STR("false"));
}

static struct ph_err read_flag(struct ph_ctx *ctx, struct ph_str name, struct ph_str *value)
{
    if (!is_boolean(*value)) {
        return refuse(
            ph_textf(ctx->arena, "The value of %.*s must be TRUE or FALSE.", PH_FMT(name)));
    }
    *value = ph_str_lower(ctx->arena, *value);
    return PH_OK;
}

static struct ph_err read_attribute(struct ph_ctx *ctx, struct row *row, struct ph_str name,
                                    struct ph_str value)
{
    int64_t ignored;

    if (value.n == 0) {
        return PH_OK;
    }
    if (ph_str_ends(name, PH_STR("_verified"))) {
        PH_TRY(read_flag(ctx, name, &value));
    } else if (ph_str_eq(name, PH_STR("birthdate"))) {
        value = birthdate(ctx->arena, value);
        if (value.p == NULL) {
            return refuse("The value of birthdate must be of the form mm/dd/yyyy.");
        }
    } else if (ph_str_eq(name, PH_STR("updated_at")) &&
               !ph_str_to_int(value, 0, INT64_MAX, &ignored)) {
        return refuse("The value of updated_at must be a number of seconds.");
    }
    ph_attrs_set(ctx->arena, &row->attrs, name, value);
    return PH_OK;
}

static struct ph_err read_value(struct ph_ctx *ctx, struct row *row, struct ph_str name,
                                struct ph_str value)
{
    if (ph_str_eq(name, PH_STR(USERNAME))) {
        row->username = value;
    } else if (ph_str_eq(name, PH_STR(MFA_ENABLED))) {
        row->mfa_enabled = value;
    } else if (ph_str_eq(name, PH_STR(PASSWORD_HASH))) {
        row->hash = value;
    } else if (ph_str_eq(name, PH_STR("sub"))) {
        row->sub = value;
    } else {
        return read_attribute(ctx, row, name, value);
    }
    return PH_OK;
}

static struct ph_err read_values(struct ph_ctx *ctx, const struct ph_import_columns *columns,
                                 const struct ph_csv_line *line, struct row *row)
{
    struct ph_str *values = ph_arena_array(ctx->arena, columns->count, struct ph_str);
    size_t count;

    if (line->is_too_long || !ph_csv_is_text(line->text)) {
        return refuse("The line is not UTF-8, or longer than 16000 characters.");
    }
    ph_csv_split(ctx->arena, ph_str_dup(ctx->arena, line->text), values, columns->count, &count);
    if (count != columns->count) {
        return refuse(ph_textf(ctx->arena, "The line has %zu fields, the header has %zu.", count,
                               columns->count));
    }
    for (size_t i = 0; i < count; i++) {
        PH_TRY(read_value(ctx, row, columns->names[i], values[i]));
    }
    return PH_OK;
}

/* --- what the file's own rules say --- */

static bool is_true(struct ph_str value)
{
    return ph_str_eq_nocase(value, PH_STR("true"));
}

/* The pool's word stands, unless it leaves it to the users. */
static struct ph_err check_mfa(struct ph_ctx *ctx, const struct row *row)
{
    const enum ph_mfa_mode mode = row->pool->mfa;
    struct ph_str value = row->mfa_enabled;

    if (value.n == 0) {
        return PH_OK;
    }
    PH_TRY(read_flag(ctx, PH_STR(MFA_ENABLED), &value));
    if ((mode == PH_MFA_OFF && is_true(value)) || (mode == PH_MFA_ON && !is_true(value))) {
        return refuse("The value of " MFA_ENABLED
                      " does not agree with the MFA configuration of the user pool.");
    }
    if (is_true(value) && row->pool->mfa_factors == PH_MFA_SMS &&
        ph_attrs_get(&row->attrs, PH_STR("phone_number")).n == 0) {
        return refuse("The User Record enables MFA without a phone_number.");
    }
    return PH_OK;
}

static struct ph_err check_hash(struct ph_ctx *ctx, const struct row *row)
{
    if (row->hash.n == 0) {
        return PH_OK;
    }
    if (row->algorithm == PH_HASH_NONE) {
        return refuse("The User Record has a " PASSWORD_HASH
                      ", but the import job has no password hashing algorithm.");
    }
    if (ph_password_hash_kind(ctx->arena, row->hash) != row->algorithm) {
        return refuse("The value of " PASSWORD_HASH " is not a hash of the algorithm of the import "
                      "job, or its parameters are not supported.");
    }
    return PH_OK;
}

static bool has_blank(struct ph_str s)
{
    return ph_str_has_byte(s, ' ') || ph_str_has_byte(s, '\t');
}

static struct ph_err check_username(const struct row *row)
{
    if (row->username.n == 0) {
        return refuse("The value of " USERNAME " is missing.");
    }
    if (has_blank(row->username) || ph_utf16_length(row->username) > 128) {
        return refuse("The value of " USERNAME " must have at most 128 characters, and no blanks.");
    }
    return PH_OK;
}

static bool is_verified(const struct ph_user *user, const struct ph_contact_kind *contact)
{
    return ph_attrs_get(&user->attrs, contact->attribute).n > 0 &&
           ph_str_eq(ph_attrs_get(&user->attrs, contact->flag), PH_STR("true"));
}

/* Whether one of the contacts in `bits` is there and verified. */
static bool has_verified(const struct ph_user *user, unsigned bits)
{
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        if ((bits & (unsigned)ph_contacts[i].bit) != 0 && is_verified(user, &ph_contacts[i])) {
            return true;
        }
    }
    return false;
}

static struct ph_err check_verified(const struct row *row, const struct ph_user *user)
{
    return has_verified(user, row->pool->auto_verified)
               ? PH_OK
               : refuse("The User Record does not set any of the auto verified attributes to true. "
                        "(Example: email_verified to true).");
}

/* --- the user --- */

/* Whether the user can sign in by a code, and so needs no password. */
static bool signs_in_by_code(const struct row *row, const struct ph_user *user)
{
    const unsigned factors = row->pool->first_factors;

    return row->pool->mfa != PH_MFA_ON &&
           has_verified(user, ((factors & PH_FACTOR_EMAIL) != 0 ? (unsigned)PH_EMAIL : 0U) |
                                  ((factors & PH_FACTOR_SMS) != 0 ? (unsigned)PH_PHONE : 0U));
}

static void set_status(const struct row *row, struct ph_user *user)
{
    user->password_hash = row->hash.n > 0 ? row->hash : (struct ph_str){ 0 };
    user->status =
        row->hash.n > 0 || signs_in_by_code(row, user) ? PH_USER_CONFIRMED : PH_USER_RESET_REQUIRED;
    if (is_true(row->mfa_enabled) && (row->pool->mfa_factors & PH_MFA_SMS) != 0 &&
        ph_attrs_get(&user->attrs, PH_STR("phone_number")).n > 0) {
        user->mfa_on |= PH_MFA_SMS;
    }
}

static struct ph_err name_user(struct ph_ctx *ctx, const struct row *row, struct ph_user **user)
{
    uint8_t bytes[PH_UUID_BYTES];
    struct ph_err err;

    if (row->sub.n > 0 && !ph_uuid_parse(row->sub, bytes)) {
        return refuse("The value of sub is no UUID.");
    }
    ctx->pinned_sub = row->sub.n > 0 ? ph_uuid_text(ctx->arena, bytes) : (struct ph_str){ 0 };
    err = ph_user_new(ctx, row->pool, row->username, user);
    ctx->pinned_sub = (struct ph_str){ 0 };
    return err;
}

static struct ph_err make_user(struct ph_ctx *ctx, struct row *row, struct ph_user_change *change)
{
    const struct ph_pool *pool = row->pool;
    struct ph_attrs writes;

    PH_TRY(check_username(row));
    PH_TRY(check_mfa(ctx, row));
    PH_TRY(check_hash(ctx, row));
    PH_TRY(name_user(ctx, row, &change->user));
    ph_user_given_attributes(ctx, change->user, &row->attrs, &writes);
    PH_TRY(ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, change->user, &writes));
    PH_TRY(ph_attributes_check_required(ctx, pool, change->user));
    PH_TRY(check_verified(row, change->user));
    PH_TRY(ph_user_check_names(ctx, pool, change, 0));
    set_status(row, change->user);
    ph_user_prepare(ctx, pool, change, 0);
    return PH_OK;
}

/* Names are personal: only that one of this kind is taken is told. */
static void note_refusal(struct ph_ctx *ctx, struct ph_err err, struct ph_import_line *out)
{
    if (err.type == &ph_ex_UsernameExistsException) {
        out->outcome = PH_LINE_SKIPPED;
        out->text = PH_STR("The user already exists.");
        return;
    }
    out->outcome = PH_LINE_FAILED;
    out->text = ph_str_starts(ph_str_from(err.message), PH_STR("Already found an entry"))
                    ? PH_STR("An account with the preferred_username already exists.")
                    : ph_str_trim(ph_str_dup(ctx->arena, ph_str_from(err.message)));
}

struct ph_err ph_import_row_read(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 enum ph_hash_algorithm algorithm,
                                 const struct ph_import_columns *columns,
                                 const struct ph_csv_line *line, struct ph_import_line *out)
{
    struct ph_user_change *change = ph_arena_new(ctx->arena, struct ph_user_change);
    struct row row = { .pool = pool, .algorithm = algorithm };
    struct ph_err err = read_values(ctx, columns, line, &row);

    if (err.type == NULL) {
        err = make_user(ctx, &row, change);
    }
    if (err.type == &ph_ex_InternalErrorException) {
        return err;
    }
    *out = (struct ph_import_line){ .line = line->number };
    if (err.type == NULL) {
        out->change = change;
        out->text = PH_STR("The import succeeded.");
    } else {
        note_refusal(ctx, err, out);
    }
    return PH_OK;
}

void ph_import_row_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                         struct ph_import_line *line, enum ph_alias_kind kind)
{
    note_refusal(ctx, ph_user_name_taken(ctx, pool, line->change, kind), line);
}

struct ph_str ph_import_log_line(struct ph_arena *arena, const struct ph_import_line *line)
{
    static const char *const OUTCOMES[] = { [PH_LINE_SUCCEEDED] = "SUCCEEDED",
                                            [PH_LINE_SKIPPED] = "SKIPPED",
                                            [PH_LINE_FAILED] = "FAILED" };

    return ph_strf(arena, "[%s] Line Number %lld - %.*s", OUTCOMES[line->outcome],
                   (long long)line->line, PH_FMT(line->text));
}
