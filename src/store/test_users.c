#include "store/sign_in.h"
#include "store/test_support.h"
#include "store/user_names.h"
#include "util/unicode.h"

/* The user is given what the name is of. */
static enum ph_user_write write_with(struct ph_ctx *ctx, struct ph_user *user,
                                     struct ph_alias alias, enum ph_alias_kind *taken)
{
    const struct ph_user_change change = { .user = user, .aliases = &alias, .alias_count = 1 };
    enum ph_user_write result;

    if (alias.kind == PH_ALIAS_EMAIL) {
        ph_attrs_set(ctx->arena, &user->attrs, PH_STR("email"), alias.value);
    }
    assert_ok(ph_store_user_write(ctx, &TEST_POOL, &change, &result, taken));
    return result;
}

static void a_user_is_read_as_it_was_written(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 7), *read;
    struct ph_password history[2] = { { .salt = { 1 } }, { .salt = { 2 } } };

    user->status = PH_USER_RESET_REQUIRED;
    user->enabled = false;
    user->password_history = history;
    user->password_history_count = 2;
    user->password_set_ms = 5;
    user->tokens_valid_after_ms = 6;
    ph_attrs_set(&t->arena, &user->attrs, PH_STR("custom:empty"), PH_STR(""));
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_int_equal(user->revision, 1);
    read = test_find(&t->ctx, user->sub);
    assert_non_null(read);
    assert_str(read->username, "user7");
    assert_int_equal(read->status, PH_USER_RESET_REQUIRED);
    assert_false(read->enabled);
    assert_int_equal(read->created_ms, user->created_ms);
    assert_int_equal(read->revision, 1);
    assert_int_equal(read->password_set_ms, 5);
    assert_int_equal(read->tokens_valid_after_ms, 6);
    assert_int_equal(read->attrs.count, 3);
    assert_str(read->attrs.items[0].name, "email");
    assert_str(ph_attrs_get(&read->attrs, PH_STR("custom:empty")), "");
    assert_memory_equal(read->password, user->password, sizeof *user->password);
    assert_int_equal(read->password_history_count, 2);
    assert_memory_equal(read->password_history, history, sizeof history);
}

static void absence_is_an_answer(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    bool existed = true;

    assert_null(test_find(&t->ctx, user->sub));
    assert_ok(ph_store_user_by_alias(&t->ctx, &TEST_POOL, PH_ALIAS_EMAIL, PH_STR("x"), &user));
    assert_null(user);
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, PH_STR("nobody"), &existed));
    assert_false(existed);
}

static void an_old_revision_conflicts_and_changes_nothing(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1), *stale;

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    stale = test_find(&t->ctx, user->sub);
    user->enabled = false;
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_int_equal(user->revision, 2);
    stale->status = PH_USER_UNCONFIRMED;
    assert_int_equal(test_write(&t->ctx, stale), PH_USER_CONFLICT);
    stale = test_find(&t->ctx, user->sub);
    assert_int_equal(stale->status, PH_USER_CONFIRMED);
    assert_false(stale->enabled);
    user->revision = 0; /* the same sub again */
    assert_int_equal(test_write(&t->ctx, user), PH_USER_CONFLICT);
}

static void an_alias_belongs_to_one_user(void **state)
{
    struct test_store *t = *state;
    const struct ph_alias alias = { .kind = PH_ALIAS_EMAIL, .value = PH_STR("a@example.com") };
    struct ph_user *first = test_user(&t->ctx, 1), *second = test_user(&t->ctx, 2), *found;
    enum ph_alias_kind taken = PH_ALIAS_USERNAME;

    assert_int_equal(write_with(&t->ctx, first, alias, &taken), PH_USER_DONE);
    assert_int_equal(write_with(&t->ctx, second, alias, &taken), PH_USER_ALIAS_TAKEN);
    assert_int_equal(taken, PH_ALIAS_EMAIL);
    assert_int_equal(second->revision, 0);
    assert_null(test_find(&t->ctx, second->sub)); /* nothing of it was kept */
    assert_ok(ph_store_user_by_alias(&t->ctx, &TEST_POOL, alias.kind, alias.value, &found));
    assert_str(found->username, "user1");
}

