// Sessions, client secrets and links through the AWS SDK for JavaScript, unmodified.
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
  ids = await poolAndClient(sdk, {}, {
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
});
after(() => server.stop());

const signIn = async (USERNAME) => (await sdk.send(new idp.InitiateAuthCommand({
  ClientId: ids.ClientId, AuthFlow: 'USER_PASSWORD_AUTH',
  AuthParameters: { USERNAME, PASSWORD },
}))).AuthenticationResult;

test('sessions are tracked, listed and revoked', async () => {
  const { UserPoolId, ClientId } = ids;
  const off = await sdk.send(new idp.GetUserPoolSessionConfigurationCommand({ UserPoolId }));
  assert.deepEqual([off.UserSessionTracking, off.TokenSession], ['DISABLED', { MaxPerUser: 20 }]);
  const on = { UserPoolId, UserSessionTracking: 'ENABLED', TokenSession: { MaxPerUser: 5 } };
  await sdk.send(new idp.SetUserPoolSessionConfigurationCommand(on));
  const { $metadata, ...read } = await sdk.send(
    new idp.GetUserPoolSessionConfigurationCommand({ UserPoolId }));
  assert.equal($metadata.httpStatusCode, 200);
  assert.deepEqual(read, on);

  const client = { UserPoolId, ClientId, SSOSession: { MaxValidityMinutes: 30 } };
  await sdk.send(new idp.SetUserPoolClientSessionConfigurationCommand(client));
  const got = await sdk.send(
    new idp.GetUserPoolClientSessionConfigurationCommand({ UserPoolId, ClientId }));
  assert.deepEqual(got.SSOSession, client.SSOSession);

  await newUser(sdk, ids.UserPoolId, 'ann');
  const first = await signIn('ann');
  const { AccessToken } = await signIn('ann');
  const { Sessions } = await sdk.send(new idp.ListUserSessionsCommand({ AccessToken }));
  assert.deepEqual(Sessions.map((s) => [s.SessionType, s.ClientId, s.IsCurrentSession]),
    [['TOKEN', ClientId, true], ['TOKEN', ClientId, false]]);
  assert.ok(Sessions[0].CreateDate instanceof Date);
  assert.match(Sessions[0].DeviceType, /^aws-sdk-js 3, Linux$/);
  await sdk.send(new idp.RevokeUserSessionCommand({ AccessToken, SessionId: Sessions[1].SessionId }));
  await assert.rejects(sdk.send(new idp.ListUserSessionsCommand({ AccessToken: first.AccessToken })),
    { name: 'NotAuthorizedException', message: 'Access Token has been revoked' });

  const Username = 'ann';
  const left = await sdk.send(new idp.AdminListUserSessionsCommand({ UserPoolId, Username }));
  assert.deepEqual(left.Sessions.map((s) => s.SessionId), [Sessions[0].SessionId]);
  await sdk.send(new idp.AdminRevokeUserSessionCommand({
    UserPoolId, Username, SessionId: Sessions[0].SessionId, RevokeAssociatedSessions: 'LINKED',
  }));
  await assert.rejects(sdk.send(new idp.GetUserCommand({ AccessToken })),
    { name: 'NotAuthorizedException' });
});

test('a client has two secrets for a while', async () => {
  const { UserPoolId } = ids;
  const { UserPoolClient: { ClientId } } = await sdk.send(new idp.CreateUserPoolClientCommand({
    UserPoolId, ClientName: 'rotated', GenerateSecret: true,
  }));
  const { ClientSecretDescriptor: added } = await sdk.send(
    new idp.AddUserPoolClientSecretCommand({ UserPoolId, ClientId }));
  assert.match(added.ClientSecretValue, /^\w{24,64}$/);
  const { ClientSecrets } = await sdk.send(
    new idp.ListUserPoolClientSecretsCommand({ UserPoolId, ClientId }));
  assert.equal(ClientSecrets.length, 2);
  assert.deepEqual(ClientSecrets[1].ClientSecretCreateDate, added.ClientSecretCreateDate);
  await assert.rejects(sdk.send(new idp.AddUserPoolClientSecretCommand({ UserPoolId, ClientId })),
    { name: 'LimitExceededException' });
  await sdk.send(new idp.DeleteUserPoolClientSecretCommand({
    UserPoolId, ClientId, ClientSecretId: ClientSecrets[0].ClientSecretId,
  }));
  const { UserPoolClient } = await sdk.send(
    new idp.DescribeUserPoolClientCommand({ UserPoolId, ClientId }));
  assert.equal(UserPoolClient.ClientSecret, added.ClientSecretValue);
});
