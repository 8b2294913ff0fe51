"""NEW_PASSWORD_REQUIRED and the rules of its Session."""
import json
import unittest

import srp
from poolhouse import PASSWORD, PoolhouseTest, attribute_list, attributes

INVALID = 'Invalid session for the user.'
EXPIRED = 'Invalid session for the user, session is expired.'
REUSED = 'Invalid session for the user, session can only be used once.'
NEW = 'N3w-passw'


class NewPasswordTest(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(Schema=[
            {'Name': 'email', 'Required': True}, {'Name': 'name', 'Required': True},
            {'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True}])
        cls.client = cls.new_client(cls.pool)

    def invited(self, **values):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, TemporaryPassword=PASSWORD,
                                 MessageAction='SUPPRESS', UserAttributes=attribute_list(**values))
        return name

    def challenge(self, name=None, client=None):
        name = name or self.invited(email='a@b.example', name='A')
        return name, self.sign_in(client or self.client, name)

    def answer(self, user, session, password=NEW, client=None, **responses):
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
            ChallengeResponses={'USERNAME': user, 'NEW_PASSWORD': password,
                                **{f'userAttributes.{k}': v for k, v in responses.items()}})


class NewPassword(NewPasswordTest):

    def test_the_challenge_tells_what_is_missing_and_what_is_there(self):
        name, reply = self.challenge(self.invited(email='a@b.example'))
        self.assertEqual({'ChallengeName', 'ChallengeParameters', 'Session'}, set(reply))
        self.assertEqual('NEW_PASSWORD_REQUIRED', reply['ChallengeName'])
        self.assertRegex(reply['Session'], r'^[A-Za-z0-9+/=_-]{20,2047}$')
        parameters = reply['ChallengeParameters']
        self.assertEqual({'USER_ID_FOR_SRP', 'requiredAttributes', 'userAttributes'}, set(parameters))
        self.assertEqual(name, parameters['USER_ID_FOR_SRP'])
        self.assertEqual('["userAttributes.name"]', parameters['requiredAttributes'])
        self.assertEqual({'email': 'a@b.example'}, {
            k: v for k, v in json.loads(parameters['userAttributes']).items()
            if k != 'email_verified'})
        self.assertNotIn(' ', parameters['userAttributes'])

    def test_nothing_missing_is_an_empty_list(self):
        _, reply = self.challenge()
        self.assertEqual('[]', reply['ChallengeParameters']['requiredAttributes'])

    def test_a_new_password_confirms_the_user_and_gives_tokens(self):
        name, reply = self.challenge()
        reply = self.answer(name, reply['Session'])
        self.assertIn('RefreshToken', reply['AuthenticationResult'])
        self.assertEqual('CONFIRMED', self.api.AdminGetUser(
            UserPoolId=self.pool, Username=name)['UserStatus'])
        self.tokens(self.client, name, NEW)
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.tokens(self.client, name)

    def test_missing_attributes_are_set_with_the_password(self):
        name, reply = self.challenge(self.invited(email='a@b.example'))
        self.answer(name, reply['Session'], name='Ann', **{'custom:team': 'blue'})
        got = attributes(self.api.AdminGetUser(UserPoolId=self.pool, Username=name))
        self.assertEqual(('Ann', 'blue'), (got['name'], got['custom:team']))

    def test_a_missing_required_attribute_is_named(self):
        name, reply = self.challenge(self.invited(email='a@b.example'))
        with self.assert_error('InvalidParameterException',
                               'Invalid attributes given, name is missing'):
            self.answer(name, reply['Session'])

    def test_a_required_attribute_that_is_there_cannot_be_given(self):
        for value in ('other@b.example', 'a@b.example'):
            name, reply = self.challenge()
            with self.assert_error('NotAuthorizedException',
                                   'Cannot modify an already provided email'):
                self.answer(name, reply['Session'], email=value)

    def test_an_attribute_the_client_may_not_write_is_refused(self):
        client = self.new_client(self.pool, WriteAttributes=['email', 'name'])
        name, reply = self.challenge(client=client)
        with self.assert_error('NotAuthorizedException',
                               'A client attempted to write unauthorized attribute'):
            self.answer(name, reply['Session'], client=client, **{'custom:team': 'blue'})

    def test_the_policy_is_told_and_the_session_lives_on(self):
        name, reply = self.challenge()
        for password, text in (('Sh0rt!', 'Password not long enough'),
                               ('passw0rd!', 'Password must have uppercase characters'),
                               ('PASSW0RD!', 'Password must have lowercase characters'),
                               ('Password!', 'Password must have numeric characters'),
                               ('Passw0rdX', 'Password must have symbol characters')):
            with self.subTest(password), self.assert_error(
                    'InvalidPasswordException', 'Password does not conform to policy: ' + text):
                self.answer(name, reply['Session'], password)
        self.assertIn('AuthenticationResult', self.answer(name, reply['Session']))

    def test_srp_leads_to_the_same_challenge(self):
        name = self.invited(email='a@b.example', name='A')
        half = srp.Client(self.pool, PASSWORD)
        reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': name, 'SRP_A': half.srp_a})
        answer = half.answer(reply['ChallengeParameters'])
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='PASSWORD_VERIFIER', ChallengeResponses=answer)
        self.assertEqual('NEW_PASSWORD_REQUIRED', reply['ChallengeName'])
        # pycognito answers with the keys of the step before still in the map.
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=reply['Session'],
            ChallengeResponses={**answer, 'NEW_PASSWORD': NEW})
        self.assertIn('AuthenticationResult', reply)

    def test_an_administrator_answers_it_too(self):
        name = self.invited(email='a@b.example', name='A')
        given = {'UserPoolId': self.pool, 'ClientId': self.client}
        reply = self.boto.admin_initiate_auth(**given, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
                                              AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD})
        reply = self.boto.admin_respond_to_auth_challenge(
            **given, ChallengeName='NEW_PASSWORD_REQUIRED', Session=reply['Session'],
            ChallengeResponses={'USERNAME': name, 'NEW_PASSWORD': NEW})
        self.assertIn('AccessToken', reply['AuthenticationResult'])

    # The session

    def test_a_session_advances_once(self):
        name, reply = self.challenge()
        self.answer(name, reply['Session'])
        with self.assert_error('NotAuthorizedException', REUSED):
            self.answer(name, reply['Session'], 'An0ther-one')
        self.tokens(self.client, name, NEW)

    def test_a_session_used_by_many_at_once_advances_once(self):
        import concurrent.futures
        name, reply = self.challenge()

        def attempt(i):
            try:
                return 'AuthenticationResult' in self.answer(name, reply['Session'], f'{NEW}{i}')
            except Exception:  # any refusal will do; the count is what matters
                return False
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            self.assertEqual(1, sum(threads.map(attempt, range(16))))

    def test_a_missing_session_is_named(self):
        name, _ = self.challenge()
        self.invalid('Missing required parameter Session', 'RespondToAuthChallenge',
                     ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED',
                     ChallengeResponses={'USERNAME': name, 'NEW_PASSWORD': NEW})

    def test_missing_answers_are_named(self):
        name, reply = self.challenge()
        for given, missing in (({'USERNAME': name}, 'NEW_PASSWORD'), ({'NEW_PASSWORD': NEW}, 'USERNAME')):
            with self.subTest(missing):
                self.invalid(f'Missing required parameter {missing}', 'RespondToAuthChallenge',
                             ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED',
                             Session=reply['Session'], ChallengeResponses=given)

    def test_a_changed_session_is_invalid(self):
        name, reply = self.challenge()
        session = reply['Session']
        for changed in (session[:-2] + ('AA' if session[-2:] != 'AA' else 'BB'), session[::-1],
                        'A' * 40, session[:len(session) // 2]):
            with self.subTest(changed[:8]), self.assert_error('NotAuthorizedException', INVALID):
                self.answer(name, changed)

    def test_a_session_belongs_to_its_user_client_pool_and_challenge(self):
        one, reply_one = self.challenge()
        two, _ = self.challenge()
        with self.assert_error('NotAuthorizedException', INVALID):
            self.answer(two, reply_one['Session'])
        with self.assert_error('NotAuthorizedException', INVALID):
            self.answer(one, reply_one['Session'], client=self.new_client(self.pool))
        with self.assert_error('NotAuthorizedException', INVALID):
            self.answer(one, reply_one['Session'], client=self.new_client(self.new_pool()))
        self.refused('NotAuthorizedException', INVALID, 'RespondToAuthChallenge',
                     ClientId=self.client, ChallengeName='SMS_MFA', Session=reply_one['Session'],
                     ChallengeResponses={'USERNAME': one, 'SMS_MFA_CODE': '123456'})
        self.answer(one, reply_one['Session'])

    def test_disabling_the_user_ends_the_exchange(self):
        name, reply = self.challenge()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        with self.assertRaisesRegex(Exception, 'NotAuthorizedException'):
            self.answer(name, reply['Session'])

    def test_a_permanent_password_set_meanwhile_ends_the_exchange(self):
        name, reply = self.challenge()
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password='Adm1n-set!',
                                      Permanent=True)
        with self.assertRaisesRegex(Exception, 'NotAuthorizedException'):
            self.answer(name, reply['Session'])
        self.tokens(self.client, name, 'Adm1n-set!')


class SessionClock(NewPasswordTest):
    server_options = {'clock': True}

    def test_a_session_lives_three_minutes_by_default(self):
        name, reply = self.challenge()
        self.server.advance(175)
        self.answer(name, reply['Session'])
        name, reply = self.challenge()
        self.server.advance(185)
        with self.assert_error('NotAuthorizedException', EXPIRED):
            self.answer(name, reply['Session'])

    def test_the_client_may_say_how_long(self):
        client = self.new_client(self.pool, AuthSessionValidity=15)
        name, reply = self.challenge(client=client)
        self.server.advance(14 * 60)
        self.answer(name, reply['Session'], client=client)


if __name__ == '__main__':
    unittest.main()
