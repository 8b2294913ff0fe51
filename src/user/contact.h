/* The two ways to reach a user, and all that goes with each. */
#ifndef PH_USER_CONTACT_H
#define PH_USER_CONTACT_H

#include "pool/pool.h"
#include "store/users.h"

struct ph_contact_kind {
    enum ph_contact bit;
    struct ph_str attribute; /* "email" or "phone_number" */
    struct ph_str flag;      /* the attribute that says whether it is verified */
    enum ph_alias_kind alias;
    enum ph_medium medium;
    enum ph_code_purpose verification; /* of a code that proves a new value */
};

/* The phone first: it gets the code when both are there (management.md 2.6). */
enum { PH_CONTACT_COUNT = 2 };
extern const struct ph_contact_kind ph_contacts[PH_CONTACT_COUNT];

/* The kind of this attribute, or NULL. */
const struct ph_contact_kind *ph_contact_of(struct ph_str attribute);

/* An address or a number by its form. */
bool ph_is_email(struct ph_str s);
bool ph_is_phone(struct ph_str s);

/* The first kind among `allowed` (enum ph_contact bits) that the user has a value of, or NULL. */
const struct ph_contact_kind *ph_contact_choose(const struct ph_attrs *attrs, unsigned allowed);

#endif
