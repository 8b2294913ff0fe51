#include "util/user_agent.h"

enum { VERSION_MAX = 8, PROGRAM_MAX = 32 };

struct known {
    struct ph_str mark; /* what stands in the header; a version may follow */
    struct ph_str name;
};

/* In this order: nearly all browsers say that they are Chrome and Safari, too. */
static const struct known BROWSERS[] = {
    { PH_STR_INIT("Edg/"), PH_STR_INIT("Edge") },
    { PH_STR_INIT("EdgA/"), PH_STR_INIT("Edge") },
    { PH_STR_INIT("EdgiOS/"), PH_STR_INIT("Edge") },
    { PH_STR_INIT("OPR/"), PH_STR_INIT("Opera") },
    { PH_STR_INIT("SamsungBrowser/"), PH_STR_INIT("Samsung Internet") },
    { PH_STR_INIT("Firefox/"), PH_STR_INIT("Firefox") },
    { PH_STR_INIT("FxiOS/"), PH_STR_INIT("Firefox") },
    { PH_STR_INIT("CriOS/"), PH_STR_INIT("Chrome") },
    { PH_STR_INIT("Chrome/"), PH_STR_INIT("Chrome") },
    { PH_STR_INIT("Version/"), PH_STR_INIT("Safari") },
};

static const struct known SYSTEMS[] = {
    { PH_STR_INIT("Windows NT "), PH_STR_INIT("Windows") },
    { PH_STR_INIT("Windows"), PH_STR_INIT("Windows") },
    { PH_STR_INIT("Android "), PH_STR_INIT("Android") },
    { PH_STR_INIT("Android"), PH_STR_INIT("Android") },
    { PH_STR_INIT("iPhone OS "), PH_STR_INIT("iOS") },
    { PH_STR_INIT("CPU OS "), PH_STR_INIT("iOS") },
    { PH_STR_INIT("Mac OS X "), PH_STR_INIT("macOS") },
    { PH_STR_INIT("Darwin"), PH_STR_INIT("macOS") },
    { PH_STR_INIT("CrOS"), PH_STR_INIT("ChromeOS") },
    { PH_STR_INIT("Linux"), PH_STR_INIT("Linux") },
    { PH_STR_INIT("linux"), PH_STR_INIT("Linux") },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static size_t digits(struct ph_str s)
{
    size_t n = 0;

    while (n < s.n && n < VERSION_MAX && s.p[n] >= '0' && s.p[n] <= '9') {
        n++;
    }
    return n;
}

/* What follows the first occurrence; false when there is none. */
static bool find(struct ph_str text, struct ph_str mark, struct ph_str *after)
{
    for (; text.n >= mark.n; text = ph_str_skip(text, 1)) {
        if (ph_str_starts(text, mark)) {
            *after = ph_str_skip(text, mark.n);
            return true;
        }
    }
    return false;
}

/* "Chrome 126", or the name alone when no number follows; absent when nothing is known. */
static struct ph_str recognise(struct ph_arena *arena, const struct known *table, size_t count,
                               struct ph_str user_agent)
{
    struct ph_str after;

    for (size_t i = 0; i < count; i++) {
        if (find(user_agent, table[i].mark, &after)) {
            const struct ph_str major = ph_str_take(&after, digits(after));

            return major.n == 0 ? table[i].name
                                : ph_strf(arena, "%.*s %.*s", PH_FMT(table[i].name), PH_FMT(major));
        }
    }
    return (struct ph_str){ 0 };
}

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* A program that is no browser begins with its name: "aws-cli/2.9.19 Python/3.11 ...". */
static struct ph_str program(struct ph_arena *arena, struct ph_str user_agent)
{
    struct ph_str name, rest;
    size_t n = 0;

    while (n < user_agent.n && is_name_byte(user_agent.p[n])) {
        n++;
    }
    name = (struct ph_str){ user_agent.p, n };
    rest = ph_str_skip(user_agent, n);
    if (n == 0 || n > PROGRAM_MAX || !ph_str_starts(rest, PH_STR("/")) ||
        ph_str_eq(name, PH_STR("Mozilla"))) {
        return (struct ph_str){ 0 };
    }
    rest = ph_str_skip(rest, 1);
    rest = ph_str_take(&rest, digits(rest));
    return rest.n == 0 ? name : ph_strf(arena, "%.*s %.*s", PH_FMT(name), PH_FMT(rest));
}

struct ph_str ph_device_name(struct ph_arena *arena, struct ph_str user_agent)
{
    struct ph_str browser = recognise(arena, BROWSERS, COUNT(BROWSERS), user_agent);
    struct ph_str system = recognise(arena, SYSTEMS, COUNT(SYSTEMS), user_agent);

    if (browser.n == 0) {
        browser = program(arena, user_agent);
    }
    if (browser.n == 0 && system.n == 0) {
        return (struct ph_str){ 0 };
    }
    browser = browser.n > 0 ? browser : PH_STR("Other");
    system = system.n > 0 ? system : PH_STR("Other");
    return ph_strf(arena, "%.*s, %.*s", PH_FMT(browser), PH_FMT(system));
}
