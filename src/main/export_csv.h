/* `export --csv`: the users of a pool as a file that an import job takes, here or at the service.
 */
#ifndef PH_MAIN_EXPORT_CSV_H
#define PH_MAIN_EXPORT_CSV_H

#include "main/data.h"

/* Writes to a new file at path, and says on the terminal who is not in it. The exit status. */
int ph_export_csv(const struct ph_settings *settings, struct ph_str pool_id, const char *path);

#endif