static void taking_an_alias_moves_it_and_unverifies_its_owner(void **state)
{
    struct test_store *t = *state;
    struct ph_alias alias = { .kind = PH_ALIAS_EMAIL, .value = PH_STR("a@example.com") };
    struct ph_user *first = test_user(&t->ctx, 1), *second = test_user(&t->ctx, 2), *found;
    enum ph_alias_kind taken;

    assert_int_equal(write_with(&t->ctx, first, alias, &taken), PH_USER_DONE);
    alias.take = true;
    assert_int_equal(write_with(&t->ctx, second, alias, &taken), PH_USER_DONE);
    assert_ok(ph_store_user_by_alias(&t->ctx, &TEST_POOL, alias.kind, alias.value, &found));
    assert_str(found->username, "user2");
    assert_str(ph_attrs_get(&found->attrs, PH_STR("email_verified")), "true");
    found = test_find(&t->ctx, first->sub);
    assert_str(ph_attrs_get(&found->attrs, PH_STR("email_verified")), "false");
    assert_int_equal(found->revision, 2);
    assert_int_equal(write_with(&t->ctx, first, alias, &taken), PH_USER_CONFLICT);
}

static void an_alias_that_is_no_longer_listed_becomes_free(void **state)
{
    struct test_store *t = *state;
    const struct ph_alias old = { .kind = PH_ALIAS_EMAIL, .value = PH_STR("old@example.com") };
    const struct ph_alias new = { .kind = PH_ALIAS_EMAIL, .value = PH_STR("new@example.com") };
    struct ph_user *first = test_user(&t->ctx, 1), *second = test_user(&t->ctx, 2);
    enum ph_alias_kind taken;

    assert_int_equal(write_with(&t->ctx, first, old, &taken), PH_USER_DONE);
    assert_int_equal(write_with(&t->ctx, first, new, &taken), PH_USER_DONE);
    assert_int_equal(write_with(&t->ctx, second, old, &taken), PH_USER_DONE);
}

/* --- names, in any order of changes --- */

enum { OWNERS = 4, SPELLINGS = 6, CHANGES = 300 };

static const struct ph_str SPELLED[SPELLINGS] = { PH_STR_INIT("ann"), PH_STR_INIT("Ann"),
                                                  PH_STR_INIT("ANN"), PH_STR_INIT("bob"),
                                                  PH_STR_INIT("Bob"), PH_STR_INIT("+1") };

struct owners {
    struct ph_ctx *ctx;
    struct ph_user *users[OWNERS]; /* NULL: deleted */
    uint32_t random;               /* the same ones each time */
};

static uint32_t draw(struct owners *o, uint32_t below)
{
    o->random = o->random * 1664525 + 1013904223;
    return (o->random >> 16) % below;
}

/* The attributes change, and of the names that they allow some are claimed, as a pool may say. */
static void change_names(struct owners *o, struct ph_user *user)
{
    static const struct ph_str ATTRIBUTES[] = { [PH_ALIAS_EMAIL] = PH_STR_INIT("email"),
                                                [PH_ALIAS_PHONE] = PH_STR_INIT("phone_number"),
                                                [PH_ALIAS_PREFERRED_USERNAME] =
                                                    PH_STR_INIT("preferred_username") };
    struct ph_alias claimed[4];
    size_t count = 0;
    enum ph_user_write result;
    enum ph_alias_kind taken;

    claimed[count++] = (struct ph_alias){ PH_ALIAS_USERNAME, user->username, false };
    for (int kind = PH_ALIAS_EMAIL; kind <= PH_ALIAS_PREFERRED_USERNAME; kind++) {
        const struct ph_str value = SPELLED[draw(o, SPELLINGS)];

        ph_attrs_set(o->ctx->arena, &user->attrs, ATTRIBUTES[kind], value);
        if (draw(o, 2) == 0) {
            const struct ph_str name = draw(o, 2) == 0 ? value : ph_fold_case(o->ctx->arena, value);

            claimed[count++] = (struct ph_alias){ (enum ph_alias_kind)kind, name, draw(o, 2) == 0 };
        }
    }
    const struct ph_user_change change = { .user = user, .aliases = claimed, .alias_count = count };
    assert_ok(ph_store_user_write(o->ctx, &TEST_POOL, &change, &result, &taken));
}

