/* Whatever a header holds, what people are shown is short and printable. */
#include "util/user_agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_arena arena = { 0 };
    const struct ph_str name = ph_device_name(&arena, (struct ph_str){ data, size });

    if (name.n > PH_DEVICE_NAME_MAX) {
        ph_fatal("the name of a device is too long");
    }
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < ' ' || name.p[i] > '~') {
            ph_fatal("the name of a device is not printable");
        }
    }
    ph_arena_finish(&arena);
    return 0;
}
