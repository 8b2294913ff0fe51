#include "import/people.h"

#include "import/csv.h"
#include "import/listed.h"
#include "import/row.h"
#include "model/exceptions.h"
#include "store/groups.h"
#include "user/described.h"
#include "user/identity.h"

#include <stdlib.h>

enum { TRIES = 5 };

/* One who is here, or will be when the batch is written. */
struct person {
    int64_t number;
    struct ph_user_change change; /* of a new one; of others only the user is set */
    const struct json_t *identities;
    bool is_new, is_described_anew, has_made_up_sub;
};

struct reading {
    const struct ph_people *people;
    struct ph_ctx *ctx;
    const struct ph_pool *pool; /* of this batch: it goes with the arena */
    struct person persons[PH_USER_ENTRIES_MAX];
    size_t count;
    int64_t number; /* of the last user, in this file */
};

static void refuse(const struct reading *r, int64_t number, const char *why)
{
    struct ph_people_report *report = r->people->report;

    report->refused++;
    if (report->tell != NULL) {
        report->tell(report->self, number, ph_str_trim(ph_str_from(why)));
    }
}

static bool is_the_stores(struct ph_err err)
{
    return err.type == &ph_ex_InternalErrorException;
}

/* --- what hangs on a user --- */

static struct ph_err link(struct reading *r, const struct person *person,
                          const struct json_t *identity)
{
    const struct ph_provider_user source = {
        .provider = ph_json_get_str(identity, "providerName"),
        .attribute = PH_SUBJECT,
        .value = ph_json_get_str(identity, "userId"),
    };
    const struct ph_provider_user destination = {
        .provider = PH_STR("Cognito"),
        .value = person->change.user->username,
    };
    struct ph_user *owner;
    struct ph_err err;

    PH_TRY(ph_user_by_identity(r->ctx, r->pool, &source, &owner));
    if (owner != NULL && ph_str_eq(owner->sub, person->change.user->sub)) {
        return PH_OK;
    }
    err = ph_user_link(r->ctx, r->pool, &source, &destination);
    if (err.type != NULL && !is_the_stores(err)) {
        refuse(r, person->number,
               ph_textf(r->ctx->arena, "An identity is not linked: %s", err.message));
        r->people->report->refused--; /* the user himself is here */
        return PH_OK;
    }
    r->people->report->linked += err.type == NULL ? 1 : 0;
    return err;
}

static struct ph_err join(struct reading *r, const struct person *person)
{
    enum ph_group_write result = PH_GROUP_DONE;

    if (r->people->group.n == 0) {
        return PH_OK;
    }
    PH_TRY(ph_store_group_add(r->ctx, &r->pool->ref, r->people->group, person->change.user->sub,
                              &result));
    if (result == PH_GROUP_GONE) {
        return PH_FAIL(ResourceNotFoundException, "there is no such group in the user pool");
    }
    r->people->report->joined += result == PH_GROUP_DONE ? 1 : 0;
    return PH_OK;
}

static struct ph_err attach(struct reading *r, const struct person *person)
{
    const bool links = person->change.user->status != PH_USER_EXTERNAL_PROVIDER;

    for (size_t i = 0; links && i < ph_json_length(person->identities); i++) {
        PH_TRY(link(r, person, ph_json_at(person->identities, i)));
    }
    return join(r, person);
}

/* --- a batch --- */

static struct ph_err insert(struct reading *r, struct ph_user_entry *entries, size_t count)
{
    for (int i = 0; i < TRIES && count > 0; i++) {
        PH_TRY(ph_store_users_insert(r->ctx, &r->pool->ref, entries, count));
        if (entries[0].result != PH_USER_CONFLICT) {
            break;
        }
    }
    return PH_OK;
}

static void count_new(struct reading *r, const struct person *person,
                      const struct ph_user_entry *entry)
{
    struct ph_people_report *report = r->people->report;

    if (entry->result == PH_USER_DONE) {
        report->made++;
        report->without_sub += person->has_made_up_sub ? 1 : 0;
        return;
    }
    refuse(r, person->number,
           entry->result == PH_USER_CONFLICT
               ? "Somebody else changed this user at the same time: run this again."
               : "A name of this user belongs to somebody else.");
}

static struct ph_err update(struct reading *r, struct person *person)
{
    enum ph_user_write result;
    enum ph_alias_kind taken;

    PH_TRY(ph_store_user_write(r->ctx, &r->pool->ref, &person->change, &result, &taken));
    if (result == PH_USER_DONE) {
        r->people->report->updated++;
    } else {
        refuse(r, person->number,
               result == PH_USER_CONFLICT ? "This user has just changed: run this again."
                                          : "A name of this user belongs to somebody else.");
    }
    return PH_OK;
}

/* Those who are known and have not changed are only attached to what they belong to. */
static struct ph_err write_batch(struct reading *r)
{
    struct ph_user_entry entries[PH_USER_ENTRIES_MAX];
    size_t news = 0, at = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (r->persons[i].is_new) {
            entries[news++] = (struct ph_user_entry){ .change = &r->persons[i].change };
        }
    }
    PH_TRY(insert(r, entries, news));
    for (size_t i = 0; i < r->count; i++) {
        struct person *person = &r->persons[i];
        bool here = true;

        if (person->is_new) {
            here = entries[at].result == PH_USER_DONE;
            count_new(r, person, &entries[at++]);
        } else if (person->is_described_anew) {
            PH_TRY(update(r, person));
        } else {
            r->people->report->there++;
        }
        PH_TRY(here ? attach(r, person) : PH_OK);
    }
    return PH_OK;
}

/* The next batch: with the pool as it is now. */
static struct ph_err begin_batch(struct reading *r)
{
    r->count = 0;
    ph_arena_reset(r->ctx->arena);
    return ph_pool_get(r->ctx, r->people->pool_id, &r->pool);
}

