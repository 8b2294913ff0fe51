#include "util/arena.h"

#include "util/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 32 * 1024 };

struct ph_arena_block {
    struct ph_arena_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[]; /* zero behind what is used */
};

struct ph_arena_cleanup {
    struct ph_arena_cleanup *older;
    void (*run)(void *object);
    void *object;
};

_Noreturn void ph_fatal(const char *why)
{
    fprintf(stderr, "poolhouse: fatal: %s\n", why);
    abort();
}

static struct ph_arena_block *block_create(size_t size, struct ph_arena_block *older)
{
    struct ph_arena_block *block = ph_heap_zeroed(1, sizeof *block + size);

    block->older = older;
    block->size = size;
    return block;
}

static void block_wipe(struct ph_arena_block *block)
{
    explicit_bzero(block->bytes, block->used);
    block->used = 0;
}

static void run_cleanups(struct ph_arena *arena)
{
    while (arena->cleanups != NULL) {
        struct ph_arena_cleanup *cleanup = arena->cleanups;

        arena->cleanups = cleanup->older;
        cleanup->run(cleanup->object);
    }
}

static void drop_blocks(struct ph_arena_block *block)
{
    while (block != NULL) {
        struct ph_arena_block *older = block->older;

        block_wipe(block);
        free(block);
        block = older;
    }
}

void ph_arena_reset(struct ph_arena *arena)
{
    run_cleanups(arena);
    if (arena->blocks == NULL) {
        return;
    }
    if (arena->blocks->size > BLOCK_BYTES) { /* one big request must not hold its memory */
        ph_arena_finish(arena);
        return;
    }
    drop_blocks(arena->blocks->older);
    arena->blocks->older = NULL;
    block_wipe(arena->blocks);
}

void ph_arena_finish(struct ph_arena *arena)
{
    run_cleanups(arena);
    drop_blocks(arena->blocks);
    arena->blocks = NULL;
}

static size_t aligned(size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2) {
        ph_fatal("allocation size overflow");
    }
    return (size + align - 1) / align * align;
}

void *ph_arena_alloc(struct ph_arena *arena, size_t size)
{
    void *p;

    size = aligned(size);
    if (arena->blocks == NULL || arena->blocks->size - arena->blocks->used < size) {
        arena->blocks = block_create(size > BLOCK_BYTES ? size : BLOCK_BYTES, arena->blocks);
    }
    p = arena->blocks->bytes + arena->blocks->used;
    arena->blocks->used += size;
    return p;
}

bool ph_arena_extend(struct ph_arena *arena, const void *p, size_t size, size_t larger)
{
    struct ph_arena_block *block = arena->blocks;
    const size_t more = aligned(larger) - aligned(size);

    if ((const unsigned char *)p + aligned(size) != block->bytes + block->used ||
        block->size - block->used < more) {
        return false;
    }
    block->used += more;
    return true;
}

void *ph_arena_alloc_array(struct ph_arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        ph_fatal("allocation size overflow");
    }
    return ph_arena_alloc(arena, bytes);
}

void ph_arena_defer(struct ph_arena *arena, void (*cleanup)(void *object), void *object)
{
    struct ph_arena_cleanup *c = ph_arena_new(arena, struct ph_arena_cleanup);

    c->older = arena->cleanups;
    c->run = cleanup;
    c->object = object;
    arena->cleanups = c;
}

size_t ph_arena_used(const struct ph_arena *arena)
{
    size_t used = 0;

    for (const struct ph_arena_block *b = arena->blocks; b != NULL; b = b->older) {
        used += b->used;
    }
    return used;
}
