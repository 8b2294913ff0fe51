/*
 * Text forms of bytes: base64 and base32 (RFC 4648, 4 to 6), hexadecimal, UUID (RFC 9562), the
 * values of HTML forms and queries, text inside HTML.
 *
 * Decoders are strict: a wrong character, length or padding is refused.
 */
#ifndef PH_UTIL_ENCODE_H
#define PH_UTIL_ENCODE_H

#include "util/str.h"

struct ph_str ph_base64(struct ph_arena *arena, struct ph_str bytes);    /* with padding */
struct ph_str ph_base64url(struct ph_arena *arena, struct ph_str bytes); /* without padding */

/* Standard alphabet with padding; false when malformed, *bytes untouched. */
PH_MUST_USE bool ph_base64_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes);

/* URL alphabet without padding; false when malformed, *bytes untouched. */
PH_MUST_USE bool ph_base64url_decode(struct ph_arena *arena, struct ph_str text,
                                     struct ph_str *bytes);

/* Upper case letters and digits 2 to 7, without padding (RFC 4648, 6). */
struct ph_str ph_base32(struct ph_arena *arena, struct ph_str bytes);

/* Either case, with or without padding; false when malformed, *bytes untouched. */
PH_MUST_USE bool ph_base32_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes);

struct ph_str ph_hex(struct ph_arena *arena, struct ph_str bytes); /* lower case */

/* Either case; an even number of digits; false when malformed, *bytes untouched. */
PH_MUST_USE bool ph_hex_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes);

/* A name or value of a form or query: '+' is a space, %XX a byte (WHATWG URL, 5.1). */
PH_MUST_USE bool ph_form_decode(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes);

/* The other way, for forms and parts of URLs: letters, digits and "-._~" stay, others become %XX.
 */
struct ph_str ph_url_encode(struct ph_arena *arena, struct ph_str bytes);

/* Text as it may stand between tags and inside quoted attributes. */
struct ph_str ph_html(struct ph_arena *arena, struct ph_str text);

enum { PH_UUID_BYTES = 16, PH_UUID_CHARS = 36 };

/* Lower case text form of 16 bytes. */
struct ph_str ph_uuid_text(struct ph_arena *arena, const uint8_t bytes[PH_UUID_BYTES]);

/* Sets version 4 in 16 random bytes. */
void ph_uuid4_set(uint8_t bytes[PH_UUID_BYTES]);

/* Sets version 7 in 16 random bytes: the first 48 bits become the time in epoch milliseconds. */
void ph_uuid7_set(uint8_t bytes[PH_UUID_BYTES], int64_t now_ms);

/* Reads the text form (lower or upper case); false when it is not one. */
PH_MUST_USE bool ph_uuid_parse(struct ph_str text, uint8_t bytes[PH_UUID_BYTES]);

/* Epoch milliseconds in a version 7 UUID. */
int64_t ph_uuid7_time_ms(const uint8_t bytes[PH_UUID_BYTES]);

#endif
