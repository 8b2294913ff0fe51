/* Images of the hosted pages: what they are, by their content. */
#ifndef PH_BRANDING_IMAGE_H
#define PH_BRANDING_IMAGE_H

#include "util/str.h"

enum ph_image_type {
    PH_IMAGE_UNKNOWN,
    PH_IMAGE_ICO,
    PH_IMAGE_JPEG,
    PH_IMAGE_PNG,
    PH_IMAGE_SVG,
    PH_IMAGE_WEBP,
};

/*
 * By the frame that the format puts around a picture, which is not decoded. Text in SVG counts only
 * when it shows and does nothing else (svg.h).
 */
enum ph_image_type ph_image_type_of(struct ph_str bytes);

struct ph_image_facts {
    struct ph_str name;         /* the API's: "PNG" */
    struct ph_str content_type; /* "image/png" */
    struct ph_str suffix;       /* of a file name, without the dot */
};

/* type is none of UNKNOWN. */
const struct ph_image_facts *ph_image_facts(enum ph_image_type type);

/* By the API's name; UNKNOWN when there is none such. */
enum ph_image_type ph_image_type_named(struct ph_str name);

#endif
