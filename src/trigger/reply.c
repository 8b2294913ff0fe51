/* What functions may answer: one table for each trigger, and the walk that applies it. */
#include "trigger/event.h"

enum type { TEXT, FLAG, TEXT_LIST, TEXT_MAP, ANY_MAP, OBJECT };

struct member {
    const char *name; /* NULL: the end */
    enum type type;
    const struct member *inside; /* of an OBJECT */
};

static const struct member NOTHING[] = { { NULL, TEXT, NULL } };

static const struct member PRE_SIGN_UP[] = { { "autoConfirmUser", FLAG, NULL },
                                             { "autoVerifyEmail", FLAG, NULL },
                                             { "autoVerifyPhone", FLAG, NULL },
                                             { NULL, TEXT, NULL } };

static const struct member GROUPS[] = { { "groupsToOverride", TEXT_LIST, NULL },
                                        { "iamRolesToOverride", TEXT_LIST, NULL },
                                        { "preferredRole", TEXT, NULL },
                                        { NULL, TEXT, NULL } };

static const struct member CLAIMS_V1[] = { { "claimsToAddOrOverride", TEXT_MAP, NULL },
                                           { "claimsToSuppress", TEXT_LIST, NULL },
                                           { "groupOverrideDetails", OBJECT, GROUPS },
                                           { NULL, TEXT, NULL } };

static const struct member TOKEN[] = { { "claimsToAddOrOverride", ANY_MAP, NULL },
                                       { "claimsToSuppress", TEXT_LIST, NULL },
                                       { "scopesToAdd", TEXT_LIST, NULL },
                                       { "scopesToSuppress", TEXT_LIST, NULL },
                                       { NULL, TEXT, NULL } };

static const struct member CLAIMS_V2[] = { { "idTokenGeneration", OBJECT, TOKEN },
                                           { "accessTokenGeneration", OBJECT, TOKEN },
                                           { "groupOverrideDetails", OBJECT, GROUPS },
                                           { NULL, TEXT, NULL } };

/* Of both versions: a pool reads the one that its version has. */
static const struct member PRE_TOKEN[] = { { "claimsOverrideDetails", OBJECT, CLAIMS_V1 },
                                           { "claimsAndScopeOverrideDetails", OBJECT, CLAIMS_V2 },
                                           { NULL, TEXT, NULL } };

static const struct member MIGRATION[] = { { "userAttributes", TEXT_MAP, NULL },
                                           { "forceAliasCreation", FLAG, NULL },
                                           { "enableSMSMFA", FLAG, NULL },
                                           { "finalUserStatus", TEXT, NULL },
                                           { "messageAction", TEXT, NULL },
                                           { "desiredDeliveryMediums", TEXT_LIST, NULL },
                                           { NULL, TEXT, NULL } };

static const struct member MESSAGE[] = { { "smsMessage", TEXT, NULL },
                                         { "emailMessage", TEXT, NULL },
                                         { "emailSubject", TEXT, NULL },
                                         { NULL, TEXT, NULL } };

static const struct member DEFINE[] = { { "challengeName", TEXT, NULL },
                                        { "issueTokens", FLAG, NULL },
                                        { "failAuthentication", FLAG, NULL },
                                        { NULL, TEXT, NULL } };

static const struct member CREATE[] = { { "publicChallengeParameters", TEXT_MAP, NULL },
                                        { "privateChallengeParameters", TEXT_MAP, NULL },
                                        { "challengeMetadata", TEXT, NULL },
                                        { NULL, TEXT, NULL } };

static const struct member VERIFY[] = { { "answerCorrect", FLAG, NULL }, { NULL, TEXT, NULL } };

static const struct member *const REPLIES[PH_TRIGGER_COUNT] = {
    [PH_TRIGGER_PRE_SIGN_UP] = PRE_SIGN_UP,
    [PH_TRIGGER_POST_CONFIRMATION] = NOTHING,
    [PH_TRIGGER_PRE_AUTHENTICATION] = NOTHING,
    [PH_TRIGGER_POST_AUTHENTICATION] = NOTHING,
    [PH_TRIGGER_PRE_TOKEN_GENERATION] = PRE_TOKEN,
    [PH_TRIGGER_USER_MIGRATION] = MIGRATION,
    [PH_TRIGGER_CUSTOM_MESSAGE] = MESSAGE,
    [PH_TRIGGER_CUSTOM_EMAIL_SENDER] = NOTHING,
    [PH_TRIGGER_CUSTOM_SMS_SENDER] = NOTHING,
    [PH_TRIGGER_DEFINE_AUTH_CHALLENGE] = DEFINE,
    [PH_TRIGGER_CREATE_AUTH_CHALLENGE] = CREATE,
    [PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE] = VERIFY,
};

static bool is_flag(const struct json_t *value)
{
    return ph_json_kind(value) == PH_JSON_TRUE || ph_json_kind(value) == PH_JSON_FALSE;
}

static bool is_text_list(const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; i < ph_json_length(value); i++) {
        if (ph_json_kind(ph_json_at(value, i)) != PH_JSON_STRING) {
            return false;
        }
    }
    return true;
}

static bool is_text_map(const struct json_t *value)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT) {
        return false;
    }
    for (void *i = ph_json_first(value); i != NULL; i = ph_json_next(value, i)) {
        const enum ph_json_kind kind = ph_json_kind(ph_json_member(i));

        if (kind != PH_JSON_STRING && kind != PH_JSON_NULL) {
            return false;
        }
    }
    return true;
}

static bool has_type(const struct json_t *value, enum type type)
{
    switch (type) {
    case TEXT:
        return ph_json_kind(value) == PH_JSON_STRING;
    case FLAG:
        return is_flag(value);
    case TEXT_LIST:
        return is_text_list(value);
    case TEXT_MAP:
        return is_text_map(value);
    case ANY_MAP:
    case OBJECT:
        return ph_json_kind(value) == PH_JSON_OBJECT;
    }
    return false;
}

/* Two levels at most, so that the walk needs no recursion to be deep. */
static bool has_types(const struct json_t *object, const struct member *members)
{
    for (; members->name != NULL; members++) {
        const struct json_t *value = ph_json_get(object, members->name);

        if (ph_json_kind(value) == PH_JSON_NULL) {
            continue;
        }
        if (!has_type(value, members->type) ||
            (members->type == OBJECT && !has_types(value, members->inside))) {
            return false;
        }
    }
    return true;
}

/* Functions must give back the event that they got. */
static bool has_frame(const struct json_t *reply)
{
    return ph_json_get_str(reply, "version").n > 0 &&
           ph_json_get_str(reply, "triggerSource").n > 0 &&
           ph_json_kind(ph_json_get(reply, "request")) == PH_JSON_OBJECT &&
           ph_json_kind(ph_json_get(reply, "response")) == PH_JSON_OBJECT;
}

bool ph_event_read_reply(struct ph_arena *arena, enum ph_trigger trigger, struct ph_str text,
                         const struct json_t **response)
{
    const struct json_t *reply = ph_json_parse(arena, text);

    if (!has_frame(reply) || !has_types(ph_json_get(reply, "response"), REPLIES[trigger])) {
        return false;
    }
    *response = ph_json_get(reply, "response");
    return true;
}
