#include "store/devices.h"

#include "crypto/srp_group.h"
#include "store/pool_row.h"

struct naming {
    struct ph_str pool_id;
    struct ph_str sub;
    struct ph_str key;
    enum ph_device_status status;
    int64_t now_ms;
    bool existed;
};

static struct naming naming_of(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                               struct ph_str sub, struct ph_str key)
{
    return (struct naming){ .pool_id = pool->id, .sub = sub, .key = key, .now_ms = ph_now_ms(ctx) };
}

/* --- secrets: the verifier, then the salt --- */

static struct ph_place place_of(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                struct ph_str sub, struct ph_str key, const char *column)
{
    return (struct ph_place){
        .table = "devices",
        .column = column,
        .pool_id = pool->id,
        .key = PH_CONCAT(arena, sub, PH_STR("/"), key),
    };
}

static struct ph_str seal_secret(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                 struct ph_str sub, const struct ph_device *device)
{
    const struct ph_place place = place_of(arena, pool, sub, device->key, "secret");

    return ph_pool_seal(arena, pool, &place, PH_CONCAT(arena, device->verifier, device->salt));
}

/* A forgotten device has none. */
static bool open_secret(struct ph_arena *arena, const struct ph_pool_ref *pool, struct ph_str sub,
                        struct ph_str sealed, struct ph_device *device)
{
    const struct ph_place place = place_of(arena, pool, sub, device->key, "secret");
    struct ph_str plain;

    if (sealed.p == NULL) {
        return device->status == PH_DEVICE_FORGOTTEN;
    }
    if (!ph_pool_open(arena, pool, &place, sealed, &plain) || plain.n < PH_SRP_BYTES) {
        return false;
    }
    device->verifier = ph_str_take(&plain, PH_SRP_BYTES);
    device->salt = plain;
    return true;
}

/* --- reading --- */

#define COLUMNS "key, status, name, last_ip, created_ms, modified_ms, authenticated_ms"
enum { COLUMN_SECRET = 7 };

static void decode(struct ph_q *q, struct ph_arena *arena, struct ph_device *device)
{
    *device = (struct ph_device){
        .key = ph_q_str(q, arena, 0),
        .status = (enum ph_device_status)ph_q_int(q, 1),
        .name = ph_q_str(q, arena, 2),
        .last_ip = ph_q_str(q, arena, 3),
        .created_ms = ph_q_int(q, 4),
        .modified_ms = ph_q_int(q, 5),
        .authenticated_ms = ph_q_int(q, 6),
    };
}

static const char FIND_DEVICE[] = "SELECT " COLUMNS ", secret FROM devices"
                                  " WHERE pool_id = $1 AND sub = $2 AND key = $3";

struct ph_err ph_store_device_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str sub, struct ph_str key, struct ph_device **device)
{
    struct ph_device *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_DEVICE, ph_v_text(pool->id), ph_v_text(sub), ph_v_text(key));
    if (ph_q_row(&q)) {
        found = ph_arena_new(ctx->arena, struct ph_device);
        decode(&q, ctx->arena, found);
        if (!open_secret(ctx->arena, pool, sub, ph_q_str(&q, ctx->arena, COLUMN_SECRET), found)) {
            ph_q_broken(&q, "the secret of a device does not open");
        }
    }
    PH_TRY(ph_read_end(&q));
    *device = found;
    return PH_OK;
}

static const char LIST_DEVICES[] = "SELECT " COLUMNS " FROM devices"
                                   " WHERE pool_id = $1 AND sub = $2 AND status BETWEEN $3 AND 1"
                                   " AND (created_ms, key) > ($4, $5)"
                                   " ORDER BY created_ms, key LIMIT $6";

/* Where a page ended: the time, a space, the key. */
static struct ph_str cursor_of(struct ph_arena *arena, const struct ph_device *device)
{
    return ph_strf(arena, "%lld %.*s", (long long)device->created_ms, PH_FMT(device->key));
}

static void read_cursor(struct ph_str cursor, int64_t *created_ms, struct ph_str *key)
{
    struct ph_str time;

    ph_str_cut(cursor, ' ', &time, key);
    if (!ph_str_to_int(time, 0, INT64_MAX, created_ms)) {
        *created_ms = -1;
        *key = PH_STR("");
    }
}

