#include "branding/image.h"

#include "branding/svg.h"

#include <assert.h>

static const struct ph_image_facts FACTS[] = {
    [PH_IMAGE_ICO] = { PH_STR_INIT("ICO"), PH_STR_INIT("image/x-icon"), PH_STR_INIT("ico") },
    [PH_IMAGE_JPEG] = { PH_STR_INIT("JPEG"), PH_STR_INIT("image/jpeg"), PH_STR_INIT("jpg") },
    [PH_IMAGE_PNG] = { PH_STR_INIT("PNG"), PH_STR_INIT("image/png"), PH_STR_INIT("png") },
    [PH_IMAGE_SVG] = { PH_STR_INIT("SVG"), PH_STR_INIT("image/svg+xml"), PH_STR_INIT("svg") },
    [PH_IMAGE_WEBP] = { PH_STR_INIT("WEBP"), PH_STR_INIT("image/webp"), PH_STR_INIT("webp") },
};

const struct ph_image_facts *ph_image_facts(enum ph_image_type type)
{
    assert(type != PH_IMAGE_UNKNOWN);
    return &FACTS[type];
}

enum ph_image_type ph_image_type_named(struct ph_str name)
{
    for (size_t i = 1; i < sizeof FACTS / sizeof FACTS[0]; i++) {
        if (ph_str_eq(FACTS[i].name, name)) {
            return (enum ph_image_type)i;
        }
    }
    return PH_IMAGE_UNKNOWN;
}

/* The signature, then the header chunk, 13 bytes long (PNG, 5.2 and 11.2.2). */
static bool is_png(struct ph_str b)
{
    return ph_str_starts(b, PH_STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")) && b.n >= 16 + 13 + 4;
}

/* Start of image, a marker, end of image (ITU-T T.81, B.1); some writers put zeros behind it. */
static bool is_jpeg(struct ph_str b)
{
    while (b.n > 0 && b.p[b.n - 1] == 0) {
        b.n--;
    }
    return ph_str_starts(b, PH_STR("\xff\xd8\xff")) && b.n >= 6 &&
           ph_str_ends(b, PH_STR("\xff\xd9"));
}

/* A directory of icons that has entries, 16 bytes each. */
static bool is_ico(struct ph_str b)
{
    enum { HEAD = 6, ENTRY = 16 };
    size_t count;

    if (!ph_str_starts(b, PH_STR("\0\0\1\0")) || b.n < HEAD) {
        return false;
    }
    count = b.p[4] + ((size_t)b.p[5] << 8);
    return count > 0 && b.n > HEAD + count * ENTRY;
}

/* A RIFF file as long as it says, of the form WEBP. */
static bool is_webp(struct ph_str b)
{
    size_t said;

    if (b.n < 12 || !ph_str_starts(b, PH_STR("RIFF")) ||
        !ph_str_starts(ph_str_skip(b, 8), PH_STR("WEBPVP8"))) {
        return false;
    }
    said = b.p[4] + ((size_t)b.p[5] << 8) + ((size_t)b.p[6] << 16) + ((size_t)b.p[7] << 24);
    return said + 8 <= b.n;
}

enum ph_image_type ph_image_type_of(struct ph_str bytes)
{
    if (is_png(bytes)) {
        return PH_IMAGE_PNG;
    }
    if (is_jpeg(bytes)) {
        return PH_IMAGE_JPEG;
    }
    if (is_ico(bytes)) {
        return PH_IMAGE_ICO;
    }
    if (is_webp(bytes)) {
        return PH_IMAGE_WEBP;
    }
    return ph_svg_judge(bytes) == PH_SVG_GOOD ? PH_IMAGE_SVG : PH_IMAGE_UNKNOWN;
}
