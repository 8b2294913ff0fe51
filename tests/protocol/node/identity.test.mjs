// amazon-cognito-identity-js: the browser client with its own SRP, unmodified.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import identity from 'amazon-cognito-identity-js';
import { Memory, PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserAttribute, CognitoUserPool } = identity;

let server;
let sdk;
let ids;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
  ids = await poolAndClient(sdk, { AutoVerifiedAttributes: ['email'] });
});
after(() => server.stop());

function userOf(Username) {
  const Storage = new Memory();
  const Pool = new CognitoUserPool({ ...ids, endpoint: server.url, Storage });
  return new CognitoUser({ Username, Pool, Storage });
}

// The session, or what the client was asked for.
function signIn(user, Password, flow = 'USER_SRP_AUTH') {
  user.setAuthenticationFlowType(flow);
  const details = new AuthenticationDetails({ Username: user.getUsername(), Password });
  return new Promise((resolve, reject) => {
    user.authenticateUser(details, {
      onSuccess: (session) => resolve({ session }),
      onFailure: reject,
      newPasswordRequired: (userAttributes, requiredAttributes) => resolve({ userAttributes, requiredAttributes }),
      mfaRequired: () => reject(new Error('MFA')),
    });
  });
}

const call = (start) => new Promise((resolve, reject) => {
  start((error, result) => (error ? reject(error) : resolve(result)));
});

const refused = (code, message) => (error) => {
  assert.deepEqual([error.code ?? error.name, error.message], [code, message]);
  return true;
};

test('SRP signs in, many times with fresh numbers', async () => {
  await newUser(sdk, ids.UserPoolId, 'srp', { attributes: { email: 'srp@example.com' } });
  for (let i = 0; i < 12; i++) {
    const { session } = await signIn(userOf('srp'), PASSWORD);
    assert.ok(session.isValid());
    assert.equal(session.getIdToken().payload['cognito:username'], 'srp');
    assert.equal(session.getAccessToken().payload.token_use, 'access');
  }
});

test('a wrong password is refused with the text applications compare', async () => {
  await newUser(sdk, ids.UserPoolId, 'wrong');
  for (const flow of ['USER_SRP_AUTH', 'USER_PASSWORD_AUTH']) {
    await assert.rejects(signIn(userOf('wrong'), 'Wr0ng-pass', flow),
      refused('NotAuthorizedException', 'Incorrect username or password.'));
  }
  await assert.rejects(signIn(userOf('nobody'), PASSWORD),
    refused('UserNotFoundException', 'User does not exist.'));
});

test('a session is refreshed', async () => {
  await newUser(sdk, ids.UserPoolId, 'refresh');
  const user = userOf('refresh');
  const { session } = await signIn(user, PASSWORD);
  const RefreshToken = session.getRefreshToken().getToken();
  const again = await call((done) => user.refreshSession(new CognitoRefreshToken({ RefreshToken }), done));
  assert.notEqual(again.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
  assert.equal(again.getIdToken().payload.origin_jti, session.getIdToken().payload.origin_jti);
});

test('a password is changed and the next SRP sign-in needs it', async () => {
  await newUser(sdk, ids.UserPoolId, 'change');
  const user = userOf('change');
  await signIn(user, PASSWORD);
  await assert.rejects(call((done) => user.changePassword('Wr0ng-pass', 'N3w-passw', done)),
    refused('NotAuthorizedException', 'Incorrect username or password.'));
  assert.equal(await call((done) => user.changePassword(PASSWORD, 'N3w-passw', done)), 'SUCCESS');
  await assert.rejects(signIn(userOf('change'), PASSWORD),
    refused('NotAuthorizedException', 'Incorrect username or password.'));
  assert.ok((await signIn(userOf('change'), 'N3w-passw')).session.isValid());
});

test('a new password is asked for and given with the missing attribute', async () => {
  ids = await poolAndClient(sdk, { Schema: [{ Name: 'name', Required: true }] });
  await newUser(sdk, ids.UserPoolId, 'invited', { permanent: false });
  const user = userOf('invited');
  const { requiredAttributes } = await signIn(user, PASSWORD);
  assert.deepEqual(requiredAttributes, ['name']);
  const session = await new Promise((onSuccess, onFailure) => {
    user.completeNewPasswordChallenge('N3w-passw', { name: 'Ann' }, { onSuccess, onFailure });
  });
  assert.equal(session.getIdToken().payload.name, 'Ann');
});

test('a global sign-out ends the other sessions', async () => {
  await newUser(sdk, ids.UserPoolId, 'out');
  const one = userOf('out');
  const two = userOf('out');
  await signIn(one, PASSWORD);
  const { session } = await signIn(two, PASSWORD);
  await new Promise((onSuccess, onFailure) => one.globalSignOut({ onSuccess, onFailure }));
  await assert.rejects(call((done) => two.getUserData(done, { bypassCache: true })),
    refused('NotAuthorizedException', 'Access Token has been revoked'));
  await assert.rejects(call((done) => two.refreshSession(session.getRefreshToken(), done)),
    refused('NotAuthorizedException', 'Refresh Token has been revoked'));
});

test('a person signs up, confirms and resends', async () => {
  ids = await poolAndClient(sdk, { AutoVerifiedAttributes: ['email'] });
  const pool = new CognitoUserPool({ ...ids, endpoint: server.url, Storage: new Memory() });
  const email = new CognitoUserAttribute({ Name: 'email', Value: 'new@example.com' });
  await call((done) => pool.signUp('newcomer', PASSWORD, [email], null, done));
  const user = userOf('newcomer');
  await call((done) => user.resendConfirmationCode(done));
  const messages = await server.outbox('newcomer');
  assert.equal(messages.length, 2);
  assert.equal(await call((done) => user.confirmRegistration(messages[0].code, false, done)), 'SUCCESS');
  assert.ok((await signIn(user, PASSWORD)).session.isValid());
});
