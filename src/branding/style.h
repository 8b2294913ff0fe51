/*
 * Styles of managed login (management.md 9): settings and images of the newer hosted pages, one
 * style for a client. A style is kept as a document in the API's own shape:
 * UseCognitoProvidedValues, Settings when there are own ones, Assets.
 */
#ifndef PH_BRANDING_STYLE_H
#define PH_BRANDING_STYLE_H

#include "util/ctx.h"
#include "util/json.h"

enum { PH_STYLE_ASSETS_MAX = 40 };

/*
 * The document that the members of Create or Update make of the one before (NULL: none): the source
 * that they choose, either the provided values or own settings, which replace those before; and the
 * images that they name, which replace those of the same use and add to the others.
 *
 * given   UseCognitoProvidedValues, Settings and Assets, checked against the model
 *
 * InvalidParameterException for no source or two of them, for images that are not what they are
 * called, and for too many.
 */
PH_MUST_USE struct ph_err ph_style_apply(struct ph_ctx *ctx, const struct json_t *before,
                                         const struct json_t *given, struct json_t **document);

/* A copy of the document whose Settings are whole: own values over the provided ones. */
struct json_t *ph_style_merged(struct ph_arena *arena, const struct json_t *document);

/* The settings that a style has before anybody chose others. */
struct json_t *ph_style_provided_settings(struct ph_arena *arena);

#endif
