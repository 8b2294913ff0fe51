// amazon-cognito-identity-js in pools that track devices: it confirms one, signs in with it, and
// starts anew when it was forgotten.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import identity from 'amazon-cognito-identity-js';
import { AdminForgetDeviceCommand, AdminListDevicesCommand } from '@aws-sdk/client-cognito-identity-provider';
import { Memory, PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;

let server;
let sdk;
let always;
let asking;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
  always = await poolAndClient(sdk, { DeviceConfiguration: { DeviceOnlyRememberedOnUserPrompt: false } });
  asking = await poolAndClient(sdk, { DeviceConfiguration: { DeviceOnlyRememberedOnUserPrompt: true } });
});
after(() => server.stop());

// A browser: what it stores, and the calls that it makes.
class Browser {
  constructor(ids, Username) {
    this.storage = new Memory();
    this.calls = [];
    this.Username = Username;
    this.pool = new CognitoUserPool({ ...ids, endpoint: server.url, Storage: this.storage });
    const { client } = this.pool;
    const { request } = client;
    client.request = (operation, params, callback) => request.call(client, operation, params, (error, data) => {
      this.calls.push(error?.code ?? data.ChallengeName ?? operation);
      callback(error, data);
    });
  }

  deviceKey() {
    return [...this.storage.items].find(([key]) => key.endsWith('.deviceKey'))?.[1];
  }

  signIn(flow = 'USER_SRP_AUTH') {
    this.calls.length = 0;
    this.user = new CognitoUser({ Username: this.Username, Pool: this.pool, Storage: this.storage });
    this.user.setAuthenticationFlowType(flow);
    const details = new AuthenticationDetails({ Username: this.Username, Password: PASSWORD });
    return new Promise((resolve, onFailure) => {
      this.user.authenticateUser(details, {
        onSuccess: (session, mustAsk) => resolve({ session, mustAsk }), onFailure,
      });
    });
  }

  call(name) {
    return new Promise((onSuccess, onFailure) => { this.user[name]({ onSuccess, onFailure }); });
  }
}

async function browser(ids, name) {
  await newUser(sdk, ids.UserPoolId, name);
  return new Browser(ids, name);
}

const devicesOf = async (ids, Username) => (await sdk.send(
  new AdminListDevicesCommand({ UserPoolId: ids.UserPoolId, Username }))).Devices;

test('a device is confirmed at the first sign-in and proven at the next, many times', async () => {
  const ann = await browser(always, 'ann');
  const { session, mustAsk } = await ann.signIn();
  assert.deepEqual(ann.calls, ['PASSWORD_VERIFIER', 'RespondToAuthChallenge', 'ConfirmDevice']);
  assert.equal(mustAsk, undefined);
  const key = ann.deviceKey();
  assert.equal(session.getAccessToken().payload.device_key, key);
  for (let i = 0; i < 8; i++) {
    const again = (await ann.signIn()).session;
    assert.deepEqual(ann.calls,
      ['PASSWORD_VERIFIER', 'DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER', 'RespondToAuthChallenge']);
    assert.equal(again.getAccessToken().payload.device_key, key);
  }
  const devices = await devicesOf(always, 'ann');
  assert.deepEqual(devices.map((d) => d.DeviceKey), [key]);
});

test('a plain password is followed by the device, too', async () => {
  const ben = await browser(always, 'ben');
  await ben.signIn('USER_PASSWORD_AUTH');
  assert.deepEqual(ben.calls, ['InitiateAuth', 'ConfirmDevice']);
  await ben.signIn('USER_PASSWORD_AUTH');
  assert.deepEqual(ben.calls, ['DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER', 'RespondToAuthChallenge']);
});

test('a forgotten device is dropped, and the same sign-in goes on and confirms another', async () => {
  const cara = await browser(always, 'cara');
  await cara.signIn();
  const old = cara.deviceKey();
  await sdk.send(new AdminForgetDeviceCommand({ UserPoolId: always.UserPoolId, Username: 'cara', DeviceKey: old }));
  const { session } = await cara.signIn();
  assert.deepEqual(cara.calls,
    ['PASSWORD_VERIFIER', 'ResourceNotFoundException', 'RespondToAuthChallenge', 'ConfirmDevice']);
  assert.ok(session.isValid());
  assert.notEqual(cara.deviceKey(), old);
  await cara.signIn();
  assert.ok(cara.calls.includes('DEVICE_PASSWORD_VERIFIER'));
});

test('the same object signs in again after its device was forgotten', async () => {
  const dora = await browser(always, 'dora');
  await dora.signIn();
  const { user } = dora;
  await sdk.send(new AdminForgetDeviceCommand({
    UserPoolId: always.UserPoolId, Username: 'dora', DeviceKey: dora.deviceKey() }));
  dora.calls.length = 0; // the key now goes with the first call as well
  const details = new AuthenticationDetails({ Username: 'dora', Password: PASSWORD });
  await new Promise((onSuccess, onFailure) => { user.authenticateUser(details, { onSuccess, onFailure }); });
  assert.deepEqual(dora.calls,
    ['PASSWORD_VERIFIER', 'ResourceNotFoundException', 'RespondToAuthChallenge', 'ConfirmDevice']);
});

test('where users are asked, the client learns it and remembers or not', async () => {
  const eve = await browser(asking, 'eve');
  assert.equal((await eve.signIn()).mustAsk, true);
  await eve.signIn();
  assert.deepEqual(eve.calls, ['PASSWORD_VERIFIER', 'RespondToAuthChallenge']);
  assert.equal(await eve.call('setDeviceStatusRemembered'), 'SUCCESS');
  await eve.signIn();
  assert.ok(eve.calls.includes('DEVICE_PASSWORD_VERIFIER'));
  const { Device } = await eve.call('getDevice');
  assert.equal(Device.DeviceKey, eve.deviceKey());
  assert.ok(Device.DeviceAttributes.some((a) => a.Name === 'device_name' && a.Value.length > 0));
  const list = await new Promise((onSuccess, onFailure) => {
    eve.user.listDevices(10, null, { onSuccess, onFailure });
  });
  assert.equal(list.Devices.length, 1);
  assert.equal(await eve.call('setDeviceStatusNotRemembered'), 'SUCCESS');
  await eve.signIn();
  assert.deepEqual(eve.calls, ['PASSWORD_VERIFIER', 'RespondToAuthChallenge']);
});

test('a session is refreshed by its device only, until that is forgotten', async () => {
  const finn = await browser(always, 'finn');
  const { session } = await finn.signIn();
  const refresh = () => new Promise((resolve, reject) => {
    finn.user.refreshSession(session.getRefreshToken(), (error, result) => (error ? reject(error) : resolve(result)));
  });
  const again = await refresh();
  assert.equal(again.getAccessToken().payload.device_key, finn.deviceKey());
  const key = [...finn.storage.items.keys()].find((k) => k.endsWith('.deviceKey'));
  const value = finn.storage.getItem(key);
  finn.storage.removeItem(key);
  await assert.rejects(refresh(), { code: 'NotAuthorizedException', message: 'Invalid Refresh Token' });

  finn.storage.setItem(key, value);
  await finn.signIn();
  assert.equal(await finn.call('forgetDevice'), 'SUCCESS');
  await assert.rejects(refresh(), { code: 'NotAuthorizedException', message: 'Invalid Refresh Token' });
  assert.deepEqual(await devicesOf(always, 'finn'), []);
});
