// The AWS SDK for JavaScript, version 3, unmodified.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

let server;
let sdk;
let ids;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
  ids = await poolAndClient(sdk, { AutoVerifiedAttributes: ['email'] });
});
after(() => server.stop());

const refused = (name, message) => (error) => {
  assert.deepEqual([error.name, error.message], [name, message]);
  return true;
};

test('a person signs up with the code of the message and signs in', async () => {
  const { ClientId } = ids;
  const made = await sdk.send(new idp.SignUpCommand({
    ClientId, Username: 'ann', Password: PASSWORD,
    UserAttributes: [{ Name: 'email', Value: 'ann@example.com' }],
  }));
  assert.equal(made.UserConfirmed, false);
  assert.equal(made.CodeDeliveryDetails.DeliveryMedium, 'EMAIL');
  const [{ code }] = await server.outbox('ann');
  await assert.rejects(
    sdk.send(new idp.ConfirmSignUpCommand({ ClientId, Username: 'ann', ConfirmationCode: code === '000000' ? '000001' : '000000' })),
    refused('CodeMismatchException', 'Invalid verification code provided, please try again.'));
  await sdk.send(new idp.ConfirmSignUpCommand({ ClientId, Username: 'ann', ConfirmationCode: code }));
  const { AuthenticationResult } = await sdk.send(new idp.InitiateAuthCommand({
    ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'ann', PASSWORD },
  }));
  const user = await sdk.send(new idp.GetUserCommand({ AccessToken: AuthenticationResult.AccessToken }));
  assert.equal(user.Username, 'ann');
});

test('an administrator invites a person who chooses a password', async () => {
  await newUser(sdk, ids.UserPoolId, 'bob', { permanent: false });
  const challenge = await sdk.send(new idp.AdminInitiateAuthCommand({
    ...ids, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'bob', PASSWORD },
  }));
  assert.equal(challenge.ChallengeName, 'NEW_PASSWORD_REQUIRED');
  const done = await sdk.send(new idp.AdminRespondToAuthChallengeCommand({
    ...ids, ChallengeName: challenge.ChallengeName, Session: challenge.Session,
    ChallengeResponses: { USERNAME: 'bob', NEW_PASSWORD: 'N3w-passw' },
  }));
  assert.ok(done.AuthenticationResult.RefreshToken);
  const user = await sdk.send(new idp.AdminGetUserCommand({ UserPoolId: ids.UserPoolId, Username: 'bob' }));
  assert.equal(user.UserStatus, 'CONFIRMED');
  assert.ok(user.UserCreateDate instanceof Date);
  assert.ok(Math.abs(Date.now() - user.UserCreateDate) < 120000);
});

test('errors are classes of their own with the text of the service', async () => {
  await assert.rejects(
    sdk.send(new idp.InitiateAuthCommand({
      ClientId: ids.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'nobody', PASSWORD },
    })),
    (error) => error instanceof idp.UserNotFoundException
      && error.message === 'User does not exist.' && error.$metadata.httpStatusCode === 400);
});

test('the newer operation refreshes', async () => {
  await newUser(sdk, ids.UserPoolId, 'cat');
  const { AuthenticationResult } = await sdk.send(new idp.InitiateAuthCommand({
    ClientId: ids.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'cat', PASSWORD },
  }));
  const again = await sdk.send(new idp.GetTokensFromRefreshTokenCommand({
    ClientId: ids.ClientId, RefreshToken: AuthenticationResult.RefreshToken,
  }));
  assert.equal(typeof again.AuthenticationResult.AccessToken, 'string');
  assert.equal(again.AuthenticationResult.RefreshToken, undefined);
  await sdk.send(new idp.RevokeTokenCommand({ ClientId: ids.ClientId, Token: AuthenticationResult.RefreshToken }));
  await assert.rejects(
    sdk.send(new idp.GetTokensFromRefreshTokenCommand({
      ClientId: ids.ClientId, RefreshToken: AuthenticationResult.RefreshToken,
    })),
    refused('NotAuthorizedException', 'Refresh Token has been revoked'));
});

test('pages of users and the pool description are read', async () => {
  const users = [];
  for await (const page of idp.paginateListUserPools({ client: sdk }, { MaxResults: 1 })) {
    users.push(...page.UserPools);
  }
  assert.ok(users.some((p) => p.Id === ids.UserPoolId));
  const { UserPool } = await sdk.send(new idp.DescribeUserPoolCommand({ UserPoolId: ids.UserPoolId }));
  assert.deepEqual(UserPool.AutoVerifiedAttributes, ['email']);
  assert.ok(UserPool.CreationDate instanceof Date);
});

test('an endpoint with a trailing slash works', async () => {
  const other = new idp.CognitoIdentityProviderClient({
    endpoint: `${server.url}/`, region: 'eu-west-1', maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  assert.ok((await other.send(new idp.ListUserPoolsCommand({ MaxResults: 1 }))).UserPools.length);
});