static void change_somebody(struct owners *o)
{
    const uint32_t who = draw(o, OWNERS);
    struct ph_user *user = o->users[who] == NULL ? NULL : test_find(o->ctx, o->users[who]->sub);
    bool existed;

    if (user != NULL && draw(o, 5) == 0) {
        assert_ok(ph_store_user_delete(o->ctx, &TEST_POOL, user->sub, &existed));
        assert_true(existed);
        o->users[who] = NULL;
        return;
    }
    o->users[who] = user != NULL ? user : test_user(o->ctx, (int)who);
    change_names(o, o->users[who]);
}

/* A name that is found is written in the row of its owner. */
static void check_owners(struct owners *o)
{
    for (int kind = PH_ALIAS_EMAIL; kind <= PH_ALIAS_PREFERRED_USERNAME; kind++) {
        for (size_t i = 0; i < SPELLINGS; i++) {
            const struct ph_alias name = { (enum ph_alias_kind)kind, SPELLED[i], false };
            struct ph_user *owner;

            assert_ok(ph_store_user_by_alias(o->ctx, &TEST_POOL, name.kind, name.value, &owner));
            if (owner != NULL) {
                const struct ph_user_names may =
                    ph_user_names_of(o->ctx->arena, owner->username, &owner->attrs);

                assert_true(ph_user_names_have(may.items, may.count, &name));
            }
        }
    }
}

/* What belonged to nobody any more and was still there could not be claimed. */
static void claim_everything(struct owners *o)
{
    for (size_t i = 0; i < SPELLINGS; i++) {
        struct ph_user *user = test_user(o->ctx, (int)(OWNERS + i));
        const struct ph_alias all[] = { { PH_ALIAS_EMAIL, SPELLED[i], false },
                                        { PH_ALIAS_PHONE, SPELLED[i], false },
                                        { PH_ALIAS_PREFERRED_USERNAME, SPELLED[i], false } };
        const struct ph_user_change change = { .user = user, .aliases = all, .alias_count = 3 };
        enum ph_user_write result;
        enum ph_alias_kind taken;

        ph_attrs_set(o->ctx->arena, &user->attrs, PH_STR("email"), SPELLED[i]);
        ph_attrs_set(o->ctx->arena, &user->attrs, PH_STR("phone_number"), SPELLED[i]);
        ph_attrs_set(o->ctx->arena, &user->attrs, PH_STR("preferred_username"), SPELLED[i]);
        assert_ok(ph_store_user_write(o->ctx, &TEST_POOL, &change, &result, &taken));
        assert_int_equal(result, PH_USER_DONE);
    }
}

static void names_become_free_in_whatever_order_they_change(void **state)
{
    struct test_store *t = *state;
    struct owners o = { .ctx = &t->ctx, .random = 1 };
    bool existed;

    for (int i = 0; i < CHANGES; i++) {
        change_somebody(&o);
        check_owners(&o);
    }
    for (int i = 0; i < OWNERS; i++) {
        const struct ph_str sub = test_user(&t->ctx, i)->sub;

        assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, sub, &existed));
    }
    claim_everything(&o);
}

static void signing_out_survives_a_write_of_an_older_copy(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_ok(ph_store_user_sign_out(&t->ctx, &TEST_POOL, user->sub, 100));
    assert_ok(ph_store_user_sign_out(&t->ctx, &TEST_POOL, user->sub, 50));
    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_int_equal(test_find(&t->ctx, user->sub)->tokens_valid_after_ms, 101);
}

