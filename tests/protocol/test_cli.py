"""The AWS command line, unmodified and offline."""
import json
import os
import subprocess
import unittest

from poolhouse import PASSWORD, PoolhouseTest, claims


class CommandLine(PoolhouseTest):

    def aws(self, *arguments, fails=False):
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(('AWS_', 'PYTHON', 'LD_'))}
        environment.update(AWS_ACCESS_KEY_ID='local', AWS_SECRET_ACCESS_KEY='local',
                           AWS_DEFAULT_REGION='eu-west-1', AWS_EC2_METADATA_DISABLED='true',
                           AWS_PAGER='', AWS_MAX_ATTEMPTS='1', HOME=self.server.directory)
        done = subprocess.run(['/usr/bin/aws', '--endpoint-url', self.server.url, '--output', 'json',
                               'cognito-idp', *arguments], env=environment, capture_output=True,
                              text=True, timeout=120, check=False)
        if fails:
            self.assertEqual(254, done.returncode, done.stdout + done.stderr)
            return done.stderr
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def test_a_user_is_made_and_signed_in_by_commands_alone(self):
        pool = self.aws('create-user-pool', '--pool-name', 'cli')['UserPool']['Id']
        client = self.aws('create-user-pool-client', '--user-pool-id', pool, '--client-name', 'cli',
                          '--explicit-auth-flows', 'ALLOW_ADMIN_USER_PASSWORD_AUTH',
                          'ALLOW_REFRESH_TOKEN_AUTH')['UserPoolClient']['ClientId']
        self.aws('admin-create-user', '--user-pool-id', pool, '--username', 'alice',
                 '--message-action', 'SUPPRESS', '--user-attributes',
                 'Name=email,Value=alice@example.com')
        self.aws('admin-set-user-password', '--user-pool-id', pool, '--username', 'alice',
                 '--password', PASSWORD, '--permanent')
        tokens = self.aws('admin-initiate-auth', '--user-pool-id', pool, '--client-id', client,
                          '--auth-flow', 'ADMIN_USER_PASSWORD_AUTH', '--auth-parameters',
                          f'USERNAME=alice,PASSWORD={PASSWORD}')['AuthenticationResult']
        self.assertEqual('alice', claims(tokens['AccessToken'])[1]['username'])
        self.assertEqual('alice', self.aws('get-user', '--access-token', tokens['AccessToken'],
                                           '--no-sign-request')['Username'])
        users = self.aws('list-users', '--user-pool-id', pool, '--filter',
                         'email = "alice@example.com"')['Users']
        self.assertEqual(['alice'], [u['Username'] for u in users])

    def test_an_error_is_printed_with_its_type_and_text(self):
        said = self.aws('describe-user-pool', '--user-pool-id', 'eu-west-1_NoSuchOne', fails=True)
        self.assertRegex(said, r'An error occurred \(ResourceNotFoundException\) when calling the '
                               r'DescribeUserPool operation.*: '
                               r'User pool eu-west-1_NoSuchOne does not exist\.')


if __name__ == '__main__':
    unittest.main()
