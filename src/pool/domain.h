/* The domains of a pool: a prefix of the service's own, a name of the customer's, or both. */
#ifndef PH_POOL_DOMAIN_H
#define PH_POOL_DOMAIN_H

#include "pool/pool.h"

struct ph_pool_domains {
    struct ph_str prefix; /* absent: none */
    struct ph_str custom; /* absent: none */
    bool managed_login;   /* one of them has its second version */
};

PH_MUST_USE struct ph_err ph_pool_domains_read(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               struct ph_pool_domains *domains);

/* Where the pool's pages are: the custom domain, else the prefix at the service; absent: nowhere.
 */
PH_MUST_USE struct ph_err ph_pool_domain_host(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              struct ph_str *host);
PH_MUST_USE struct ph_err ph_pool_has_domain(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             bool *has_one);

/*
 * The members of CreateUserPoolDomain and UpdateUserPoolDomain among themselves: name, certificate,
 * version of the managed login and the tier that has it. A domain with a certificate is a custom
 * one. InvalidParameterException, FeatureUnavailableInTierException.
 */
PH_MUST_USE struct ph_err ph_pool_domain_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               const struct json_t *input);

#endif
