"""A client with PreventUserExistenceErrors tells nobody who exists: whole replies are compared."""
import json
import unittest

import srp
from poolhouse import PASSWORD, PoolhouseTest, attribute_list

VARYING = ('date', 'x-amzn-requestid')


class Existence(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')

    def kinds(self):
        """Names of users in every state that must look alike from outside."""
        confirmed, disabled = self.new_user(self.pool), self.new_user(self.pool)
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=disabled)
        unconfirmed, invited = self.new_name(), self.new_name()
        self.api.SignUp(ClientId=self.client, Username=unconfirmed, Password=PASSWORD,
                        UserAttributes=attribute_list(email='a@b.example'))
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=invited, TemporaryPassword=PASSWORD)
        return {'confirmed': confirmed, 'disabled': disabled, 'unconfirmed': unconfirmed,
                'invited': invited, 'unknown': self.new_name('nobody')}

    def shape(self, operation, members, hide=()):
        reply = self.api.send(operation, json.dumps(members).encode())
        body = reply.body
        for text in hide:
            body = body.replace(text.encode(), b'*')
        headers = {k: v for k, v in reply.headers.items() if k not in VARYING}
        if hide:
            headers.pop('content-length', None)
        return reply.status, headers, body

    def assert_alike(self, answers):
        reference = answers['unknown']
        for kind, answer in answers.items():
            with self.subTest(kind):
                self.assertEqual(reference, answer)

    def test_a_wrong_password_gets_one_answer_for_everybody(self):
        for password in ('Wr0ng-pass', 'x', 'x' * 300):
            self.assert_alike({kind: self.shape('InitiateAuth', {
                'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
                'AuthParameters': {'USERNAME': name, 'PASSWORD': password}})
                for kind, name in self.kinds().items()})

    def test_an_empty_password_gets_one_answer_for_everybody(self):
        self.assert_alike({kind: self.shape('InitiateAuth', {
            'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': name, 'PASSWORD': ''}})
            for kind, name in self.kinds().items()})

    def test_administrators_clients_are_told_no_more(self):
        self.assert_alike({kind: self.shape('AdminInitiateAuth', {
            'UserPoolId': self.pool, 'ClientId': self.client, 'AuthFlow': 'ADMIN_USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': name, 'PASSWORD': 'Wr0ng-pass'}})
            for kind, name in self.kinds().items()})

    def test_an_srp_challenge_has_one_form_for_everybody(self):
        answers = {}
        for kind, name in self.kinds().items():
            half = srp.Client(self.pool, 'Wr0ng-pass')
            reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': name, 'SRP_A': half.srp_a})
            parameters = reply['ChallengeParameters']
            self.assertEqual(name, parameters['USERNAME'])
            first = (sorted(reply), sorted(parameters), len(parameters['SALT']))
            answers[kind] = first, self.shape('RespondToAuthChallenge', {
                'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER',
                'ChallengeResponses': half.answer(parameters)})
        self.assert_alike(answers)

    def test_a_wrong_public_value_gets_one_answer_for_everybody(self):
        self.assert_alike({kind: self.shape('InitiateAuth', {
            'ClientId': self.client, 'AuthFlow': 'USER_SRP_AUTH',
            'AuthParameters': {'USERNAME': name, 'SRP_A': '0'}})
            for kind, name in self.kinds().items()})

    def test_resending_has_one_form_for_the_unconfirmed_and_the_unknown(self):
        answers = {}
        for kind, name in self.kinds().items():
            if kind in ('unconfirmed', 'unknown'):
                reply = self.api.ResendConfirmationCode(ClientId=self.client, Username=name)
                details = reply['CodeDeliveryDetails']
                self.assertRegex(details.pop('Destination'), r'^.\*\*\*@.\*\*\*$')
                answers[kind] = reply
        self.assert_alike(answers)

    def test_a_forgotten_password_is_answered_alike_whoever_cannot_be_helped(self):
        answers = {}
        for kind, name in self.kinds().items():
            reply = self.api.ForgotPassword(ClientId=self.client, Username=name)
            self.assertRegex(reply['CodeDeliveryDetails'].pop('Destination'), r'^.\*\*\*@.\*\*\*$')
            answers[kind] = reply
        self.assert_alike(answers)

    def test_a_wrong_code_of_recovery_gets_one_answer(self):
        name = self.new_user(self.pool, email='a@example.com', email_verified='true')
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        self.assert_alike({kind: self.shape('ConfirmForgotPassword', {
            'ClientId': self.client, 'Username': user, 'ConfirmationCode': '1234567',
            'Password': PASSWORD}) for kind, user in (('confirmed', name), ('unknown', 'nobody'))})

    def test_confirming_the_unknown_is_like_confirming_without_a_code(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD)
        self.assert_alike({kind: self.shape('ConfirmSignUp', {
            'ClientId': self.client, 'Username': user, 'ConfirmationCode': '123456'})
            for kind, user in (('unconfirmed', name), ('unknown', 'nobody'))})


