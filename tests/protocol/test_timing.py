"""Nobody is told by the time of an answer who exists (docs/decisions/0007-decoys.md).

Samples of all kinds take turns, so that whatever else the machine does meets all alike; medians
are compared. A difference must show again with twice the samples before it counts.
"""
import http.client
import itertools
import json
import random
import statistics
import time
import unittest

import srp
from poolhouse import CONTENT_TYPE, PASSWORD, PoolhouseTest, TARGET

FIRST, TRIES = 120, 4  # samples of each kind at first, doubled with each try
ALLOWED = 1.15  # the slowest median by the fastest


class Timing(PoolhouseTest):
    server_args = ('--no-lockout',)
    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')
        cls.prepare_kinds()

    @classmethod
    def prepare_kinds(cls):
        cls.srp_a = srp.Client(cls.pool, PASSWORD).srp_a
        cls.known = [cls.new_user(cls.pool, f'known{i:03}') for i in range(8)]
        cls.disabled = [cls.new_user(cls.pool, f'shut_{i:03}') for i in range(8)]
        for name in cls.disabled:
            cls.api.AdminDisableUser(UserPoolId=cls.pool, Username=name)
        cls.unconfirmed = [f'early{i:03}' for i in range(8)]
        for name in cls.unconfirmed:
            cls.api.SignUp(ClientId=cls.client, Username=name, Password=PASSWORD)
        unknown = (f'nobod{i:03}' for i in itertools.count())
        cls.kinds = {'known': itertools.cycle(cls.known), 'disabled': itertools.cycle(cls.disabled),
                     'unconfirmed': itertools.cycle(cls.unconfirmed), 'unknown': unknown}

    @classmethod
    def add_kind(cls, kind, names):
        cls.kinds[kind] = itertools.cycle(names)

    def setUp(self):
        self.connection = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=60)
        self.addCleanup(self.connection.close)

    def seconds(self, operation, members):
        body = json.dumps(members)
        head = {'Content-Type': CONTENT_TYPE, 'X-Amz-Target': TARGET + operation}
        start = time.perf_counter()
        self.connection.request('POST', '/', body, head)
        reply = self.connection.getresponse()
        text = reply.read()
        took = time.perf_counter() - start
        return took, (reply.status, json.loads(text).get('message'))

    def sample(self, make_request, samples, count):
        """Adds so many of each kind; the answers must be alike, too."""
        kinds = list(self.kinds)
        for _ in range(count):
            random.shuffle(kinds)
            for kind in kinds:
                took, answer = self.seconds(*make_request(next(self.kinds[kind])))
                samples[kind].append(took)
                self.answers.add(answer)

    def assert_alike(self, make_request):
        self.answers = set()
        self.sample(make_request, {kind: [] for kind in self.kinds}, 20)
        for attempt in range(TRIES):
            samples = {kind: [] for kind in self.kinds}
            self.sample(make_request, samples, FIRST * 2**attempt)
            medians = {kind: statistics.median(s) for kind, s in samples.items()}
            if max(medians.values()) <= ALLOWED * min(medians.values()):
                break
        shown = {kind: f'{1e6 * m:.0f} us' for kind, m in medians.items()}
        print(f'\n{shown}')
        self.assertLessEqual(max(medians.values()), ALLOWED * min(medians.values()), shown)
        self.assertEqual(1, len(self.answers), self.answers)

    def test_a_wrong_password_takes_as_long_for_nobody_and_for_a_disabled_user(self):
        self.assert_alike(lambda name: ('InitiateAuth', {
            'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': name, 'PASSWORD': 'Wr0ng-pass'}}))

    def test_the_start_of_srp_takes_as_long_for_nobody_and_for_a_disabled_user(self):
        self.assert_alike(self.srp_start)

    def srp_start(self, name):
        return 'InitiateAuth', {'ClientId': self.client, 'AuthFlow': 'USER_SRP_AUTH',
                                'AuthParameters': {'USERNAME': name, 'SRP_A': self.srp_a}}

    def test_a_wrong_proof_takes_as_long_for_nobody_and_for_a_disabled_user(self):
        self.assert_alike(self.wrong_proof)

    def wrong_proof(self, name):
        _, members = self.srp_start(name)
        asked = self.api.InitiateAuth(**members)['ChallengeParameters']
        return 'RespondToAuthChallenge', {
            'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER', 'ChallengeResponses': {
                'USERNAME': asked['USER_ID_FOR_SRP'], 'TIMESTAMP': srp.timestamp(),
                'PASSWORD_CLAIM_SECRET_BLOCK': asked['SECRET_BLOCK'],
                'PASSWORD_CLAIM_SIGNATURE': 'A' * 43 + '='}}

    def test_a_device_without_a_session_is_looked_for_as_long(self):
        self.assert_alike(lambda name: ('RespondToAuthChallenge', {
            'ClientId': self.client, 'ChallengeName': 'DEVICE_SRP_AUTH', 'ChallengeResponses': {
                'USERNAME': name, 'SRP_A': self.srp_a,
                'DEVICE_KEY': 'eu-west-1_0f1e2d3c-4b5a-4697-8877-665544332211'}}))


if __name__ == '__main__':
    unittest.main()
