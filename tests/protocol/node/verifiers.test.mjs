// Third-party verifiers accept both tokens, and take neither for the other.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider';
import { CognitoJwtVerifier, JwtRsaVerifier } from 'aws-jwt-verify';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

async function signedIn(server) {
  const sdk = server.sdk();
  const ids = await poolAndClient(sdk);
  await newUser(sdk, ids.UserPoolId, 'ann');
  const { AuthenticationResult } = await sdk.send(new InitiateAuthCommand({
    ClientId: ids.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'ann', PASSWORD },
  }));
  const jwks = await (await fetch(`${server.url}/${ids.UserPoolId}/.well-known/jwks.json`)).json();
  return { ...ids, ...AuthenticationResult, jwks };
}

let local;
let aws;
let renamed;
let here;
let there;

before(async () => {
  [local, aws, renamed] = await Promise.all([
    Server.start(),
    Server.start('--issuer', 'aws'),
    Server.start('--issuer', 'aws-new')]);
  here = await signedIn(local);
  there = await signedIn(aws);
});
after(() => Promise.all([local, aws, renamed].filter(Boolean).map((s) => s.stop())));

test('jose verifies both tokens through the key set over plain http', async () => {
  const issuer = `${local.url}/${here.UserPoolId}`;
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  assert.equal(discovery.issuer, issuer);
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  const id = await jwtVerify(here.IdToken, keys, { issuer, audience: here.ClientId, algorithms: ['RS256'] });
  assert.equal(id.payload['cognito:username'], 'ann');
  const access = await jwtVerify(here.AccessToken, keys, { issuer, algorithms: ['RS256'] });
  assert.equal(access.payload.client_id, here.ClientId);
});

test('jose refuses a token of another pool', async () => {
  const other = await signedIn(local);
  const keys = createRemoteJWKSet(new URL(`${local.url}/${here.UserPoolId}/.well-known/jwks.json`));
  await assert.rejects(jwtVerify(other.IdToken, keys), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('the verifier for any issuer verifies tokens of a local issuer', async () => {
  const issuer = `${local.url}/${here.UserPoolId}`;
  const verifier = JwtRsaVerifier.create({
    issuer, audience: here.ClientId, jwksUri: 'https://localhost/not-fetched',
  });
  verifier.cacheJwks(here.jwks);
  assert.equal((await verifier.verify(here.IdToken)).token_use, 'id');
  await assert.rejects(verifier.verify(here.IdToken.slice(0, -8) + 'AAAAAAAA'));
});

for (const [name, server] of [['the older', () => aws], ['the newer', () => renamed]]) {
  test(`the verifier for user pools accepts ${name} issuer of the service`, async () => {
    const tokens = server() === aws ? there : await signedIn(server());
    for (const tokenUse of ['id', 'access']) {
      const verifier = CognitoJwtVerifier.create({
        userPoolId: tokens.UserPoolId, clientId: tokens.ClientId, tokenUse,
      });
      verifier.cacheJwks(tokens.jwks);
      const [right, wrong] = tokenUse === 'id'
        ? [tokens.IdToken, tokens.AccessToken] : [tokens.AccessToken, tokens.IdToken];
      assert.equal((await verifier.verify(right)).token_use, tokenUse);
      await assert.rejects(verifier.verify(wrong), /Token use not allowed/);
    }
  });
}

test('a token of another client is refused', async () => {
  const verifier = CognitoJwtVerifier.create({
    userPoolId: there.UserPoolId, clientId: 'another', tokenUse: 'access',
  });
  verifier.cacheJwks(there.jwks);
  await assert.rejects(verifier.verify(there.AccessToken), /Client ID not allowed/);
});
