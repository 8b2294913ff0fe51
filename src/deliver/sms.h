/*
 * Text messages by the Publish operation of SNS, or of whatever understands it: form-encoded Query
 * API of version 2010-03-31, signed.
 */
#ifndef PH_DELIVER_SMS_H
#define PH_DELIVER_SMS_H

#include "deliver/aws.h"
#include "deliver/carrier.h"

struct ph_sms; /* what the lines share */

/* The settings and the fetch must outlive it. */
struct ph_sms *ph_sms_create(const struct ph_settings *settings, struct ph_fetch *fetch);
void ph_sms_destroy(struct ph_sms *sms); /* NULL is fine */

struct ph_carrier ph_sms_carrier(struct ph_sms *sms);

#endif
