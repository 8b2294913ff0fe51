#include "crypto/seal.h"
#include "store/internal.h"

/* table|pool|key|column. None of the first three can hold a '|' that would move a border. */
static struct ph_str purpose_of(struct ph_arena *arena, const struct ph_place *place)
{
    return ph_strf(arena, "%s|%.*s|%.*s|%s", place->table, PH_FMT(place->pool_id),
                   PH_FMT(place->key), place->column);
}

struct ph_str ph_place_seal(struct ph_arena *arena, const struct ph_key *key,
                            const struct ph_place *place, struct ph_str plain)
{
    return plain.p == NULL ? plain : ph_seal(arena, key, purpose_of(arena, place), plain);
}

bool ph_place_open(struct ph_arena *arena, const struct ph_key *key, const struct ph_place *place,
                   struct ph_str sealed, struct ph_str *plain)
{
    if (sealed.p == NULL) {
        *plain = sealed;
        return true;
    }
    return ph_open(arena, key, purpose_of(arena, place), sealed, plain);
}
