"""Users who are imported with a hash of their password: signed in by it, once, and never again."""
import base64
import hashlib
import threading
import unittest

import srp
from imports import Imports, csv_file, person
from poolhouse import Api, PASSWORD, PoolhouseTest

WRONG = 'Incorrect username or password.'
NO_HASH = ('The value of password_hash is not a hash of the algorithm of the import job, or its '
           'parameters are not supported.')
BCRYPT = '$2b$04$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu'  # of PASSWORD
ARGON2ID = ('$argon2id$v=19$m=256\\,t=2\\,p=1$c29tZXNhbHQ$'
            'nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4')  # of 'password', from the reference


def scrypt(password, n=1024):
    salt = b'\x00\x11\x22\x33'
    made = hashlib.scrypt(password.encode(), salt=salt, n=n, r=8, p=1, dklen=32)
    return f'{n}$8$1${salt.hex()}${made.hex()}'


def pbkdf2(password, iterations=1000):
    def text(raw):
        return base64.b64encode(raw).decode().rstrip('=').replace('+', '.')
    made = hashlib.pbkdf2_hmac('sha256', password.encode(), b'0123456789abcdef', iterations)
    return f'$pbkdf2-sha256${iterations}${text(b"0123456789abcdef")}${text(made)}'


HASHES = {'BCRYPT': (BCRYPT, PASSWORD), 'SCRYPT': (scrypt('Passw0rd!'), PASSWORD),
          'ARGON2ID': (ARGON2ID, 'password'), 'PBKDF2_SHA256': (pbkdf2('x y'), 'x y')}


