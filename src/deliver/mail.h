/* E-mail: a message of the outbox becomes a mail and goes to the relay of the configuration. */
#ifndef PH_DELIVER_MAIL_H
#define PH_DELIVER_MAIL_H

#include "deliver/carrier.h"
#include "util/settings.h"

/* The settings must outlive the carrier. */
struct ph_carrier ph_mail_carrier(const struct ph_mail_settings *settings);

/*
 * NULL, or what is wrong with the settings (static text): a relay that is no URL of SMTP, no
 * sender, a name without its password.
 */
const char *ph_mail_settings_problem(const struct ph_mail_settings *settings);

/* Can the relay be reached, and does it let us in? */
bool ph_mail_check(const struct ph_mail_settings *settings, struct ph_carry_report *report);

#endif
