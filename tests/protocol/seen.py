"""What a run of the whole suite has seen of the API: errors of operations, members of replies.

`tests/run` gives all suites a folder (POOLHOUSE_TEST_SEEN); each notes there which operation
answered which exception, and which members came back with a value. When all have run, `missing()`
compares that with what the model declares. What no test can provoke stands below with the reason;
a reason for something that was seen is a mistake, too.
"""
import atexit
import json
import os
import re

import model

FOLDER = os.environ.get('POOLHOUSE_TEST_SEEN')
REQUEST = re.compile(r'\brequest\b.*?\boperation["=:]+(\w+).*?\berror["=:]+(\w+)')  # as text or JSON

errors = set()   # (operation, exception)
members = set()  # (operation, path), lists and maps as [] and {}


# ---- noting ----

def log(text):
    """The requests of a server, by whatever client, from its log."""
    if FOLDER:
        errors.update(REQUEST.findall(text))


def note_members(operation, value, path=''):
    if isinstance(value, dict):
        for name, inner in value.items():
            there = f'{path}.{name}'
            members.add((operation, there))
            note_members(operation, inner, there)
    elif isinstance(value, list):
        for inner in value:
            note_members(operation, inner, path + '[]')


def reply(operation, status, body):
    if FOLDER and status == 200 and body:
        try:
            note_members(operation, json.loads(body))
        except ValueError:
            pass  # a test of what a browser is answered


def boto_reply(http_response=None, model=None, **_):
    reply(model.name, http_response.status_code, http_response.content)


