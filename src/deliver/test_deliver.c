/* What a message says: templates, placeholders, links. */
#include "deliver/deliver.h"
#include "pool/test_support.h"
#include "store/parts.h"

static struct ph_user user = { .sub = PH_STR_INIT("0000"), .username = PH_STR_INIT("ann") };

static struct ph_message_request request_of(enum ph_template template, enum ph_medium medium,
                                            const char *reason)
{
    return (struct ph_message_request){
        .template = template,
        .reason = ph_str_from(reason),
        .user = &user,
        .medium = medium,
        .destination = PH_STR("ann@example.com"),
        .code = PH_STR("123456"),
        .client_id = PH_STR("client&1"),
    };
}

static struct ph_message write_message(struct test_pool *t, const struct ph_pool *pool,
                                       const struct ph_message_request *request)
{
    struct ph_message message;

    assert_ok(ph_message_write(&t->ctx, pool, request, &message));
    return message;
}

static void a_pool_without_templates_has_the_usual_texts(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct ph_message_request code =
        request_of(PH_TEMPLATE_VERIFICATION, PH_MEDIUM_EMAIL, "SignUp");
    const struct ph_message_request invitation =
        request_of(PH_TEMPLATE_INVITATION, PH_MEDIUM_EMAIL, "AdminCreateUser");
    struct ph_message message = write_message(t, pool, &code);

    assert_str(message.subject, "Your verification code");
    assert_str(message.body, "Your verification code is 123456. ");
    assert_str(message.code, "123456");
    assert_str(message.destination, "ann@example.com");
    assert_str(message.username, "ann");
    assert_str(message.reason, "SignUp");
    code.medium = PH_MEDIUM_SMS;
    message = write_message(t, pool, &code);
    assert_null(message.subject.p);
    assert_str(message.body, "Your verification code is 123456. ");
    message = write_message(t, pool, &invitation);
    assert_str(message.subject, "Your temporary password");
    assert_str(message.body, "Your username is ann and temporary password is 123456. ");
}

static void a_template_of_the_pool_or_of_a_trigger_replaces_them(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(
        t, "{'VerificationMessageTemplate':{'EmailSubject':'Hello','EmailMessage':'{####}, "
           "{####}!','SmsMessage':'sms {####}'},'AdminCreateUserConfig':{'InviteMessageTemplate':"
           "{'EmailSubject':'Come','EmailMessage':'{username}: {####}'}}}");
    struct ph_message_request code =
        request_of(PH_TEMPLATE_VERIFICATION, PH_MEDIUM_EMAIL, "ForgotPassword");
    const struct ph_message_request invitation =
        request_of(PH_TEMPLATE_INVITATION, PH_MEDIUM_EMAIL, "AdminCreateUser");

    assert_str(write_message(t, pool, &code).subject, "Hello");
    assert_str(write_message(t, pool, &code).body, "123456, 123456!");
    assert_str(write_message(t, pool, &invitation).subject, "Come");
    assert_str(write_message(t, pool, &invitation).body, "ann: 123456");
    code.own_subject = PH_STR("Mine");
    code.own_body = PH_STR("my {####}");
    assert_str(write_message(t, pool, &code).subject, "Mine");
    assert_str(write_message(t, pool, &code).body, "my 123456");
    code.own_body = (struct ph_str){ 0 };
    code.medium = PH_MEDIUM_SMS;
    assert_str(write_message(t, pool, &code).body, "sms 123456");
}

static void codes_of_sign_ins_have_texts_of_their_own(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{'SmsAuthenticationMessage':'sms {####}'}");
    struct ph_message_request code =
        request_of(PH_TEMPLATE_AUTHENTICATION, PH_MEDIUM_EMAIL, "Authentication");
    struct ph_message message = write_message(t, pool, &code);

    assert_str(message.subject, "Your authentication code");
    assert_str(message.body, "Your authentication code is 123456. ");
    code.medium = PH_MEDIUM_SMS;
    assert_str(write_message(t, pool, &code).body, "sms 123456");
}

static void a_placeholder_inside_a_value_stays_what_it_is(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    struct ph_user odd = { .username = PH_STR("{####}") };
    struct ph_message_request invitation =
        request_of(PH_TEMPLATE_INVITATION, PH_MEDIUM_EMAIL, "AdminCreateUser");

    invitation.user = &odd;
    invitation.code = PH_STR("{username}");
    assert_str(write_message(t, pool, &invitation).body,
               "Your username is {####} and temporary password is {username}. ");
}

