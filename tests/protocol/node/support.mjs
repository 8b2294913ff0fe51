// A server for a test file, made ready through the AWS SDK; ended with it.
import { execFile, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert/strict';
import {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, CognitoIdentityProviderClient,
  CreateUserPoolClientCommand, CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';

export const PASSWORD = 'Passw0rd!';
// With PostgreSQL: the URL of a database where others can be made (tests/run --database).
const DATABASE = process.env.POOLHOUSE_TEST_DATABASE;
// The options of a test that is about the file of SQLite.
export const needsFile = { skip: DATABASE ? 'about the file of SQLite' : false };
const TROUBLE = /ERROR: (Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer|reply_violates_model|internal_error/;

// Below the ports that the kernel gives to connections and to who asks for any, and below those of the
// suites in Python. Suites at the same time begin elsewhere; a port is not given twice.
let ports = 0;

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function freePort() {
  for (;;) {
    const port = 4000 + (process.pid * 16 + ports++) % 8000;
    if (await isFree(port)) return port;
  }
}

async function newDatabase() {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await promisify(execFile)('psql',
    ['-Xq', '-d', DATABASE, '-c', `CREATE DATABASE ${name} STRATEGY file_copy`], { timeout: 60000 });
  return DATABASE.replace('/postgres?', `/${name}?`);
}

export class Server {
  static async start(...flags) {
    const server = new Server();
    server.directory = await mkdtemp(path.join(os.tmpdir(), 'poolhouse-test-'));
    server.port = await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    server.logPath = path.join(server.directory, 'server.log');
    server.environment = { ...process.env };
    if (DATABASE) server.environment.POOLHOUSE_STORAGE_DATABASE = await newDatabase();
    const where = DATABASE ? ['--data', path.join(server.directory, 'data')] : ['--memory'];
    const log = await open(server.logPath, 'a');
    server.process = spawn(process.env.POOLHOUSE_BINARY,
      ['dev', ...where, '--listen', `127.0.0.1:${server.port}`, '--public-url', server.url, ...flags],
      { stdio: ['ignore', log.fd, log.fd], cwd: server.directory, env: server.environment });
    server.ended = new Promise((resolve) => server.process.once('exit', resolve));
    await log.close();
    for (let i = 0; i < 1500; i++) {
      if (server.process.exitCode !== null) break;
      try {
        if ((await fetch(`${server.url}/readyz`)).ok) return server;
      } catch { /* not yet */ }
      await sleep(20);
    }
    const text = await readFile(server.logPath, 'utf8');
    server.process.kill('SIGKILL');
    throw new Error(`the server did not start:\n${text}`);
  }

  async stop() {
    this.process.kill('SIGTERM');
    const late = globalThis.setTimeout(() => this.process.kill('SIGKILL'), 30000);
    const code = await this.ended;
    clearTimeout(late);
    const text = await readFile(this.logPath, 'utf8');
    await rm(this.directory, { recursive: true, force: true });
    assert.doesNotMatch(text, TROUBLE);
    assert.equal(code, 0, `the server ended with ${code}`);
  }

  async outbox(username) {
    const query = new URLSearchParams({ username, format: 'json' });
    const reply = await fetch(`${this.url}/_poolhouse/outbox?${query}`);
    return (await reply.json()).messages;
  }

  sdk() {
    return new CognitoIdentityProviderClient({
      endpoint: this.url, region: 'eu-west-1', maxAttempts: 1,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  }
}

// The storage of a browser.
export class Memory {
  items = new Map();
  setItem(key, value) { this.items.set(key, value); }
  getItem(key) { return this.items.get(key) ?? null; }
  removeItem(key) { this.items.delete(key); }
  clear() { this.items.clear(); }
}

// A pool with a public client that permits every flow.
export async function poolAndClient(sdk, pool = {}, client = {}) {
  const { UserPool } = await sdk.send(new CreateUserPoolCommand({ PoolName: 'js', ...pool }));
  const { UserPoolClient } = await sdk.send(new CreateUserPoolClientCommand({
    UserPoolId: UserPool.Id, ClientName: 'js',
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH',
      'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    ...client,
  }));
  return { UserPoolId: UserPool.Id, ClientId: UserPoolClient.ClientId };
}

export async function newUser(sdk, UserPoolId, Username, { permanent = true, attributes = {} } = {}) {
  await sdk.send(new AdminCreateUserCommand({
    UserPoolId, Username, MessageAction: 'SUPPRESS', TemporaryPassword: PASSWORD,
    UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
  }));
  if (permanent) {
    await sdk.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: PASSWORD, Permanent: true }));
  }
}

// RFC 6238 for a base32 secret, `ahead` steps from now: a step serves once, the next one is good, too.
export function totp(secret, ahead = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c)
    .toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + ahead));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
}
