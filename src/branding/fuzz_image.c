/* Images: a drawing that counts as one shows things and does nothing else. */
#include "branding/image.h"
#include "branding/svg.h"
#include "support/fuzz.h"

/* Where tags can stand that are none, or letters that are more than a byte. */
static bool hides_tags(struct ph_str in)
{
    return ph_str_contains(in, PH_STR("<!")) || ph_str_contains(in, PH_STR("<?")) ||
           ph_str_has_byte(in, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ph_str in = { data, size };
    const enum ph_image_type type = ph_image_type_of(in);

    if (type == PH_IMAGE_SVG) {
        fuzz_check(ph_svg_judge(in) == PH_SVG_GOOD);
        fuzz_check(hides_tags(in) || !ph_str_contains(in, PH_STR("<script")));
    } else if (type != PH_IMAGE_UNKNOWN) {
        fuzz_check(size > 4);
    }
    return 0;
}
