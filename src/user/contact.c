#include "user/contact.h"

enum { PHONE_DIGITS_MAX = 25 };

const struct ph_contact_kind ph_contacts[PH_CONTACT_COUNT] = {
    { PH_PHONE, PH_STR_INIT("phone_number"), PH_STR_INIT("phone_number_verified"), PH_ALIAS_PHONE,
      PH_MEDIUM_SMS, PH_CODE_VERIFY_PHONE },
    { PH_EMAIL, PH_STR_INIT("email"), PH_STR_INIT("email_verified"), PH_ALIAS_EMAIL,
      PH_MEDIUM_EMAIL, PH_CODE_VERIFY_EMAIL },
};

const struct ph_contact_kind *ph_contact_of(struct ph_str attribute)
{
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        if (ph_str_eq(ph_contacts[i].attribute, attribute)) {
            return &ph_contacts[i];
        }
    }
    return NULL;
}

bool ph_is_email(struct ph_str s)
{
    struct ph_str local, domain;

    if (!ph_str_cut(s, '@', &local, &domain) || local.n == 0 || domain.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] == 0x7f) {
            return false;
        }
    }
    return !ph_str_has_byte(domain, '@') && !ph_str_starts(domain, PH_STR(".")) &&
           !ph_str_ends(domain, PH_STR("."));
}

bool ph_is_phone(struct ph_str s)
{
    if (s.n < 2 || s.n > PHONE_DIGITS_MAX + 1 || s.p[0] != '+') {
        return false;
    }
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

const struct ph_contact_kind *ph_contact_choose(const struct ph_attrs *attrs, unsigned allowed)
{
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        if ((allowed & (unsigned)ph_contacts[i].bit) != 0 &&
            ph_attrs_get(attrs, ph_contacts[i].attribute).n > 0) {
            return &ph_contacts[i];
        }
    }
    return NULL;
}
