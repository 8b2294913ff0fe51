/* The look of the pages of managed login before anybody chose another one. */
#include "branding/style.h"

/* Members as in the API's documents; colours are RRGGBBAA. */
static const char CATEGORIES[] =
    "{\"auth\":{\"authMethodOrder\":[[{\"display\":\"BUTTON\",\"type\":\"FEDERATED\"},{"
    "\"display\":\"INPUT\",\"type\":\"USERNAME_PASSWORD\"}]],\"federation\":{"
    "\"interfaceStyle\":\"BUTTON_LIST\",\"order\":[]}},\"form\":{\"displayGraphics\":true,"
    "\"instructions\":{\"enabled\":false},\"languageSelector\":{\"enabled\":false},"
    "\"location\":{\"horizontal\":\"CENTER\",\"vertical\":\"CENTER\"},\"sessionTimerDisplay\""
    ":\"NONE\"},\"global\":{\"colorSchemeMode\":\"LIGHT\",\"pageFooter\":{\"enabled\":false},"
    "\"pageHeader\":{\"enabled\":false},\"spacingDensity\":\"REGULAR\"},\"signUp\":{"
    "\"acceptanceElements\":[{\"enforcement\":\"NONE\",\"textKey\":\"en\"}]}}";

static const char CLASSES[] =
    "{\"buttons\":{\"borderRadius\":8.0},\"divider\":{\"lightMode\":{\"borderColor\":"
    "\"e3e6eaff\"},\"darkMode\":{\"borderColor\":\"2b313aff\"}},\"dropDown\":{"
    "\"borderRadius\":8.0,\"lightMode\":{\"defaults\":{\"itemBackgroundColor\":\"ffffffff\"},"
    "\"hover\":{\"itemBackgroundColor\":\"f1f3f6ff\",\"itemBorderColor\":\"6b7684ff\","
    "\"itemTextColor\":\"14181dff\"},\"match\":{\"itemBackgroundColor\":\"3b4652ff\","
    "\"itemTextColor\":\"1b5fc1ff\"}},\"darkMode\":{\"defaults\":{\"itemBackgroundColor\":"
    "\"1a1f26ff\"},\"hover\":{\"itemBackgroundColor\":\"222932ff\",\"itemBorderColor\":"
    "\"8d98a6ff\",\"itemTextColor\":\"e8ebefff\"},\"match\":{\"itemBackgroundColor\":"
    "\"d0d6deff\",\"itemTextColor\":\"7fb0f5ff\"}}},\"focusState\":{\"lightMode\":{"
    "\"borderColor\":\"1b5fc1ff\"},\"darkMode\":{\"borderColor\":\"7fb0f5ff\"}},"
    "\"idpButtons\":{\"icons\":{\"enabled\":true}},\"input\":{\"borderRadius\":8.0,"
    "\"lightMode\":{\"defaults\":{\"backgroundColor\":\"ffffffff\",\"borderColor\":"
    "\"6b7684ff\"},\"placeholderColor\":\"6b7684ff\"},\"darkMode\":{\"defaults\":{"
    "\"backgroundColor\":\"12161bff\",\"borderColor\":\"8d98a6ff\"},\"placeholderColor\":"
    "\"8d98a6ff\"}},\"inputDescription\":{\"lightMode\":{\"textColor\":\"55606dff\"},"
    "\"darkMode\":{\"textColor\":\"97a2b0ff\"}},\"inputLabel\":{\"lightMode\":{\"textColor\":"
    "\"14181dff\"},\"darkMode\":{\"textColor\":\"d0d6deff\"}},\"link\":{\"lightMode\":{"
    "\"defaults\":{\"textColor\":\"1b5fc1ff\"},\"hover\":{\"textColor\":\"13438aff\"}},"
    "\"darkMode\":{\"defaults\":{\"textColor\":\"7fb0f5ff\"},\"hover\":{\"textColor\":"
    "\"a9caf9ff\"}}},\"optionControls\":{\"lightMode\":{\"defaults\":{\"backgroundColor\":"
    "\"ffffffff\",\"borderColor\":\"6b7684ff\"},\"selected\":{\"backgroundColor\":"
    "\"1b5fc1ff\",\"foregroundColor\":\"ffffffff\"}},\"darkMode\":{\"defaults\":{"
    "\"backgroundColor\":\"12161bff\",\"borderColor\":\"8d98a6ff\"},\"selected\":{"
    "\"backgroundColor\":\"7fb0f5ff\",\"foregroundColor\":\"12161bff\"}}},\"statusIndicator\""
    ":{\"lightMode\":{\"error\":{\"backgroundColor\":\"fdf3f2ff\",\"borderColor\":"
    "\"c0271aff\",\"indicatorColor\":\"c0271aff\"},\"pending\":{\"indicatorColor\":"
    "\"1b5fc1ff\"},\"success\":{\"backgroundColor\":\"eef8f1ff\",\"borderColor\":\"1d7a3cff\""
    ",\"indicatorColor\":\"1d7a3cff\"},\"warning\":{\"backgroundColor\":\"fff9e8ff\","
    "\"borderColor\":\"8a6100ff\",\"indicatorColor\":\"8a6100ff\"}},\"darkMode\":{\"error\":{"
    "\"backgroundColor\":\"2a1412ff\",\"borderColor\":\"ef6a5dff\",\"indicatorColor\":"
    "\"ef6a5dff\"},\"pending\":{\"indicatorColor\":\"7fb0f5ff\"},\"success\":{"
    "\"backgroundColor\":\"102617ff\",\"borderColor\":\"5cc480ff\",\"indicatorColor\":"
    "\"5cc480ff\"},\"warning\":{\"backgroundColor\":\"2a2210ff\",\"borderColor\":\"e0b64cff\""
    ",\"indicatorColor\":\"e0b64cff\"}}}}";

