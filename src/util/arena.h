/*
 * Arenas: memory that belongs to one request (or one snapshot) and dies with it.
 *
 * Nothing is freed singly. Resetting wipes every byte that was handed out, so that passwords,
 * codes and keys of a request do not outlive it. An arena belongs to one thread at a time.
 * Small allocations do not fail: an empty heap ends the process.
 */
#ifndef PH_UTIL_ARENA_H
#define PH_UTIL_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct ph_arena_block;
struct ph_arena_cleanup;

struct ph_arena {
    struct ph_arena_block *blocks; /* newest first */
    struct ph_arena_cleanup *cleanups;
};

/* An arena starts zeroed: struct ph_arena a = { 0 }; the first allocation takes a block. */

/* Runs the cleanups (newest first), wipes everything, keeps one block for the next request. */
void ph_arena_reset(struct ph_arena *arena);

/* As reset, and gives all memory back. Finishing a zeroed arena is fine. */
void ph_arena_finish(struct ph_arena *arena);

/* size zeroed bytes, aligned for every type. Ends the process when the heap is empty. */
void *ph_arena_alloc(struct ph_arena *arena, size_t size);

/* As ph_arena_alloc for count elements; an overflowing product ends the process. */
void *ph_arena_alloc_array(struct ph_arena *arena, size_t count, size_t size);

/* Makes an allocation of `size` bytes larger where it is; false when that is not possible. */
bool ph_arena_extend(struct ph_arena *arena, const void *p, size_t size, size_t larger);

/* Has cleanup(object) called when the arena is reset or finished. */
void ph_arena_defer(struct ph_arena *arena, void (*cleanup)(void *object), void *object);

/* Bytes handed out since the last reset. */
size_t ph_arena_used(const struct ph_arena *arena);

#define ph_arena_new(arena, type) ((type *)ph_arena_alloc((arena), sizeof(type)))
#define ph_arena_array(arena, count, type)                                                         \
    ((type *)ph_arena_alloc_array((arena), (count), sizeof(type)))

/* Ends the process with a message: for an empty heap and broken invariants of our own. */
_Noreturn void ph_fatal(const char *why);

#endif
