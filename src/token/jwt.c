#include "token/jwt.h"

#include "util/encode.h"

static struct ph_str header_text(struct ph_arena *arena, struct ph_str kid)
{
    struct json_t *header = ph_json_object(arena);

    ph_json_set_str(arena, header, "kid", kid);
    ph_json_set_str(arena, header, "alg", PH_STR("RS256"));
    return ph_json_text(arena, header, PH_JSON_INSERTION);
}

struct ph_str ph_jwt_sign(struct ph_arena *arena, const struct ph_rsa_key *key, struct ph_str kid,
                          const struct json_t *claims)
{
    const struct ph_str header = ph_base64url(arena, header_text(arena, kid));
    const struct ph_str body = ph_base64url(arena, ph_json_text(arena, claims, PH_JSON_INSERTION));
    const struct ph_str input = PH_CONCAT(arena, header, PH_STR("."), body);
    uint8_t signature[PH_RSA_BYTES];
    struct ph_str last;

    ph_rsa_sign(key, input, signature);
    last = ph_base64url(arena, (struct ph_str){ signature, sizeof signature });
    return PH_CONCAT(arena, input, PH_STR("."), last);
}

/* Exactly our header: "crit", "b64", "jwk", "jku", "x5u" and the rest are refused by the count. */
static bool read_header(struct ph_arena *arena, struct ph_str encoded, struct ph_str *kid)
{
    struct ph_str text, found;
    struct json_t *header;

    if (encoded.n > PH_JWT_HEADER_MAX || !ph_base64url_decode(arena, encoded, &text)) {
        return false;
    }
    header = ph_json_parse(arena, text);
    if (ph_json_kind(header) != PH_JSON_OBJECT || ph_json_members(header) != 2 ||
        !ph_str_eq(ph_json_get_str(header, "alg"), PH_STR("RS256"))) {
        return false;
    }
    found = ph_json_get_str(header, "kid");
    if (found.n != PH_JWT_KID_CHARS) {
        return false;
    }
    *kid = found;
    return true;
}

bool ph_jwt_split(struct ph_arena *arena, struct ph_str text, struct ph_jwt *jwt)
{
    struct ph_jwt out = { 0 };
    struct ph_str header, rest, signature;

    if (text.n > PH_JWT_MAX || !ph_str_cut(text, '.', &header, &rest) ||
        !ph_str_cut(rest, '.', &out.claims, &signature)) {
        return false;
    }
    /* A further dot is no base64 character, so more than three parts fail here. */
    if (!read_header(arena, header, &out.kid) ||
        !ph_base64url_decode(arena, signature, &out.signature) || out.signature.n != PH_RSA_BYTES) {
        return false;
    }
    out.input = (struct ph_str){ text.p, header.n + 1 + out.claims.n };
    *jwt = out;
    return true;
}

struct json_t *ph_jwt_claims(struct ph_arena *arena, const struct ph_jwt *jwt,
                             const struct ph_rsa_key *key)
{
    struct json_t *claims;
    struct ph_str text;

    if (!ph_rsa_verify(key, jwt->input, jwt->signature) ||
        !ph_base64url_decode(arena, jwt->claims, &text)) {
        return NULL;
    }
    claims = ph_json_parse(arena, text);
    return ph_json_kind(claims) == PH_JSON_OBJECT ? claims : NULL;
}

struct json_t *ph_jwk(struct ph_arena *arena, const struct ph_rsa_key *key, struct ph_str kid)
{
    struct json_t *jwk = ph_json_object(arena);

    ph_json_set_str(arena, jwk, "alg", PH_STR("RS256"));
    ph_json_set_str(arena, jwk, "e", PH_STR("AQAB")); /* 65537 */
    ph_json_set_str(arena, jwk, "kid", kid);
    ph_json_set_str(arena, jwk, "kty", PH_STR("RSA"));
    ph_json_set_str(arena, jwk, "n", ph_base64url(arena, ph_rsa_modulus(arena, key)));
    ph_json_set_str(arena, jwk, "use", PH_STR("sig"));
    return jwk;
}