static struct ph_err add(struct reading *r, const struct person *person)
{
    struct person *kept = &r->persons[r->count++];

    *kept = *person;
    if (kept->is_new || kept->is_described_anew) {
        ph_user_aliases(r->ctx, r->pool, kept->change.user, 0, &kept->change.aliases,
                        &kept->change.alias_count);
    }
    if (r->count < PH_USER_ENTRIES_MAX) {
        return PH_OK;
    }
    PH_TRY(write_batch(r));
    return begin_batch(r);
}

/* --- descriptions --- */

/* A user of the same Username and another sub was made here: he is somebody else. */
static struct ph_err judge(struct reading *r, struct person *person)
{
    struct ph_user *described = person->change.user, *known, *newer;

    PH_TRY(ph_store_user_by_sub(r->ctx, &r->pool->ref, described->sub, &known));
    if (known == NULL) {
        person->is_new = true;
        return ph_user_check_names(r->ctx, r->pool, &person->change, 0);
    }
    newer = ph_user_described_anew(r->ctx, known, described);
    person->is_described_anew = newer != NULL;
    person->change.user = newer != NULL ? newer : known;
    return PH_OK;
}

static struct ph_err read_described(struct reading *r, struct ph_str text, struct person *person)
{
    const struct json_t *described = ph_json_parse(r->ctx->arena, text);

    if (described == NULL) {
        return PH_FAIL(InvalidParameterException, "This is not JSON.");
    }
    PH_TRY(
        ph_user_described(r->ctx, r->pool, described, PH_DESCRIBED_STRICT, &person->change.user));
    person->identities = ph_described_identities(r->ctx->arena, described);
    return judge(r, person);
}

/* Errors about one user are told, and the others go on. */
static struct ph_err take_described(struct reading *r, struct ph_str text)
{
    struct person person = { .number = ++r->number };
    const struct ph_err err = read_described(r, text, &person);

    if (err.type != NULL && !is_the_stores(err)) {
        refuse(r, person.number, err.message);
        return PH_OK;
    }
    PH_TRY(err);
    return add(r, &person);
}

static struct ph_err read_listed(struct reading *r, struct ph_str text)
{
    enum ph_listed_found found;
    struct ph_listed listed;
    struct ph_str user;

    ph_listed_begin(&listed, text);
    while ((found = ph_listed_next(&listed, &user)) == PH_LISTED_USER) {
        PH_TRY(take_described(r, user));
    }
    PH_TRY(write_batch(r));
    return found == PH_LISTED_END
               ? PH_OK
               : PH_FAIL(InvalidParameterException,
                         ph_textf(r->ctx->arena, "%s (at byte %zu)", listed.why, listed.at));
}

/* --- lines of a CSV file --- */

static struct ph_err take_line(struct reading *r, const struct ph_import_columns *columns,
                               bool has_sub, const struct ph_csv_line *line)
{
    struct person person = { .number = line->number, .is_new = true, .has_made_up_sub = !has_sub };
    struct ph_import_line read;

    if (!line->is_too_long && ph_str_trim(line->text).n == 0) {
        return PH_OK;
    }
    PH_TRY(ph_import_row_read(r->ctx, r->pool, PH_HASH_NONE, columns, line, &read));
    if (read.outcome == PH_LINE_SKIPPED) {
        r->people->report->there++;
        return PH_OK;
    }
    if (read.change == NULL) {
        refuse(r, line->number, ph_cstr(r->ctx->arena, read.text));
        return PH_OK;
    }
    person.change = *read.change;
    person.change.user->status = PH_USER_CONFIRMED;
    person.change.user->origin = PH_ORIGIN_WAITING;
    return add(r, &person);
}

static struct ph_err read_lines(struct reading *r, struct ph_arena *kept, struct ph_str text)
{
    struct ph_import_columns columns = { .may_have_sub = true };
    struct ph_csv_line line = { 0 };
    struct ph_csv csv;
    const char *why;
    bool has_sub = false;

    ph_csv_init(&csv, kept);
    ph_csv_feed(&csv, text);
    if (!ph_csv_next(&csv, &line) && !ph_csv_last(&csv, &line)) {
        return PH_FAIL(InvalidParameterException, "The file is empty.");
    }
    why =
        ph_import_columns_read(kept, r->pool, PH_HASH_NONE, ph_str_dup(kept, line.text), &columns);
    if (why != NULL) {
        return PH_FAIL(InvalidParameterException, why);
    }
    for (size_t i = 0; i < columns.count; i++) {
        has_sub = has_sub || ph_str_eq(columns.names[i], PH_STR("sub"));
    }
    while (ph_csv_next(&csv, &line) || ph_csv_last(&csv, &line)) {
        PH_TRY(take_line(r, &columns, has_sub, &line));
    }
    return write_batch(r);
}

/* --- files --- */

static bool is_json(struct ph_str text)
{
    const struct ph_str trimmed = ph_str_trim(text);

    return trimmed.n > 0 && trimmed.p[0] == '{';
}

bool ph_people_read(const struct ph_people *people, struct ph_str text, const char **why)
{
    struct reading *reading = calloc(1, sizeof *reading);
    struct ph_arena kept = { 0 };
    struct ph_err err;

    if (reading == NULL) {
        ph_fatal("out of memory");
    }
    reading->people = people;
    reading->ctx = people->ctx;
    err = begin_batch(reading);
    if (err.type == NULL) {
        err = is_json(text) ? read_listed(reading, text) : read_lines(reading, &kept, text);
    }
    if (err.type != NULL) {
        *why = ph_textf(people->ctx->arena, "%s", err.message);
    }
    ph_arena_finish(&kept);
    free(reading);
    return err.type == NULL;
}
