"""The real service and the installation that people leave it for: two servers, and what the AWS CLI
would print about the first."""
import datetime
import itertools
import json
import os
import re
import subprocess

from poolhouse import (ALLOW_ALL, Api, Credentials, PASSWORD, PoolhouseTest, Server, attribute_list,
                       attributes, binary, boto3_client, create_key, serve_options)

REGION = 'eu-central-1'
ACCOUNT = '123456789012'


class LeavingTest(PoolhouseTest):
    """`origin` plays the real service, `server` is an installation with signatures and a database."""

    origin_args = ()
    server_args = ()
    server_options = serve_options()

    @classmethod
    def setUpClass(cls):
        cls.origin = Server('--region', REGION, '--account-id', ACCOUNT, '--no-lockout', *cls.origin_args).start()
        cls.addClassCleanup(cls.origin.stop)
        cls.real = Api(cls.origin.port, Credentials(region=REGION))
        cls.server = Server(*cls.server_args, **cls.server_options)
        cls.addClassCleanup(cls.server.stop)
        cls.root = Credentials()
        if cls.server.mode == 'serve':
            cls.root = create_key(cls.server, 'root', ALLOW_ALL)
        cls.server.start()
        cls.names = itertools.count(1)
        cls.api = Api(cls.server.port, cls.root)
        cls.boto = boto3_client(cls.server.url, cls.root)
        cls.prepare()

    @classmethod
    def leave(cls, *words, check=True):
        """Runs `poolhouse leave` on the data of the installation, beside its server."""
        done = subprocess.run([binary(), 'leave', *words, '--data', cls.server.data, '--mode', cls.server.mode],
                              env=cls.server.environment(), cwd=cls.server.directory,
                              capture_output=True, text=True, timeout=60, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f'leave {words}: {done.returncode}\n{done.stdout}{done.stderr}')
        return done

    @classmethod
    def file(cls, name, value):
        """A file as the AWS CLI writes it; its path."""
        path = os.path.join(cls.server.directory, name)
        with open(path, 'w', encoding='utf-8') as f:
            if isinstance(value, str):
                f.write(value)
            else:
                json.dump(value, f, indent=4)
        return path

    @classmethod
    def describe(cls, pool):
        """The files of all that the real service says about a pool."""
        of_pool = {'UserPoolId': pool}
        replies = {'pool': cls.real.DescribeUserPool(**of_pool),
                   'mfa': cls.real.GetUserPoolMfaConfig(**of_pool),
                   'groups': cls.real.ListGroups(**of_pool),
                   'servers': cls.real.ListResourceServers(**of_pool, MaxResults=50)}
        for c in cls.real.ListUserPoolClients(**of_pool, MaxResults=60)['UserPoolClients']:
            replies[f"client-{c['ClientId']}"] = cls.real.DescribeUserPoolClient(
                **of_pool, ClientId=c['ClientId'])
        for p in cls.real.ListIdentityProviders(**of_pool, MaxResults=60)['Providers']:
            replies[f"idp-{p['ProviderName']}"] = cls.real.DescribeIdentityProvider(
                **of_pool, ProviderName=p['ProviderName'])
        domain = replies['pool']['UserPool'].get('Domain')
        if domain:
            replies['domain'] = cls.real.DescribeUserPoolDomain(Domain=domain)
        return [cls.file(f'{pool}-{name}.json', reply) for name, reply in replies.items()]

    @classmethod
    def add(cls, name, /, pool=None, password=PASSWORD, **values):
        """A confirmed user of the real service; his sub."""
        made = cls.real.AdminCreateUser(UserPoolId=pool or cls.pool, Username=name,
                                        MessageAction='SUPPRESS',
                                        UserAttributes=attribute_list(**values))['User']
        cls.real.AdminSetUserPassword(UserPoolId=pool or cls.pool, Username=name, Password=password,
                                      Permanent=True)
        return attributes(made, 'Attributes')['sub']

    @classmethod
    def bring(cls, name, pool=None):
        """Brings one user of the real service here, without his password."""
        page = cls.real.ListUsers(UserPoolId=pool or cls.pool, Filter=f'username = "{name}"')
        cls.leave('users', '--pool', pool or cls.pool, cls.file(f'{name}.json', as_cli(page)))

    @classmethod
    def asked(cls, *operations):
        """How often the real service was asked, by all operations or by these."""
        text = cls.origin.get('/metrics').body.decode()
        found = re.findall(r'poolhouse_requests_total\{operation="(\w+)",error="\w*"\} (\d+)', text)
        return sum(int(n) for operation, n in found if not operations or operation in operations)

    @classmethod
    def pages(cls, pool, limit=60, **filters):
        """The files of all pages of users, as the AWS CLI writes them: dates are texts."""
        files, token = [], {}
        while True:
            page = cls.real.ListUsers(UserPoolId=pool, Limit=limit, **filters, **token)
            files.append(cls.file(f'{pool}-users-{len(files)}.json', as_cli(page)))
            if 'PaginationToken' not in page:
                return files
            token = {'PaginationToken': page['PaginationToken']}


def as_cli(value, name=''):
    """A reply as version 2 of the AWS CLI prints it."""
    if isinstance(value, dict):
        return {k: as_cli(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [as_cli(v) for v in value]
    if name.endswith('Date'):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        return datetime.datetime.fromtimestamp(value, zone).isoformat()
    return value
