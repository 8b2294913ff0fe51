"""Passkeys by an authenticator written for the tests: registering them, and signing in by them."""
import json
import time
import unittest

import totp
import webauthn
from poolhouse import ALL_FLOWS, PoolhouseTest, claims
from webauthn import EDDSA, ES256, RS256, VERIFIED, Passkey

RP = 'example.com'
ORIGIN = 'https://app.example.com'
FACTORS = ['PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN']
FLOWS = ALL_FLOWS + ['ALLOW_USER_AUTH']
WRONG = ('NotAuthorizedException', 'Incorrect username or password.')


class PasskeyTest(PoolhouseTest):

    @classmethod
    def passkey_pool(cls, mfa='OFF', **configuration):
        pool = cls.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': FACTORS[::2]}})
        cls.configure(pool, **{'RelyingPartyId': RP, 'UserVerification': 'preferred', **configuration})
        if mfa != 'OFF':
            cls.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration=mfa,
                                         SoftwareTokenMfaConfiguration={'Enabled': True})
        return pool

    @classmethod
    def configure(cls, pool, **configuration):
        cls.api.SetUserPoolMfaConfig(UserPoolId=pool, WebAuthnConfiguration=configuration)

    @classmethod
    def prepare(cls):
        cls.pool = cls.passkey_pool()
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS)
        cls.other_client = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS)

    def user(self, pool=None, client=None):
        name = self.new_user(pool or self.pool)
        return name, self.tokens(client or self.client, name)['AccessToken']

    def options(self, token):
        return self.api.StartWebAuthnRegistration(AccessToken=token)['CredentialCreationOptions']

    def complete(self, token, credential):
        return self.api.CompleteWebAuthnRegistration(AccessToken=token, Credential=credential)

    def register(self, token, passkey=None, **how):
        passkey = passkey or Passkey(ORIGIN)
        self.assertEqual({}, self.complete(token, passkey.create(self.options(token), **how)))
        return passkey

    def credentials(self, token, **page):
        return self.api.ListWebAuthnCredentials(AccessToken=token, **page)

    def ask(self, name, client=None):
        return self.api.InitiateAuth(ClientId=client or self.client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': name, 'PREFERRED_CHALLENGE': 'WEB_AUTHN'})

    def answer(self, asked, name, credential, client=None):
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='WEB_AUTHN', Session=asked['Session'],
            ChallengeResponses={'USERNAME': name, 'CREDENTIAL': credential})

    @staticmethod
    def request(asked):
        return json.loads(asked['ChallengeParameters']['CREDENTIAL_REQUEST_OPTIONS'])

    def sign_in_by(self, passkey, name, client=None, **how):
        asked = self.ask(name, client)
        self.assertEqual('WEB_AUTHN', asked['ChallengeName'])
        return self.answer(asked, name, passkey.get(self.request(asked), **how), client)


