/* Images by their content, and drawings that would run. */
#include "branding/image.h"
#include "branding/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#define PNG                                                                                        \
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\x6\0\0\0\x1f\x15\xc4\x89\0\0\0\0IEND\xae"    \
    "\x42\x60\x82"
#define JPEG "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"
#define ICO "\0\0\1\0\1\0\1\1\0\0\1\0 \0\x30\0\0\0\x16\0\0\0icon"
#define WEBP "RIFF\x12\0\0\0WEBPVP8L\x5\0\0\0\x2f\0\0\0\0\0"

static const struct {
    struct ph_str bytes;
    enum ph_image_type type;
} CASES[] = {
    { PH_STR_INIT(PNG), PH_IMAGE_PNG },
    { PH_STR_INIT(JPEG), PH_IMAGE_JPEG },
    { PH_STR_INIT(JPEG "\0\0"), PH_IMAGE_JPEG },
    { PH_STR_INIT(ICO), PH_IMAGE_ICO },
    { PH_STR_INIT(WEBP), PH_IMAGE_WEBP },
    { PH_STR_INIT("<svg/>"), PH_IMAGE_SVG },
    { PH_STR_INIT("<svg><script/></svg>"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT(""), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("iVBORw0KGgo="), PH_IMAGE_UNKNOWN }, /* encoded once too often */
    { PH_STR_INIT("\x89PNG\r\n\x1a\n"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("\xff\xd8\xff\xe0\0\0"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("\xff\xd8\xff\xd9"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("\0\0\1\0\0\0 no entries"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("\0\0\1\0\2\0 one is missing at least"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("RIFF\xff\0\0\0WEBPVP8L"), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("RIFF\x8\0\0\0WAVEfmt "), PH_IMAGE_UNKNOWN },
    { PH_STR_INIT("GIF89a\1\0\1\0\0\0\0;"), PH_IMAGE_UNKNOWN },
};

static void images_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const enum ph_image_type got = ph_image_type_of(CASES[i].bytes);

        if (got != CASES[i].type) {
            fail_msg("case %zu: %d", i, (int)got);
        }
    }
}

/* An exact heap copy lets AddressSanitizer see a read of one byte too many. */
static void images_cut_anywhere_are_read_within_their_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t n = 0; n <= CASES[i].bytes.n; n++) {
            uint8_t *exact = malloc(n + 1);

            memcpy(exact + 1, CASES[i].bytes.p, n);
            (void)ph_image_type_of((struct ph_str){ exact + 1, n });
            free(exact);
        }
    }
}

static void types_have_names(void **state)
{
    (void)state;
    for (int type = PH_IMAGE_ICO; type <= PH_IMAGE_WEBP; type++) {
        assert_int_equal(ph_image_type_named(ph_image_facts((enum ph_image_type)type)->name), type);
    }
    assert_int_equal(ph_image_type_named(PH_STR("GIF")), PH_IMAGE_UNKNOWN);
    assert_int_equal(ph_image_type_named(PH_STR("")), PH_IMAGE_UNKNOWN);
}

static const struct {
    const char *text;
    enum ph_svg_verdict verdict;
} DRAWINGS[] = {
    { "<svg xmlns=\"http://www.w3.org/2000/svg\"><circle r='1'/></svg>", PH_SVG_GOOD },
    { "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- c --><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG "
      "1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n<svg></svg>\n",
      PH_SVG_GOOD },
    { "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:g>text &amp; more</s:g></s:svg>",
      PH_SVG_GOOD },
    { "<svg><style><![CDATA[a > b { fill: red }]]></style><a href='https://example.com?a&amp;b'/>"
      "</svg>",
      PH_SVG_GOOD },
    { "<svg ><g / ></svg>", PH_SVG_NONE },
    { "", PH_SVG_NONE },
    { "svg", PH_SVG_NONE },
    { "<html><svg/></html>", PH_SVG_NONE },
    { "x<svg/>", PH_SVG_NONE },
    { "<svg/>x", PH_SVG_NONE },
    { "<svg/><svg/>", PH_SVG_NONE },
    { "<svg>", PH_SVG_NONE },
    { "</svg>", PH_SVG_NONE },
    { "<svg", PH_SVG_NONE },
    { "<svg a>", PH_SVG_NONE },
    { "<svg a=b/>", PH_SVG_NONE },
    { "<svg a='<'/>", PH_SVG_NONE },
    { "<svg a='b/>", PH_SVG_NONE },
    { "<svg><!-- </svg>", PH_SVG_NONE },
    { "<svg/><!DOCTYPE svg>", PH_SVG_NONE },
    { "<![CDATA[x]]><svg/>", PH_SVG_NONE },
    { "<?xml <svg/>", PH_SVG_NONE },
    { "<svg><script>alert(1)</script></svg>", PH_SVG_ACTIVE },
    { "<svg><x:SCRIPT xmlns:x='a'/></svg>", PH_SVG_ACTIVE },
    { "<svg onload='alert(1)'/>", PH_SVG_ACTIVE },
    { "<svg><g OnClick = \"alert(1)\"/></svg>", PH_SVG_ACTIVE },
    { "<svg><a xlink:href=' JavaScript:alert(1)'/></svg>", PH_SVG_ACTIVE },
    { "<svg><a href='&#106;avascript:alert(1)'/></svg>", PH_SVG_ACTIVE },
    { "<svg><foreignObject/></svg>", PH_SVG_ACTIVE },
    { "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", PH_SVG_ACTIVE },
    { "<!DOCTYPE svg [ ><svg/>", PH_SVG_ACTIVE },
    { "<?xml-stylesheet href='a.css'?><svg/>", PH_SVG_ACTIVE },
    { "<!<script><!PE><svg a=''>path/></svg>", PH_SVG_NONE },
    { "<svg><g></svg></g>", PH_SVG_NONE },
    { "<svg a='1' a='2'/>", PH_SVG_NONE },
    { "<svg>&undeclared;</svg>", PH_SVG_NONE },
    { "<svg>\310path</svg>", PH_SVG_NONE },
    { "<svg><a href='&#x6a;ava&#10;script:alert(1)'/></svg>", PH_SVG_ACTIVE },
    { "<svg><a href='&#1;javascript:alert(1)'/></svg>", PH_SVG_NONE },
    { "<svg><set attributeName='href' to='#a'/></svg>", PH_SVG_ACTIVE },
    { "<svg><set attributeName='xlink:href' to='#a'/></svg>", PH_SVG_ACTIVE },
    { "<svg><animate attributeName='onload' to='a'/></svg>", PH_SVG_ACTIVE },
    { "<svg><animate attributeName='opacity' to='0'/></svg>", PH_SVG_GOOD },
    { "<svg><a href='data:text/html,x'/></svg>", PH_SVG_ACTIVE },
    { "<svg><use href='data:image/svg+xml,x#a'/></svg>", PH_SVG_ACTIVE },
    { "<svg><image href='data:image/png;base64,aGk='/></svg>", PH_SVG_GOOD },
    { "<svg><a href='java'/><a href=''/></svg>", PH_SVG_GOOD },
};

static void drawings_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DRAWINGS / sizeof DRAWINGS[0]; i++) {
        const enum ph_svg_verdict got = ph_svg_judge(ph_str_from(DRAWINGS[i].text));

        if (got != DRAWINGS[i].verdict) {
            fail_msg("%s: %d", DRAWINGS[i].text, (int)got);
        }
    }
}

static void drawings_cut_anywhere_are_none(void **state)
{
    static const char WHOLE[] = "<?xml version='1.0'?><!-- c --><svg a='b'><g c=\"d\">"
                                "<![CDATA[x]]></g><path/></svg>";

    (void)state;
    for (size_t n = 0; n < sizeof WHOLE - 1; n++) {
        uint8_t *exact = malloc(n + 1);

        memcpy(exact + 1, WHOLE, n);
        assert_int_equal(ph_svg_judge((struct ph_str){ exact + 1, n }), PH_SVG_NONE);
        free(exact);
    }
    assert_int_equal(ph_svg_judge(ph_str_from(WHOLE)), PH_SVG_GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_told_apart),
        cmocka_unit_test(images_cut_anywhere_are_read_within_their_bounds),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(drawings_are_judged),
        cmocka_unit_test(drawings_cut_anywhere_are_none),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
