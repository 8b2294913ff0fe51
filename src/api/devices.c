/* Devices, as their users and as administrators see and change them (authentication.md 2.4). */
#include "api/handlers.h"
#include "api/page_token.h"
#include "api/self.h"
#include "device/device.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/user.h"

enum { PAGE_MAX = 60 };

/* Whose devices. */
struct owner {
    const struct ph_pool *pool;
    struct ph_str sub;
    struct ph_str username;
};

/* The user of the access token, which was verified before the handler ran. */
static struct ph_err find_self(struct ph_ctx *ctx, struct owner *owner)
{
    owner->sub = ctx->caller.sub;
    owner->username = ctx->caller.username;
    return ph_pool_get(ctx, ctx->caller.pool_id, &owner->pool);
}

static struct ph_err find_user(struct ph_ctx *ctx, const struct ph_in *in, struct owner *owner)
{
    struct ph_user *user;

    PH_TRY(ph_named_find(ctx, in, &owner->pool, &user));
    owner->sub = user->sub;
    owner->username = user->username;
    return PH_OK;
}

/* ---- the shape ---- */

static void add(struct ph_out_list *list, struct ph_str name, struct ph_str value)
{
    struct ph_out one;

    if (value.p != NULL) {
        one = ph_out_list_object(list);
        ph_out_str(&one, M_Name, name);
        ph_out_str(&one, M_Value, value);
    }
}

static struct ph_str remembered_status(const struct ph_device *device)
{
    return device->status == PH_DEVICE_REMEMBERED ? PH_STR("remembered") : PH_STR("not_remembered");
}

/* "<username>.<pool>", and below it in the pool's part of the account. */
static void add_owner(struct ph_ctx *ctx, const struct owner *owner, struct ph_str key,
                      struct ph_out_list *list)
{
    const struct ph_str name = PH_CONCAT(ctx->arena, owner->username, PH_STR("."), owner->pool->id);

    add(list, PH_STR("dev:device_arn"),
        ph_strf(ctx->arena, "arn:aws:cognito-idp:%.*s:%.*s:owner/%.*s/device/%.*s",
                PH_FMT(owner->pool->region), PH_FMT(ctx->settings->account_id), PH_FMT(name),
                PH_FMT(key)));
    add(list, PH_STR("dev:device_owner"), name);
}

static void write_device(struct ph_ctx *ctx, const struct owner *owner,
                         const struct ph_device *device, struct ph_out *out)
{
    struct ph_out_list list;

    ph_out_str(out, M_DeviceKey, device->key);
    list = ph_out_list(out, M_DeviceAttributes);
    add(&list, PH_STR("device_status"), PH_STR("valid"));
    add(&list, PH_STR("device_name"), device->name);
    add_owner(ctx, owner, device->key, &list);
    add(&list, PH_STR("last_ip_used"), device->last_ip);
    add(&list, PH_STR("dev:device_remembered_status"), remembered_status(device));
    ph_out_time(out, M_DeviceCreateDate, device->created_ms);
    ph_out_time(out, M_DeviceLastModifiedDate, device->modified_ms);
    ph_out_time(out, M_DeviceLastAuthenticatedDate, device->authenticated_ms);
}

/* ---- one device ---- */

static struct ph_err get(struct ph_ctx *ctx, const struct ph_in *in, const struct owner *owner,
                         enum ph_device_choice choice, struct ph_out *out)
{
    struct ph_device *device;
    struct ph_out one;

    PH_TRY(ph_device_get(ctx, owner->pool, owner->sub, ph_in_str(in, M_DeviceKey), &device));
    if (choice == PH_DEVICES_REMEMBERED && device->status != PH_DEVICE_REMEMBERED) {
        return PH_FAIL(ResourceNotFoundException, PH_MSG_DEVICE_UNKNOWN);
    }
    one = ph_out_object(out, M_Device);
    write_device(ctx, owner, device, &one);
    return PH_OK;
}

static struct ph_err set_status(struct ph_ctx *ctx, const struct ph_in *in,
                                const struct owner *owner)
{
    const struct ph_str status = ph_in_str(in, M_DeviceRememberedStatus);

    if (status.n == 0) {
        return PH_FAIL(InvalidParameterException,
                       "Missing required parameter DeviceRememberedStatus");
    }
    return ph_device_set_status(ctx, owner->pool, owner->sub, ph_in_str(in, M_DeviceKey), status);
}

