#include "seed/describe_notes.h"

#include "seed/internal.h"

static void note(struct ph_arena *arena, struct json_t *notes, struct ph_str text)
{
    for (size_t i = 0; i < ph_json_length(notes); i++) {
        if (ph_str_eq(ph_json_str(ph_json_at(notes, i)), text)) {
            return;
        }
    }
    ph_json_append(arena, notes, ph_json_new_str(arena, text));
}

/* --- functions --- */

static void note_function(struct ph_arena *arena, struct json_t *notes, struct ph_str trigger,
                          const struct json_t *value)
{
    const struct ph_str arn = ph_json_kind(value) == PH_JSON_STRING
                                  ? ph_json_str(value)
                                  : ph_json_get_str(value, "LambdaArn");

    if (ph_str_eq(trigger, PH_STR("KMSKeyID"))) {
        note(arena, notes,
             ph_strf(arena, "codes for custom senders were encrypted by %.*s: set kms.endpoint",
                     PH_FMT(arn)));
    } else if (arn.n > 0) {
        note(arena, notes,
             ph_strf(arena, "the trigger %.*s is %.*s: say with triggers.function where it runs",
                     PH_FMT(trigger), PH_FMT(arn)));
    }
}

static void note_functions(struct ph_arena *arena, struct json_t *notes,
                           const struct json_t *config)
{
    for (void *at = ph_json_first(config); at != NULL; at = ph_json_next(config, at)) {
        note_function(arena, notes, ph_json_key(at), ph_json_member(at));
    }
}

/* --- who sends messages --- */

static void note_senders(struct ph_arena *arena, struct json_t *notes,
                         const struct json_t *described)
{
    const struct ph_str mail =
        ph_json_get_str(ph_json_get(described, "EmailConfiguration"), "SourceArn");
    const struct ph_str sms =
        ph_json_get_str(ph_json_get(described, "SmsConfiguration"), "SnsCallerArn");

    if (mail.n > 0) {
        note(arena, notes,
             ph_strf(arena, "e-mail was sent by %.*s: it leaves by mail.relay now", PH_FMT(mail)));
    }
    if (sms.n > 0) {
        note(arena, notes,
             ph_strf(arena,
                     "text messages were sent with the role %.*s: they leave by sms.endpoint, with "
                     "the keys of the section aws",
                     PH_FMT(sms)));
    }
}

/* --- members that nobody knows here --- */

/* What descriptions say beside what was requested. */
static const char DESCRIPTIVE[] =
    "Id Name Status LastModifiedDate CreationDate SchemaAttributes EstimatedNumberOfUsers Arn "
    "Domain "
    "CustomDomain SmsConfigurationFailure EmailConfigurationFailure UserPoolId ClientId "
    "AWSAccountId "
    "S3Bucket CloudFrontDistribution Version CSSVersion ImageUrl MfaConfiguration";

void ph_describe_note_unknown(struct ph_arena *arena, struct json_t *notes, enum ph_op request,
                              const struct json_t *described)
{
    const struct ph_shape *shape = ph_operations[request].input;

    for (void *at = ph_json_first(described); at != NULL; at = ph_json_next(described, at)) {
        const struct ph_str name = ph_json_key(at);

        if (ph_shape_member(shape, name) == NULL && !ph_seed_names(DESCRIPTIVE, name)) {
            note(arena, notes,
                 ph_strf(arena, "%.*s is no member of %s: left out", PH_FMT(name),
                         ph_operations[request].name));
        }
    }
}

void ph_describe_note_pool(struct ph_arena *arena, struct json_t *notes,
                           const struct json_t *described)
{
    note_functions(arena, notes, ph_json_get(described, "LambdaConfig"));
    note_senders(arena, notes, described);
    ph_describe_note_unknown(arena, notes, OP_CreateUserPool, described);
}

/* --- of clients, domains and looks --- */

void ph_describe_note_client(struct ph_arena *arena, struct json_t *notes,
                             const struct json_t *described)
{
    if (ph_json_get(described, "AnalyticsConfiguration") != NULL) {
        note(arena, notes,
             ph_strf(arena, "the app client %.*s sends analytics: set analytics.endpoint",
                     PH_FMT(ph_json_get_str(described, "ClientId"))));
    }
}

void ph_describe_note_certificate(struct ph_arena *arena, struct json_t *notes,
                                  const struct json_t *domain)
{
    note(arena, notes,
         ph_strf(arena,
                 "the certificate of the domain %.*s stays with the service: give this server, or "
                 "the proxy before it, one of its own",
                 PH_FMT(ph_json_get_str(domain, "Domain"))));
}

void ph_describe_note_image(struct ph_arena *arena, struct json_t *notes,
                            const struct json_t *described)
{
    const struct ph_str url = ph_json_get_str(described, "ImageUrl");

    if (url.n > 0) {
        note(arena, notes,
             ph_strf(arena, "the logo is not fetched from %.*s: set it by SetUICustomization",
                     PH_FMT(url)));
    }
}
