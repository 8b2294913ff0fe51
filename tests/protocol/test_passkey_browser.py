"""Passkeys in a real browser: Chromium with a virtual authenticator, driven over WebDriver.

The page calls the API itself, as applications do, and hands what the operations return to
navigator.credentials; what these return goes back unchanged.
"""
import contextlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from poolhouse import ALL_FLOWS, PASSWORD, PoolhouseTest, claims, free_port

PAGE = b'<!doctype html><title>application</title>'
LIBRARY = '''
const call = async (operation, members) => {
  const reply = await fetch(API, {method: 'POST', body: JSON.stringify(members), headers: {
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': 'AWSCognitoIdentityProviderService.' + operation}});
  const body = await reply.json();
  if (!reply.ok) throw new Error(body.__type + ': ' + body.message);
  return body;
};
const register = async (AccessToken) => {
  const {CredentialCreationOptions} = await call('StartWebAuthnRegistration', {AccessToken});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(CredentialCreationOptions);
  const made = await navigator.credentials.create({publicKey});
  await call('CompleteWebAuthnRegistration', {AccessToken, Credential: made.toJSON()});
  return made.id;
};
const signIn = async (ClientId, USERNAME) => {
  const asked = await call('InitiateAuth', {ClientId, AuthFlow: 'USER_AUTH',
    AuthParameters: {USERNAME, PREFERRED_CHALLENGE: 'WEB_AUTHN'}});
  if (asked.ChallengeName !== 'WEB_AUTHN') throw new Error('asked ' + asked.ChallengeName);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    JSON.parse(asked.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS));
  const proof = await navigator.credentials.get({publicKey});
  return call('RespondToAuthChallenge', {ClientId, ChallengeName: 'WEB_AUTHN', Session: asked.Session,
    ChallengeResponses: {USERNAME, CREDENTIAL: JSON.stringify(proof.toJSON())}});
};
'''


class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


