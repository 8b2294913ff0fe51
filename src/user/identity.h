/*
 * Users and their identities at other providers (management.md 4.11): who is meant by what a
 * provider says, which identities are linked to a user, and the `identities` attribute that tells.
 * Who signs users in by a provider asks ph_user_by_identity() first by the subject, then by each
 * attribute that the provider's claims are mapped to.
 */
#ifndef PH_USER_IDENTITY_H
#define PH_USER_IDENTITY_H

#include "user/user.h"

#define PH_SUBJECT PH_STR("Cognito_Subject")

/* As the API has it: ProviderUserIdentifierType. Absent members were not given. */
struct ph_provider_user {
    struct ph_str provider;
    struct ph_str attribute;
    struct ph_str value;
};

/* *user is NULL when the identity belongs to nobody, or there is no such provider. */
PH_MUST_USE struct ph_err ph_user_by_identity(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              const struct ph_provider_user *identity,
                                              struct ph_user **user);

/* "Google_1234": the Username of a profile that was made for an identity; folded where names are.
 */
struct ph_str ph_federated_username(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    struct ph_str provider, struct ph_str subject);

/*
 * AdminLinkProviderForUser: the source becomes an identity of the destination. The errors of
 * management.md 4.11.
 */
PH_MUST_USE struct ph_err ph_user_link(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       const struct ph_provider_user *source,
                                       const struct ph_provider_user *destination);

/*
 * AdminDisableProviderForUser: takes an identity away from its user, or, for the provider Cognito,
 * the password from a user, who then signs in by his identities only.
 */
PH_MUST_USE struct ph_err ph_user_disable_provider(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                   const struct ph_provider_user *given);

#endif
