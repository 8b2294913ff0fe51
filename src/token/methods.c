#include "token/methods.h"

static const struct {
    enum ph_method bit;
    struct ph_str value;
} METHODS[] = {
    { PH_METHOD_PASSWORD, PH_STR_INIT("pwd") },     { PH_METHOD_TOTP, PH_STR_INIT("otp") },
    { PH_METHOD_SMS, PH_STR_INIT("sms") },          { PH_METHOD_EMAIL, PH_STR_INIT("email_otp") },
    { PH_METHOD_PLATFORM_KEY, PH_STR_INIT("swk") }, { PH_METHOD_ROAMING_KEY, PH_STR_INIT("hwk") },
};

enum {
    METHOD_COUNT = sizeof METHODS / sizeof METHODS[0],
    CODES = PH_METHOD_SMS | PH_METHOD_EMAIL,
    KEYS = PH_METHOD_PLATFORM_KEY | PH_METHOD_ROAMING_KEY,
};

unsigned ph_methods_level(unsigned methods)
{
    const bool password = (methods & PH_METHOD_PASSWORD) != 0;

    if (password && (methods & PH_METHOD_TOTP) != 0) {
        return 4;
    }
    if ((methods & KEYS) != 0 || (password && (methods & CODES) != 0)) {
        return 3;
    }
    if ((methods & CODES) != 0) {
        return 2;
    }
    return password ? 1 : 0;
}

struct json_t *ph_methods_claim(struct ph_arena *arena, unsigned methods)
{
    struct json_t *claim = ph_json_array(arena);

    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if ((methods & (unsigned)METHODS[i].bit) != 0) {
            ph_json_append(arena, claim, ph_json_new_str(arena, METHODS[i].value));
        }
    }
    if ((methods & (methods - 1)) != 0) {
        ph_json_append(arena, claim, ph_json_new_str(arena, PH_STR("mfa")));
    }
    return claim;
}

unsigned ph_methods_read(const struct json_t *claim)
{
    unsigned methods = 0;

    for (size_t i = 0; i < ph_json_length(claim); i++) {
        for (size_t j = 0; j < METHOD_COUNT; j++) {
            if (ph_str_eq(ph_json_str(ph_json_at(claim, i)), METHODS[j].value)) {
                methods |= (unsigned)METHODS[j].bit;
            }
        }
    }
    return methods;
}