/* Sign-ins since the first sign-out have its time (auth/), not the one that the clock shows. */
static void signing_out_with_a_clock_set_back_ends_all_sign_ins(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1);
    const struct ph_auth_event event = { .id = PH_STR("e"),
                                         .pool_id = TEST_POOL.id,
                                         .sub = user->sub,
                                         .type = PH_STR("SignIn"),
                                         .response = PH_STR("Pass"),
                                         .at_ms = 5000 };

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    ph_store_event_append(&t->ctx, &event);
    test_close(t); /* writes the event down */
    test_open(t);
    assert_ok(ph_store_user_sign_out(&t->ctx, &TEST_POOL, user->sub, 50));
    assert_true(test_find(&t->ctx, user->sub)->tokens_valid_after_ms > 5000);
    assert_ok(ph_store_user_sign_out(&t->ctx, &TEST_POOL, user->sub, 9000000));
    assert_int_equal(test_find(&t->ctx, user->sub)->tokens_valid_after_ms, 9000000);
}

static void a_code_counts_its_attempts_and_is_spent_once(void **state)
{
    struct test_store *t = *state;
    const struct ph_code code = { .purpose = PH_CODE_SIGN_UP,
                                  .hmac = { 9 },
                                  .attribute = PH_STR("email"),
                                  .destination = PH_STR("a@b.example"),
                                  .expires_ms = 77 };
    const struct ph_message message = { .id = PH_STR("m1"),
                                        .pool_id = TEST_POOL.id,
                                        .body = PH_STR("the code is 123456"),
                                        .code = PH_STR("123456") };
    struct ph_user *user = test_user(&t->ctx, 1);
    struct ph_user_change change = { .user = user,
                                     .put_codes = &code,
                                     .put_code_count = 1,
                                     .messages = &message,
                                     .message_count = 1 };
    enum ph_user_write result;
    enum ph_alias_kind taken;
    struct ph_message *messages;
    struct ph_code *read;
    int64_t attempts;
    size_t count;

    assert_ok(ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, &taken));
    assert_int_equal(result, PH_USER_DONE);
    for (int64_t i = 1; i <= 3; i++) {
        assert_ok(ph_store_code_attempt(&t->ctx, &TEST_POOL, user->sub, PH_CODE_SIGN_UP, &read,
                                        &attempts));
        assert_int_equal(attempts, i);
        assert_int_equal(read->hmac[0], 9);
        assert_str(read->attribute, "email");
        assert_str(read->destination, "a@b.example");
        assert_int_equal(read->expires_ms, 77);
    }
    change =
        (struct ph_user_change){ .user = user, .drop_code = true, .drop_purpose = PH_CODE_SIGN_UP };
    assert_ok(ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, &taken));
    assert_int_equal(result, PH_USER_DONE);
    assert_ok(ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, &taken));
    assert_int_equal(result, PH_USER_CONFLICT);
    assert_ok(
        ph_store_code_attempt(&t->ctx, &TEST_POOL, user->sub, PH_CODE_SIGN_UP, &read, &attempts));
    assert_null(read);
    assert_ok(
        ph_store_outbox_list(&t->ctx, &(struct ph_outbox_query){ .limit = 10 }, &messages, &count));
    assert_int_equal(count, 1);
    assert_str(messages[0].body, "the code is 123456");
    assert_str(messages[0].code, "123456");
}

static void forgotten_codes_make_room_for_several_new_ones(void **state)
{
    struct test_store *t = *state;
    const struct ph_code codes[] = { { .purpose = PH_CODE_VERIFY_EMAIL, .hmac = { 1 } },
                                     { .purpose = PH_CODE_VERIFY_PHONE, .hmac = { 2 } } };
    struct ph_user *user = test_user(&t->ctx, 1);
    struct ph_user_change change = { .user = user,
                                     .forget_codes = 1U << PH_CODE_VERIFY_EMAIL,
                                     .put_codes = codes,
                                     .put_code_count = 2 };
    enum ph_user_write result;
    struct ph_code *read;
    int64_t attempts;

    assert_ok(ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, NULL));
    assert_int_equal(result, PH_USER_DONE);
    change.put_code_count = 0;
    assert_ok(ph_store_user_write(&t->ctx, &TEST_POOL, &change, &result, NULL));
    assert_int_equal(result, PH_USER_DONE);
    assert_ok(ph_store_code_attempt(&t->ctx, &TEST_POOL, user->sub, PH_CODE_VERIFY_EMAIL, &read,
                                    &attempts));
    assert_null(read);
    assert_ok(ph_store_code_attempt(&t->ctx, &TEST_POOL, user->sub, PH_CODE_VERIFY_PHONE, &read,
                                    &attempts));
    assert_int_equal(read->hmac[0], 2);
}

