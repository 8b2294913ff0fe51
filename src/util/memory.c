#include "util/memory.h"

#include "util/arena.h"

#include <stdlib.h>

static void *had(void *got, size_t size)
{
    if (got == NULL && size > 0) {
        ph_fatal("out of memory");
    }
    return got;
}

void *ph_heap_alloc(size_t size)
{
    return had(malloc(size), size);
}

void *ph_heap_zeroed(size_t count, size_t size)
{
    return had(calloc(count, size), count * size);
}

void *ph_heap_resize(void *old, size_t size)
{
    return had(realloc(old, size), size);
}
