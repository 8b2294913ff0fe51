// Operations that only the JavaScript SDK knows, or knows best: styles, terms, replicas, limits.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { Server, poolAndClient } from './support.mjs';

const SVG = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
const SETTINGS = { components: { alert: { borderRadius: 2.5 } }, own: [1, true, null, { a: 'ä' }] };
let server;
let sdk;
let ids;

before(async () => {
  server = await Server.start();
  sdk = server.sdk();
  ids = await poolAndClient(sdk);
});
after(() => server.stop());

test('a style is read back with settings as a document and images as bytes', async () => {
  const asset = { Category: 'FORM_LOGO', ColorMode: 'DYNAMIC', Extension: 'SVG', Bytes: SVG };
  const { ManagedLoginBranding: made } = await sdk.send(new idp.CreateManagedLoginBrandingCommand({
    ...ids, Settings: SETTINGS, Assets: [asset],
  }));
  assert.deepEqual(made.Settings, SETTINGS);
  assert.deepEqual({ ...made.Assets[0] }, { ...asset, Bytes: made.Assets[0].Bytes });
  assert.deepEqual([...made.Assets[0].Bytes], [...SVG]);
  assert.ok(made.CreationDate instanceof Date);
  const byClient = await sdk.send(new idp.DescribeManagedLoginBrandingByClientCommand({
    ...ids, ReturnMergedResources: true,
  }));
  assert.equal(byClient.ManagedLoginBranding.ManagedLoginBrandingId, made.ManagedLoginBrandingId);
  assert.equal(byClient.ManagedLoginBranding.Settings.components.alert.borderRadius, 2.5);
  await assert.rejects(
    sdk.send(new idp.CreateManagedLoginBrandingCommand({ ...ids, UseCognitoProvidedValues: true })),
    (error) => error instanceof idp.ManagedLoginBrandingExistsException);
  const place = { UserPoolId: ids.UserPoolId, ManagedLoginBrandingId: made.ManagedLoginBrandingId };
  const { ManagedLoginBranding: changed } = await sdk.send(
    new idp.UpdateManagedLoginBrandingCommand({ ...place, UseCognitoProvidedValues: true }));
  assert.equal(changed.Settings, undefined);
  assert.equal(changed.Assets.length, 1);
  await sdk.send(new idp.DeleteManagedLoginBrandingCommand(place));
  await assert.rejects(sdk.send(new idp.DescribeManagedLoginBrandingCommand(place)),
    (error) => error instanceof idp.ResourceNotFoundException);
});

test('terms are read back, also by client', async () => {
  const Links = { 'cognito:default': 'https://example.com/terms', 'cognito:german': 'https://example.com/de' };
  const { Terms: made } = await sdk.send(new idp.CreateTermsCommand({
    ...ids, TermsName: 'terms-of-use', TermsSource: 'LINK', Enforcement: 'NONE', Links,
  }));
  const { Terms: found } = await sdk.send(new idp.DescribeTermsByClientCommand({
    ...ids, TermsName: 'terms-of-use',
  }));
  assert.deepEqual(found, made);
  assert.deepEqual(found.Links, Links);
  const { UserPoolId } = ids;
  const { TermsId } = made;
  await sdk.send(new idp.UpdateTermsCommand({ UserPoolId, TermsId, TermsName: 'privacy-policy' }));
  const { Terms: list } = await sdk.send(new idp.ListTermsCommand({ UserPoolId }));
  assert.deepEqual(list.map((terms) => terms.TermsName), ['privacy-policy']);
  await sdk.send(new idp.DeleteTermsCommand({ UserPoolId, TermsId }));
  assert.deepEqual((await sdk.send(new idp.ListTermsCommand({ UserPoolId }))).Terms, []);
});

test('replicas and limits are described', async () => {
  const { UserPoolReplicas } = await sdk.send(new idp.ListUserPoolReplicasCommand({ UserPoolId: ids.UserPoolId }));
  assert.deepEqual(UserPoolReplicas.map((r) => [r.RegionName, r.Role, r.Status]), [['eu-west-1', 'PRIMARY', 'ACTIVE']]);
  await assert.rejects(
    sdk.send(new idp.CreateUserPoolReplicaCommand({ UserPoolId: ids.UserPoolId, RegionName: 'us-west-2' })),
    (error) => error instanceof idp.OperationNotEnabledException);
  const LimitDefinition = { LimitClass: 'API_CATEGORY', Attributes: { Category: 'UserAuthentication' } };
  const { Limit } = await sdk.send(new idp.UpdateProvisionedLimitCommand({ LimitDefinition, RequestedLimitValue: 200 }));
  assert.deepEqual({ ...Limit, LimitDefinition: { ...Limit.LimitDefinition } },
    { LimitDefinition, ProvisionedLimitValue: 200, FreeLimitValue: 120 });
  assert.deepEqual(await sdk.send(new idp.GetProvisionedLimitCommand({ LimitDefinition })).then((r) => r.Limit), Limit);
});

test('a machine gets its token', async () => {
  const { UserPoolId } = ids;
  await sdk.send(new idp.CreateResourceServerCommand({
    UserPoolId, Identifier: 'api', Name: 'API', Scopes: [{ ScopeName: 'read', ScopeDescription: 'read' }],
  }));
  const { UserPoolClient: { ClientId, ClientSecret } } = await sdk.send(new idp.CreateUserPoolClientCommand({
    UserPoolId, ClientName: 'machine', GenerateSecret: true, AllowedOAuthScopes: ['api/read'],
    ExplicitAuthFlows: ['ALLOW_CLIENT_TOKEN_AUTH'],
  }));
  const { ClientAuthenticationResult: result } = await sdk.send(new idp.GetClientTokenCommand({
    ClientId, Secret: ClientSecret, Scopes: ['api/read'],
  }));
  assert.deepEqual([result.ExpiresIn, result.TokenType], [3600, 'Bearer']);
  const claims = JSON.parse(Buffer.from(result.AccessToken.split('.')[1], 'base64url'));
  assert.deepEqual([claims.sub, claims.scope, claims.token_use], [ClientId, 'api/read', 'access']);
});
