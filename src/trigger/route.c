/* Routes: from the ARN in a pool's settings to where the function really is. */
#include "trigger/internal.h"

#include "util/buf.h"

struct scheme {
    struct ph_str prefix;
    enum ph_transport transport;
    bool keeps_prefix;
};

static const struct scheme SCHEMES[] = {
    { PH_STR_INIT("http://"), PH_BY_HTTP, true },
    { PH_STR_INIT("https://"), PH_BY_HTTP, true },
    { PH_STR_INIT("lambda:"), PH_BY_LAMBDA, false },
    { PH_STR_INIT("local:"), PH_BY_PROCESS, false },
};

static const struct scheme *find_scheme(struct ph_str target)
{
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        if (ph_str_starts(target, SCHEMES[i].prefix)) {
            return &SCHEMES[i];
        }
    }
    return NULL;
}

bool ph_route_parse(struct ph_arena *arena, struct ph_str line, struct ph_route *route,
                    const char **why)
{
    const struct scheme *scheme;
    struct ph_str pattern, target;

    if (!ph_str_cut(line, '=', &pattern, &target) || ph_str_trim(pattern).n == 0) {
        *why = ph_textf(arena, "\"%.*s\" is not FUNCTION = TARGET", PH_FMT(line));
        return false;
    }
    target = ph_str_trim(target);
    scheme = find_scheme(target);
    if (scheme == NULL || (scheme->transport != PH_BY_LAMBDA && target.n == scheme->prefix.n)) {
        *why = ph_textf(arena,
                        "\"%.*s\" is not http://..., lambda:ENDPOINT (or lambda: for AWS) or "
                        "local:FILE",
                        PH_FMT(target));
        return false;
    }
    *route = (struct ph_route){
        .pattern = ph_str_trim(pattern),
        .transport = scheme->transport,
        .target = scheme->keeps_prefix ? target : ph_str_skip(target, scheme->prefix.n),
    };
    return true;
}

bool ph_functions_run_here(struct ph_str routes)
{
    struct ph_arena arena = { 0 };
    struct ph_route route;
    bool here = false;
    struct ph_str line;
    const char *why;

    while (routes.n > 0 && !here) {
        ph_str_cut(routes, '\n', &line, &routes);
        here = ph_route_parse(&arena, line, &route, &why) && route.transport == PH_BY_PROCESS;
    }
    ph_arena_finish(&arena);
    return here;
}

/* '*' matches any text; goes back to the last one only, which is enough for patterns like these. */
static bool glob(struct ph_str pattern, struct ph_str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

bool ph_route_matches(const struct ph_route *route, struct ph_str arn)
{
    return glob(route->pattern, arn) || glob(route->pattern, ph_function_name(arn, NULL));
}

static struct ph_str field(struct ph_str arn, size_t index)
{
    struct ph_str head = { 0 };

    for (size_t i = 0; i <= index; i++) {
        ph_str_cut(arn, ':', &head, &arn);
    }
    return head;
}

struct ph_str ph_function_name(struct ph_str arn, struct ph_str *qualifier)
{
    if (qualifier != NULL) {
        *qualifier = field(arn, 7);
    }
    return field(arn, 6);
}

struct ph_str ph_function_region(struct ph_str arn)
{
    return field(arn, 3);
}

struct ph_str ph_route_target(struct ph_arena *arena, const struct ph_route *route,
                              struct ph_str arn)
{
    static const struct ph_str MARK = PH_STR_INIT("{function}");
    const struct ph_str name = ph_function_name(arn, NULL);
    struct ph_str rest = route->target;
    struct ph_buf out;

    ph_buf_init(&out, arena, 64 * 1024);
    while (rest.n > 0) {
        if (ph_str_starts(rest, MARK)) {
            ph_buf_add(&out, name);
            rest = ph_str_skip(rest, MARK.n);
        } else {
            ph_buf_add(&out, ph_str_take(&rest, 1));
        }
    }
    return ph_buf_str(&out);
}
