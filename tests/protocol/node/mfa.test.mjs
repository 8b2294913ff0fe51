// amazon-cognito-identity-js with second factors: set-up, sign-in and choice, unmodified.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import identity from 'amazon-cognito-identity-js';
import {
  AdminSetUserMFAPreferenceCommand, SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { Memory, PASSWORD, Server, newUser, poolAndClient, totp } from './support.mjs';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;
const SMS = { SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sms' } };

let server;
let sdk;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
});
after(() => server.stop());

async function mfaPool(MfaConfiguration) {
  const ids = await poolAndClient(sdk);
  await sdk.send(new SetUserPoolMfaConfigCommand({
    UserPoolId: ids.UserPoolId, MfaConfiguration,
    SoftwareTokenMfaConfiguration: { Enabled: true }, SmsMfaConfiguration: SMS,
  }));
  return ids;
}

function userOf(ids, Username) {
  const Storage = new Memory();
  const Pool = new CognitoUserPool({ ...ids, endpoint: server.url, Storage });
  return new CognitoUser({ Username, Pool, Storage });
}

// What the client calls back with: its name and arguments.
const callbacks = (resolve, reject) => ({
  onFailure: reject,
  ...Object.fromEntries(['onSuccess', 'mfaRequired', 'totpRequired', 'mfaSetup', 'selectMFAType']
    .map((name) => [name, (...args) => resolve({ name, args })])),
});

const asked = (start) => new Promise((resolve, reject) => start(callbacks(resolve, reject)));

function signIn(user) {
  const details = new AuthenticationDetails({ Username: user.getUsername(), Password: PASSWORD });
  return asked((back) => user.authenticateUser(details, back));
}

const associate = (user) => new Promise((associateSecretCode, onFailure) => {
  user.associateSoftwareToken({ associateSecretCode, onFailure });
});

const call = (start) => new Promise((resolve, reject) => {
  start((error, result) => (error ? reject(error) : resolve(result)));
});

test('a software token is set up during SRP sign-in and asked for afterwards', async () => {
  const ids = await mfaPool('ON');
  await newUser(sdk, ids.UserPoolId, 'ann');
  const user = userOf(ids, 'ann');
  assert.equal((await signIn(user)).name, 'mfaSetup');
  const secret = await associate(user);
  await assert.rejects(asked((back) => user.verifySoftwareToken('000000', 'phone', back)), {
    code: 'EnableSoftwareTokenMFAException',
    message: 'Code mismatch and fail enable Software Token MFA',
  });
  const done = await asked((back) => user.verifySoftwareToken(totp(secret), 'phone', back));
  assert.equal(done.name, 'onSuccess');
  assert.ok(done.args[0].isValid());

  const again = userOf(ids, 'ann');
  const { name, args } = await signIn(again);
  assert.equal(name, 'totpRequired');
  assert.deepEqual(args, ['SOFTWARE_TOKEN_MFA',
    { FRIENDLY_DEVICE_NAME: 'phone', USER_ID_FOR_SRP: 'ann' }]);
  await assert.rejects(
    asked((back) => again.sendMFACode('000000', back, 'SOFTWARE_TOKEN_MFA')),
    { code: 'CodeMismatchException', message: 'Invalid code received for user' });
  const session = await asked((back) => again.sendMFACode(totp(secret, 1), back, 'SOFTWARE_TOKEN_MFA'));
  assert.ok(session.args[0].isValid());
});

test('a signed-in user sets up a token and prefers it', async () => {
  const ids = await mfaPool('OPTIONAL');
  await newUser(sdk, ids.UserPoolId, 'bob');
  const user = userOf(ids, 'bob');
  assert.equal((await signIn(user)).name, 'onSuccess');
  const secret = await associate(user);
  await asked((back) => user.verifySoftwareToken(totp(secret), 'phone', back));
  const settings = { PreferredMfa: true, Enabled: true };
  assert.equal(await call((done) => user.setUserMfaPreference(null, settings, done)), 'SUCCESS');
  const data = await call((done) => user.getUserData(done, { bypassCache: true }));
  assert.deepEqual([data.PreferredMfaSetting, data.UserMFASettingList],
    ['SOFTWARE_TOKEN_MFA', ['SOFTWARE_TOKEN_MFA']]);
  assert.equal((await signIn(userOf(ids, 'bob'))).name, 'totpRequired');
});

test('a code is sent and answered', async () => {
  const ids = await mfaPool('ON');
  await newUser(sdk, ids.UserPoolId, 'cy', { attributes: { phone_number: '+15550001234' } });
  const user = userOf(ids, 'cy');
  const { name, args } = await signIn(user);
  assert.equal(name, 'mfaRequired');
  assert.equal(args[1].CODE_DELIVERY_DESTINATION, '+*******1234');
  const [{ code }] = await server.outbox('cy');
  const done = await asked((back) => user.sendMFACode(code, back, 'SMS_MFA'));
  assert.equal(done.args[0].getIdToken().payload.phone_number_verified, true);
});

test('one of two factors is selected', async () => {
  const ids = await mfaPool('OPTIONAL');
  await newUser(sdk, ids.UserPoolId, 'di', { attributes: { phone_number: '+15550001234' } });
  const user = userOf(ids, 'di');
  await signIn(user);
  const secret = await associate(user);
  await asked((back) => user.verifySoftwareToken(totp(secret), 'phone', back));
  await sdk.send(new AdminSetUserMFAPreferenceCommand({
    UserPoolId: ids.UserPoolId, Username: 'di', SMSMfaSettings: { Enabled: true },
    SoftwareTokenMfaSettings: { Enabled: true },
  }));
  const chooser = userOf(ids, 'di');
  const { name, args } = await signIn(chooser);
  assert.equal(name, 'selectMFAType');
  assert.equal(args[1].MFAS_CAN_CHOOSE, '["SMS_MFA","SOFTWARE_TOKEN_MFA"]');
  assert.equal((await asked((back) => chooser.sendMFASelectionAnswer('SOFTWARE_TOKEN_MFA', back))).name,
    'totpRequired');
  const done = await asked((back) => chooser.sendMFACode(totp(secret, 1), back, 'SOFTWARE_TOKEN_MFA'));
  assert.ok(done.args[0].isValid());
});
