/*
 * The heap, for what outlives a request and for libraries that take functions for their memory. An
 * empty heap ends the process, as everywhere: what was acknowledged is durable, and a library that
 * answers "no" because it had no memory would be believed.
 */
#ifndef PH_UTIL_MEMORY_H
#define PH_UTIL_MEMORY_H

#include <stddef.h>

void *ph_heap_alloc(size_t size);                /* as malloc; for free() */
void *ph_heap_zeroed(size_t count, size_t size); /* as calloc */
void *ph_heap_resize(void *old, size_t size);    /* as realloc */

#endif
