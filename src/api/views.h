/* Shapes that several operations read or write: users, their attributes, where codes went. */
#ifndef PH_API_VIEWS_H
#define PH_API_VIEWS_H

#include "model/io.h"
#include "user/user.h"

/* A list of Name and Value; the later of two with one name counts. */
void ph_view_read_attributes(struct ph_ctx *ctx, const struct ph_in *in, enum ph_member_name m,
                             struct ph_attrs *attrs);

/* A list of strings, as the domain takes it. */
void ph_view_read_names(struct ph_ctx *ctx, const struct ph_in *in, enum ph_member_name m,
                        const struct ph_str **names, size_t *count);

/* The attributes as the string map that triggers get; NULL when the member is absent. */
const struct json_t *ph_view_read_map(struct ph_ctx *ctx, const struct ph_in *in,
                                      enum ph_member_name m);

/* Which attributes are shown; zeroed: all. */
struct ph_view_choice {
    const struct ph_client *reader; /* only those that the client may read, and sub */
    const struct json_t *wanted;    /* only those of this list of names */
};

/* sub first, then in order of insertion, each flag before the attribute that it is about. */
void ph_view_attributes(struct ph_out *out, enum ph_member_name m, const struct ph_user *user,
                        const struct ph_view_choice *choice);

/* Username, dates, state and attributes, these under the name `attributes`. */
void ph_view_user(struct ph_out *out, const struct ph_user *user, enum ph_member_name attributes,
                  const struct ph_view_choice *choice);

/* PreferredMfaSetting and UserMFASettingList, where there is something to say. */
void ph_view_mfa(struct ph_out *out, const struct ph_user *user);

/* MFAOptions: SMS, in the shape that came before UserMFASettingList. */
void ph_view_mfa_options(struct ph_out *out, const struct ph_user *user);

/* CodeDeliveryDetails, and the members of its type where it stands elsewhere. */
void ph_view_code_delivery(struct ph_out *out, const struct ph_delivery *delivery);
void ph_view_delivery(struct ph_out *details, const struct ph_delivery *delivery);

#endif
