/* Users in a store: names, codes, signing up, invitations, changed addresses. */
#include "crypto/srp_group.h"
#include "pool/test_support.h"
#include "store/sign_in.h"
#include "user/event.h"
#include "user/invite.h"
#include "user/recovery.h"
#include "user/sign_up.h"
#include "user/update.h"

#define HOUR_MS 3600000
#define MISMATCH "Invalid verification code provided, please try again."
#define EXPIRED "Invalid code provided, please request a code again."

static int64_t now_ms;

static int64_t read_now(void *self)
{
    (void)self;
    return now_ms;
}

static const struct ph_clock CLOCK = { .now_ms = read_now };
static const struct ph_auth_event NEWEST = { .at_ms = INT64_MAX };
static const struct ph_client CLIENT = { .id = PH_STR_INIT("client"), .writes_all = true };
static const struct ph_client HIDING = { .id = PH_STR_INIT("hiding"),
                                         .writes_all = true,
                                         .hides_users = true };

/* What a test begins with; every code is 424242. */
static const struct ph_pool *begin(struct test_pool *t, const char *input)
{
    now_ms = 1700000000000;
    t->ctx.clock = &CLOCK;
    t->settings.mode = PH_MODE_DEV;
    t->settings.fixed_code = PH_STR("424242");
    return make_pool(t, input);
}

static struct ph_attrs attrs_of(struct test_pool *t, const char *const *pairs)
{
    struct ph_attrs attrs = { 0 };

    for (; pairs[0] != NULL; pairs += 2) {
        ph_attrs_set(&t->arena, &attrs, ph_str_from(pairs[0]), ph_str_from(pairs[1]));
    }
    return attrs;
}

#define ATTRS(t, ...) attrs_of((t), (const char *const[]){ __VA_ARGS__, NULL })

static struct ph_err sign_up(struct test_pool *t, const struct ph_pool *pool, const char *name,
                             struct ph_attrs attrs, struct ph_signed_up *result)
{
    const struct ph_sign_up given = {
        .client = &CLIENT,
        .name = ph_str_from(name),
        .password = PH_STR("Passw0rd!"),
        .attrs = &attrs,
    };

    return ph_user_sign_up(&t->ctx, pool, &given, result);
}

static struct ph_err confirm(struct test_pool *t, const struct ph_pool *pool, const char *name,
                             const char *code)
{
    const struct ph_confirmation given = {
        .client = &CLIENT,
        .name = ph_str_from(name),
        .code = ph_str_from(code),
    };
    const struct ph_user *confirmed;

    return ph_user_confirm(&t->ctx, pool, &given, &confirmed);
}

static struct ph_err invite(struct test_pool *t, const struct ph_pool *pool, const char *name,
                            struct ph_attrs attrs, struct ph_user **user)
{
    const struct ph_invitation given = {
        .name = ph_str_from(name),
        .attrs = &attrs,
        .media = 1U << PH_MEDIUM_SMS,
    };

    return ph_user_invite(&t->ctx, pool, &given, user);
}

static struct ph_user *find(struct test_pool *t, const struct ph_pool *pool, const char *name)
{
    struct ph_user *user;

    assert_ok(ph_user_find(&t->ctx, pool, ph_str_from(name), &user));
    return user;
}

static void assert_attr(const struct ph_user *user, const char *name, const char *wanted)
{
    assert_str(ph_attrs_get(&user->attrs, ph_str_from(name)), wanted);
}

static size_t outbox(struct test_pool *t, struct ph_message **messages)
{
    const struct ph_outbox_query query = { .limit = 100 };
    size_t count;

    assert_ok(ph_store_outbox_list(&t->ctx, &query, messages, &count));
    return count;
}

/* --- names --- */