/* Users see the devices that are remembered; those that are not, administrators see. */
struct ph_err ph_api_get_device(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    struct owner owner;

    PH_TRY(find_self(ctx, &owner));
    return get(ctx, in, &owner, PH_DEVICES_REMEMBERED, out);
}

struct ph_err ph_api_admin_get_device(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    struct owner owner;

    PH_TRY(find_user(ctx, in, &owner));
    return get(ctx, in, &owner, PH_DEVICES_CONFIRMED, out);
}

struct ph_err ph_api_update_device_status(struct ph_ctx *ctx, const struct ph_in *in,
                                          struct ph_out *out)
{
    struct owner owner;

    (void)out;
    PH_TRY(find_self(ctx, &owner));
    return set_status(ctx, in, &owner);
}

struct ph_err ph_api_admin_update_device_status(struct ph_ctx *ctx, const struct ph_in *in,
                                                struct ph_out *out)
{
    struct owner owner;

    (void)out;
    PH_TRY(find_user(ctx, in, &owner));
    return set_status(ctx, in, &owner);
}

struct ph_err ph_api_forget_device(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    struct owner owner;

    (void)out;
    PH_TRY(find_self(ctx, &owner));
    return ph_device_forget(ctx, owner.pool, owner.sub, ph_in_str(in, M_DeviceKey));
}

struct ph_err ph_api_admin_forget_device(struct ph_ctx *ctx, const struct ph_in *in,
                                         struct ph_out *out)
{
    struct owner owner;

    (void)out;
    PH_TRY(find_user(ctx, in, &owner));
    return ph_device_forget(ctx, owner.pool, owner.sub, ph_in_str(in, M_DeviceKey));
}

struct ph_err ph_api_confirm_device(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_in secret = ph_in_object(in, M_DeviceSecretVerifierConfig);
    const struct ph_device_confirmation given = {
        .key = ph_in_str(in, M_DeviceKey),
        .name = ph_in_str(in, M_DeviceName),
        .verifier = ph_in_str(&secret, M_PasswordVerifier),
        .salt = ph_in_str(&secret, M_Salt),
    };
    struct owner owner;
    bool must_be_asked;

    PH_TRY(find_self(ctx, &owner));
    PH_TRY(ph_device_confirm(ctx, owner.pool, owner.sub, &given, &must_be_asked));
    ph_out_bool(out, M_UserConfirmationNecessary, must_be_asked);
    return PH_OK;
}

/* ---- lists ---- */

/* A page goes on in its own list only. */
static struct ph_str question_of(struct ph_ctx *ctx, const struct owner *owner,
                                 enum ph_device_choice choice)
{
    return ph_strf(ctx->arena, "%s %.*s %.*s",
                   choice == PH_DEVICES_REMEMBERED ? "ListDevices" : "AdminListDevices",
                   PH_FMT(owner->pool->id), PH_FMT(owner->sub));
}

static struct ph_err list(struct ph_ctx *ctx, const struct ph_in *in, const struct owner *owner,
                          enum ph_device_choice choice, struct ph_out *out)
{
    const struct ph_str question = question_of(ctx, owner, choice);
    const int64_t limit = ph_in_int(in, M_Limit);
    struct ph_str cursor, next;
    struct ph_device *devices;
    struct ph_out_list shown;
    size_t count;

    PH_TRY(ph_page_token_read(ctx, question, ph_in_str(in, M_PaginationToken), &cursor));
    PH_TRY(ph_store_device_list(ctx, &owner->pool->ref, owner->sub, choice, cursor,
                                limit == 0 ? PAGE_MAX : (size_t)limit, &devices, &count, &next));
    shown = ph_out_list(out, M_Devices);
    for (size_t i = 0; i < count; i++) {
        struct ph_out one = ph_out_list_object(&shown);

        write_device(ctx, owner, &devices[i], &one);
    }
    if (next.p != NULL) {
        ph_out_str(out, M_PaginationToken, ph_page_token_make(ctx, question, next));
    }
    return PH_OK;
}

struct ph_err ph_api_list_devices(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    struct owner owner;

    PH_TRY(find_self(ctx, &owner));
    return list(ctx, in, &owner, PH_DEVICES_REMEMBERED, out);
}

struct ph_err ph_api_admin_list_devices(struct ph_ctx *ctx, const struct ph_in *in,
                                        struct ph_out *out)
{
    struct owner owner;

    PH_TRY(find_user(ctx, in, &owner));
    return list(ctx, in, &owner, PH_DEVICES_CONFIRMED, out);
}
