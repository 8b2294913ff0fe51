/*
 * The whole database as an image in memory, taken and put back in milliseconds: for tests that want
 * their state again (control/control.h). An engine that cannot do it says so.
 */
#ifndef PH_STORE_IMAGE_H
#define PH_STORE_IMAGE_H

#include "store/store.h"

struct ph_store_image;

/* What is committed now, everything before this call included. False and a text in *why. */
PH_MUST_USE bool ph_store_image_take(struct ph_store *store, struct ph_store_image **image,
                                     const char **why);

/* The image of a database that was made just now, under the same master key. */
PH_MUST_USE bool ph_store_image_empty(struct ph_store *store, struct ph_store_image **image,
                                      const char **why);

/*
 * The database is as it was in the image when this returns; spent nonces, which are kept in memory,
 * are those of the image. Writes that are queued are made before. Caches of whoever reads the store
 * are theirs to empty, and nobody may be half way through a request.
 */
PH_MUST_USE bool ph_store_image_put(struct ph_store *store, const struct ph_store_image *image,
                                    const char **why);

size_t ph_store_image_bytes(const struct ph_store_image *image);
void ph_store_image_free(struct ph_store_image *image); /* NULL is fine */

#endif
