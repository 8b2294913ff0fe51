#include "pool/domain.h"

#include "model/exceptions.h"
#include "store/parts.h"

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

struct ph_err ph_pool_domains_read(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_pool_domains *domains)
{
    enum { KINDS = 2 };
    struct ph_pool_domains read = { 0 };
    struct ph_part *parts;
    size_t count;

    PH_TRY(ph_store_part_list(ctx, &pool->ref, PH_PART_DOMAIN, (struct ph_str){ 0 }, KINDS, &parts,
                              &count));
    for (size_t i = 0; i < count; i++) {
        const struct ph_str name = ph_json_get_str(parts[i].document, "Domain");
        const int64_t version = ph_json_int(ph_json_get(parts[i].document, "ManagedLoginVersion"));

        if (ph_str_eq(parts[i].name, PH_STR("Domain"))) {
            read.prefix = name;
        } else {
            read.custom = name;
        }
        read.managed_login = read.managed_login || version == 2;
    }
    *domains = read;
    return PH_OK;
}

struct ph_err ph_pool_domain_host(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  struct ph_str *host)
{
    struct ph_pool_domains domains;

    PH_TRY(ph_pool_domains_read(ctx, pool, &domains));
    *host = domains.custom;
    if (host->n == 0 && domains.prefix.n > 0) {
        *host = ph_strf(ctx->arena, "%.*s.auth.%.*s.amazoncognito.com", PH_FMT(domains.prefix),
                        PH_FMT(pool->region));
    }
    return PH_OK;
}

struct ph_err ph_pool_has_domain(struct ph_ctx *ctx, const struct ph_pool *pool, bool *has_one)
{
    struct ph_pool_domains domains;

    PH_TRY(ph_pool_domains_read(ctx, pool, &domains));
    *has_one = domains.prefix.p != NULL || domains.custom.p != NULL;
    return PH_OK;
}

/* ---- checks ---- */

/* Lower-case letters, numbers and hyphens, of which none stands at an end. */
static bool is_label(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!(s.p[i] == '-' || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
              (s.p[i] >= '0' && s.p[i] <= '9'))) {
            return false;
        }
    }
    return s.n > 0 && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

static bool is_reserved(struct ph_str word)
{
    return ph_str_eq(word, PH_STR("aws")) || ph_str_eq(word, PH_STR("amazon")) ||
           ph_str_eq(word, PH_STR("cognito"));
}

static struct ph_err check_prefix(struct ph_ctx *ctx, struct ph_str prefix)
{
    struct ph_str word, rest = prefix;

    if (!is_label(prefix)) {
        return invalid("The domain name contains an invalid character. Domain names can only "
                       "contain lower-case letters, numbers, and hyphens.");
    }
    while (rest.n > 0) {
        ph_str_cut(rest, '-', &word, &rest);
        if (is_reserved(word)) {
            return invalid(
                ph_textf(ctx->arena, "Domain cannot contain reserved word: %.*s", PH_FMT(word)));
        }
    }
    return PH_OK;
}

/* A domain below another that has an owner: three labels at least. */
static struct ph_err check_custom(struct ph_str name)
{
    struct ph_str label, rest = name;
    size_t labels = 0;
    bool more;

    do {
        more = ph_str_cut(rest, '.', &label, &rest);
        if (!is_label(label)) {
            return invalid("Custom domain is not a valid subdomain");
        }
        labels++;
    } while (more);
    return labels >= 3 ? PH_OK : invalid("Custom domain is not a valid subdomain");
}

static struct ph_err check_certificate(struct ph_str arn)
{
    return ph_str_starts(arn, PH_STR("arn:aws:acm:us-east-1:")) &&
                   ph_str_contains(arn, PH_STR(":certificate/"))
               ? PH_OK
               : invalid("The specified SSL certificate doesn't exist, isn't in us-east-1 region, "
                         "isn't valid, or doesn't include a valid certificate chain.");
}

static struct ph_err check_version(const struct ph_pool *pool, const struct json_t *input)
{
    const struct json_t *version = ph_json_get(input, "ManagedLoginVersion");

    if (version != NULL && ph_json_int(version) != 1 && ph_json_int(version) != 2) {
        return invalid("ManagedLoginVersion must be 1 or 2.");
    }
    if (ph_json_int(version) == 2 &&
        ph_str_eq(ph_json_get_str(pool->settings, "UserPoolTier"), PH_STR("LITE"))) {
        return PH_FAIL(FeatureUnavailableInTierException,
                       "The following feature is not available for the LITE pricing tier "
                       "configured: Managed Login Version 2");
    }
    return PH_OK;
}

struct ph_err ph_pool_domain_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct json_t *input)
{
    const struct json_t *custom = ph_json_get(input, "CustomDomainConfig");
    const struct ph_str name = ph_json_get_str(input, "Domain");

    if (custom == NULL) {
        PH_TRY(check_prefix(ctx, name));
    } else {
        PH_TRY(check_custom(name));
        PH_TRY(check_certificate(ph_json_get_str(custom, "CertificateArn")));
    }
    return check_version(pool, input);
}
