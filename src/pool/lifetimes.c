#include "pool/lifetimes.h"

static int64_t unit_s(struct ph_str unit, int64_t otherwise)
{
    if (ph_str_eq(unit, PH_STR("seconds"))) {
        return 1;
    }
    if (ph_str_eq(unit, PH_STR("minutes"))) {
        return 60;
    }
    if (ph_str_eq(unit, PH_STR("hours"))) {
        return 3600;
    }
    return ph_str_eq(unit, PH_STR("days")) ? 86400 : otherwise;
}

/* Saturates far above every limit, so that hostile numbers cannot overflow. */
static int64_t seconds(const struct json_t *value, struct ph_str unit, int64_t default_unit_s,
                       int64_t otherwise)
{
    const int64_t n = ph_json_int(value);

    if (n == 0) {
        return otherwise;
    }
    return n < 0 || n > 1000000000 ? INT64_MAX : n * unit_s(unit, default_unit_s);
}

struct ph_lifetimes ph_lifetimes_of(const struct json_t *settings)
{
    const struct json_t *units = ph_json_get(settings, "TokenValidityUnits");

    return (struct ph_lifetimes){
        .access_s = seconds(ph_json_get(settings, "AccessTokenValidity"),
                            ph_json_get_str(units, "AccessToken"), 3600, 3600),
        .id_s = seconds(ph_json_get(settings, "IdTokenValidity"), ph_json_get_str(units, "IdToken"),
                        3600, 3600),
        .refresh_s = seconds(ph_json_get(settings, "RefreshTokenValidity"),
                             ph_json_get_str(units, "RefreshToken"), 86400, 30LL * 86400),
    };
}