static void a_user_is_found_by_each_name_that_is_his(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool =
        begin(t, "{'AliasAttributes':['email','phone_number','preferred_username'],"
                 "'UsernameConfiguration':{'CaseSensitive':false}}");
    struct ph_user *ann, *bob;

    assert_ok(
        invite(t, pool, "Ann",
               ATTRS(t, "email", "Ann@Example.com", "email_verified", "true", "phone_number",
                     "+15550001", "phone_number_verified", "true", "preferred_username", "Nick"),
               &ann));
    assert_ok(invite(t, pool, "bob", ATTRS(t, "email", "bob@example.com"), &bob));
    assert_str(ann->username, "ann");
    assert_attr(ann, "email", "ann@example.com");
    assert_str(find(t, pool, "ANN")->sub, ph_cstr(&t->arena, ann->sub));
    assert_str(find(t, pool, ph_cstr(&t->arena, ann->sub))->username, "ann");
    assert_str(find(t, pool, "ANN@example.com")->username, "ann");
    assert_str(find(t, pool, "+15550001")->username, "ann");
    assert_str(find(t, pool, "nick")->username, "ann");
    assert_null(find(t, pool, "bob@example.com")); /* not verified: nobody's yet */
    assert_null(find(t, pool, "nobody"));
    assert_fails(ph_user_get(&t->ctx, pool, PH_STR("nobody"), &ann), "UserNotFoundException",
                 "User does not exist.");
}

static void a_taken_name_has_its_own_words(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'AliasAttributes':['email','preferred_username']}");
    const struct ph_attrs verified =
        ATTRS(t, "email", "a@b.example", "email_verified", "true", "preferred_username", "nick");
    const struct ph_attrs nick = ATTRS(t, "preferred_username", "nick");
    const struct ph_update update = { .writes = &verified };
    struct ph_deliveries sent;
    struct ph_user *first, *second;

    assert_ok(invite(t, pool, "first", verified, &first));
    assert_fails(invite(t, pool, "first", (struct ph_attrs){ 0 }, &second),
                 "UsernameExistsException", "User already exists");
    assert_fails(invite(t, pool, "second", verified, &second), "AliasExistsException",
                 "An account with the email already exists.");
    assert_fails(invite(t, pool, "second", nick, &second), "AliasExistsException",
                 "Already found an entry for username nick");
    assert_ok(invite(t, pool, "second", (struct ph_attrs){ 0 }, &second));
    assert_fails(ph_user_update(&t->ctx, pool, second, &update, &sent), "AliasExistsException",
                 "An account with the given email already exists.");
}

/* Whoever looks for the owner must not find the one who took the name as Username. */
static void nobody_takes_a_sub_or_a_preferred_name_as_username(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'AliasAttributes':['preferred_username']}");
    struct ph_user *ann, *other;

    assert_ok(invite(t, pool, "ann", ATTRS(t, "preferred_username", "nick"), &ann));
    assert_fails(invite(t, pool, ph_cstr(&t->arena, ann->sub), (struct ph_attrs){ 0 }, &other),
                 "UsernameExistsException", "User already exists");
    assert_fails(invite(t, pool, "nick", (struct ph_attrs){ 0 }, &other), "UsernameExistsException",
                 "User already exists");
    assert_fails(invite(t, pool, "bob", ATTRS(t, "preferred_username", "ann"), &other),
                 "AliasExistsException", "Already found an entry for username ann");
}

static void every_change_moves_the_date_and_a_stale_one_is_refused(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{}");
    struct ph_user_change change = { 0 };
    struct ph_user *stale;
    int64_t first_ms;

    assert_ok(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &change.user));
    assert_int_equal(change.user->created_ms, now_ms);
    first_ms = change.user->modified_ms;
    stale = find(t, pool, "ann");
    assert_ok(ph_user_save(&t->ctx, pool, &change, 0));
    assert_true(change.user->modified_ms > first_ms);
    assert_int_equal(change.user->created_ms, now_ms);
    change.user = stale;
    assert_fails(ph_user_save(&t->ctx, pool, &change, 0), "TooManyRequestsException",
                 "Too many requests");
}

/* --- codes --- */

static struct ph_err check(struct test_pool *t, const struct ph_pool *pool,
                           const struct ph_user *user, enum ph_code_purpose purpose,
                           const char *given)
{
    struct ph_code *code;

    return ph_code_check(&t->ctx, pool, user, purpose, ph_str_from(given), &code);
}

