// USER_AUTH and passkeys through the AWS SDK for JavaScript and aws-amplify, unmodified.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { Amplify } from 'aws-amplify';
import { autoSignIn, confirmSignIn, confirmSignUp, getCurrentUser, signIn, signOut, signUp } from 'aws-amplify/auth';
import { PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

// Amplify waits three minutes for a sign-in that it has long done: the process need not.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = (run, ms, ...rest) => {
  const timer = setTimer(run, ms, ...rest);
  return ms > 60000 ? timer.unref() : timer;
};

const ORIGIN = 'https://example.com';
let server;
let sdk;
let ids;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
  ids = await poolAndClient(sdk, {
    AutoVerifiedAttributes: ['email'],
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN'] } },
  }, { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] });
  await sdk.send(new idp.SetUserPoolMfaConfigCommand({
    UserPoolId: ids.UserPoolId,
    WebAuthnConfiguration: { RelyingPartyId: 'example.com', UserVerification: 'preferred' },
  }));
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: ids.UserPoolId, userPoolClientId: ids.ClientId, userPoolEndpoint: `${server.url}/`,
      },
    },
  });
});
after(() => server.stop());

const attributes = (name) => ({ email: `${name}@example.com`, email_verified: 'true' });

async function code(name) {
  return (await server.outbox(name))[0].code;
}

const begin = (USERNAME, more = {}) => sdk.send(new idp.InitiateAuthCommand({
  ClientId: ids.ClientId, AuthFlow: 'USER_AUTH', AuthParameters: { USERNAME, ...more },
}));

const answer = (asked, USERNAME, more) => sdk.send(new idp.RespondToAuthChallengeCommand({
  ClientId: ids.ClientId, ChallengeName: asked.ChallengeName, Session: asked.Session,
  ChallengeResponses: { USERNAME, ...more },
}));

// An authenticator of one P-256 key, and the browser before it.
class Passkey {
  constructor() {
    this.keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.id = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
  }

  data(flags, rest = Buffer.alloc(0)) {
    const party = createHash('sha256').update('example.com').digest();
    return Buffer.concat([party, Buffer.from([flags, 0, 0, 0, 0]), rest]);
  }

  clientData(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: ORIGIN, crossOrigin: false }));
  }

  response(members) {
    const encoded = Object.entries(members).map(([k, v]) => [k, Buffer.from(v).toString('base64url')]);
    const id = this.id.toString('base64url');
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response: Object.fromEntries(encoded) };
  }

  create({ challenge }) {
    const { x, y } = this.keys.publicKey.export({ format: 'jwk' });
    const key = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')]);
    const data = this.data(0x45, Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, key]));
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3, 0x63]), Buffer.from('fmt'), Buffer.from([0x64]), Buffer.from('none'),
      Buffer.from([0x67]), Buffer.from('attStmt'), Buffer.from([0xa0, 0x68]), Buffer.from('authData'),
      Buffer.from([0x58, data.length]), data]);
    return this.response({ clientDataJSON: this.clientData('webauthn.create', challenge), attestationObject });
  }

  get({ challenge }) {
    const clientDataJSON = this.clientData('webauthn.get', challenge);
    const authenticatorData = this.data(0x05);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()]);
    return this.response({ clientDataJSON, authenticatorData, signature: sign('sha256', signed, this.keys.privateKey) });
  }
}

