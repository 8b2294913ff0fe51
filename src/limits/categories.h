/* The categories that the API's request rates are counted in (protocol.md 9). */
#ifndef PH_LIMITS_CATEGORIES_H
#define PH_LIMITS_CATEGORIES_H

#include "model/model.h"

enum ph_category {
    PH_CATEGORY_NONE,
    PH_CATEGORY_CLIENT_AUTHENTICATION,
    PH_CATEGORY_USER_ACCOUNT_RECOVERY,
    PH_CATEGORY_USER_AUTHENTICATION,
    PH_CATEGORY_USER_CREATION,
    PH_CATEGORY_USER_FEDERATION,
    PH_CATEGORY_USER_LIST,
    PH_CATEGORY_USER_POOL_CLIENT_READ,
    PH_CATEGORY_USER_POOL_CLIENT_UPDATE,
    PH_CATEGORY_USER_POOL_READ,
    PH_CATEGORY_USER_POOL_RESOURCE_READ,
    PH_CATEGORY_USER_POOL_RESOURCE_UPDATE,
    PH_CATEGORY_USER_POOL_UPDATE,
    PH_CATEGORY_USER_READ,
    PH_CATEGORY_USER_RESOURCE_READ,
    PH_CATEGORY_USER_RESOURCE_UPDATE,
    PH_CATEGORY_USER_TOKEN,
    PH_CATEGORY_USER_UPDATE,
    PH_CATEGORY_COUNT
};

struct ph_category_facts {
    struct ph_str name; /* "UserAuthentication" */
    int64_t free_rps;   /* requests per second that nobody has to provision */
};

/* Indexed by enum ph_category; NONE has no name. */
extern const struct ph_category_facts ph_categories[PH_CATEGORY_COUNT];

/* Of an operation; NONE: it is not counted. */
enum ph_category ph_category_of(enum ph_op op);

/* By its name; NONE when there is none such. */
enum ph_category ph_category_named(struct ph_str name);

#endif