static void send_code(struct test_pool *t, const struct ph_pool *pool, struct ph_user *user,
                      enum ph_code_purpose purpose, struct ph_delivery *delivery)
{
    const struct ph_code_request request = {
        .user = user,
        .purpose = purpose,
        .attribute = PH_STR("email"),
        .destination = PH_STR("ann@example.com"),
        .reason = PH_STR("ForgotPassword"),
    };
    struct ph_user_change change = { .user = user };

    assert_ok(ph_code_issue(&t->ctx, pool, &request, &change, delivery));
    assert_ok(ph_user_save(&t->ctx, pool, &change, 0));
}

static void a_code_serves_its_owner_and_purpose_in_its_time(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{}");
    struct ph_delivery delivery;
    struct ph_message *messages;
    struct ph_user *ann, *bob;

    assert_ok(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &ann));
    assert_ok(invite(t, pool, "bob", (struct ph_attrs){ 0 }, &bob));
    assert_fails(check(t, pool, ann, PH_CODE_SIGN_UP, "424242"), "ExpiredCodeException", EXPIRED);
    send_code(t, pool, ann, PH_CODE_SIGN_UP, &delivery);
    send_code(t, pool, ann, PH_CODE_RESET_PASSWORD, &delivery);
    assert_str(delivery.destination, "a***@e***");
    assert_int_equal(outbox(t, &messages), 2);
    assert_str(messages[0].code, "424242");
    assert_str(messages[0].body, "Your verification code is 424242. ");
    assert_ok(check(t, pool, ann, PH_CODE_SIGN_UP, "424242"));
    assert_ok(check(t, pool, ann, PH_CODE_RESET_PASSWORD, "424242"));
    assert_fails(check(t, pool, ann, PH_CODE_SIGN_UP, "424243"), "CodeMismatchException", MISMATCH);
    assert_fails(check(t, pool, ann, PH_CODE_SIGN_UP, ""), "CodeMismatchException", MISMATCH);
    assert_fails(check(t, pool, bob, PH_CODE_SIGN_UP, "424242"), "ExpiredCodeException", EXPIRED);
    assert_fails(check(t, pool, ann, PH_CODE_VERIFY_EMAIL, "424242"), "ExpiredCodeException",
                 EXPIRED);
    now_ms += HOUR_MS;
    assert_fails(check(t, pool, ann, PH_CODE_RESET_PASSWORD, "424242"), "ExpiredCodeException",
                 EXPIRED);
    assert_ok(check(t, pool, ann, PH_CODE_SIGN_UP, "424242"));
    now_ms += 23 * HOUR_MS;
    assert_fails(check(t, pool, ann, PH_CODE_SIGN_UP, "424242"), "ExpiredCodeException", EXPIRED);
}

static void guesses_and_resent_codes_are_counted_where_limits_are_on(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'AutoVerifiedAttributes':['email']}");
    const char *limit = "Attempt limit exceeded, please try after some time.";
    const struct ph_resend known = { .client = &HIDING, .name = PH_STR("ann") };
    const struct ph_resend nobody = { .client = &HIDING, .name = PH_STR("nobody") };
    struct ph_signed_up result;
    struct ph_delivery delivery;
    struct ph_str sub;

    t->settings.attempt_limits = true;
    assert_ok(sign_up(t, pool, "ann", ATTRS(t, "email", "a@b.example"), &result));
    for (int i = 0; i < 15; i++) {
        assert_fails(confirm(t, pool, "ann", "000000"), "CodeMismatchException", MISMATCH);
    }
    assert_fails(confirm(t, pool, "ann", "424242"), "LimitExceededException", limit);
    for (int i = 0; i < 5; i++) {
        assert_ok(ph_user_resend_code(&t->ctx, pool, &known, &sub, &delivery));
        assert_ok(ph_user_resend_code(&t->ctx, pool, &nobody, &sub, &delivery));
    }
    assert_fails(ph_user_resend_code(&t->ctx, pool, &known, &sub, &delivery),
                 "LimitExceededException", limit);
    assert_fails(ph_user_resend_code(&t->ctx, pool, &nobody, &sub, &delivery),
                 "LimitExceededException", limit);
    now_ms += HOUR_MS;
    assert_ok(ph_user_resend_code(&t->ctx, pool, &known, &sub, &delivery));
    assert_ok(confirm(t, pool, "ann", "424242"));
}