class Registering(PasskeyTest):

    def test_the_options_are_what_browsers_take(self):
        name, token = self.user()
        options = self.options(token)
        sub = claims(token)[1]['sub']
        self.assertGreaterEqual(len(webauthn.unb64(options.pop('challenge'))), 16)
        self.assertEqual({
            'rp': {'id': RP, 'name': RP},
            'user': {'id': webauthn.b64(sub.encode()), 'name': name, 'displayName': name},
            'pubKeyCredParams': [{'type': 'public-key', 'alg': -7}, {'type': 'public-key', 'alg': -257}],
            'timeout': 60000, 'excludeCredentials': [],
            'authenticatorSelection': {'requireResidentKey': True, 'residentKey': 'required',
                                       'userVerification': 'preferred'}}, options)

    def test_what_was_registered_is_listed_and_excluded(self):
        _, token = self.user()
        first = self.register(token)
        second = self.register(token, Passkey(ORIGIN, attachment='cross-platform', transports=['usb']))
        third = self.register(token, Passkey(ORIGIN, attachment=None, transports=[]))
        listed = self.credentials(token)
        self.assertEqual([
            (first.id, 'Platform passkey', 'platform', ['internal', 'hybrid']),
            (second.id, 'Roaming passkey', 'cross-platform', ['usb']),
            (third.id, 'Roaming passkey', None, [])],
            [(webauthn.unb64(c['CredentialId']), c['FriendlyCredentialName'],
              c.get('AuthenticatorAttachment'), c['AuthenticatorTransports'])
             for c in listed['Credentials']])
        self.assertEqual({RP}, {c['RelyingPartyId'] for c in listed['Credentials']})
        self.assertNotIn('NextToken', listed)
        self.assertEqual([
            {'type': 'public-key', 'id': webauthn.b64(first.id), 'transports': ['internal', 'hybrid']},
            {'type': 'public-key', 'id': webauthn.b64(second.id), 'transports': ['usb']},
            {'type': 'public-key', 'id': webauthn.b64(third.id)}],
            self.options(token)['excludeCredentials'])

    def test_a_list_comes_in_pages(self):
        _, token = self.user()
        made = [self.register(token).id for _ in range(5)]
        found, page = [], self.credentials(token, MaxResults=2)
        found += page['Credentials']
        while 'NextToken' in page:
            page = self.credentials(token, MaxResults=2, NextToken=page['NextToken'])
            found += page['Credentials']
        self.assertEqual(sorted(made), sorted(webauthn.unb64(c['CredentialId']) for c in found))
        self.assertEqual(5, len(self.credentials(token, MaxResults=0)['Credentials']))

    def test_every_form_of_attestation_that_is_right_is_taken(self):
        _, token = self.user()
        for algorithm, form in ((ES256, 'none'), (ES256, 'packed'), (RS256, 'none'), (RS256, 'packed'),
                                (ES256, 'packed x5c')):
            for extensions in (None, {'credProtect': 2}):
                with self.subTest(f'{form} {algorithm} {extensions}'):
                    self.register(token, Passkey(ORIGIN, algorithm), form=form, extensions=extensions)

    def test_the_credential_may_come_as_text(self):
        _, token = self.user()
        passkey = Passkey(ORIGIN)
        self.complete(token, json.dumps(passkey.create(self.options(token))))
        self.assertEqual(1, len(self.credentials(token)['Credentials']))

    def refused_with(self, type_, token, credential):
        with self.assert_error(type_, None):
            self.complete(token, credential)

    def test_what_is_wrong_is_named(self):
        _, token = self.user()
        for type_, how in (
                ('WebAuthnRelyingPartyMismatchException', {'rp_id': 'example.org'}),
                ('WebAuthnOriginNotAllowedException', {'origin': 'https://example.org'}),
                ('WebAuthnOriginNotAllowedException', {'origin': 'https://evilexample.com'}),
                ('WebAuthnOriginNotAllowedException', {'origin': 'http://example.com'}),
                ('WebAuthnOriginNotAllowedException', {'origin': 'https://example.com.evil.org'}),
                ('WebAuthnOriginNotAllowedException', {'origin': 'android:apk-key-hash:x'}),
                ('WebAuthnCredentialNotSupportedException', {'form': 'android-safetynet'}),
                ('InvalidParameterException', {'type_': 'webauthn.get'})):
            with self.subTest(f'{type_} {how}'):
                self.refused_with(type_, token, Passkey(ORIGIN).create(self.options(token), **how))
        self.refused_with('WebAuthnCredentialNotSupportedException', token,
                          Passkey(ORIGIN, EDDSA).create(self.options(token)))
        absent = Passkey(ORIGIN)
        absent.flags = 0
        self.refused_with('WebAuthnCredentialNotSupportedException', token,
                          absent.create(self.options(token)))
        self.assertEqual([], self.credentials(token)['Credentials'])

    def test_origins_of_the_relying_party_are_taken(self):
        _, token = self.user()
        for origin in ('https://example.com', 'https://a.b.example.com', 'https://example.com:8443'):
            with self.subTest(origin):
                self.register(token, Passkey(origin))

    def test_an_attestation_that_does_not_hold_is_refused(self):
        _, token = self.user()
        for form in ('packed', 'packed x5c'):
            passkey = Passkey(ORIGIN)
            made = passkey.create(self.options(token), form=form)
            raw = webauthn.unb64(made['response']['attestationObject'])
            at = raw.index(b'sig') + 12
            bent = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:]
            made['response']['attestationObject'] = webauthn.b64(bent)
            with self.subTest(form):
                self.refused_with('InvalidParameterException', token, made)

    def test_what_is_malformed_is_refused(self):
        _, token = self.user()
        whole = Passkey(ORIGIN).create(self.options(token))
        for bend in (lambda c: c.pop('id'), lambda c: c.update(type='password'), lambda c: c.update(id='AAAA'),
                     lambda c: c.pop('response'), lambda c: c['response'].pop('clientDataJSON'),
                     lambda c: c['response'].update(clientDataJSON='!!'),
                     lambda c: c['response'].update(clientDataJSON=webauthn.b64(b'[]')),
                     lambda c: c['response'].update(attestationObject=''),
                     lambda c: c['response'].update(attestationObject=webauthn.b64(b'\xa0')),
                     lambda c: c['response'].update(attestationObject=c['response']['attestationObject'] + 'AA'),
                     lambda c: c['response'].update(attestationObject=c['response']['attestationObject'][:-8])):
            bent = json.loads(json.dumps(whole))
            bend(bent)
            self.refused_with('InvalidParameterException', token, bent)
        for nothing in ('', 'x', {}, [], 7, True):
            self.refused_with('InvalidParameterException', token, nothing)
        self.complete(token, whole)  # what was refused did not use the challenge up

    def test_a_challenge_serves_once_for_one_user_and_client(self):
        name, token = self.user()
        _, other = self.user()
        options = self.options(token)
        made = Passkey(ORIGIN).create(options)
        self.refused_with('WebAuthnChallengeNotFoundException', other, made)
        elsewhere = self.tokens(self.other_client, name)['AccessToken']
        self.refused_with('WebAuthnClientMismatchException', elsewhere, made)
        self.refused_with('WebAuthnChallengeNotFoundException', token,
                          Passkey(ORIGIN).create({**options, 'challenge': webauthn.b64(bytes(32))}))
        self.complete(token, made)
        self.refused_with('WebAuthnChallengeNotFoundException', token, Passkey(ORIGIN).create(options))

    def test_nobody_registers_what_somebody_has(self):
        _, token = self.user()
        _, other = self.user()
        passkey = self.register(token)
        self.refused_with('InvalidParameterException', other, passkey.create(self.options(other)))
        self.assertEqual([], self.credentials(other)['Credentials'])

    def test_there_is_room_for_twenty(self):
        _, token = self.user()
        for _ in range(20):
            self.register(token)
        self.refused_with('LimitExceededException', token, Passkey(ORIGIN).create(self.options(token)))
        first = self.credentials(token)['Credentials'][0]['CredentialId']
        self.api.DeleteWebAuthnCredential(AccessToken=token, CredentialId=first)
        self.register(token)

    def test_deleting_is_for_the_owner(self):
        _, token = self.user()
        _, other = self.user()
        id_ = webauthn.b64(self.register(token).id)
        for whose, which in ((other, id_), (token, 'AAAA'), (token, '!!'), (token, 'x' * 131072)):
            with self.assert_error('ResourceNotFoundException', 'The passkey does not exist.'):
                self.api.DeleteWebAuthnCredential(AccessToken=whose, CredentialId=which)
        self.assertEqual({}, self.api.DeleteWebAuthnCredential(AccessToken=token, CredentialId=id_))

    def test_pools_without_passkeys_say_so(self):
        plain = self.new_pool()
        client = self.new_client(plain)
        _, token = self.user(plain, client)
        for call in (lambda: self.options(token), lambda: self.complete(token, {})):
            with self.assert_error('WebAuthnNotEnabledException', None):
                call()
        bare = self.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': FACTORS}})
        _, token = self.user(bare, self.new_client(bare))
        with self.assert_error('WebAuthnConfigurationMissingException', None):
            self.options(token)

    def test_a_pool_that_requires_verification_asks_for_it_and_checks_it(self):
        pool = self.passkey_pool(UserVerification='required')
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        name, token = self.user(pool, client)
        options = self.options(token)
        self.assertEqual('required', options['authenticatorSelection']['userVerification'])
        self.refused_with('WebAuthnCredentialNotSupportedException', token,
                          Passkey(ORIGIN, verifies=False).create(options))
        passkey = self.register(token)
        self.assertIn('AuthenticationResult', self.sign_in_by(passkey, name, client))
        passkey.flags &= ~VERIFIED
        with self.assert_error(*WRONG):
            self.sign_in_by(passkey, name, client)