static void deleting_a_user_frees_its_names_and_codes(void **state)
{
    struct test_store *t = *state;
    struct ph_user *user = test_user(&t->ctx, 1), *again = test_user(&t->ctx, 1);
    bool existed;

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, user->sub, &existed));
    assert_true(existed);
    assert_null(test_find(&t->ctx, user->sub));
    assert_int_equal(test_write(&t->ctx, again), PH_USER_DONE);
}

/* --- lists --- */

static size_t list_all(struct test_store *t, const struct ph_user_filter *filter, size_t limit,
                       bool insert_meanwhile)
{
    struct ph_str cursor = { 0 }, last = { 0 };
    size_t seen = 0;
    int extra = 1000;

    do {
        struct ph_user **users;
        size_t count;

        assert_ok(ph_store_user_list(&t->ctx, &TEST_POOL, filter, cursor, limit, &users, &count,
                                     &cursor));
        assert_true(count <= limit);
        for (size_t i = 0; i < count; i++) {
            /* All of these tests list in the order of the sub: each once. */
            assert_true(last.p == NULL || ph_str_cmp(users[i]->sub, last) > 0);
            last = users[i]->sub;
            assert_null(users[i]->password);
            seen++;
        }
        if (insert_meanwhile && extra < 1005) {
            assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, extra++)), PH_USER_DONE);
        }
    } while (cursor.p != NULL);
    return seen;
}

static void pages_reach_the_end_and_show_everybody_once(void **state)
{
    struct test_store *t = *state;
    const struct ph_user_filter confirmed = { .by = PH_BY_USER_STATUS,
                                              .value = PH_STR("confirmed") };
    const struct ph_user_filter enabled = { .by = PH_BY_ENABLED, .value = PH_STR("Enabled") };
    const struct ph_user_filter sub = { .by = PH_BY_SUB, .prefix = true, .value = PH_STR("0000") };

    for (int i = 0; i < 25; i++) {
        assert_int_equal(test_write(&t->ctx, test_user(&t->ctx, i)), PH_USER_DONE);
    }
    for (size_t limit = 1; limit < 30; limit += 4) {
        assert_int_equal(list_all(t, NULL, limit, false), 25);
        assert_int_equal(list_all(t, &confirmed, limit, false), 25);
        assert_int_equal(list_all(t, &enabled, limit, false), 25);
        assert_int_equal(list_all(t, &sub, limit, false), 25);
    }
    assert_int_equal(list_all(t, NULL, 5, true), 30);
}

static size_t count_matches(struct test_store *t, enum ph_user_filter_by by, bool prefix,
                            struct ph_str value)
{
    const struct ph_user_filter filter = { .by = by, .prefix = prefix, .value = value };
    struct ph_user **users;
    struct ph_str next;
    size_t count;

    assert_ok(ph_store_user_list(&t->ctx, &TEST_POOL, &filter, (struct ph_str){ 0 }, 60, &users,
                                 &count, &next));
    assert_null(next.p);
    return count;
}