/* --- signing up --- */

static void a_code_verifies_the_address_it_went_to_and_no_other(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'AutoVerifiedAttributes':['email']}");
    const struct ph_attrs changed = ATTRS(t, "email", "new@b.example");
    const struct ph_update update = { .writes = &changed };
    struct ph_signed_up result;
    struct ph_deliveries sent;

    assert_ok(sign_up(t, pool, "ann", ATTRS(t, "email", "a@b.example"), &result));
    assert_str(result.delivery.destination, "a***@b***");
    assert_ok(confirm(t, pool, "ann", "424242"));
    assert_attr(find(t, pool, "ann"), "email_verified", "true");
    assert_ok(sign_up(t, pool, "bob", ATTRS(t, "email", "b@b.example"), &result));
    assert_ok(ph_user_update(&t->ctx, pool, find(t, pool, "bob"), &update, &sent));
    assert_ok(confirm(t, pool, "bob", "424242"));
    assert_attr(find(t, pool, "bob"), "email_verified", "false");
    assert_int_equal(find(t, pool, "bob")->status, PH_USER_CONFIRMED);
}

static void a_trigger_that_cannot_run_stops_the_sign_up(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'LambdaConfig':{'PreSignUp':"
                                          "'arn:aws:lambda:eu-west-1:123456789012:function:f'}}");
    struct ph_signed_up result;
    struct ph_user *user;

    assert_string_equal(sign_up(t, pool, "ann", (struct ph_attrs){ 0 }, &result).type->name,
                        "UnexpectedLambdaException");
    assert_string_equal(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &user).type->name,
                        "UnexpectedLambdaException");
    assert_null(find(t, pool, "ann"));
}

static void a_trigger_that_writes_messages_is_not_passed_over(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool =
        begin(t, "{'AutoVerifiedAttributes':['email'],'LambdaConfig':{'CustomMessage':"
                 "'arn:aws:lambda:eu-west-1:123456789012:function:f'}}");
    struct ph_message *messages;
    struct ph_signed_up result;

    assert_string_equal(
        sign_up(t, pool, "ann", ATTRS(t, "email", "a@b.example"), &result).type->name,
        "UnexpectedLambdaException");
    assert_null(find(t, pool, "ann"));
    assert_int_equal(outbox(t, &messages), 0);
}

static void a_password_may_be_missing_only_where_codes_are_enough(void **state)
{
    struct test_pool *t = *state;
    const struct ph_client choosing = { .id = PH_STR("client"),
                                        .writes_all = true,
                                        .flows = PH_FLOW_USER };
    const struct ph_pool *pool = begin(
        t, "{'AutoVerifiedAttributes':['email'],"
           "'Policies':{'SignInPolicy':{'AllowedFirstAuthFactors':['PASSWORD','EMAIL_OTP']}}}");
    const struct ph_attrs email = ATTRS(t, "email", "a@b.example");
    const struct ph_attrs none = { 0 };
    struct ph_sign_up given = { .client = &CLIENT, .name = PH_STR("ann"), .attrs = &email };
    struct ph_signed_up result;
    struct ph_user *invited;

    assert_fails(ph_user_sign_up(&t->ctx, pool, &given, &result), "InvalidParameterException",
                 "Password is required");
    given.client = &choosing;
    given.attrs = &none;
    assert_fails(ph_user_sign_up(&t->ctx, pool, &given, &result), "InvalidParameterException",
                 "Password is required");
    given.attrs = &email;
    assert_ok(ph_user_sign_up(&t->ctx, pool, &given, &result));
    assert_null(find(t, pool, "ann")->password);
    assert_ok(invite(t, pool, "bob", email, &invited));
    assert_null(invited->password);
    assert_int_equal(invited->status, PH_USER_CONFIRMED);
}