class Expiring(PasskeyTest):

    server_options = {'clock': True}

    def test_a_challenge_lives_for_five_minutes(self):
        _, token = self.user()
        early, late = Passkey(ORIGIN).create(self.options(token)), Passkey(ORIGIN).create(self.options(token))
        self.server.advance(290)
        self.complete(token, early)
        self.server.advance(20)
        with self.assert_error('WebAuthnChallengeNotFoundException', None):
            self.complete(token, late)


class SigningIn(PasskeyTest):

    def test_a_passkey_signs_in(self):
        for algorithm in (ES256, RS256):
            for count in (0, 7):
                name, token = self.user()
                passkey = self.register(token, Passkey(ORIGIN, algorithm, count))
                for _ in range(2):
                    with self.subTest(f'{algorithm} {count}'):
                        result = self.sign_in_by(passkey, name)['AuthenticationResult']
                        self.assertEqual(name, claims(result['AccessToken'])[1]['username'])
                        self.assertIn('RefreshToken', result)

    def test_the_challenge_names_the_users_passkeys(self):
        name, token = self.user()
        passkey = self.register(token)
        asked = self.ask(name)
        self.assertEqual(['PASSWORD_SRP', 'PASSWORD', 'WEB_AUTHN'], asked['AvailableChallenges'])
        request = self.request(asked)
        self.assertGreaterEqual(len(webauthn.unb64(request.pop('challenge'))), 16)
        self.assertEqual({'timeout': 180000, 'rpId': RP, 'userVerification': 'preferred',
                          'allowCredentials': [{'type': 'public-key', 'id': webauthn.b64(passkey.id),
                                                'transports': ['internal', 'hybrid']}]}, request)

    def test_it_can_be_chosen(self):
        name, token = self.user()
        passkey = self.register(token)
        asked = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_AUTH',
                                      AuthParameters={'USERNAME': name})
        self.assertEqual('SELECT_CHALLENGE', asked['ChallengeName'])
        self.assertIn('WEB_AUTHN', asked['AvailableChallenges'])
        asked = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='SELECT_CHALLENGE', Session=asked['Session'],
            ChallengeResponses={'USERNAME': name, 'ANSWER': 'WEB_AUTHN'})
        self.assertEqual('WEB_AUTHN', asked['ChallengeName'])
        self.assertIn('AuthenticationResult', self.answer(asked, name, passkey.get(self.request(asked))))

    def test_every_lie_gets_one_answer_and_leaves_the_session_alone(self):
        name, token = self.user()
        passkey, strangers = self.register(token), Passkey(ORIGIN)
        other_name, other_token = self.user()
        others = self.register(other_token)
        asked = self.ask(name)
        request = self.request(asked)
        forged = Passkey(ORIGIN)
        forged.id = passkey.id
        lies = [strangers.get(request), others.get(request), forged.get(request),
                passkey.get(request, origin='https://example.org'),
                passkey.get(request, rp_id='example.org'), passkey.get(request, type_='webauthn.create'),
                passkey.get({**request, 'challenge': webauthn.b64(bytes(16))}), 'x', '{}', '[]']
        passkey.user_handle = b'somebody else'
        lies.append(passkey.get(request))
        passkey.user_handle = None
        passkey.flags = 0
        lies.append(passkey.get(request))
        passkey.flags = webauthn.PRESENT
        whole = json.loads(passkey.get(request))
        for member in ('clientDataJSON', 'authenticatorData', 'signature'):
            bent = json.loads(json.dumps(whole))
            raw = bytearray(webauthn.unb64(bent['response'][member]))
            raw[len(raw) // 2] ^= 1
            bent['response'][member] = webauthn.b64(bytes(raw))
            lies.append(json.dumps(bent))
            bent['response'].pop(member)
            lies.append(json.dumps(bent))
        for lie in lies:
            with self.subTest(lie[:80]), self.assert_error(*WRONG):
                self.answer(asked, name, lie)
        self.assertIn('AuthenticationResult', self.answer(asked, name, json.dumps(whole)))

    def test_an_answer_serves_once(self):
        name, token = self.user()
        passkey = self.register(token)
        asked = self.ask(name)
        response = passkey.get(self.request(asked))
        self.answer(asked, name, response)
        with self.assert_error('NotAuthorizedException',
                               'Invalid session for the user, session can only be used once.'):
            self.answer(asked, name, response)
        with self.assert_error(*WRONG):
            self.answer(self.ask(name), name, response)

    def test_an_answer_serves_one_client(self):
        name, token = self.user()
        passkey = self.register(token)
        asked = self.ask(name)
        with self.assert_error('NotAuthorizedException', 'Invalid session for the user.'):
            self.answer(asked, name, passkey.get(self.request(asked)), self.other_client)

    def test_a_copied_authenticator_is_noticed(self):
        name, token = self.user()
        passkey = self.register(token, Passkey(ORIGIN, count=5))
        self.sign_in_by(passkey, name)
        passkey.count -= 1  # the copy has not seen the last use
        with self.assert_error(*WRONG):
            self.sign_in_by(passkey, name)
        passkey.count += 5
        self.sign_in_by(passkey, name)
        passkey.count = 0
        with self.assert_error(*WRONG):
            self.sign_in_by(passkey, name)

    def test_a_deleted_passkey_is_good_for_nothing(self):
        name, token = self.user()
        passkey = self.register(token)
        asked = self.ask(name)
        self.api.DeleteWebAuthnCredential(AccessToken=token, CredentialId=webauthn.b64(passkey.id))
        with self.assert_error(*WRONG):
            self.answer(asked, name, passkey.get(self.request(asked)))
        self.assertEqual('SELECT_CHALLENGE', self.ask(name)['ChallengeName'])

    def test_states_of_the_user_are_told_to_who_has_the_passkey(self):
        name, token = self.user()
        passkey = self.register(token)
        asked = self.ask(name)
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.answer(asked, name, passkey.get(self.request(asked)))
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.ask(name)

    def test_a_new_relying_party_asks_for_new_passkeys(self):
        pool = self.passkey_pool()
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        name, token = self.user(pool, client)
        passkey = self.register(token)
        asked = self.ask(name, client)
        self.configure(pool, RelyingPartyId='example.org', UserVerification='preferred')
        with self.assert_error(*WRONG):
            self.answer(asked, name, passkey.get(self.request(asked)), client)
        self.assertEqual('SELECT_CHALLENGE', self.ask(name, client)['ChallengeName'])
        self.assertEqual([], self.options(token)['excludeCredentials'])

    def test_passkeys_go_with_their_user(self):
        name, token = self.user()
        passkey = self.register(token)
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        _, other = self.user()
        self.complete(other, passkey.create(self.options(other)))

    def test_factors_are_told(self):
        name, token = self.user()
        self.assertEqual({'Username': name, 'ConfiguredUserAuthFactors': ['PASSWORD']},
                         self.api.GetUserAuthFactors(AccessToken=token))
        self.register(token)
        expected = {'Username': name, 'ConfiguredUserAuthFactors': ['PASSWORD', 'WEB_AUTHN']}
        self.assertEqual(expected, self.api.GetUserAuthFactors(AccessToken=token))
        self.assertEqual(expected, self.api.AdminGetUserAuthFactors(UserPoolId=self.pool, Username=name))

    def test_with_required_mfa_only_a_verified_passkey_signs_in_alone(self):
        pool = self.passkey_pool(FactorConfiguration='MULTI_FACTOR_WITH_USER_VERIFICATION')
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        name, token = self.user(pool, client)
        passkey = self.register(token)
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='ON',
                                      SoftwareTokenMfaConfiguration={'Enabled': True})
        asked = self.ask(name, client)
        self.assertEqual('required', self.request(asked)['userVerification'])
        self.assertIn('AuthenticationResult', self.answer(asked, name, passkey.get(self.request(asked)), client))
        passkey.flags &= ~VERIFIED
        with self.assert_error(*WRONG):
            self.sign_in_by(passkey, name, client)

    def test_wrong_passkeys_lock_nobody_out(self):
        name, token = self.user()
        passkey = self.register(token)
        for _ in range(7):
            with self.assert_error(*WRONG):
                self.sign_in_by(passkey, name, origin='https://example.org')
        self.tokens(self.client, name)