struct ph_err ph_store_device_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str sub, enum ph_device_choice choice,
                                   struct ph_str cursor, size_t limit, struct ph_device **devices,
                                   size_t *count, struct ph_str *next)
{
    const int64_t least =
        choice == PH_DEVICES_REMEMBERED ? PH_DEVICE_REMEMBERED : PH_DEVICE_NOT_REMEMBERED;
    struct ph_list list = { 0 };
    struct ph_str after_key;
    int64_t after_ms;
    struct ph_q q;

    read_cursor(cursor, &after_ms, &after_key);
    PH_READ(ctx, &q, LIST_DEVICES, ph_v_text(pool->id), ph_v_text(sub), ph_v_int(least),
            ph_v_int(after_ms), ph_v_text(after_key), ph_v_int((int64_t)limit + 1));
    while (ph_q_row(&q)) {
        decode(&q, ctx->arena, PH_LIST_ADD(ctx->arena, &list, struct ph_device));
    }
    PH_TRY(ph_read_end(&q));
    *devices = list.items;
    *count = list.count > limit ? limit : list.count;
    *next =
        list.count > limit ? cursor_of(ctx->arena, &(*devices)[limit - 1]) : (struct ph_str){ 0 };
    return PH_OK;
}

/* --- changing --- */

struct adding {
    struct ph_str pool_id;
    struct ph_str sub;
    const struct ph_device *device;
    struct ph_str secret;
    bool added;
};

/* Of a user who is there: nothing is left behind of one who is being deleted. */
static const char ADD_DEVICE[] =
    "INSERT INTO devices (pool_id, sub, key, status, name, last_ip, secret, created_ms,"
    " modified_ms, authenticated_ms)"
    " SELECT pool_id, sub, $3, $4, $5, $6, $7, $8, $9, $10 FROM users"
    " WHERE pool_id = $1 AND sub = $2 ON CONFLICT (pool_id, sub, key) DO NOTHING";

static void add(struct ph_tx *tx, void *arg)
{
    struct adding *a = arg;
    const struct ph_device *d = a->device;

    a->added = ph_user_hold(tx, a->pool_id, a->sub) &&
               PH_RUN(tx, ADD_DEVICE, ph_v_text(a->pool_id), ph_v_text(a->sub), ph_v_text(d->key),
                      ph_v_int(d->status), ph_v_text(d->name), ph_v_text(d->last_ip),
                      ph_v_bytes(a->secret), ph_v_int(d->created_ms), ph_v_int(d->modified_ms),
                      ph_v_int(d->authenticated_ms)) > 0;
}

struct ph_err ph_store_device_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                  struct ph_str sub, const struct ph_device *device, bool *added)
{
    struct adding a = {
        .pool_id = pool->id,
        .sub = sub,
        .device = device,
        .secret = seal_secret(ctx->arena, pool, sub, device),
    };

    PH_TRY(ph_write_sealed(ctx, pool, add, &a));
    *added = a.added;
    return PH_OK;
}

static const char SET_STATUS[] = "UPDATE devices SET status = $4, modified_ms = $5"
                                 " WHERE pool_id = $1 AND sub = $2 AND key = $3 AND status < 2";
static const char FORGET_DEVICE[] =
    "UPDATE devices SET status = 2, modified_ms = $4, name = NULL, last_ip = NULL, secret = NULL,"
    " awaited = NULL WHERE pool_id = $1 AND sub = $2 AND key = $3 AND status < 2";

static void set_status(struct ph_tx *tx, void *arg)
{
    struct naming *n = arg;

    n->existed = PH_RUN(tx, SET_STATUS, ph_v_text(n->pool_id), ph_v_text(n->sub), ph_v_text(n->key),
                        ph_v_int(n->status), ph_v_int(n->now_ms)) > 0;
}

struct ph_err ph_store_device_set_status(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                         struct ph_str sub, struct ph_str key,
                                         enum ph_device_status status, bool *existed)
{
    struct naming n = naming_of(ctx, pool, sub, key);

    n.status = status;
    PH_TRY(ph_write(ctx, set_status, &n));
    *existed = n.existed;
    return PH_OK;
}

static void forget(struct ph_tx *tx, void *arg)
{
    struct naming *n = arg;

    n->existed = PH_RUN(tx, FORGET_DEVICE, ph_v_text(n->pool_id), ph_v_text(n->sub),
                        ph_v_text(n->key), ph_v_int(n->now_ms)) > 0;
}