/* --- invitations --- */

static void an_invitation_goes_where_it_can(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'UsernameAttributes':['email']}");
    const struct ph_attrs phone = ATTRS(t, "phone_number", "+15550001");
    struct ph_invitation given = {
        .name = PH_STR("ann@example.com"),
        .attrs = &phone,
        .temporary_password = PH_STR("Temp0rary!"),
        .media = 1U << PH_MEDIUM_SMS | 1U << PH_MEDIUM_EMAIL,
    };
    struct ph_message *messages;
    struct ph_user *user;

    assert_ok(ph_user_invite(&t->ctx, pool, &given, &user));
    assert_int_equal(outbox(t, &messages), 2);
    assert_str(messages[0].body,
               "Your username is ann@example.com and temporary password is Temp0rary!. ");
    assert_ok(invite(t, pool, "bob@example.com", (struct ph_attrs){ 0 }, &user));
    assert_int_equal(outbox(t, &messages), 3); /* by e-mail although a message was asked for */
    assert_str(messages[0].destination, "bob@example.com");
    given.name = PH_STR("eve@example.com");
    given.silent = true;
    assert_ok(ph_user_invite(&t->ctx, pool, &given, &user));
    assert_int_equal(outbox(t, &messages), 3);
}

/* --- changed addresses --- */

static struct ph_err update_email(struct test_pool *t, const struct ph_pool *pool,
                                  const char *email, const char *verified,
                                  struct ph_deliveries *sent)
{
    struct ph_attrs writes = ATTRS(t, "email", email);
    const struct ph_update given = { .writes = &writes };

    if (verified != NULL) {
        ph_attrs_set(&t->arena, &writes, PH_STR("email_verified"), ph_str_from(verified));
    }
    return ph_user_update(&t->ctx, pool, find(t, pool, "ann"), &given, sent);
}

static struct ph_err verify(struct test_pool *t, const struct ph_pool *pool, const char *code)
{
    return ph_user_verify(&t->ctx, pool, find(t, pool, "ann"), PH_STR("email"), ph_str_from(code));
}

static void a_new_address_gets_a_code_unless_called_verified(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'AutoVerifiedAttributes':['email']}");
    struct ph_deliveries sent;
    struct ph_user *ann;

    assert_ok(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &ann));
    assert_ok(update_email(t, pool, "a@b.example", NULL, &sent));
    assert_int_equal(sent.count, 1);
    assert_str(sent.items[0].destination, "a***@b***");
    assert_attr(find(t, pool, "ann"), "email_verified", "false");
    assert_fails(verify(t, pool, "000000"), "CodeMismatchException", MISMATCH);
    assert_ok(verify(t, pool, "424242"));
    assert_attr(find(t, pool, "ann"), "email_verified", "true");
    assert_fails(verify(t, pool, "424242"), "ExpiredCodeException", EXPIRED);
    assert_ok(update_email(t, pool, "a@b.example", NULL, &sent));
    assert_int_equal(sent.count, 0); /* nothing changed */
    assert_ok(update_email(t, pool, "c@d.example", NULL, &sent));
    assert_ok(update_email(t, pool, "e@f.example", "true", &sent));
    assert_int_equal(sent.count, 0);
    assert_fails(verify(t, pool, "424242"), "ExpiredCodeException", EXPIRED);
    assert_attr(find(t, pool, "ann"), "email", "e@f.example");
}

