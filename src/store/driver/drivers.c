#include "store/driver/driver.h"

#include <string.h>

const struct ph_driver *ph_driver_for(const char *path)
{
    static const char *const SCHEMES[] = { "postgresql://", "postgres://" };

    for (size_t i = 0; path != NULL && i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        if (strncmp(path, SCHEMES[i], strlen(SCHEMES[i])) == 0) {
            return &ph_driver_postgres;
        }
    }
    return &ph_driver_sqlite;
}