test('a passkey is registered, listed, signs in and is deleted', async () => {
  await newUser(sdk, ids.UserPoolId, 'key', { attributes: attributes('key') });
  const { AuthenticationResult: { AccessToken } } = await begin('key', { PREFERRED_CHALLENGE: 'PASSWORD', PASSWORD });
  const { CredentialCreationOptions } = await sdk.send(new idp.StartWebAuthnRegistrationCommand({ AccessToken }));
  assert.equal(CredentialCreationOptions.rp.id, 'example.com');
  const passkey = new Passkey();
  await sdk.send(new idp.CompleteWebAuthnRegistrationCommand({
    AccessToken, Credential: passkey.create(CredentialCreationOptions),
  }));
  const { Credentials: [listed] } = await sdk.send(new idp.ListWebAuthnCredentialsCommand({ AccessToken }));
  assert.equal(listed.CredentialId, passkey.id.toString('base64url'));
  assert.ok(listed.CreatedAt instanceof Date);
  assert.deepEqual(listed.AuthenticatorTransports, []);
  const factors = await sdk.send(new idp.GetUserAuthFactorsCommand({ AccessToken }));
  assert.deepEqual(factors.ConfiguredUserAuthFactors, ['PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN']);

  const asked = await begin('key', { PREFERRED_CHALLENGE: 'WEB_AUTHN' });
  const options = JSON.parse(asked.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
  const { AuthenticationResult } = await answer(asked, 'key', { CREDENTIAL: JSON.stringify(passkey.get(options)) });
  assert.ok(AuthenticationResult.RefreshToken);

  await sdk.send(new idp.DeleteWebAuthnCredentialCommand({ AccessToken, CredentialId: listed.CredentialId }));
  await assert.rejects(
    sdk.send(new idp.DeleteWebAuthnCredentialCommand({ AccessToken, CredentialId: listed.CredentialId })),
    (error) => error instanceof idp.ResourceNotFoundException);
  await assert.rejects(
    sdk.send(new idp.CompleteWebAuthnRegistrationCommand({ AccessToken, Credential: passkey.create({ challenge: 'AAAA' }) })),
    (error) => error instanceof idp.WebAuthnChallengeNotFoundException);
});

test('the SDK is offered a choice and takes it', async () => {
  await newUser(sdk, ids.UserPoolId, 'sel', { attributes: attributes('sel') });
  const asked = await begin('sel');
  assert.equal(asked.ChallengeName, 'SELECT_CHALLENGE');
  assert.deepEqual(asked.AvailableChallenges, ['PASSWORD_SRP', 'PASSWORD', 'EMAIL_OTP']);
  const sent = await answer(asked, 'sel', { ANSWER: 'EMAIL_OTP' });
  assert.equal(sent.ChallengeParameters.CODE_DELIVERY_DELIVERY_MEDIUM, 'EMAIL');
  const { AuthenticationResult } = await answer(sent, 'sel', { EMAIL_OTP_CODE: await code('sel') });
  assert.ok(AuthenticationResult.AccessToken);
});

test('Amplify signs in by each preference', async () => {
  const username = 'amp';
  await newUser(sdk, ids.UserPoolId, username, { attributes: attributes(username) });
  for (const preferredChallenge of ['PASSWORD', 'PASSWORD_SRP']) {
    const { isSignedIn } = await signIn({ username, password: PASSWORD, options: { authFlowType: 'USER_AUTH', preferredChallenge } });
    assert.ok(isSignedIn);
    await signOut();
  }
  const { nextStep } = await signIn({ username, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'EMAIL_OTP' } });
  assert.equal(nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
  assert.ok((await confirmSignIn({ challengeResponse: await code(username) })).isSignedIn);
  await signOut();
});

test('Amplify selects the first factor, then gives it', async () => {
  const username = 'cho';
  await newUser(sdk, ids.UserPoolId, username, { attributes: attributes(username) });
  for (const [choice, step, secret] of [
    ['PASSWORD', 'CONFIRM_SIGN_IN_WITH_PASSWORD', () => PASSWORD],
    ['PASSWORD_SRP', 'CONFIRM_SIGN_IN_WITH_PASSWORD', () => PASSWORD],
    ['EMAIL_OTP', 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE', () => code(username)],
  ]) {
    const first = await signIn({ username, options: { authFlowType: 'USER_AUTH' } });
    assert.equal(first.nextStep.signInStep, 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION');
    assert.deepEqual(first.nextStep.availableChallenges, ['PASSWORD_SRP', 'PASSWORD', 'EMAIL_OTP']);
    const second = await confirmSignIn({ challengeResponse: choice });
    assert.equal(second.nextStep.signInStep, step);
    assert.ok((await confirmSignIn({ challengeResponse: await secret() })).isSignedIn);
    await signOut();
  }
});

test('Amplify signs up without a password and is signed in at once', async () => {
  const username = 'new';
  const { nextStep } = await signUp({
    username,
    options: { userAttributes: { email: 'new@example.com' }, autoSignIn: { authFlowType: 'USER_AUTH' } },
  });
  assert.equal(nextStep.signUpStep, 'CONFIRM_SIGN_UP');
  const confirmed = await confirmSignUp({ username, confirmationCode: await code(username) });
  assert.equal(confirmed.nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN');
  assert.ok((await autoSignIn()).isSignedIn);
  assert.equal((await getCurrentUser()).username, username);
  await signOut();
});