static void an_invitation_names_what_the_user_types(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{'UsernameAttributes':['email']}");
    struct ph_user by_email = { .username = PH_STR("00000000-0000-4000-8000-000000000000") };
    struct ph_message_request invitation =
        request_of(PH_TEMPLATE_INVITATION, PH_MEDIUM_EMAIL, "AdminCreateUser");

    ph_attrs_set(&t->arena, &by_email.attrs, PH_STR("email"), PH_STR("ann@example.com"));
    invitation.user = &by_email;
    assert_str(write_message(t, pool, &invitation).body,
               "Your username is ann@example.com and temporary password is 123456. ");
    assert_str(write_message(t, pool, &invitation).username,
               "00000000-0000-4000-8000-000000000000");
}

#define BY_LINK                                                                                    \
    "'VerificationMessageTemplate':{'DefaultEmailOption':'CONFIRM_WITH_LINK',"                     \
    "'EmailSubjectByLink':'Click','EmailMessageByLink':'Go {##here##}.'}"

static void a_link_needs_a_domain(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{" BY_LINK "}");
    struct ph_message_request code =
        request_of(PH_TEMPLATE_VERIFICATION, PH_MEDIUM_EMAIL, "SignUp");
    struct ph_message message;

    assert_fails(ph_message_write(&t->ctx, pool, &code, &message), "InvalidParameterException",
                 "Cannot send link: user pool has no domain.");
    code.reason = PH_STR("ForgotPassword"); /* never a link */
    assert_str(write_message(t, pool, &code).body, "Your verification code is 123456. ");
    code.reason = PH_STR("SignUp");
    code.medium = PH_MEDIUM_SMS;
    assert_str(write_message(t, pool, &code).body, "Your verification code is 123456. ");
}

static void give_domain(struct test_pool *t, const struct ph_pool *pool, const char *kind,
                        const char *name)
{
    struct json_t *document = ph_json_object(&t->arena);
    const struct ph_part domain = { .kind = PH_PART_DOMAIN,
                                    .name = ph_str_from(kind),
                                    .document = document };
    enum ph_part_write result;

    ph_json_set_str(&t->arena, document, "Domain", ph_str_from(name));
    assert_ok(ph_store_part_insert(&t->ctx, &pool->ref, &domain, 2, &result));
}

static void a_link_carries_its_values_escaped(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{" BY_LINK "}");
    struct ph_user odd = { .username = PH_STR("a\"b") };
    struct ph_message_request code =
        request_of(PH_TEMPLATE_VERIFICATION, PH_MEDIUM_EMAIL, "ResendCode");

    give_domain(t, pool, "Domain", "prefix");
    code.user = &odd;
    assert_str(write_message(t, pool, &code).subject, "Click");
    assert_str(
        write_message(t, pool, &code).body,
        "Go <a href=\"https://prefix.auth.eu-west-1.amazoncognito.com/confirmUser/"
        "?client_id=client%261&amp;user_name=a%22b&amp;confirmation_code=123456\">here</a>.");
    give_domain(t, pool, "CustomDomain", "id.example.com");
    assert_true(ph_str_starts(write_message(t, pool, &code).body,
                              PH_STR("Go <a href=\"https://id.example.com/confirmUser/?")));
}

/* Functions write what they like: a link of their own that carries the code, too. */
static void a_message_with_a_link_may_have_the_code_and_the_name(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{" BY_LINK "}");
    struct ph_message_request code =
        request_of(PH_TEMPLATE_VERIFICATION, PH_MEDIUM_EMAIL, "SignUp");

    give_domain(t, pool, "Domain", "prefix");
    code.own_body = PH_STR("{username}: {####} or {##here##}");
    assert_str(
        write_message(t, pool, &code).body,
        "ann: 123456 or <a href=\"https://prefix.auth.eu-west-1.amazoncognito.com/confirmUser/"
        "?client_id=client%261&amp;user_name=ann&amp;confirmation_code=123456\">here</a>");
}

#define DELIVER_TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELIVER_TEST(a_pool_without_templates_has_the_usual_texts),
        DELIVER_TEST(a_template_of_the_pool_or_of_a_trigger_replaces_them),
        DELIVER_TEST(codes_of_sign_ins_have_texts_of_their_own),
        DELIVER_TEST(a_placeholder_inside_a_value_stays_what_it_is),
        DELIVER_TEST(an_invitation_names_what_the_user_types),
        DELIVER_TEST(a_link_needs_a_domain),
        DELIVER_TEST(a_link_carries_its_values_escaped),
        DELIVER_TEST(a_message_with_a_link_may_have_the_code_and_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