struct ph_err ph_store_device_forget(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                     struct ph_str sub, struct ph_str key, bool *existed)
{
    struct naming n = naming_of(ctx, pool, sub, key);

    PH_TRY(ph_write(ctx, forget, &n));
    *existed = n.existed;
    return PH_OK;
}

/* --- during a sign-in: nobody waits --- */

/* What is noted at a device. The slices point into bytes. */
struct note {
    struct ph_str pool_id;
    struct ph_str sub;
    struct ph_str key;
    struct ph_str value;
    int64_t now_ms;
    int64_t key_number; /* of what value was sealed with */
    uint8_t bytes[];
};

static struct note *note_of(struct ph_ctx *ctx, const struct ph_pool_ref *pool, struct ph_str sub,
                            struct ph_str key, struct ph_str value)
{
    struct note *note = ph_later_new(sizeof *note + pool->id.n + sub.n + key.n + value.n);
    uint8_t *at = note->bytes;

    note->pool_id = ph_later_keep(pool->id, &at);
    note->sub = ph_later_keep(sub, &at);
    note->key = ph_later_keep(key, &at);
    note->value = ph_later_keep(value, &at);
    note->now_ms = ph_now_ms(ctx);
    note->key_number = pool->key_number;
    return note;
}

static const char SEEN[] = "UPDATE devices SET authenticated_ms = $4, last_ip = $5"
                           " WHERE pool_id = $1 AND sub = $2 AND key = $3 AND status < 2";

static void note_seen(struct ph_tx *tx, void *arg)
{
    const struct note *n = arg;

    (void)PH_RUN(tx, SEEN, ph_v_text(n->pool_id), ph_v_text(n->sub), ph_v_text(n->key),
                 ph_v_int(n->now_ms), ph_v_text(n->value));
}

void ph_store_device_seen(struct ph_ctx *ctx, const struct ph_pool_ref *pool, struct ph_str sub,
                          struct ph_str key, struct ph_str address)
{
    ph_writer_later(ctx->store->writer, note_seen, note_of(ctx, pool, sub, key, address));
}

static const char AWAIT[] = "UPDATE devices SET awaited = $4"
                            " WHERE pool_id = $1 AND sub = $2 AND key = $3 AND status < 2";

static void note_awaited(struct ph_tx *tx, void *arg)
{
    const struct note *n = arg;

    if (ph_seal_is_late(tx, n->pool_id, n->key_number)) {
        return; /* the challenge is not found then: the sign-in begins anew */
    }
    (void)PH_RUN(tx, AWAIT, ph_v_text(n->pool_id), ph_v_text(n->sub), ph_v_text(n->key),
                 ph_v_bytes(n->value));
}

void ph_store_device_await(struct ph_ctx *ctx, const struct ph_pool_ref *pool, struct ph_str sub,
                           struct ph_str key, struct ph_str session)
{
    const struct ph_place place = place_of(ctx->arena, pool, sub, key, "awaited");

    ph_writer_later(ctx->store->writer, note_awaited,
                    note_of(ctx, pool, sub, key, ph_pool_seal(ctx->arena, pool, &place, session)));
    if (ctx->store->driver->several) {
        ph_flush(ctx); /* another process may be asked next */
    }
}

static const char AWAITED[] = "SELECT awaited FROM devices"
                              " WHERE pool_id = $1 AND sub = $2 AND key = $3";

struct ph_err ph_store_device_awaited(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                      struct ph_str sub, struct ph_str key, struct ph_str *session)
{
    const struct ph_place place = place_of(ctx->arena, pool, sub, key, "awaited");
    struct ph_str sealed = { 0 }, plain;
    struct ph_q q;

    ph_flush(ctx);
    PH_READ(ctx, &q, AWAITED, ph_v_text(pool->id), ph_v_text(sub), ph_v_text(key));
    if (ph_q_row(&q)) {
        sealed = ph_q_str(&q, ctx->arena, 0);
    }
    PH_TRY(ph_read_end(&q));
    if (!ph_pool_open(ctx->arena, pool, &place, sealed, &plain)) {
        return ph_internal(ctx, "the Session that waits for a device does not open");
    }
    *session = plain;
    return PH_OK;
}