class Hashes(Imports, PoolhouseTest):
    server_args = ('--log-level', 'debug', '--log-format', 'json', '--no-lockout')
    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.hiding = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')

    def import_hash(self, hash_=BCRYPT, algorithm='BCRYPT', pool=None, name=None):
        name = name or self.new_name()
        job = self.import_people(pool or self.pool, person(name, password_hash=hash_),
                                 PasswordHashingAlgorithm=algorithm)
        self.assertEqual((1, 0, 0), (job['ImportedUsers'], job['SkippedUsers'], job['FailedUsers']),
                         self.texts(job))
        return name

    def by_srp(self, name, password, client=None):
        half = srp.Client(self.pool, password)
        asked = self.api.InitiateAuth(ClientId=client or self.client, AuthFlow='USER_SRP_AUTH',
                                      AuthParameters={'USERNAME': name, 'SRP_A': half.srp_a})
        self.assertEqual('PASSWORD_VERIFIER', asked['ChallengeName'])
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(asked['ChallengeParameters']))

    def hash_in_store(self, name):
        sub = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)['UserAttributes']
        sub = next(a['Value'] for a in sub if a['Name'] == 'sub')
        return self.server.database.rows('SELECT password_hash FROM users WHERE pool_id = ? AND sub = ?',
                                self.pool, sub)[0]['password_hash']

    def test_each_algorithm_signs_in_and_becomes_a_verifier(self):
        for algorithm, (hash_, password) in HASHES.items():
            with self.subTest(algorithm):
                name = self.import_hash(hash_, algorithm)
                user = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
                self.assertEqual('CONFIRMED', user['UserStatus'])
                self.assertIsNotNone(self.hash_in_store(name))
                for wrong in ('Wr0ng-pass', password + 'x', password[:-1]):
                    with self.assert_error('NotAuthorizedException', WRONG):
                        self.sign_in(self.client, name, wrong)
                self.assertIsNotNone(self.hash_in_store(name))
                self.tokens(self.client, name, password)
                self.assertIsNone(self.hash_in_store(name))
                self.tokens(self.client, name, password)
                self.assertIn('AuthenticationResult', self.by_srp(name, password))
                with self.assert_error('NotAuthorizedException', WRONG):
                    self.sign_in(self.client, name, 'Wr0ng-pass')

    def test_the_other_flows_with_a_password_do_as_well(self):
        name = self.import_hash()
        self.api.AdminInitiateAuth(UserPoolId=self.pool, ClientId=self.client,
                                   AuthFlow='ADMIN_USER_PASSWORD_AUTH',
                                   AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD})
        self.assertIsNone(self.hash_in_store(name))
        name = self.import_hash()
        client = self.new_client(self.pool, ExplicitAuthFlows=['ALLOW_USER_AUTH'])
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH',
                                      AuthParameters={'USERNAME': name})
        self.assertIn('PASSWORD', asked['AvailableChallenges'])
        answered = self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='SELECT_CHALLENGE', Session=asked['Session'],
            ChallengeResponses={'USERNAME': name, 'ANSWER': 'PASSWORD', 'PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', answered)
        self.assertIsNone(self.hash_in_store(name))

    def test_srp_before_that_tells_what_helps_or_nothing(self):
        name = self.import_hash()
        with self.assert_error('PasswordResetRequiredException', 'Password reset required for the user'):
            self.by_srp(name, PASSWORD)
        with self.assert_error('NotAuthorizedException', WRONG):
            self.by_srp(name, PASSWORD, self.hiding)
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        self.api.ConfirmForgotPassword(ClientId=self.client, Username=name, Password='N3w-passw0rd',
                                       ConfirmationCode=self.server.code(name))
        self.assertIn('AuthenticationResult', self.by_srp(name, 'N3w-passw0rd'))
        with self.assert_error('NotAuthorizedException', WRONG):
            self.sign_in(self.client, name)

    def test_a_password_that_is_taken_away_takes_the_hash_along(self):
        name = self.import_hash()
        self.api.AdminDisableProviderForUser(UserPoolId=self.pool, User={
            'ProviderName': 'Cognito', 'ProviderAttributeName': 'Cognito_Subject',
            'ProviderAttributeValue': name})
        self.assertIsNone(self.hash_in_store(name))

    def test_a_new_password_ends_the_hash(self):
        name = self.import_hash()
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password='N3w-passw0rd',
                                      Permanent=True)
        self.assertIsNone(self.hash_in_store(name))
        with self.assert_error('NotAuthorizedException', WRONG):
            self.sign_in(self.client, name)
        self.tokens(self.client, name, 'N3w-passw0rd')

    def test_the_history_knows_the_imported_password(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], Policies={
            'PasswordPolicy': {'MinimumLength': 8, 'PasswordHistorySize': 3}})
        name = self.import_hash(pool=pool)
        text = 'Password has previously been used'
        self.refused('PasswordHistoryPolicyViolationException', text, 'AdminSetUserPassword',
                     UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        token = self.tokens(self.new_client(pool), name)['AccessToken']
        self.api.ChangePassword(AccessToken=token, PreviousPassword=PASSWORD,
                                ProposedPassword='N3w-passw0rd')
        self.refused('PasswordHistoryPolicyViolationException', text, 'ChangePassword',
                     AccessToken=token, PreviousPassword='N3w-passw0rd', ProposedPassword=PASSWORD)

    def test_many_first_sign_ins_at_once_all_succeed(self):
        name = self.import_hash()
        trouble = []

        def sign_in():
            try:
                Api(self.server.port).InitiateAuth(
                    ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                    AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD})
            except Exception as e:  # must reach the test
                trouble.append(e)
        threads = [threading.Thread(target=sign_in) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], trouble)
        self.assertIsNone(self.hash_in_store(name))
        self.assertIn('AuthenticationResult', self.by_srp(name, PASSWORD))

    def test_hashes_that_are_none_or_too_costly_fail_their_lines(self):
        cases = [
            ('BCRYPT', BCRYPT.replace('$04$', '$13$')), ('BCRYPT', BCRYPT[:-1]),
            ('BCRYPT', scrypt(PASSWORD)), ('SCRYPT', BCRYPT), ('SCRYPT', '131072$8$1$00$' + '00' * 32),
            ('ARGON2ID', ARGON2ID.replace('m=256', 'm=19457')),
            ('ARGON2ID', ARGON2ID.replace('p=1', 'p=2')),
            ('PBKDF2_SHA256', pbkdf2('x').replace('$1000$', '$600001$')),
            ('PBKDF2_SHA256', PASSWORD)]
        for algorithm, hash_ in cases:
            job = self.import_people(self.pool, person(self.new_name(), password_hash=hash_),
                                     PasswordHashingAlgorithm=algorithm)
            self.assertEqual([f'[FAILED] Line Number 2 - {NO_HASH}'], self.texts(job), hash_)
        self.one_validation_error(
            "Value 'MD5' at 'passwordHashingAlgorithm' failed to satisfy constraint: Member must "
            'satisfy enum value set: [BCRYPT, SCRYPT, ARGON2ID, PBKDF2_SHA256]', 'CreateUserImportJob',
            UserPoolId=self.pool, JobName='x', PasswordHashingAlgorithm='MD5',
            CloudWatchLogsRoleArn='arn:aws:iam::123456789012:role/x')

    def test_without_a_hash_the_password_is_reset(self):
        name = self.new_name()
        self.import_people(self.pool, person(name), PasswordHashingAlgorithm='BCRYPT')
        self.assertEqual('RESET_REQUIRED', self.api.AdminGetUser(
            UserPoolId=self.pool, Username=name)['UserStatus'])

    def test_no_hash_lies_open(self):
        secret = scrypt('Canary-Passw0rd', 2048)
        name = self.import_hash(secret, 'SCRYPT')
        self.import_people(self.pool, person('', password_hash=secret, address='Canary-Street'),
                           PasswordHashingAlgorithm='SCRYPT')
        job = self.uploaded(self.pool, csv_file(self.header(self.pool), [person(
            name, password_hash=secret, address='Canary-Street')]))
        self.assertTrue(job)
        stored = self.server.database.content()
        self.assertIn(name.encode(), stored, 'the search looks at the wrong place')
        for word in (secret, secret[-32:], 'Canary-Street', 'Canary-Passw0rd'):
            self.assertNotIn(word.encode(), stored, word)
            self.assertNotIn(word, self.server.log())


if __name__ == '__main__':
    unittest.main()
