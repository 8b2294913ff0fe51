/*
 * What a browser sends, as JSON: read, and judged as a registration and as an assertion. What is
 * taken as right was made for the party, by a user who was there.
 */
#include "passkey/webauthn.h"
#include "support/fuzz.h"

static const struct ph_webauthn_party PARTY = { .id = PH_STR_INIT("example.com") };

/* Any key: nothing that a fuzzer makes is signed by it. */
static const uint8_t KEY[64] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
                                 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
                                 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
                                 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
                                 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e,
                                 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };

static void register_it(struct ph_arena *arena, const struct ph_webauthn_response *response)
{
    struct ph_webauthn_credential made;

    if (ph_webauthn_register(arena, &PARTY, response, &made) == PH_WEBAUTHN_RIGHT) {
        fuzz_check((made.flags & PH_WEBAUTHN_PRESENT) != 0);
        fuzz_check(ph_str_eq(made.id, response->id));
        fuzz_check(made.algorithm == -7 ? made.public_key.n == 64 : made.algorithm == -257);
    }
}

static void assert_it(struct ph_arena *arena, const struct ph_webauthn_response *response)
{
    const struct ph_webauthn_credential known = { .algorithm = -7,
                                                  .public_key = { KEY, sizeof KEY } };
    int64_t count, flags;

    fuzz_check(ph_webauthn_assert(arena, &PARTY, response, &known, &count, &flags) !=
               PH_WEBAUTHN_RIGHT);
}

static void read_client_data(struct ph_arena *arena, struct ph_str bytes)
{
    struct ph_client_data data;

    if (ph_client_data_read(arena, bytes, &data) && ph_origin_is_of(data.origin, PARTY.id)) {
        fuzz_check(ph_str_starts(data.origin, PH_STR("https://")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    static bool started;
    const struct ph_str in = { data, size };
    struct ph_webauthn_response response;

    if (!started) {
        started = true;
        ph_json_start();
    }
    if (ph_webauthn_read(&arena, ph_json_parse(&arena, in), &response)) {
        read_client_data(&arena, response.client_data);
        register_it(&arena, &response);
        assert_it(&arena, &response);
    }
    /* The attestation alone, too: in base64 a fuzzer moves slowly. */
    response =
        (struct ph_webauthn_response){ .client_data = PH_STR("{}"), .attestation_object = in };
    register_it(&arena, &response);
    ph_arena_reset(&arena);
    return 0;
}