static const char COMPONENTS[] =
    "{\"alert\":{\"borderRadius\":12.0,\"lightMode\":{\"error\":{\"backgroundColor\":"
    "\"fdf3f2ff\",\"borderColor\":\"c0271aff\"}},\"darkMode\":{\"error\":{\"backgroundColor\""
    ":\"2a1412ff\",\"borderColor\":\"ef6a5dff\"}}},\"favicon\":{\"enabledTypes\":[\"ICO\","
    "\"SVG\"]},\"form\":{\"backgroundImage\":{\"enabled\":false},\"borderRadius\":8.0,"
    "\"logo\":{\"enabled\":false,\"formInclusion\":\"IN\",\"location\":\"CENTER\","
    "\"position\":\"TOP\"},\"lightMode\":{\"backgroundColor\":\"ffffffff\",\"borderColor\":"
    "\"c9cfd7ff\"},\"darkMode\":{\"backgroundColor\":\"12161bff\",\"borderColor\":"
    "\"3b4652ff\"}},\"idpButton\":{\"custom\":{},\"standard\":{\"lightMode\":{\"active\":{"
    "\"backgroundColor\":\"d6e4f9ff\",\"borderColor\":\"13438aff\",\"textColor\":\"13438aff\""
    "},\"defaults\":{\"backgroundColor\":\"ffffffff\",\"borderColor\":\"3b4652ff\","
    "\"textColor\":\"3b4652ff\"},\"hover\":{\"backgroundColor\":\"eef4fdff\",\"borderColor\":"
    "\"13438aff\",\"textColor\":\"13438aff\"}},\"darkMode\":{\"active\":{\"backgroundColor\":"
    "\"2c3641ff\",\"borderColor\":\"a9caf9ff\",\"textColor\":\"a9caf9ff\"},\"defaults\":{"
    "\"backgroundColor\":\"12161bff\",\"borderColor\":\"d0d6deff\",\"textColor\":\"d0d6deff\""
    "},\"hover\":{\"backgroundColor\":\"1a1f26ff\",\"borderColor\":\"d6e4f9ff\",\"textColor\""
    ":\"d6e4f9ff\"}}}},\"pageBackground\":{\"image\":{\"enabled\":false},\"lightMode\":{"
    "\"color\":\"f4f6f9ff\"},\"darkMode\":{\"color\":\"0c0f13ff\"}},\"pageFooter\":{"
    "\"backgroundImage\":{\"enabled\":false},\"logo\":{\"enabled\":false,\"location\":"
    "\"START\"},\"lightMode\":{\"background\":{\"color\":\"f9fafbff\"},\"borderColor\":"
    "\"c9cfd7ff\"},\"darkMode\":{\"background\":{\"color\":\"12161bff\"},\"borderColor\":"
    "\"3b4652ff\"}},\"pageHeader\":{\"backgroundImage\":{\"enabled\":false},\"logo\":{"
    "\"enabled\":false,\"location\":\"START\"},\"lightMode\":{\"background\":{\"color\":"
    "\"f9fafbff\"},\"borderColor\":\"c9cfd7ff\"},\"darkMode\":{\"background\":{\"color\":"
    "\"12161bff\"},\"borderColor\":\"3b4652ff\"}},\"pageText\":{\"lightMode\":{\"bodyColor\":"
    "\"3b4652ff\",\"descriptionColor\":\"3b4652ff\",\"headingColor\":\"14181dff\"},"
    "\"darkMode\":{\"bodyColor\":\"b0b9c5ff\",\"descriptionColor\":\"b0b9c5ff\","
    "\"headingColor\":\"d0d6deff\"}},\"phoneNumberSelector\":{\"displayType\":\"TEXT\"},"
    "\"primaryButton\":{\"lightMode\":{\"active\":{\"backgroundColor\":\"13438aff\","
    "\"textColor\":\"ffffffff\"},\"defaults\":{\"backgroundColor\":\"1b5fc1ff\",\"textColor\""
    ":\"ffffffff\"},\"disabled\":{\"backgroundColor\":\"ffffffff\",\"borderColor\":"
    "\"ffffffff\"},\"hover\":{\"backgroundColor\":\"164fa1ff\",\"textColor\":\"ffffffff\"}},"
    "\"darkMode\":{\"active\":{\"backgroundColor\":\"7fb0f5ff\",\"textColor\":\"12161bff\"},"
    "\"defaults\":{\"backgroundColor\":\"7fb0f5ff\",\"textColor\":\"0a0d10ff\"},\"disabled\":"
    "{\"backgroundColor\":\"ffffffff\",\"borderColor\":\"ffffffff\"},\"hover\":{"
    "\"backgroundColor\":\"a9caf9ff\",\"textColor\":\"0a0d10ff\"}}},\"secondaryButton\":{"
    "\"lightMode\":{\"active\":{\"backgroundColor\":\"d6e4f9ff\",\"borderColor\":\"13438aff\""
    ",\"textColor\":\"13438aff\"},\"defaults\":{\"backgroundColor\":\"ffffffff\","
    "\"borderColor\":\"1b5fc1ff\",\"textColor\":\"1b5fc1ff\"},\"hover\":{\"backgroundColor\":"
    "\"eef4fdff\",\"borderColor\":\"13438aff\",\"textColor\":\"13438aff\"}},\"darkMode\":{"
    "\"active\":{\"backgroundColor\":\"2c3641ff\",\"borderColor\":\"a9caf9ff\",\"textColor\":"
    "\"a9caf9ff\"},\"defaults\":{\"backgroundColor\":\"12161bff\",\"borderColor\":"
    "\"7fb0f5ff\",\"textColor\":\"7fb0f5ff\"},\"hover\":{\"backgroundColor\":\"1a1f26ff\","
    "\"borderColor\":\"a9caf9ff\",\"textColor\":\"a9caf9ff\"}}}}";

struct json_t *ph_style_provided_settings(struct ph_arena *arena)
{
    struct json_t *settings = ph_json_object(arena);

    ph_json_set(arena, settings, "categories", ph_json_parse(arena, ph_str_from(CATEGORIES)));
    ph_json_set(arena, settings, "componentClasses", ph_json_parse(arena, ph_str_from(CLASSES)));
    ph_json_set(arena, settings, "components", ph_json_parse(arena, ph_str_from(COMPONENTS)));
    return settings;
}