static void filters_find_by_value_and_by_prefix(void **state)
{
    struct test_store *t = *state;

    for (int i = 1; i <= 12; i++) {
        struct ph_user *user = test_user(&t->ctx, i);

        user->enabled = i != 3;
        user->status = i == 4 ? PH_USER_UNCONFIRMED : PH_USER_CONFIRMED;
        if (i == 5) {
            ph_attrs_set(&t->arena, &user->attrs, PH_STR("given_name"), PH_STR("\xC3\x84nne"));
        }
        assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    }
    assert_int_equal(count_matches(t, PH_BY_USERNAME, false, PH_STR("user1")), 1);
    assert_int_equal(count_matches(t, PH_BY_USERNAME, true, PH_STR("user1")), 4);
    assert_int_equal(count_matches(t, PH_BY_EMAIL, false, PH_STR("user2@example.com")), 1);
    assert_int_equal(count_matches(t, PH_BY_EMAIL, true, PH_STR("user")), 12);
    assert_int_equal(count_matches(t, PH_BY_EMAIL, true, PH_STR("")), 12);
    assert_int_equal(count_matches(t, PH_BY_GIVEN_NAME, false, PH_STR("\xC3\xA4nne")), 1);
    assert_int_equal(count_matches(t, PH_BY_GIVEN_NAME, true, PH_STR("\xC3\xA4")), 1);
    assert_int_equal(count_matches(t, PH_BY_GIVEN_NAME, true, PH_STR("\xC3\xA5")), 0);
    assert_int_equal(count_matches(t, PH_BY_FAMILY_NAME, true, PH_STR("")), 0);
    assert_int_equal(count_matches(t, PH_BY_PHONE, false, PH_STR("+1")), 0);
    assert_int_equal(count_matches(t, PH_BY_NAME, false, PH_STR("x")), 0);
    assert_int_equal(count_matches(t, PH_BY_PREFERRED_USERNAME, false, PH_STR("x")), 0);
    assert_int_equal(count_matches(t, PH_BY_USER_STATUS, false, PH_STR("unconfirmed")), 1);
    assert_int_equal(count_matches(t, PH_BY_USER_STATUS, true, PH_STR("con")), 11);
    assert_int_equal(count_matches(t, PH_BY_ENABLED, false, PH_STR("Disabled")), 1);
    assert_int_equal(count_matches(t, PH_BY_ENABLED, false, PH_STR("Enabled")), 11);
    assert_int_equal(count_matches(t, PH_BY_ENABLED, false, PH_STR("Perhaps")), 0);
    assert_int_equal(
        count_matches(t, PH_BY_SUB, false, PH_STR("00000000-0000-4000-8000-000000000003")), 1);
    assert_int_equal(count_matches(t, PH_BY_SUB, false, PH_STR("00000000")), 0);
}

/* Plans of the very texts of user_list.c, caught as they are prepared. */
static struct ph_db_stmt *(*real_prepare)(struct ph_db *db, const char *sql);
static const char *caught;

static struct ph_db_stmt *catch_text(struct ph_db *db, const char *sql)
{
    caught = sql;
    return real_prepare(db, sql);
}

static void explain(struct test_store *t, const char *sql)
{
    struct ph_db *db = test_connect(t, PH_DB_READER);
    const struct ph_str text = ph_strf(&t->arena, "EXPLAIN QUERY PLAN %s", sql);
    struct ph_db_stmt *stmt = ph_driver_sqlite.prepare(db, (const char *)text.p);
    int rows = 0;

    assert_non_null(stmt);
    while (ph_driver_sqlite.step(stmt) == PH_DB_ROW) {
        const struct ph_str plan = ph_driver_sqlite.column_bytes(stmt, 3);

        if (ph_str_contains(plan, PH_STR("SCAN")) || ph_str_contains(plan, PH_STR("TEMP")) ||
            !ph_str_contains(plan, PH_STR("INDEX")) || !ph_str_contains(plan, PH_STR(">"))) {
            fail_msg("%s: %.*s", sql, PH_FMT(plan));
        }
        rows++;
    }
    assert_true(rows > 0);
    ph_driver_sqlite.close(db);
}

static void every_list_walks_an_index(void **state)
{
    struct test_store *t = *state;
    struct ph_driver spy = ph_driver_sqlite;

    test_needs_file(t);
    real_prepare = spy.prepare;
    spy.prepare = catch_text;
    t->ctx.store->driver = &spy;
    for (int by = PH_BY_NOTHING; by <= PH_BY_ENABLED; by++) {
        caught = NULL;
        assert_int_equal(count_matches(t, (enum ph_user_filter_by)by, true, PH_STR("x")), 0);
        assert_non_null(caught);
        explain(t, caught);
    }
    t->ctx.store->driver = &ph_driver_sqlite;
}