class Waits(PoolhouseTest):
    """Who is sent a code is answered when that is stored. For whoever is sent none something is
    stored, too, before the answer: how long it takes tells nothing."""

    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'], Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        cls.client = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED',
                                    ExplicitAuthFlows=['ALLOW_USER_AUTH'])

    def stored(self):
        return sum(int(row['count']) for row in self.server.database.rows('SELECT * FROM attempts'))

    def test_for_nobody_as_long_as_for_somebody(self):
        unreachable = self.new_user(self.pool)
        for operation, members in (
                ('ForgotPassword', {'Username': 'nobody'}),
                ('ForgotPassword', {'Username': unreachable}),
                ('ResendConfirmationCode', {'Username': 'nobody'}),
                ('ConfirmForgotPassword', {'Username': 'nobody', 'ConfirmationCode': 'x',
                                           'Password': PASSWORD}),
                ('InitiateAuth', {'AuthFlow': 'USER_AUTH', 'AuthParameters': {
                    'USERNAME': 'nobody', 'PREFERRED_CHALLENGE': 'EMAIL_OTP'}})):
            with self.subTest(operation, **members):
                before = self.stored()
                self.api.send(operation, json.dumps({'ClientId': self.client, **members}).encode())
                self.assertEqual(before + 1, self.stored())


class Names(PoolhouseTest):
    """The name in a challenge is the one that a user would have, however it was typed."""

    def told(self, typed, **members):
        """What is told for each typed name: of a user who exists, and of none."""
        pool = self.new_pool(**members)
        client = self.new_client(pool, PreventUserExistenceErrors='ENABLED',
                                 ExplicitAuthFlows=['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_AUTH'])
        told = []
        for name in typed(pool):
            self.assertLessEqual(len(self.api.InitiateAuth(
                ClientId=client, AuthFlow='USER_AUTH', AuthParameters={'USERNAME': name})['Session']), 2048)
            parameters = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': name, 'SRP_A': srp.Client(pool, PASSWORD).srp_a})['ChallengeParameters']
            self.assertEqual(parameters['USERNAME'], parameters['USER_ID_FOR_SRP'])
            told.append(parameters['USERNAME'])
        return told

    def test_in_small_letters_where_names_are_stored_so(self):
        def typed(pool):
            self.new_user(pool, 'somebody')
            return 'SomeBody', 'NoBody'
        self.assertEqual(['somebody', 'nobody'], self.told(
            typed, UsernameConfiguration={'CaseSensitive': False}))
        self.assertEqual(['NoBody'], self.told(
            lambda pool: ['NoBody'], UsernameConfiguration={'CaseSensitive': True}))

    def test_an_id_where_names_are_ids_and_for_an_alias(self):
        uuid = r'^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
        for members in ({'UsernameAttributes': ['email']}, {'AliasAttributes': ['email']}):
            told, = self.told(lambda pool: ['nobody@example.com'], **members)
            self.assertRegex(told, uuid)
        told, = self.told(lambda pool: ['+4915112345678'], AliasAttributes=['phone_number'])
        self.assertRegex(told, uuid)
        self.assertEqual(['nobody@example.com'], self.told(lambda pool: ['nobody@example.com']))

    def test_a_session_stays_short_whatever_is_typed(self):
        odd = ['x' * 512, '"' * 512, '\x01' * 512, '\u00e4' * 256, 'x' * 5000]
        self.assertEqual(odd, self.told(lambda pool: odd))


if __name__ == '__main__':
    unittest.main()
