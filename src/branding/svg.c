#include "branding/svg.h"

#include "util/memory.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    XML_Parser parser;
    bool has_root;
    bool is_other; /* the root is none of SVG */
    bool is_active;
};

/* Without the prefix of its name space. */
static struct ph_str local_name(const char *name)
{
    const char *colon = strchr(name, ':');

    return ph_str_from(colon == NULL ? name : colon + 1);
}

static bool is_active_element(struct ph_str name)
{
    static const struct ph_str NAMES[] = { PH_STR_INIT("script"),  PH_STR_INIT("foreignObject"),
                                           PH_STR_INIT("iframe"),  PH_STR_INIT("embed"),
                                           PH_STR_INIT("object"),  PH_STR_INIT("handler"),
                                           PH_STR_INIT("listener") };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (ph_str_eq_nocase(name, NAMES[i])) {
            return true;
        }
    }
    return false;
}

/* The scheme as a browser reads it: spaces and control characters do not count. */
static bool has_scheme(const char *url, struct ph_str scheme)
{
    for (; *url != '\0' && scheme.n > 0; url++) {
        const uint8_t byte = (uint8_t)*url;

        if (byte > ' ' && !ph_str_eq_nocase((struct ph_str){ &byte, 1 }, ph_str_take(&scheme, 1))) {
            return false;
        }
    }
    return scheme.n == 0;
}

static bool is_handler(struct ph_str name)
{
    return name.n >= 2 && ph_str_eq_nocase((struct ph_str){ name.p, 2 }, PH_STR("on"));
}

/* An animation can set a link or a handler as well as the attribute itself. */
static bool sets_active_attribute(struct ph_str name, const char *value)
{
    return ph_str_eq_nocase(name, PH_STR("attributeName")) &&
           (is_handler(local_name(value)) || ph_str_eq_nocase(local_name(value), PH_STR("href")));
}

/* Data may be pictures: documents among them would be read like this one. */
static bool links_to_document(struct ph_str name, const char *value)
{
    return ph_str_eq_nocase(name, PH_STR("href")) && has_scheme(value, PH_STR("data:")) &&
           (!has_scheme(value, PH_STR("data:image/")) ||
            has_scheme(value, PH_STR("data:image/svg")));
}

static bool is_active_attribute(struct ph_str name, const char *value)
{
    return is_handler(name) || has_scheme(value, PH_STR("javascript:")) ||
           sets_active_attribute(name, value) || links_to_document(name, value);
}

static void see_element(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = arg;

    r->is_other |= !r->has_root && !ph_str_eq(local_name(name), PH_STR("svg"));
    r->has_root = true;
    r->is_active |= is_active_element(local_name(name));
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        r->is_active |= is_active_attribute(local_name(attributes[i]), attributes[i + 1]);
    }
}

/* A document type may name the one of SVG; what it declares itself is not even read. */
static void see_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
                        const XML_Char *public_id, int has_internal_subset)
{
    struct reading *r = arg;

    (void)name;
    (void)system_id;
    (void)public_id;
    if (has_internal_subset) {
        r->is_active = true;
        (void)XML_StopParser(r->parser, XML_FALSE);
    }
}

static void see_instruction(void *arg, const XML_Char *target, const XML_Char *data)
{
    struct reading *r = arg;

    (void)data;
    r->is_active |= ph_str_eq_nocase(ph_str_from(target), PH_STR("xml-stylesheet"));
}

static bool is_well_formed(struct reading *r, struct ph_str text)
{
    XML_SetUserData(r->parser, r);
    XML_SetStartElementHandler(r->parser, see_element);
    XML_SetStartDoctypeDeclHandler(r->parser, see_doctype);
    XML_SetProcessingInstructionHandler(r->parser, see_instruction);
    return text.n <= INT_MAX &&
           (XML_Parse(r->parser, (const char *)text.p, (int)text.n, XML_TRUE) == XML_STATUS_OK ||
            XML_GetErrorCode(r->parser) == XML_ERROR_ABORTED);
}

enum ph_svg_verdict ph_svg_judge(struct ph_str text)
{
    static const XML_Memory_Handling_Suite HEAP = { ph_heap_alloc, ph_heap_resize, free };
    struct reading r = { .parser = XML_ParserCreate_MM(NULL, &HEAP, NULL) };
    const bool is_xml = is_well_formed(&r, text);

    XML_ParserFree(r.parser);
    if (!is_xml || r.is_other) {
        return PH_SVG_NONE;
    }
    return r.is_active ? PH_SVG_ACTIVE : PH_SVG_GOOD;
}
