/*
 * Resources that nothing is made of here, but that others refer to: their ARNs, and those that SAM
 * adds to a template without a word in it.
 */
#include "seed/template.h"

/* --- what SAM adds --- */

static bool names_sam(const struct json_t *transform)
{
    static const struct ph_str SAM = PH_STR_INIT("AWS::Serverless-");
    bool found = ph_str_starts(ph_json_str(transform), SAM);

    for (size_t i = 0; !found && i < ph_json_length(transform); i++) {
        found = ph_str_starts(ph_json_str(ph_json_at(transform, i)), SAM);
    }
    return found;
}

struct addition {
    struct ph_str begins; /* its logical id, or what follows that of its owner; absent: the end */
    struct ph_str type;
};

/* For the events and deployments of the whole template. */
static const struct addition SHARED[] = {
    { PH_STR_INIT("ServerlessRestApi"), PH_STR_INIT("AWS::ApiGateway::RestApi") },
    { PH_STR_INIT("ServerlessHttpApi"), PH_STR_INIT("AWS::ApiGatewayV2::Api") },
    { PH_STR_INIT("ServerlessDeploymentApplication"), PH_STR_INIT("AWS::CodeDeploy::Application") },
    { PH_STR_INIT("CodeDeployServiceRole"), PH_STR_INIT("AWS::IAM::Role") },
    { { 0 }, { 0 } },
};

/* For one resource: "HelloFunction" has a "HelloFunctionRole", and "HelloFunction.Alias". */
static const struct addition OWNED[] = {
    { PH_STR_INIT("Role"), PH_STR_INIT("AWS::IAM::Role") },
    { PH_STR_INIT("Alias"), PH_STR_INIT("AWS::Lambda::Alias") },
    { PH_STR_INIT("Version"), PH_STR_INIT("AWS::Lambda::Version") },
    { { 0 }, PH_STR_INIT("AWS::Serverless::Part") },
};

/* Of the first row that fits, else of the last one. */
static struct ph_str type_by(const struct addition *row, struct ph_str name)
{
    while (row->begins.n > 0 && !ph_str_starts(name, row->begins)) {
        row++;
    }
    return row->type;
}

/* The longest one counts: there may be a "Hello" beside the "HelloFunction". */
static struct ph_str owner_of(const struct ph_template *t, struct ph_str logical)
{
    struct ph_str owner = { 0 };

    for (void *at = ph_json_first(t->resources); at != NULL; at = ph_json_next(t->resources, at)) {
        const struct ph_str name = ph_json_key(at);
        const struct ph_str type = ph_json_get_str(ph_json_member(at), "Type");

        if (ph_str_starts(type, PH_STR("AWS::Serverless::")) && name.n > owner.n &&
            name.n < logical.n && ph_str_starts(logical, name)) {
            owner = name;
        }
    }
    return owner;
}

struct ph_str ph_template_added_type(const struct ph_template *t, struct ph_str logical,
                                     struct ph_str *owner)
{
    struct ph_str rest, type;

    *owner = (struct ph_str){ 0 };
    if (!names_sam(ph_json_get(t->document, "Transform"))) {
        return (struct ph_str){ 0 };
    }
    type = type_by(SHARED, logical);
    if (type.n > 0) {
        return type;
    }
    *owner = owner_of(t, logical);
    rest = ph_str_skip(logical, owner->n);
    rest = ph_str_starts(rest, PH_STR(".")) ? ph_str_skip(rest, 1) : rest;
    return owner->n > 0 && rest.n > 0 ? type_by(OWNED, rest) : (struct ph_str){ 0 };
}

/* --- ARNs --- */

enum { WITH_REGION = 1, WITH_ACCOUNT = 2, IS_REF = 4, IN_US_EAST_1 = 8 };

/* Of types whose ARN is not arn:aws:service:region:account:name, or is what Ref gives. */
static const struct {
    struct ph_str type;
    const char *service;
    const char *before, *after; /* the name */
    unsigned form;
} ARNS[] = {
    { PH_STR_INIT("AWS::IAM::Role"), "iam", "role/", "", WITH_ACCOUNT },
    { PH_STR_INIT("AWS::IAM::ManagedPolicy"), "iam", "policy/", "", WITH_ACCOUNT | IS_REF },
    { PH_STR_INIT("AWS::KMS::Key"), "kms", "key/", "", WITH_REGION | WITH_ACCOUNT },
    { PH_STR_INIT("AWS::Pinpoint::App"), "mobiletargeting", "apps/", "",
      WITH_REGION | WITH_ACCOUNT },
    { PH_STR_INIT("AWS::SES::EmailIdentity"), "ses", "identity/", "", WITH_REGION | WITH_ACCOUNT },
    { PH_STR_INIT("AWS::SNS::Topic"), "sns", "", "", WITH_REGION | WITH_ACCOUNT | IS_REF },
    { PH_STR_INIT("AWS::SecretsManager::Secret"), "secretsmanager", "secret:", "",
      WITH_REGION | WITH_ACCOUNT | IS_REF },
    { PH_STR_INIT("AWS::Logs::LogGroup"), "logs", "log-group:", ":*", WITH_REGION | WITH_ACCOUNT },
    { PH_STR_INIT("AWS::KinesisFirehose::DeliveryStream"), "firehose", "deliverystream/", "",
      WITH_REGION | WITH_ACCOUNT },
    { PH_STR_INIT("AWS::S3::Bucket"), "s3", "", "", 0 },
    /* One that a domain of a pool uses must be of that region. */
    { PH_STR_INIT("AWS::CertificateManager::Certificate"), "acm", "certificate/", "",
      IN_US_EAST_1 | WITH_ACCOUNT | IS_REF },
};
enum { ARN_COUNT = sizeof ARNS / sizeof ARNS[0] };