static void a_malformed_cursor_is_an_error(void **state)
{
    struct test_store *t = *state;
    static const struct ph_str BAD[] = { PH_STR_INIT(""), PH_STR_INIT("\0"),
                                         PH_STR_INIT("\xff\xff"
                                                     "a"),
                                         PH_STR_INIT("\0\1a1234567") };
    struct ph_user **users;
    struct ph_str next;
    size_t count;

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_non_null(
            ph_store_user_list(&t->ctx, &TEST_POOL, NULL, BAD[i], 5, &users, &count, &next).type);
    }
}

/* --- what is sealed, and broken rows --- */

static void sealed_columns_do_not_open_in_another_row(void **state)
{
    struct test_store *t = *state;
    struct ph_user *a = test_user(&t->ctx, 1), *b = test_user(&t->ctx, 2), *read;

    assert_int_equal(test_write(&t->ctx, a), PH_USER_DONE);
    assert_int_equal(test_write(&t->ctx, b), PH_USER_DONE);
    test_sql(t, "CREATE TABLE keep AS SELECT sub, password FROM users;"
                "UPDATE users SET password = (SELECT k.password FROM keep k"
                " WHERE k.sub <> users.sub)");
    assert_non_null(ph_store_user_by_sub(&t->ctx, &TEST_POOL, a->sub, &read).type);
    assert_non_null(ph_store_user_by_sub(&t->ctx, &TEST_POOL, b->sub, &read).type);
    test_sql(t, "UPDATE users SET password = NULL,"
                " password_history = (SELECT k.password FROM keep k WHERE k.sub = users.sub)");
    assert_non_null(ph_store_user_by_sub(&t->ctx, &TEST_POOL, a->sub, &read).type);
    test_sql(t, "UPDATE users SET password_history = NULL,"
                " password = (SELECT k.password FROM keep k WHERE k.sub = users.sub)");
    assert_memory_equal(test_find(&t->ctx, a->sub)->password, a->password, sizeof *a->password);
}

static void broken_rows_are_errors(void **state)
{
    static const char *const BREAKS[] = {
        "UPDATE users SET attrs = '{'",
        "UPDATE users SET attrs = '[]'",
        "UPDATE users SET attrs = '{\"a\":1}'",
        "UPDATE users SET attrs = ''",
        "UPDATE users SET status = 'dead'",
        "UPDATE users SET password = username",
        "UPDATE users SET password_history = status",
    };
    struct test_store *t = *state;
    struct ph_user *user, *read;

    for (size_t i = 0; i < sizeof BREAKS / sizeof BREAKS[0]; i++) {
        bool existed;

        user = test_user(&t->ctx, 1);
        assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
        test_sql(t, BREAKS[i]);
        assert_non_null(ph_store_user_by_sub(&t->ctx, &TEST_POOL, user->sub, &read).type);
        assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, user->sub, &existed));
    }
}

#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
#define IN_MEMORY(test)                                                                            \
    {                                                                                              \
#test " (in memory)", test, open_memory, close_store, NULL                                 \
    }
#define IN_BOTH(test) IN_FILE(test), IN_MEMORY(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_user_is_read_as_it_was_written),
        IN_BOTH(absence_is_an_answer),
        IN_BOTH(an_old_revision_conflicts_and_changes_nothing),
        IN_BOTH(an_alias_belongs_to_one_user),
        IN_BOTH(taking_an_alias_moves_it_and_unverifies_its_owner),
        IN_FILE(an_alias_that_is_no_longer_listed_becomes_free),
        IN_FILE(names_become_free_in_whatever_order_they_change),
        IN_FILE(signing_out_survives_a_write_of_an_older_copy),
        IN_FILE(signing_out_with_a_clock_set_back_ends_all_sign_ins),
        IN_BOTH(a_code_counts_its_attempts_and_is_spent_once),
        IN_BOTH(forgotten_codes_make_room_for_several_new_ones),
        IN_FILE(deleting_a_user_frees_its_names_and_codes),
        IN_BOTH(pages_reach_the_end_and_show_everybody_once),
        IN_FILE(filters_find_by_value_and_by_prefix),
        IN_FILE(every_list_walks_an_index),
        IN_FILE(a_malformed_cursor_is_an_error),
        IN_FILE(sealed_columns_do_not_open_in_another_row),
        IN_FILE(broken_rows_are_errors),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
