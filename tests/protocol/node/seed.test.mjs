// Seeded servers and test controls with unmodified clients: the AWS SDK, Amplify's predecessor, fetch.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import identity from 'amazon-cognito-identity-js';
import {
  AdminDeleteUserCommand, CognitoIdentityProviderClient, DescribeUserPoolCommand, GetUserCommand,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { PASSWORD, Server, needsFile } from './support.mjs';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;
const SEEDS = fileURLToPath(new URL('../../vectors/seeds/', import.meta.url));
const POOL = 'eu-west-1_Document1';

let server;
let sdk;

before(async () => {
  server = await Server.start('--region', 'eu-west-1', '--seed', path.join(SEEDS, 'document.json'),
    '--seed', path.join(SEEDS, 'amplify.json'), '--seed-output', 'ids.json');
  sdk = server.sdk();
});
after(() => server.stop());

async function control(method, what, body) {
  const reply = await fetch(`${server.url}/_poolhouse/${what}`, {
    method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  assert.equal(reply.status, 200, await reply.clone().text());
  return reply.json();
}

function signIn(client = sdk) {
  return client.send(new InitiateAuthCommand({
    ClientId: 'documentweb', AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: 'ann', PASSWORD },
  }));
}

test('a seeded user signs in by SRP', async () => {
  const pool = new CognitoUserPool({ UserPoolId: POOL, ClientId: 'documentweb',
    endpoint: `${server.url}/` });
  const user = new CognitoUser({ Username: 'ann', Pool: pool });
  const session = await new Promise((resolve, reject) => {
    user.authenticateUser(new AuthenticationDetails({ Username: 'ann', Password: PASSWORD }),
      { onSuccess: resolve, onFailure: reject });
  });
  assert.deepEqual(session.getIdToken().payload['cognito:groups'].sort(), ['guests', 'staff']);
});

test('the ids of a template are read from the file', async () => {
  const ids = JSON.parse(await readFile(path.join(server.directory, 'ids.json'), 'utf8'));
  const { UserPoolId } = ids.Outputs.amplify;
  const { UserPool } = await sdk.send(new DescribeUserPoolCommand({ UserPoolId }));
  assert.equal(UserPool.Name, 'myapp_userpool-dev');
});

test('a reset brings back what a test has deleted', needsFile, async () => {
  await sdk.send(new AdminDeleteUserCommand({ UserPoolId: POOL, Username: 'ann' }));
  await assert.rejects(signIn());
  await control('POST', 'reset');
  assert.ok((await signIn()).AuthenticationResult.AccessToken);
});

test('time passes when a test says so', async () => {
  const { AccessToken } = (await signIn()).AuthenticationResult;
  await control('POST', 'clock', { advance: '61m' });
  await assert.rejects(sdk.send(new GetUserCommand({ AccessToken })), /Access Token has expired/);
  await control('DELETE', 'clock');
  assert.equal((await sdk.send(new GetUserCommand({ AccessToken }))).Username, 'ann');
});

test('the SDK tries again when it is throttled', async () => {
  await control('POST', 'faults', {
    operation: 'InitiateAuth', error: 'TooManyRequestsException', times: 2 });
  const patient = new CognitoIdentityProviderClient({
    endpoint: server.url, region: 'eu-west-1', maxAttempts: 3,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const reply = await signIn(patient);
  assert.equal(reply.$metadata.attempts, 3);
  await control('DELETE', 'faults');
});