def save():
    if FOLDER and (errors or members):
        path = os.path.join(FOLDER, f'{os.getpid()}.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'errors': sorted(errors), 'members': sorted(members)}, f)


atexit.register(save)


def collect(folder):
    """(errors, members) of all that noted something."""
    found = set(), set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            noted = json.load(f)
        found[0].update(map(tuple, noted['errors']))
        found[1].update(map(tuple, noted['members']))
    return found


# ---- what there is ----

def declared_members(operation):
    """The paths of all members of an output; the inside of a document is the caller's."""
    def walk(shape, path):
        if shape.kind == 'structure':
            for name, (member, _) in shape.members.items():
                yield f'{path}.{name}'
                yield from walk(member, f'{path}.{name}')
        elif shape.kind == 'list':
            yield from walk(shape.element, path + '[]')
        elif shape.kind == 'map' and shape.element.has_members:
            yield path + '.*'
    return () if operation.output is None else walk(operation.output, '')


def built_operations():
    """Those that a handler is registered for."""
    source = os.path.join(os.path.dirname(model.SOURCE), '..', 'api', 'handlers.def')
    with open(source, encoding='utf-8') as f:
        return set(re.findall(r'^HANDLER\((\w+),', f.read(), re.M))


def was_returned(seen_members, operation, path):
    """A map has been seen with something in it; its keys are the caller's."""
    if path.endswith('.*'):
        return any(o == operation and p.startswith(path[:-1]) for o, p in seen_members)
    return (operation, path) in seen_members


def missing(folder):
    """Texts: what was declared, never seen and not explained; and explanations that are wrong."""
    seen_errors, seen_members = collect(folder)
    operations = {name: o for name, o in model.Model().operations.items()
                  if name in built_operations()}
    for name, operation in sorted(operations.items()):
        for error in operation.errors:
            if (name, error) not in seen_errors and not why_no_error(operation, error):
                yield f'{name} has never answered {error}'
        for path in declared_members(operation):
            if not was_returned(seen_members, name, path) and not why_no_member(name, path):
                yield f'{name} has never returned {path[1:]}'
    for name, error in sorted(NEVER_BY_OPERATION):
        if (name, error) in seen_errors:
            yield f'{name} does answer {error}: take its reason away'


# ---- what is never seen, and why ----

# By any operation that none of the suites makes answer it.
NEVER = {
    'InternalErrorException': 'a failure of the server itself: tests/fault makes them happen',
    'InternalServerException': 'likewise, by its newer name',
    'OperationNotEnabledException':
        'is for pools that have replicas, which there are none of; those who ask for one are told so',
    'ForbiddenException': 'a web application firewall answers it; none stands before Poolhouse',
    'InvalidSmsRoleAccessPolicyException': 'roles for sending are named and never assumed',
    'InvalidSmsRoleTrustRelationshipException': 'roles for sending are named and never assumed',
    'InvalidEmailRoleAccessPolicyException':
        'is judged when a pool is set up; sending by a relay asks nobody',
    'UserPoolTaggingException': 'tags are part of the pool: they cannot fail by themselves',
    'TierChangeNotAllowedException': 'a tier that has all that is in use may always be chosen',
    'ConcurrentModificationException':
        'a lost race of two changes; where updates can lose one, their suites do',
    'UnsupportedIdentityProviderException': 'every type of provider that the API names is supported',
    'CodeDeliveryFailureException': 'messages leave after the answer, and are tried again',
    'TooManyFailedAttemptsException': 'too many tries are LimitExceededException',
}
ADMINISTRATORS = 'who may not is told AccessDeniedException, as by the policies of the service'
NO_TOKEN = 'nobody has a token before the confirmation, and none is taken back by an administrator'
RESET = 'tokens outlive the reset of a password: it bars the next sign-in'
GONE = 'a token of a client or pool that is gone is Invalid Access Token'
SESSION = 'a Session whose user is gone is NotAuthorizedException'
NOT_OF_DEVICES = 'only confirming a device asks whether the pool tracks them; there are none else'
BY_POOL_SETTINGS = 'what a pool cannot do is refused when it is set up'

# Which operations, the exception, why.
FOR = (
    (lambda o: o.auth == 'sigv4', 'NotAuthorizedException', ADMINISTRATORS),
    (lambda o: o.auth == 'access-token', 'UserNotConfirmedException', NO_TOKEN),
    (lambda o: o.auth == 'access-token', 'PasswordResetRequiredException', RESET),
    (lambda o: o.auth == 'access-token', 'ResourceNotFoundException', GONE),
)
NEVER_BY_OPERATION = {
    (operation, error): why for operations, error, why in (
        ('AdminRespondToAuthChallenge RespondToAuthChallenge', 'UserNotFoundException', SESSION),
        ('AdminRespondToAuthChallenge', 'UserNotConfirmedException', SESSION),
        ('AdminRespondToAuthChallenge RespondToAuthChallenge AdminInitiateAuth',
         'MFAMethodNotFoundException', BY_POOL_SETTINGS),
        ('AdminRespondToAuthChallenge RespondToAuthChallenge', 'SoftwareTokenMFANotFoundException',
         'a challenge for a token that was removed meanwhile is NotAuthorizedException'),
        ('AdminRespondToAuthChallenge RespondToAuthChallenge', 'PasswordResetRequiredException',
         'is answered where the password is judged: at the beginning of a sign-in'),
        ('AdminRespondToAuthChallenge RespondToAuthChallenge', 'AliasExistsException',
         'a new password comes with attributes of which none is verified, so that none is an alias'),
        ('AdminRespondToAuthChallenge', 'ExpiredCodeException',
         'goes the way of RespondToAuthChallenge, which a test lets expire'),
        ('UpdateUserAttributes', 'CodeMismatchException', 'takes no code'),
        ('UpdateUserAttributes', 'ExpiredCodeException', 'takes no code'),
        ('VerifySoftwareToken', 'CodeMismatchException',
         'a wrong code is EnableSoftwareTokenMFAException'),
        ('CreateUserPoolClient UpdateUserPoolClient', 'FeatureUnavailableInTierException',
         BY_POOL_SETTINGS),
        ('ConfirmDevice', 'InvalidLambdaResponseException', 'asks no function'),
        ('ConfirmDevice', 'InvalidPasswordException', 'takes a verifier, no password'),
        ('ConfirmDevice', 'UsernameExistsException', 'makes no user'),
        ('AdminForgetDevice AdminGetDevice AdminListDevices AdminUpdateDeviceStatus ForgetDevice '
         'GetDevice ListDevices UpdateDeviceStatus', 'InvalidUserPoolConfigurationException',
         NOT_OF_DEVICES),
        ('AdminInitiateAuth InitiateAuth AdminRespondToAuthChallenge RespondToAuthChallenge '
         'VerifySoftwareToken', 'InvalidUserPoolConfigurationException', BY_POOL_SETTINGS),
        ('AdminConfirmSignUp AdminResetUserPassword SignUp', 'LimitExceededException',
         'only asking for codes and bringing them is counted'),
        ('CreateUserPoolReplica', 'FeatureUnavailableInTierException', 'there are no replicas'),
        ('CreateUserPoolReplica', 'LimitExceededException', 'there are no replicas'),
        ('CreateUserPoolDomain', 'LimitExceededException', 'a second domain is InvalidParameter'),
        ('DeleteWebAuthnCredential ListWebAuthnCredentials StartWebAuthnRegistration',
         'LimitExceededException', 'the number of passkeys is judged when one is completed'),
        ('AdminDisableProviderForUser', 'AliasExistsException', 'takes a link away and makes none'),
        ('DeleteUserPoolClientSecret ListUserPoolClientSecrets', 'LimitExceededException',
         'only adding one can be too much'),
        ('CreateUserImportJob', 'PreconditionNotMetException',
         'what a job needs is asked when it starts'),
        ('AdminCreateUser', 'PreconditionNotMetException', 'no precondition of it is documented'),
        ('AdminInitiateAuth InitiateAuth', 'UnsupportedOperationException',
         'every flow that the API names is built'),
        ('ConfirmForgotPassword', 'UserNotConfirmedException',
         'who never confirmed stays so, with a new password'),
        ('AdminDeleteSoftwareToken AdminSetUserMFAPreference', 'UserNotConfirmedException',
         'administrators set factors in any state'),
        ('AdminSetUserMFAPreference', 'PasswordResetRequiredException',
         'administrators set factors in any state'),
        ('GetTokensFromRefreshToken', 'UserNotFoundException',
         'a refresh token of nobody is NotAuthorizedException'),
        ('UpdateAuthEventFeedback', 'UserNotFoundException',
         'who is not there is NotAuthorizedException, as with a FeedbackToken that is wrong'),
        ('DeleteUserPoolDomain UpdateUserPoolDomain', 'ResourceNotFoundException',
         'a domain and a pool that do not belong together are InvalidParameterException'),
        ('DescribeUserPoolDomain', 'ResourceNotFoundException', 'an unknown domain has no members'),
    ) for operation in operations.split()}


def why_no_error(operation, error):
    """The reason, or None."""
    rule = next((why for applies, name, why in FOR if name == error and applies(operation)), None)
    return rule or NEVER.get(error) or NEVER_BY_OPERATION.get((operation.name, error))


DYNAMIC = 'clients that register themselves are not built'
NO_ENGINE = 'nothing says where an address is'
ONE_PAGE = 'as many as a user can have are on one page'
NEVER_RETURNED = {
    # the last member of the path, or all of it behind an operation: why
    'AcrMapping': 'of no use before federated sign-ins: accepted and not kept, as by the service',
    'ClientType': DYNAMIC, 'ManagedBy': DYNAMIC,
    'EmailConfigurationFailure': 'nothing is tried when a pool is set up',
    'SmsConfigurationFailure': 'nothing is tried when a pool is set up',
    'City': NO_ENGINE, 'Country': NO_ENGINE, 'Timezone': NO_ENGINE,
    'DeviceName': 'no device is recognised by its looks',
    'ReplicaRegions': 'there are no replicas', 'UserPoolReplica': 'there are no replicas',
    'ListUserPoolReplicas.NextToken': 'there is one region',
    'ListUserPoolClientSecrets.ClientSecrets[].ClientSecretValue': 'is shown when it is made only',
    'ListUserPoolClientSecrets.NextToken': 'the two that a client can have are on one page',
    'AdminListUserSessions.NextToken': ONE_PAGE, 'ListUserSessions.NextToken': ONE_PAGE,
    'OriginSessionId': 'names a session of the pages, and there are no pages yet',
    **{f'{operation}UserImportJob.UserImportJob.{member}': why for operation, members, why in (
        ('Create', 'StartDate CompletionDate CompletionMessage', 'a new job has not begun'),
        ('Start', 'CompletionDate CompletionMessage', 'a job that begins has not ended'),
        ('Stop', 'CompletionDate CompletionMessage', 'what is under way is stopped after the answer'),
    ) for member in members.split()},
    'CreateUserPool.UserPool.Domain': 'a new pool has none',
    'CreateUserPool.UserPool.CustomDomain': 'a new pool has none',
    'CreateUserPool.UserPool.Status': 'retired', 'DescribeUserPool.UserPool.Status': 'retired',
    'ListUserPools.UserPools[].Status': 'retired',
    'RespondToAuthChallenge.AvailableChallenges': 'the choice is offered by InitiateAuth',
    'AdminRespondToAuthChallenge.AvailableChallenges': 'the choice is offered by AdminInitiateAuth',
    'AdminInitiateAuth.AuthenticationResult.NewDeviceMetadata': 'administrators get no device',
    'AdminRespondToAuthChallenge.AuthenticationResult.NewDeviceMetadata':
        'administrators get no device',
    'GetTokensFromRefreshToken.AuthenticationResult.NewDeviceMetadata':
        'a token that is bound to no device stays so',
}


def why_no_member(operation, path):
    """The reason for the member, or for one that it is inside of; None."""
    full = operation + path
    inside = re.split(r'[.\[\]]+', path)
    return next((why for part, why in NEVER_RETURNED.items()
                 if part in inside or full == part or full.startswith(part + '.')), None)