class Domain(PasskeyTest):
    """Where no relying party is configured the pool's domain is it."""

    def domain_pool(self, **domain):
        pool = self.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': FACTORS}})
        self.api.CreateUserPoolDomain(UserPoolId=pool, **domain)
        return pool, self.new_client(pool, ExplicitAuthFlows=FLOWS)

    def test_a_prefix_stands_for_its_host(self):
        prefix = self.new_name('passkeys')
        pool, client = self.domain_pool(Domain=prefix)
        host = f'{prefix}.auth.eu-west-1.amazoncognito.com'
        name, token = self.user(pool, client)
        self.assertEqual({'id': host, 'name': host}, self.options(token)['rp'])
        passkey = self.register(token, Passkey(f'https://{host}'))
        self.assertEqual([host], [c['RelyingPartyId'] for c in self.credentials(token)['Credentials']])
        self.assertEqual(host, self.request(self.ask(name, client))['rpId'])
        self.assertIn('AuthenticationResult', self.sign_in_by(passkey, name, client))
        with self.assert_error('WebAuthnOriginNotAllowedException', None):
            self.complete(token, Passkey(ORIGIN).create(self.options(token)))
        self.api.DeleteUserPoolDomain(UserPoolId=pool, Domain=prefix)
        with self.assert_error('WebAuthnConfigurationMissingException', None):
            self.options(token)

    def test_a_custom_domain_comes_first_and_what_is_configured_before_it(self):
        prefix, custom = self.new_name('passkeys'), 'id.' + self.new_name('shop') + '.example'
        pool, client = self.domain_pool(Domain=prefix)
        _, token = self.user(pool, client)
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=custom, CustomDomainConfig={
            'CertificateArn': 'arn:aws:acm:us-east-1:123456789012:certificate/a'})
        self.assertEqual(custom, self.options(token)['rp']['id'])
        self.configure(pool, RelyingPartyId=RP)
        self.assertEqual(RP, self.options(token)['rp']['id'])