static void a_new_address_waits_for_its_proof_where_the_pool_wants_it(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool =
        begin(t, "{'AutoVerifiedAttributes':['email'],'UserAttributeUpdateSettings':"
                 "{'AttributesRequireVerificationBeforeUpdate':['email']}}");
    const struct ph_verification again = { .client = &CLIENT, .attribute = PH_STR("email") };
    struct ph_deliveries sent;
    struct ph_delivery delivery;
    struct ph_message *messages;
    struct ph_user *ann;

    assert_ok(
        invite(t, pool, "ann", ATTRS(t, "email", "old@b.example", "email_verified", "true"), &ann));
    assert_ok(update_email(t, pool, "new@b.example", NULL, &sent));
    assert_ok(update_email(t, pool, "newer@b.example", NULL, &sent));
    assert_attr(find(t, pool, "ann"), "email", "old@b.example");
    assert_attr(find(t, pool, "ann"), "email_verified", "true");
    ann = find(t, pool, "ann");
    assert_ok(ph_user_request_verification(&t->ctx, pool, ann, &again, &delivery));
    assert_int_equal(outbox(t, &messages), 4); /* the invitation, too */
    assert_str(messages[0].destination, "newer@b.example");
    assert_int_equal(find(t, pool, "ann")->modified_ms, ann->modified_ms);
    assert_ok(verify(t, pool, "424242"));
    assert_attr(find(t, pool, "ann"), "email", "newer@b.example");
    assert_attr(find(t, pool, "ann"), "email_verified", "true");
    assert_ok(update_email(t, pool, "now@b.example", "true", &sent));
    assert_attr(find(t, pool, "ann"), "email", "now@b.example");
}

static void verifying_an_alias_takes_it_from_its_owner(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool =
        begin(t, "{'AliasAttributes':['email'],'AutoVerifiedAttributes':['email']}");
    struct ph_deliveries sent;
    struct ph_user *ann, *bob;

    assert_ok(
        invite(t, pool, "bob", ATTRS(t, "email", "a@b.example", "email_verified", "true"), &bob));
    assert_ok(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &ann));
    assert_ok(update_email(t, pool, "a@b.example", NULL, &sent));
    assert_str(find(t, pool, "a@b.example")->username, "bob");
    assert_ok(verify(t, pool, "424242"));
    assert_str(find(t, pool, "a@b.example")->username, "ann");
    assert_attr(find(t, pool, "bob"), "email_verified", "false");
}

/* --- passwords --- */

static void a_password_is_changed_by_who_knows_it(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{}");
    struct ph_user *ann;

    assert_ok(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &ann));
    assert_ok(ph_password_set_by_admin(&t->ctx, pool, ann, PH_STR("Passw0rd!"), PH_PW_PERMANENT));
    assert_int_equal(ann->status, PH_USER_CONFIRMED);
    assert_fails(ph_password_change(&t->ctx, pool, ann, PH_STR("wrong"), PH_STR("0ther-Pass")),
                 "NotAuthorizedException", "Incorrect username or password.");
    assert_fails(ph_password_change(&t->ctx, pool, ann, PH_STR(""), PH_STR("0ther-Pass")),
                 "NotAuthorizedException", "Incorrect username or password.");
    assert_fails(ph_password_change(&t->ctx, pool, ann, PH_STR("Passw0rd!"), PH_STR("0ther")),
                 "InvalidPasswordException",
                 "Password does not conform to policy: Password not long enough");
    assert_ok(ph_password_change(&t->ctx, pool, ann, PH_STR("Passw0rd!"), PH_STR("0ther-Pass")));
    assert_true(ph_password_matches(&t->ctx, pool, find(t, pool, "ann"), PH_STR("0ther-Pass")));
    ann->status = PH_USER_RESET_REQUIRED;
    assert_fails(ph_password_change(&t->ctx, pool, ann, PH_STR("0ther-Pass"), PH_STR("Passw0rd!")),
                 "PasswordResetRequiredException", "Password reset required for the user");
    ann->status = PH_USER_CONFIRMED;
    ann->password = NULL;
    assert_ok(ph_password_change(&t->ctx, pool, ann, (struct ph_str){ 0 }, PH_STR("Passw0rd!")));
}

/* --- people who do not exist --- */

