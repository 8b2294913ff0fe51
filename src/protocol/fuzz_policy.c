/*
 * A policy of anywhere: what passes the check decides, what does not allows nothing, a denial of
 * everything cannot be outvoted, and case of an action changes nothing.
 */
#include "protocol/policy.h"
#include "support/fuzz.h"
#include "util/json.h"

#include <string.h>

static struct ph_arena arena;

static const struct ph_policy_request REQUEST = {
    .action = PH_STR_INIT("cognito-idp:AdminGetUser"),
    .resource = PH_STR_INIT("arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_A"),
    .source_ip = PH_STR_INIT("192.0.2.7"),
    .region = PH_STR_INIT("eu-west-1"),
    .transport = PH_TRANSPORT_PLAIN,
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ph_json_start();
    return 0;
}

/* The document with one statement more. */
static struct ph_str with_statement(struct ph_str document, struct ph_str statement)
{
    struct json_t *json = ph_json_parse(&arena, document);
    const struct json_t *old = ph_json_get(json, "Statement");
    struct json_t *all = ph_json_array(&arena);

    if (ph_json_kind(old) == PH_JSON_ARRAY) {
        for (size_t i = 0; i < ph_json_length(old); i++) {
            ph_json_append(&arena, all, ph_json_copy(&arena, ph_json_at(old, i)));
        }
    } else {
        ph_json_append(&arena, all, ph_json_copy(&arena, old));
    }
    ph_json_append(&arena, all, ph_json_parse(&arena, statement));
    ph_json_set(&arena, json, "Statement", all);
    return ph_json_text(&arena, json, PH_JSON_INSERTION);
}

static void check_with(struct ph_str document, struct ph_str statement,
                       enum ph_policy_verdict wanted)
{
    const struct ph_str more = with_statement(document, statement);

    if (more.n <= PH_POLICY_MAX) {
        fuzz_check(ph_policy_decide(&arena, more, &REQUEST) == wanted);
    }
}

static void check_well_formed(struct ph_str document, enum ph_policy_verdict verdict)
{
    struct ph_policy_request request = REQUEST;

    check_with(document, PH_STR("{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}"),
               PH_POLICY_DENIED);
    check_with(document, PH_STR("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"),
               verdict == PH_POLICY_DENIED ? verdict : PH_POLICY_ALLOWED);
    request.action = PH_STR("COGNITO-IDP:ADMINGETUSER");
    fuzz_check(ph_policy_decide(&arena, document, &request) == verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ph_str document = { data, size };
    const char *why = ph_policy_check(&arena, document);
    const enum ph_policy_verdict verdict = ph_policy_decide(&arena, document, &REQUEST);
    const struct ph_policy_actions actions = { &REQUEST.action, 1 };
    struct ph_str doubts;

    fuzz_check((ph_policy_review(&arena, document, &actions, &doubts) != NULL) == (why != NULL));
    fuzz_check((why != NULL) == (verdict == PH_POLICY_MALFORMED));
    if (why == NULL) {
        check_well_formed(document, verdict);
    } else {
        fuzz_check(strlen(why) > 0);
    }
    ph_arena_reset(&arena);
    return 0;
}
