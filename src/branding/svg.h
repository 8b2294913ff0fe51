/* Drawings in SVG, as far as one must look into them before a browser gets them. */
#ifndef PH_BRANDING_SVG_H
#define PH_BRANDING_SVG_H

#include "util/str.h"

enum ph_svg_verdict {
    PH_SVG_GOOD,
    PH_SVG_NONE,   /* no well-formed XML document with the element svg at its root */
    PH_SVG_ACTIVE, /* has what runs or comes from elsewhere: scripts, handlers of events, links to
                      them, foreign content, declared entities, style sheets by instruction */
};

/* Looks at tags and attributes; whether the drawing makes sense is for the browser to say. */
enum ph_svg_verdict ph_svg_judge(struct ph_str text);

#endif