static void a_code_for_nobody_seems_to_go_somewhere(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{'AutoVerifiedAttributes':['email']}");
    struct ph_resend given = { .client = &HIDING, .name = PH_STR("nobody") };
    struct ph_delivery first, again;
    struct ph_str sub;

    assert_ok(ph_user_resend_code(&t->ctx, pool, &given, &sub, &first));
    assert_ok(ph_user_resend_code(&t->ctx, pool, &given, &sub, &again));
    assert_null(sub.p);
    assert_int_equal(first.medium, PH_MEDIUM_EMAIL);
    assert_true(ph_str_eq(first.destination, again.destination));
    assert_int_equal(first.destination.n, sizeof "n***@e***" - 1);
    given.name = PH_STR("jane@example.com");
    assert_ok(ph_user_resend_code(&t->ctx, pool, &given, &sub, &first));
    assert_str(first.destination, "j***@e***");
    given.client = &CLIENT;
    assert_fails(ph_user_resend_code(&t->ctx, pool, &given, &sub, &first), "UserNotFoundException",
                 "Username/client id combination not found.");
}

/* --- events --- */

static void an_event_says_what_happened_from_where_and_no_more(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, "{}");
    const struct ph_client vouching = { .id = PH_STR("c"), .propagates_user_context = true };
    const struct ph_in in = { json(t, "{'Password':'Passw0rd!','AnalyticsMetadata':"
                                      "{'AnalyticsEndpointId':'e1'},'UserContextData':"
                                      "{'IpAddress':'192.0.2.7','EncodedData':'abc'}}") };
    struct ph_event event = { .type = PH_EVENT_SIGN_UP, .client = &CLIENT };
    struct ph_auth_event *events;
    struct ph_user *user;
    size_t count;

    t->ctx.remote_address = PH_STR("198.51.100.1");
    t->ctx.user_agent = PH_STR("agent \xff\x01");
    assert_ok(invite(t, pool, "ann", (struct ph_attrs){ 0 }, &user));
    event.sub = user->sub;
    ph_event_record(&t->ctx, pool, &in, &event);
    now_ms++;
    event.client = &vouching;
    ph_event_record(&t->ctx, pool, &in, &event);
    assert_ok(invite(t, pool, "bob", (struct ph_attrs){ 0 }, &user)); /* waits for the commit */
    assert_ok(ph_store_event_list(&t->ctx, pool->id, event.sub, &NEWEST, 10, &events, &count));
    assert_int_equal(count, 2);
    assert_str(events[0].detail, "{\"IpAddress\":\"192.0.2.7\",\"UserAgent\":\"agent ??\","
                                 "\"AnalyticsEndpointId\":\"e1\",\"EncodedData\":\"abc\"}");
    assert_str(events[1].detail, "{\"IpAddress\":\"198.51.100.1\",\"UserAgent\":\"agent ??\","
                                 "\"AnalyticsEndpointId\":\"e1\",\"EncodedData\":\"abc\"}");
    assert_str(events[1].type, "SignUp");
    assert_str(events[1].response, "Pass");
}

#define STORED_TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

/* --- forgotten passwords --- */

#define MECHANISMS(first, second)                                                                  \
    "{'AccountRecoverySetting':{'RecoveryMechanisms':["                                            \
    "{'Name':'" first "','Priority':1},{'Name':'" second "','Priority':2}]}}"

static struct ph_err forgot(struct test_pool *t, const struct ph_pool *pool,
                            const struct ph_client *client, const char *name,
                            struct ph_delivery *delivery)
{
    const struct ph_forgotten given = { .client = client, .name = ph_str_from(name) };
    struct ph_str sub;

    return ph_user_forgot_password(&t->ctx, pool, &given, &sub, delivery);
}

static struct ph_err recover(struct test_pool *t, const struct ph_pool *pool, const char *name,
                             const char *code, const char *password)
{
    const struct ph_recovery given = { .client = &CLIENT,
                                       .code = ph_str_from(code),
                                       .password = ph_str_from(password) };

    return ph_user_recover(&t->ctx, pool, find(t, pool, name), &given);
}