class Preference(PasskeyTest):
    """WebAuthnMfaSettings."""

    @classmethod
    def prepare(cls):
        cls.pool = cls.passkey_pool('OPTIONAL', FactorConfiguration='MULTI_FACTOR_WITH_USER_VERIFICATION')
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS)

    def prefer(self, token, **settings):
        return self.api.SetUserMFAPreference(AccessToken=token, **settings)

    def with_token(self, token):
        secret = self.api.AssociateSoftwareToken(AccessToken=token)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=token, UserCode=totp.code(secret, time.time()))

    def listed(self, token):
        return self.api.GetUser(AccessToken=token).get('UserMFASettingList')

    def test_it_needs_a_passkey_another_factor_and_a_pool_that_counts_it_for_two(self):
        on, totp_on = {'WebAuthnMfaSettings': {'Enabled': True}}, {'SoftwareTokenMfaSettings': {'Enabled': True}}
        name, token = self.user()
        self.with_token(token)
        with self.assert_error('InvalidParameterException',
                               'WebAuthn MFA requires enabling an additional MFA setting.'):
            self.prefer(token, **on)
        with self.assert_error('InvalidParameterException', 'User does not have applicable WebAuthn '
                               'credentials to enable WebAuthn MFA.'):
            self.prefer(token, **on, **totp_on)
        self.assertIsNone(self.listed(token))  # all or nothing
        self.register(token)
        self.assertEqual({}, self.prefer(token, **on, **totp_on))
        self.assertEqual(['SOFTWARE_TOKEN_MFA', 'WEB_AUTHN_MFA'], self.listed(token))
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
        self.assertEqual(['SOFTWARE_TOKEN_MFA', 'WEB_AUTHN_MFA'], user['UserMFASettingList'])
        self.prefer(token, SoftwareTokenMfaSettings={'Enabled': True, 'PreferredMfa': True})
        self.assertEqual(['SOFTWARE_TOKEN_MFA', 'WEB_AUTHN_MFA'], self.listed(token))
        self.prefer(token, WebAuthnMfaSettings={'Enabled': False})
        self.assertEqual(['SOFTWARE_TOKEN_MFA'], self.listed(token))
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=name, **on)
        self.prefer(token, SoftwareTokenMfaSettings={'Enabled': False})  # it does not stand alone
        self.assertIsNone(self.listed(token))
        single = self.passkey_pool()
        client = self.new_client(single, ExplicitAuthFlows=FLOWS)
        _, token = self.user(single, client)
        with self.assert_error('InvalidParameterException', None):
            self.prefer(token, **on)

    def test_its_users_are_always_verified_and_asked_for_nothing_more(self):
        name, token = self.user()
        self.with_token(token)
        passkey = self.register(token)
        self.prefer(token, WebAuthnMfaSettings={'Enabled': True}, SoftwareTokenMfaSettings={'Enabled': True})
        asked = self.ask(name)
        self.assertEqual('required', self.request(asked)['userVerification'])
        passkey.flags ^= VERIFIED
        with self.assert_error(*WRONG):
            self.answer(asked, name, passkey.get(self.request(asked)))
        passkey.flags ^= VERIFIED
        self.assertIn('AuthenticationResult',
                      self.answer(asked, name, passkey.get(self.request(asked))))


if __name__ == '__main__':
    unittest.main()
