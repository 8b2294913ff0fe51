#include "pool/acr.h"

#include "model/exceptions.h"

static const char *const LEVELS[PH_ACR_LEVELS] = { "Level1", "Level2", "Level3", "Level4" };

static const struct ph_str DEFAULTS[PH_ACR_LEVELS] = {
    PH_STR_INIT("urn:cognito:loa:1"),
    PH_STR_INIT("urn:cognito:loa:2"),
    PH_STR_INIT("urn:cognito:loa:3"),
    PH_STR_INIT("urn:cognito:loa:4"),
};

void ph_acr_names(const struct json_t *configuration, struct ph_str names[PH_ACR_LEVELS])
{
    for (size_t i = 0; i < PH_ACR_LEVELS; i++) {
        const struct ph_str own =
            ph_json_get_str(ph_json_get(configuration, LEVELS[i]), "AcrValue");

        names[i] = own.n > 0 ? own : DEFAULTS[i];
    }
}

struct json_t *ph_acr_effective(struct ph_arena *arena, const struct json_t *configuration)
{
    struct json_t *effective = ph_json_object(arena);
    struct ph_str names[PH_ACR_LEVELS];

    ph_acr_names(configuration, names);
    for (size_t i = 0; i < PH_ACR_LEVELS; i++) {
        struct json_t *level = ph_json_object(arena);

        ph_json_set_str(arena, level, "AcrValue", names[i]);
        ph_json_set(arena, effective, LEVELS[i], level);
    }
    return effective;
}

static bool is_level(struct ph_str key)
{
    for (size_t i = 0; i < PH_ACR_LEVELS; i++) {
        if (ph_str_eq(ph_str_from(LEVELS[i]), key)) {
            return true;
        }
    }
    return false;
}

struct ph_err ph_acr_check(struct ph_ctx *ctx, const struct json_t *configuration)
{
    struct ph_str names[PH_ACR_LEVELS];

    for (void *i = ph_json_first(configuration); i != NULL; i = ph_json_next(configuration, i)) {
        if (!is_level(ph_json_key(i))) {
            return PH_FAIL(InvalidParameterException,
                           "AcrConfiguration can only have the levels Level1, Level2, Level3 and "
                           "Level4.");
        }
    }
    ph_acr_names(configuration, names);
    for (size_t i = 0; i < PH_ACR_LEVELS; i++) {
        for (size_t j = i + 1; j < PH_ACR_LEVELS; j++) {
            if (ph_str_eq(names[i], names[j])) {
                return PH_FAIL(InvalidParameterException,
                               ph_textf(ctx->arena,
                                        "The AcrValue %.*s must be unique across all levels, "
                                        "including default names.",
                                        PH_FMT(names[i])));
            }
        }
    }
    return PH_OK;
}

struct json_t *ph_dcr_effective(struct ph_arena *arena, const struct json_t *configuration)
{
    struct json_t *effective;

    if (configuration == NULL) {
        return NULL;
    }
    effective = ph_json_copy(arena, configuration);
    if (ph_json_get(effective, "EnableStatus") == NULL) {
        ph_json_set_str(arena, effective, "EnableStatus", PH_STR("Enabled"));
    }
    if (ph_json_get(effective, "OpenDcrEnabled") == NULL) {
        ph_json_set_bool(arena, effective, "OpenDcrEnabled", false);
    }
    return effective;
}