class Browser:
    """Chromium behind chromedriver, with the few calls of WebDriver that the tests need."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='poolhouse-browser-')
        self.url = f'http://127.0.0.1:{free_port()}'
        self.driver = subprocess.Popen(
            [shutil.which('chromedriver'), f'--port={self.url.rpartition(":")[2]}'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, HOME=self.directory, TMPDIR=self.directory))
        self.session = None
        try:
            self.wait()
            self.session = self.open()
        except BaseException:
            self.close()
            raise

    def wait(self):
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', int(self.url.rpartition(':')[2]))).close()
                return
            time.sleep(0.05)
        raise RuntimeError('chromedriver did not start')

    def open(self):
        arguments = ['--headless=new', '--disable-gpu', '--disable-dev-shm-usage',
                     f'--user-data-dir={self.directory}/profile']
        if os.geteuid() == 0:
            arguments.append('--no-sandbox')
        options = {'binary': shutil.which('chromium'), 'args': arguments}
        made = self.call('POST', '/session', {'capabilities': {'alwaysMatch': {
            'goog:chromeOptions': options, 'webauthn:virtualAuthenticators': True}}})
        return f'/session/{made["sessionId"]}'

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, headers={
            'Content-Type': 'application/json'}, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return json.load(reply)['value']
        except urllib.error.HTTPError as e:
            raise RuntimeError(e.read().decode()) from e

    def close(self):
        if self.session:
            with contextlib.suppress(Exception):
                self.call('DELETE', self.session)
        self.driver.terminate()
        self.driver.wait(20)
        shutil.rmtree(self.directory, ignore_errors=True)

    def visit(self, url):
        self.call('POST', self.session + '/url', {'url': url})

    def run(self, api, script, *arguments):
        """The value of an async expression, with the library above; an Error it throws is ours."""
        text = (f'const API = {json.dumps(api)}; {LIBRARY}\n'
                f'const [done, given] = [arguments[arguments.length - 1], [...arguments].slice(0, -1)];\n'
                f'(async () => {script})().then((value) => done({{value}}), '
                f'(e) => done({{error: e.name + ": " + e.message}}));')
        reply = self.call('POST', self.session + '/execute/async', {'script': text, 'args': list(arguments)})
        if 'error' in reply:
            raise RuntimeError(reply['error'])
        return reply['value']

    def add_authenticator(self, **members):
        given = {'protocol': 'ctap2', 'transport': 'internal', 'hasResidentKey': True,
                 'hasUserVerification': True, 'isUserVerified': True, **members}
        return self.call('POST', self.session + '/webauthn/authenticator', given)

    def remove_authenticator(self, id_):
        self.call('DELETE', f'{self.session}/webauthn/authenticator/{id_}')


class InChromium(PoolhouseTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Application)
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.site.server_close)
        cls.addClassCleanup(cls.site.shutdown)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.browser.visit(f'http://localhost:{cls.site.server_port}/')

    @classmethod
    def passkey_pool(cls, relying_party='localhost', verification='preferred'):
        pool = cls.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'WEB_AUTHN']}})
        cls.api.SetUserPoolMfaConfig(UserPoolId=pool, WebAuthnConfiguration={
            'RelyingPartyId': relying_party, 'UserVerification': verification})
        return pool, cls.new_client(pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_USER_AUTH'])

    def authenticator(self, **members):
        id_ = self.browser.add_authenticator(**members)
        self.addCleanup(self.browser.remove_authenticator, id_)
        return id_

    def user(self, pool, client):
        name = self.new_user(pool, password=PASSWORD)
        return name, self.tokens(client, name)['AccessToken']

    def register(self, token):
        return self.browser.run(self.server.url, 'register(...given)', token)

    def sign_in_by(self, client, name):
        return self.browser.run(self.server.url, 'signIn(...given)', client, name)

    def registers_and_signs_in(self, verification='preferred', **authenticator):
        self.authenticator(**authenticator)
        pool, client = self.passkey_pool(verification=verification)
        name, token = self.user(pool, client)
        id_ = self.register(token)
        listed = self.api.ListWebAuthnCredentials(AccessToken=token)['Credentials']
        self.assertEqual([id_], [c['CredentialId'] for c in listed])
        for _ in range(2):
            result = self.sign_in_by(client, name)['AuthenticationResult']
            self.assertEqual(name, claims(result['AccessToken'])[1]['username'])
        return listed[0]

    def test_a_platform_authenticator(self):
        listed = self.registers_and_signs_in()
        self.assertEqual(('platform', 'Platform passkey', ['internal']),
                         (listed['AuthenticatorAttachment'], listed['FriendlyCredentialName'],
                          listed['AuthenticatorTransports']))

    def test_a_security_key(self):
        listed = self.registers_and_signs_in(transport='usb')
        self.assertEqual(('cross-platform', 'Roaming passkey'),
                         (listed['AuthenticatorAttachment'], listed['FriendlyCredentialName']))

    def test_required_verification(self):
        self.registers_and_signs_in('required')

    def test_an_authenticator_without_verification(self):
        self.registers_and_signs_in(hasUserVerification=False)

    def test_a_second_passkey_on_the_same_authenticator_is_prevented(self):
        self.authenticator()
        pool, client = self.passkey_pool()
        _, token = self.user(pool, client)
        self.register(token)
        with self.assertRaisesRegex(RuntimeError, 'InvalidStateError'):
            self.register(token)

    def test_the_browser_refuses_another_relying_party(self):
        self.authenticator()
        pool, client = self.passkey_pool('example.com')
        _, token = self.user(pool, client)
        with self.assertRaisesRegex(RuntimeError, 'SecurityError'):
            self.register(token)

    def test_another_authenticator_has_no_answer(self):
        first = self.browser.add_authenticator()
        pool, client = self.passkey_pool()
        name, token = self.user(pool, client)
        self.register(token)
        self.browser.remove_authenticator(first)
        self.authenticator()
        with self.assertRaisesRegex(RuntimeError, 'NotAllowedError'):
            self.sign_in_by(client, name)


if __name__ == '__main__':
    unittest.main()