static void make_reachable(struct test_pool *t, const struct ph_pool *pool, const char *name)
{
    struct ph_user *user;

    assert_ok(invite(t, pool, name,
                     ATTRS(t, "email", "a@example.com", "email_verified", "true", "phone_number",
                           "+15550001234", "phone_number_verified", "true"),
                     &user));
    assert_ok(ph_password_set_by_admin(&t->ctx, pool, user, PH_STR("Passw0rd!"), PH_PW_PERMANENT));
}

static void recovery_takes_the_first_mechanism(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, MECHANISMS("verified_phone_number", "verified_email"));
    struct ph_delivery delivery;

    make_reachable(t, pool, "ann");
    assert_ok(forgot(t, pool, &CLIENT, "ann", &delivery));
    assert_str(delivery.destination, "+*******1234");
    assert_fails(forgot(t, pool, &CLIENT, "nobody", &delivery), "UserNotFoundException",
                 "Username/client id combination not found.");
    assert_ok(forgot(t, pool, &HIDING, "nobody", &delivery));
    assert_str(delivery.attribute, "phone_number");
}

static void recovery_by_code(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = begin(t, MECHANISMS("verified_email", "verified_phone_number"));
    struct ph_delivery delivery;

    make_reachable(t, pool, "ann");
    assert_fails(recover(t, pool, "ann", "424242", "N3w-password"), "ExpiredCodeException",
                 EXPIRED);
    assert_ok(ph_user_reset_by_admin(&t->ctx, pool, find(t, pool, "ann"), NULL));
    assert_int_equal(find(t, pool, "ann")->status, PH_USER_RESET_REQUIRED);
    assert_ok(forgot(t, pool, &CLIENT, "ann", &delivery));
    assert_str(delivery.destination, "a***@e***");
    assert_fails(recover(t, pool, "ann", "424243", "N3w-password"), "CodeMismatchException",
                 MISMATCH);
    assert_fails(recover(t, pool, "ann", "424242", "short"), "InvalidPasswordException",
                 "Password does not conform to policy: Password not long enough");
    assert_ok(recover(t, pool, "ann", "424242", "N3w-passw0rd"));
    assert_int_equal(find(t, pool, "ann")->status, PH_USER_CONFIRMED);
    assert_true(ph_password_matches(&t->ctx, pool, find(t, pool, "ann"), PH_STR("N3w-passw0rd")));
    assert_ok(forgot(t, pool, &CLIENT, "ann", &delivery));
    now_ms += HOUR_MS;
    assert_fails(recover(t, pool, "ann", "424242", "N3w-passw0rd"), "ExpiredCodeException",
                 EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORED_TEST(recovery_takes_the_first_mechanism),
        STORED_TEST(recovery_by_code),
        STORED_TEST(a_user_is_found_by_each_name_that_is_his),
        STORED_TEST(a_taken_name_has_its_own_words),
        STORED_TEST(nobody_takes_a_sub_or_a_preferred_name_as_username),
        STORED_TEST(every_change_moves_the_date_and_a_stale_one_is_refused),
        STORED_TEST(a_code_serves_its_owner_and_purpose_in_its_time),
        STORED_TEST(guesses_and_resent_codes_are_counted_where_limits_are_on),
        STORED_TEST(a_code_verifies_the_address_it_went_to_and_no_other),
        STORED_TEST(a_trigger_that_cannot_run_stops_the_sign_up),
        STORED_TEST(a_trigger_that_writes_messages_is_not_passed_over),
        STORED_TEST(a_password_may_be_missing_only_where_codes_are_enough),
        STORED_TEST(an_invitation_goes_where_it_can),
        STORED_TEST(a_new_address_gets_a_code_unless_called_verified),
        STORED_TEST(a_new_address_waits_for_its_proof_where_the_pool_wants_it),
        STORED_TEST(verifying_an_alias_takes_it_from_its_owner),
        STORED_TEST(a_password_is_changed_by_who_knows_it),
        STORED_TEST(a_code_for_nobody_seems_to_go_somewhere),
        STORED_TEST(an_event_says_what_happened_from_where_and_no_more),
    };

    ph_srp_group_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
