/* Devices in a sign-in: a remembered one proves itself by a secret of its own. */
#include "auth/internal.h"

static bool is_remembered(const struct ph_attempt *attempt)
{
    return attempt->device != NULL && attempt->device->status == PH_DEVICE_REMEMBERED;
}

bool ph_device_replaces_mfa(const struct ph_attempt *attempt)
{
    return attempt->pool->device_replaces_mfa &&
           ((attempt->proven & PH_PROVED_DEVICE) != 0 || is_remembered(attempt));
}