/* Index of its row, or ARN_COUNT. */
static size_t row_of(struct ph_str type)
{
    size_t i = 0;

    while (i < ARN_COUNT && !ph_str_eq(type, ARNS[i].type)) {
        i++;
    }
    return i;
}

static bool is_qualifier(struct ph_str type)
{
    return ph_str_eq(type, PH_STR("AWS::Lambda::Alias")) ||
           ph_str_eq(type, PH_STR("AWS::Lambda::Version"));
}

bool ph_template_ref_is_arn(struct ph_str type)
{
    const size_t row = row_of(type);

    return is_qualifier(type) || (row < ARN_COUNT && (ARNS[row].form & IS_REF) != 0);
}

/* "AWS::Sns::Topic" is of the service "sns". */
static struct ph_str service_of(struct ph_arena *arena, struct ph_str type)
{
    struct ph_str service = ph_str_skip(type, sizeof "AWS::" - 1);

    if (!ph_str_starts(type, PH_STR("AWS::"))) {
        return PH_STR("custom");
    }
    ph_str_cut(service, ':', &service, NULL);
    return ph_str_lower(arena, service);
}

static struct ph_str arn_by_row(struct ph_template *t, size_t row, struct ph_str name)
{
    const unsigned form = ARNS[row].form;
    const struct ph_str none = { 0 }, region = t->file->seed->region;
    const struct ph_str account = t->file->seed->options->settings->account_id;

    return ph_strf(t->arena, "arn:aws:%s:%.*s:%.*s:%s%.*s%s", ARNS[row].service,
                   PH_FMT((form & WITH_REGION) != 0    ? region
                          : (form & IN_US_EAST_1) != 0 ? PH_STR("us-east-1")
                                                       : none),
                   PH_FMT((form & WITH_ACCOUNT) != 0 ? account : none), ARNS[row].before,
                   PH_FMT(name), ARNS[row].after);
}

/* An ARN or a name, as Lambda takes either; with or without a qualifier. */
static struct ph_str function_arn(struct ph_template *t, struct ph_str function)
{
    if (ph_str_starts(function, PH_STR("arn:"))) {
        return function;
    }
    return ph_strf(t->arena, "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                   PH_FMT(t->file->seed->region),
                   PH_FMT(t->file->seed->options->settings->account_id), PH_FMT(function));
}

/* Of a declared alias or version of a function. */
static bool qualified_arn(struct ph_template *t, struct ph_str logical, struct ph_str type,
                          struct ph_str *out)
{
    struct json_t *function, *alias;

    if (!ph_template_property(t, logical, "FunctionName", &function) ||
        !ph_template_property(t, logical, "Name", &alias)) {
        return false;
    }
    *out = ph_strf(
        t->arena, "%.*s:%.*s", PH_FMT(function_arn(t, ph_json_str(function))),
        PH_FMT(ph_str_eq(type, PH_STR("AWS::Lambda::Alias")) ? ph_json_str(alias) : PH_STR("1")));
    return true;
}

/* Of one that SAM adds to its owner. */
static bool added_arn(struct ph_template *t, struct ph_str owner, struct ph_str type,
                      struct ph_str *out)
{
    struct json_t *alias = NULL;
    struct ph_str name, qualifier = PH_STR("1");

    if (!ph_template_function_name(t, owner, &name) ||
        !ph_template_property(t, owner, "AutoPublishAlias", &alias)) {
        return false;
    }
    if (ph_str_eq(type, PH_STR("AWS::Lambda::Alias")) && ph_json_str(alias).n > 0) {
        qualifier = ph_json_str(alias);
    }
    *out = ph_strf(t->arena, "%.*s:%.*s", PH_FMT(function_arn(t, name)), PH_FMT(qualifier));
    return true;
}

bool ph_template_arn(struct ph_template *t, struct ph_str logical, struct ph_str type,
                     struct ph_str name, struct ph_str *out)
{
    const size_t row = row_of(type);
    struct ph_str owner;

    if (ph_template_is_function(type)) {
        *out = function_arn(t, name);
        return true;
    }
    if (is_qualifier(type)) {
        return ph_json_get_s(t->resources, logical) == NULL &&
                       ph_template_added_type(t, logical, &owner).n > 0
                   ? added_arn(t, owner, type, out)
                   : qualified_arn(t, logical, type, out);
    }
    if (row < ARN_COUNT) {
        *out = arn_by_row(t, row, name);
    } else {
        *out = ph_strf(t->arena, "arn:aws:%.*s:%.*s:%.*s:%.*s", PH_FMT(service_of(t->arena, type)),
                       PH_FMT(t->file->seed->region),
                       PH_FMT(t->file->seed->options->settings->account_id), PH_FMT(name));
    }
    return true;
}
