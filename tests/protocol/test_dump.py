"""`poolhouse dump` writes what `--seed` reads: dump, seed, dump again, and nothing has changed."""
import json
import os
import subprocess
import tempfile
import unittest

from poolhouse import Api, Server, binary

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors', 'seeds')
REGION = ('--region', 'eu-west-1')
POOL = 'eu-west-1_Document1'


class Dump(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, 'dump.json')

    def start(self, *files, **options):
        seeds = [word for file in files for word in ('--seed', file)]
        server = Server(*REGION, *seeds, **options).start()
        self.addCleanup(server.stop)
        return server

    def dump(self, server, *args):
        done = subprocess.run([binary(), 'dump', self.path, *args], env=server.environment(),
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(0o600, os.stat(self.path).st_mode & 0o777)
        with open(self.path, encoding='utf-8') as f:
            return json.load(f)

    def end(self, server):
        """Its log is read when the test is over."""
        server.process.terminate()
        self.assertEqual(0, server.process.wait(30))

    def check_fixed_point(self, *args):
        first = self.start(os.path.join(SEEDS, 'document.json'), os.path.join(SEEDS, 'plain.yaml'),
                           os.path.join(SEEDS, 'amplify.json'))
        before = self.dump(first, '--url', first.url, *args)
        self.end(first)
        second = self.start(self.path)
        self.assertEqual(before, self.dump(second, '--url', second.url, *args))
        return before, second

    def test_with_secrets_everything_is_the_same_again(self):
        dump, server = self.check_fixed_point('--secrets')
        shop = next(p for p in dump['UserPools'] if p['Id'] == POOL)
        self.assertEqual({'ann', 'bob', 'cleo', 'dora', 'eve'},
                         {u['Username'] for u in shop['Users']})
        self.check_said(shop)
        api = Api(server.port)
        for name, password in (('ann', 'Passw0rd!'), ('cleo', 'Temp-passw0rd')):
            api.InitiateAuth(ClientId='documentweb', AuthFlow='USER_PASSWORD_AUTH',
                             AuthParameters={'USERNAME': name, 'PASSWORD': password})
        challenge = api.InitiateAuth(ClientId='documentweb', AuthFlow='USER_PASSWORD_AUTH',
                                     AuthParameters={'USERNAME': 'bob', 'PASSWORD': 'Passw0rd!'})
        self.assertEqual('SOFTWARE_TOKEN_MFA', challenge['ChallengeName'])

    def check_said(self, shop):
        """What the seed said of what is new in it is what the dump says."""
        with open(os.path.join(SEEDS, 'document.json'), encoding='utf-8') as f:
            given = json.load(f)['UserPools'][0]
        for member in ('SessionConfiguration', 'ClientSessionConfigurations', 'UICustomizations'):
            self.assertEqual(given[member], shop[member])
        styles = {s['ClientId']: s for s in shop['ManagedLoginBrandings']}
        self.assertEqual({**given['ManagedLoginBrandings'][0], 'UseCognitoProvidedValues': False},
                         styles['documentweb'])
        self.assertEqual(sorted(given['Terms'], key=lambda t: (t['ClientId'], t['TermsName'])),
                         shop['Terms'])
        self.assertEqual(given['Users'][0]['Links'],
                         next(u for u in shop['Users'] if u['Username'] == 'ann')['Links'])
        self.assertEqual('second_secret_of_the_server', next(
            c for c in shop['Clients'] if c['ClientId'] == 'documentserver')['SecondClientSecret'])

    def test_a_link_that_the_provider_does_not_map_any_more_is_not_told(self):
        server = self.start(os.path.join(SEEDS, 'document.json'))
        Api(server.port).UpdateIdentityProvider(UserPoolId=POOL, ProviderName='Partner',
                                                AttributeMapping={'email': 'mail'})
        Api(server.port).DeleteIdentityProvider(UserPoolId=POOL, ProviderName='Google')
        shop = next(p for p in self.dump(server, '--url', server.url)['UserPools']
                    if p['Id'] == POOL)
        ann = next(u for u in shop['Users'] if u['Username'] == 'ann')
        self.assertEqual([('Partner', 'Cognito_Subject')], [
            (link['ProviderName'], link['ProviderAttributeName']) for link in ann['Links']])
        self.start(self.path)

    def test_without_secrets_there_are_none(self):
        dump, server = self.check_fixed_point()
        text = json.dumps(dump)
        for secret in ('PasswordVerifier', 'SoftwareToken"', 'ClientSecret', 'JBSWY3DP'):
            self.assertNotIn(secret, text)
        shop = next(p for p in dump['UserPools'] if p['Id'] == POOL)
        self.assertEqual('not-dumped', shop['IdentityProviders'][0]['ProviderDetails'][
            'client_secret'])
        self.assertEqual('CONFIRMED', Api(server.port).AdminGetUser(
            UserPoolId=POOL, Username='ann')['UserStatus'])

    def test_a_directory_is_read_while_its_server_runs(self):
        server = self.start(os.path.join(SEEDS, 'document.json'), memory=False)
        by_file = self.dump(server, '--data', server.data, '--mode', 'dev', '--secrets')
        self.assertEqual(by_file, self.dump(server, '--url', server.url, '--secrets'))

    def test_a_dump_on_the_data_that_it_is_of_changes_nothing(self):
        server = self.start(os.path.join(SEEDS, 'document.json'), memory=False)
        self.dump(server, '--url', server.url, '--secrets')
        before = Api(server.port).ListUsers(UserPoolId=POOL)
        self.end(server)
        server.args = [*REGION, '--seed', self.path]
        server.start()
        self.assertEqual(before, Api(server.port).ListUsers(UserPoolId=POOL))

    def test_what_is_no_server_is_told(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        done = subprocess.run([binary(), 'dump', '--url', 'http://127.0.0.1:1'], env=environment,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((1, 'poolhouse: no server answers there\n'),
                         (done.returncode, done.stderr))


if __name__ == '__main__':
    unittest.main()
