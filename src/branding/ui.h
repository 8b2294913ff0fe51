/*
 * The classic hosted pages as a pool, or one of its clients, wants them: a style sheet and a logo
 * (management.md 9).
 */
#ifndef PH_BRANDING_UI_H
#define PH_BRANDING_UI_H

#include "branding/image.h"
#include "pool/pool.h"

struct ph_ui {
    struct ph_str client_id; /* empty: of all clients that have none of their own */
    struct ph_str css;       /* absent: none */
    struct ph_str image;     /* the bytes of a PNG or JPEG; absent: none */
    enum ph_image_type image_type;
    int64_t created_ms;
    int64_t modified_ms;
};

/*
 * Replaces what there is; without sheet and image it is taken away, and a client has again what the
 * pool has. The rest of *ui is filled in. Empty slices stand for absent ones.
 *
 * InvalidParameterException when the pool has no domain, for a sheet or an image that is none;
 * ResourceNotFoundException when pool or client have gone.
 */
PH_MUST_USE struct ph_err ph_ui_set(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    struct ph_ui *ui);

/* What counts for a client (empty: the pool's own); NULL when nothing was ever set. */
PH_MUST_USE struct ph_err ph_ui_find(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     struct ph_str client_id, const struct ph_ui **ui);

/* Where this server has the image: a path that no other version of it will ever have. */
struct ph_str ph_ui_image_path(struct ph_arena *arena, const struct ph_pool *pool,
                               const struct ph_ui *ui);

/* What is at such a path; NULL: nothing. */
PH_MUST_USE struct ph_err ph_ui_image_at(struct ph_ctx *ctx, struct ph_str path,
                                         const struct ph_ui **ui);

/* "20260102030405", which the API calls the version of the sheet. */
struct ph_str ph_ui_version(struct ph_arena *arena, const struct ph_ui *ui);

#endif
