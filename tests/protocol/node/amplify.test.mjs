// aws-amplify v6, as an application uses it: only its endpoint is ours.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Amplify } from 'aws-amplify';
import {
  confirmResetPassword, confirmSignUp, confirmSignIn, fetchAuthSession, fetchMFAPreference,
  fetchUserAttributes, getCurrentUser, resetPassword, setUpTOTP, signIn, signOut, signUp,
  updateMFAPreference, updatePassword, verifyTOTPSetup,
} from 'aws-amplify/auth';
import {
  AdminCreateUserCommand, AdminUpdateUserAttributesCommand, SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { PASSWORD, Server, newUser, poolAndClient, totp } from './support.mjs';

let server;
let sdk;
let ids;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
  ids = await poolAndClient(sdk, { AutoVerifiedAttributes: ['email'] });
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: ids.UserPoolId, userPoolClientId: ids.ClientId, userPoolEndpoint: `${server.url}/`,
      },
    },
  });
});
after(() => server.stop());

test('a user signs in by SRP, is refreshed, changes the password and signs out', async () => {
  const username = 'ann';
  await newUser(sdk, ids.UserPoolId, username);
  const { isSignedIn, nextStep } = await signIn({ username, password: PASSWORD });
  assert.deepEqual([true, 'DONE'], [isSignedIn, nextStep.signInStep]);
  assert.equal(username, (await getCurrentUser()).username);

  const first = (await fetchAuthSession()).tokens;
  const second = (await fetchAuthSession({ forceRefresh: true })).tokens;
  assert.notEqual(first.accessToken.toString(), second.accessToken.toString());
  assert.equal(first.idToken.payload.sub, second.idToken.payload.sub);
  assert.equal(first.idToken.payload.sub, (await fetchUserAttributes()).sub);

  await updatePassword({ oldPassword: PASSWORD, newPassword: `${PASSWORD}2` });
  await signOut({ global: true });
  await assert.rejects(signIn({ username, password: PASSWORD }), { name: 'NotAuthorizedException' });
  assert.ok((await signIn({ username, password: `${PASSWORD}2` })).isSignedIn);
  await signOut();
});

test('a user signs up with the code of the message', async () => {
  const { nextStep, userId } = await signUp({
    username: 'new', password: PASSWORD, options: { userAttributes: { email: 'new@example.com' } },
  });
  assert.equal('CONFIRM_SIGN_UP', nextStep.signUpStep);
  assert.match(userId, /^[0-9a-f-]{36}$/);
  const outbox = await fetch(`${server.url}/_poolhouse/outbox?format=json&username=new`);
  const { code } = (await outbox.json()).messages[0];
  assert.ok((await confirmSignUp({ username: 'new', confirmationCode: code })).isSignUpComplete);
  assert.ok((await signIn({ username: 'new', password: PASSWORD })).isSignedIn);
  await signOut();
});

test('a user who forgot the password chooses another one', async () => {
  const username = 'forgetful';
  await newUser(sdk, ids.UserPoolId, username);
  await sdk.send(new AdminUpdateUserAttributesCommand({
    UserPoolId: ids.UserPoolId, Username: username, UserAttributes: [
      { Name: 'email', Value: 'f@example.com' }, { Name: 'email_verified', Value: 'true' }],
  }));
  const { isPasswordReset, nextStep } = await resetPassword({ username });
  assert.equal(isPasswordReset, false);
  assert.equal(nextStep.resetPasswordStep, 'CONFIRM_RESET_PASSWORD_WITH_CODE');
  assert.deepEqual(nextStep.codeDeliveryDetails, {
    deliveryMedium: 'EMAIL', destination: 'f***@e***', attributeName: 'email',
  });
  const outbox = await fetch(`${server.url}/_poolhouse/outbox?format=json&username=${username}`);
  const confirmationCode = (await outbox.json()).messages[0].code;
  const newPassword = `${PASSWORD}2`;
  await confirmResetPassword({ username, confirmationCode, newPassword });
  assert.ok((await signIn({ username, password: newPassword })).isSignedIn);
  await signOut();
});

test('an invited user chooses a password', async () => {
  await sdk.send(new AdminCreateUserCommand({
    UserPoolId: ids.UserPoolId, Username: 'invited', TemporaryPassword: PASSWORD, MessageAction: 'SUPPRESS',
  }));
  const { nextStep } = await signIn({ username: 'invited', password: PASSWORD });
  assert.equal('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED', nextStep.signInStep);
  assert.ok((await confirmSignIn({ challengeResponse: `${PASSWORD}2` })).isSignedIn);
  await signOut();
});

const mfa = (MfaConfiguration) => sdk.send(new SetUserPoolMfaConfigCommand({
  UserPoolId: ids.UserPoolId, MfaConfiguration, SoftwareTokenMfaConfiguration: { Enabled: true },
}));

test('a user sets up an authenticator app and signs in with it', async () => {
  await mfa('OPTIONAL');
  const username = 'careful';
  await newUser(sdk, ids.UserPoolId, username);
  await signIn({ username, password: PASSWORD });
  const { sharedSecret } = await setUpTOTP();
  await verifyTOTPSetup({ code: totp(sharedSecret) });
  await updateMFAPreference({ totp: 'PREFERRED' });
  assert.deepEqual({ enabled: ['TOTP'], preferred: 'TOTP' }, await fetchMFAPreference());
  await signOut();
  const { nextStep } = await signIn({ username, password: PASSWORD });
  assert.equal('CONFIRM_SIGN_IN_WITH_TOTP_CODE', nextStep.signInStep);
  await assert.rejects(confirmSignIn({ challengeResponse: '000000' }), { name: 'CodeMismatchException' });
  assert.ok((await confirmSignIn({ challengeResponse: totp(sharedSecret, 1) })).isSignedIn);
  await signOut();
});

test('a required app is set up during the sign-in', async () => {
  await mfa('ON');
  const username = 'required';
  await newUser(sdk, ids.UserPoolId, username);
  const { nextStep } = await signIn({ username, password: PASSWORD });
  assert.equal('CONTINUE_SIGN_IN_WITH_TOTP_SETUP', nextStep.signInStep);
  const code = totp(nextStep.totpSetupDetails.sharedSecret);
  assert.ok((await confirmSignIn({ challengeResponse: code })).isSignedIn);
  await signOut();
});
