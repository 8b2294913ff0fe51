/* Domains of pools: their names. */
#include "pool/domain.h"
#include "pool/test_support.h"

#define INVALID "InvalidParameterException"
#define CERTIFICATE "'arn:aws:acm:us-east-1:123456789012:certificate/a'"
#define BAD_CHARACTER                                                                              \
    "The domain name contains an invalid character. Domain names can only contain lower-case "     \
    "letters, numbers, and hyphens."

static const struct {
    const char *input;
    const char *text; /* NULL: it is good */
} CASES[] = {
    { "{'Domain':'shop'}", NULL },
    { "{'Domain':'my-awsome-shop-2'}", NULL },
    { "{'Domain':'my.shop'}", BAD_CHARACTER },
    { "{'Domain':'Shop'}", BAD_CHARACTER },
    { "{'Domain':'-shop'}", BAD_CHARACTER },
    { "{'Domain':'my-aws-shop'}", "Domain cannot contain reserved word: aws" },
    { "{'Domain':'cognito'}", "Domain cannot contain reserved word: cognito" },
    { "{'Domain':'auth.example.com','CustomDomainConfig':{'CertificateArn':" CERTIFICATE "}}",
      NULL },
    { "{'Domain':'example.com','CustomDomainConfig':{'CertificateArn':" CERTIFICATE "}}",
      "Custom domain is not a valid subdomain" },
    { "{'Domain':'auth..com','CustomDomainConfig':{'CertificateArn':" CERTIFICATE "}}",
      "Custom domain is not a valid subdomain" },
    { "{'Domain':'auth.example.com','CustomDomainConfig':{'CertificateArn':"
      "'arn:aws:acm:eu-west-1:123456789012:certificate/a'}}",
      "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or "
      "doesn't include a valid certificate chain." },
};

static void names_and_certificates_are_checked(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct ph_err err = ph_pool_domain_check(&t->ctx, pool, json(t, CASES[i].input));

        if (CASES[i].text == NULL) {
            assert_ok(err);
        } else {
            assert_fails(err, INVALID, CASES[i].text);
        }
    }
}

static void the_new_pages_need_a_tier(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{'UserPoolTier':'LITE'}");

    assert_fails(
        ph_pool_domain_check(&t->ctx, pool, json(t, "{'Domain':'shop','ManagedLoginVersion':2}")),
        "FeatureUnavailableInTierException",
        "The following feature is not available for the LITE pricing tier configured: "
        "Managed Login Version 2");
    assert_ok(
        ph_pool_domain_check(&t->ctx, pool, json(t, "{'Domain':'shop','ManagedLoginVersion':1}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_and_certificates_are_checked, open_pools,
                                        close_pools),
        cmocka_unit_test_setup_teardown(the_new_pages_need_a_tier, open_pools, close_pools),
    };

    return cmocka_run_group_tests_name("domain", tests, NULL, NULL);
}
