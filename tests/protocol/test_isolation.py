"""Every operation of the API, from its model: nobody reaches it without what it asks for.

The inputs are made from the model's constraints, so that an operation that is added later is
checked without a line here.
"""
import json
import os
import re
import unittest

from poolhouse import ALLOW_ALL, Api, PoolhouseTest, Server, create_key, serve_options

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'src', 'model',
                     'cognito-idp.model')
TEXTS = ('aaaaaaaa', '12345678', '123456', '1' * 32, 'eu-west-1_AAAAAAAAA', 'eu-west-1_0a-1', 'a@b.example',
         'arn:aws:cognito-idp:eu-west-1:000000000000:userpool/x', 'arn:aws:iam:::policy/x',
         '12345678-1234-4234-8234-123456789012', 'import-a', 'cognito:default', 'terms-of-use',
         '{####}', '{##a##}', 'a' * 24, '')


def read_model():
    """Lines of the model by their heading: {(kind, name): [words of the heading, lines]}."""
    found, lines = {}, []
    with open(MODEL, encoding='utf-8') as f:
        for line in f:
            words = line.split()
            if not words or words[0].startswith('#'):
                continue
            if line[0].isspace():
                lines.append((words, line.strip()))
            else:
                lines = []
                found[words[1]] = (words, lines)
    return found


def python_pattern(java):
    """Near enough for the ASCII texts above."""
    for of_java, of_python in ((r'\p{L}\p{M}\p{S}\p{N}\p{P}', '!-~'), (r'\p{Z}', ' '), (r'\s*]', r'\s]'),
                               ('A-Za-z0-9-_', 'A-Za-z0-9_')):
        java = java.replace(of_java, of_python)
    return java


class Model:
    def __init__(self):
        self.shapes = read_model()
        self.operations = {name: (words[2], dict((w[0], w[1:]) for w, _ in lines))
                           for name, (words, lines) in self.shapes.items() if words[0] == 'operation'}

    def members(self, structure):
        """[(name, shape, required)]"""
        return [(w[0], w[1], '*' in w[2:]) for w, _ in self.shapes[structure][1]]

    def of_class(self, kind):
        return sorted(n for n, (k, _) in self.operations.items() if k == kind)

    def text(self, shape):
        facts, enumeration = {}, []
        for words, line in self.shapes[shape][1]:
            if words[0] == 'enum':
                enumeration += words[1:]
            else:
                facts[words[0]] = line[len(words[0]):].strip()
        if enumeration:
            return enumeration[0]
        pattern = re.compile(python_pattern(facts.get('pattern', '(?s).*')), re.ASCII)
        return next(t for t in TEXTS if int(facts.get('min', 0)) <= len(t) <= int(facts.get('max', 999))
                    and pattern.fullmatch(t))

    def value(self, shape):
        """The least that the constraints of a shape let pass."""
        if shape not in self.shapes:
            raise KeyError(shape)
        words, lines = self.shapes[shape]
        facts = {w[0]: w[1:] for w, _ in lines}
        kind = words[0]
        if kind == 'structure':
            return {n: self.value(s) for n, s, required in self.members(shape) if required}
        if kind == 'list':
            return [self.value(words[2])] * int(facts.get('min', ['0'])[0])
        if kind == 'map':
            return {}
        if kind in ('integer', 'long'):
            return int(facts.get('min', ['1'])[0])
        return {'boolean': False, 'timestamp': 0, 'blob': 'AAAA', 'document': {}}.get(kind) \
            if kind != 'string' else self.text(shape)

    def input(self, operation):
        return self.value(self.operations[operation][1]['input'][0])

    def input_names(self, operation):
        return {n for n, _, _ in self.members(self.operations[operation][1]['input'][0])}

    def names_pool(self, operation):
        members = self.input_names(operation)
        return next((m for m in ('UserPoolId', 'ResourceArn') if m in members), None)


class Isolation(PoolhouseTest):
    server_options = serve_options()

    @classmethod
    def setUpClass(cls):
        cls.model = Model()
        cls.server = Server(**cls.server_options)
        cls.addClassCleanup(cls.server.stop)
        root = create_key(cls.server, 'root', ALLOW_ALL)
        cls.server.start()
        cls.api = Api(cls.server.port, root)
        cls.ours, cls.theirs = cls.new_pool(), cls.new_pool()
        cls.owner = Api(cls.server.port, create_key(cls.server, 'owner', {'Statement': [
            {'Effect': 'Allow', 'Action': 'cognito-idp:*', 'Resource': cls.arn(cls.ours)}]}))

    @classmethod
    def arn(cls, pool):
        return f'arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{pool}'

    def ask(self, api, operation, pool, members=None, **options):
        body = self.model.input(operation) | (members or {})
        member = self.model.names_pool(operation)
        if member:
            body[member] = pool if member == 'UserPoolId' else self.arn(pool)
        return api.send(operation, json.dumps(body).encode(), **options)

    def test_the_model_has_all_classes(self):
        counts = [len(self.model.of_class(c)) for c in ('sigv4', 'access-token', 'none')]
        self.assertEqual(140, sum(counts))
        self.assertGreater(counts[0], 100)

    def test_a_key_for_one_pool_reaches_no_other_by_any_operation(self):
        for operation in self.model.of_class('sigv4'):
            with self.subTest(operation):
                reply = self.ask(self.owner, operation, self.theirs)
                where = self.arn(self.theirs) if self.model.names_pool(operation) else '*'
                self.assertEqual(
                    {'__type': 'AccessDeniedException', 'Message':
                     'User: arn:aws:iam::000000000000:user/owner is not authorized to perform: '
                     f'cognito-idp:{operation} on resource: {where} because no identity-based '
                     f'policy allows the cognito-idp:{operation} action'}, reply.json)
        self.api.DescribeUserPool(UserPoolId=self.theirs)

    def test_a_key_for_one_pool_reaches_it_by_every_operation(self):
        for operation in self.model.of_class('sigv4'):
            if self.model.names_pool(operation):
                with self.subTest(operation):
                    reply = self.ask(self.owner, operation, self.ours)
                    self.assertNotIn(b'AccessDenied', reply.body)

    def test_a_key_for_one_pool_reaches_no_app_client_of_another(self):
        client = self.new_client(self.theirs)
        before = self.api.DescribeUserPoolClient(UserPoolId=self.theirs, ClientId=client)
        for operation in self.model.of_class('sigv4'):
            if {'UserPoolId', 'ClientId'} <= self.model.input_names(operation):
                with self.subTest(operation):
                    reply = self.ask(self.owner, operation, self.ours, {'ClientId': client})
                    self.assertNotEqual(200, reply.status)
        self.assertEqual(before, self.api.DescribeUserPoolClient(UserPoolId=self.theirs,
                                                                 ClientId=client))

    def test_no_signed_operation_answers_without_a_signature(self):
        for operation in self.model.of_class('sigv4'):
            with self.subTest(operation):
                reply = self.ask(self.api, operation, self.theirs, signed=False)
                self.assertEqual((400, 'MissingAuthenticationTokenException'),
                                 (reply.status, reply.json['__type']))

    def test_no_operation_of_users_takes_any_token_or_a_signature_instead(self):
        for operation in self.model.of_class('access-token'):
            body = self.model.input(operation) | {'AccessToken': 'eyJraWQiOiJ4In0.eyJzdWIiOiJ4In0.eA'}
            with self.subTest(operation):
                reply = self.api.send(operation, json.dumps(body).encode(), signed=True)
                self.assertEqual('NotAuthorizedException', reply.json['__type'])


if __name__ == '__main__':
    unittest.main()
