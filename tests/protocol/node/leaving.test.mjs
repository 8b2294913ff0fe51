// Clients whose pool leaves the real service: they change their endpoint and nothing else. A second
// server plays the real service.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeUserPoolClientCommand, DescribeUserPoolCommand, InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import identity from 'amazon-cognito-identity-js';
import { Memory, PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool } = identity;

let directory;
let real;
let here;
let ids;

async function leave(...words) {
  const done = await promisify(execFile)(process.env.POOLHOUSE_BINARY,
    ['leave', ...words, '--data', path.join(directory, 'data'), '--mode', 'dev'],
    { env: here.environment, timeout: 60000 });
  return done.stdout;
}

async function file(name, command) {
  const { $metadata, ...reply } = await real.sdk().send(command);
  const where = path.join(directory, name);
  await writeFile(where, JSON.stringify(reply));
  return where;
}

before(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'poolhouse-leaving-'));
  real = await Server.start();
  ids = await poolAndClient(real.sdk());
  here = await Server.start('--no-memory', '--data', path.join(directory, 'data'));
  await leave('config', await file('pool.json', new DescribeUserPoolCommand(ids)),
    await file('client.json', new DescribeUserPoolClientCommand(ids)));
  await leave('ask', '--pool', ids.UserPoolId, '--endpoint', real.url);
  await sleep(150);
});
after(async () => {
  await here?.stop();
  await real?.stop();
  await rm(directory, { recursive: true, force: true });
});

function userOf(Username, server = here) {
  const Storage = new Memory();
  const Pool = new CognitoUserPool({ ...ids, endpoint: server.url, Storage });
  return new CognitoUser({ Username, Pool, Storage });
}

function signIn(user, Password, flow) {
  user.setAuthenticationFlowType(flow);
  return new Promise((onSuccess, onFailure) => {
    user.authenticateUser(new AuthenticationDetails({ Username: user.getUsername(), Password }),
      { onSuccess, onFailure });
  });
}

test('SRP of the browser client is passed on, then its password is kept', async () => {
  await newUser(real.sdk(), ids.UserPoolId, 'ann');
  const there = await signIn(userOf('ann', real), PASSWORD, 'USER_SRP_AUTH');
  for (const flow of ['USER_SRP_AUTH', 'USER_PASSWORD_AUTH', 'USER_SRP_AUTH']) {
    const session = await signIn(userOf('ann'), PASSWORD, flow);
    assert.equal(session.getIdToken().payload.sub, there.getIdToken().payload.sub);
    assert.ok(session.getIdToken().payload.iss.startsWith(here.url));
  }
  await assert.rejects(signIn(userOf('ann'), 'Wr0ng!', 'USER_SRP_AUTH'),
    { name: 'NotAuthorizedException', message: 'Incorrect username or password.' });
});

test('a session of the real service goes on, and so does what it becomes', async () => {
  await newUser(real.sdk(), ids.UserPoolId, 'bob');
  const there = await signIn(userOf('bob', real), PASSWORD, 'USER_PASSWORD_AUTH');
  const refresh = (token) => new Promise((resolve, reject) => {
    userOf('bob').refreshSession(new CognitoRefreshToken({ RefreshToken: token }),
      (error, session) => (error ? reject(error) : resolve(session)));
  });
  const first = await refresh(there.getRefreshToken().getToken());
  assert.notEqual(first.getRefreshToken().getToken(), there.getRefreshToken().getToken());
  const second = await refresh(first.getRefreshToken().getToken());
  assert.equal(second.getAccessToken().payload.sub, there.getAccessToken().payload.sub);
});

test('the AWS SDK brings a user by his password', async () => {
  await newUser(real.sdk(), ids.UserPoolId, 'cleo');
  const { AuthenticationResult } = await here.sdk().send(new InitiateAuthCommand({
    ClientId: ids.ClientId, AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: 'cleo', PASSWORD },
  }));
  assert.ok(AuthenticationResult.RefreshToken);
});
