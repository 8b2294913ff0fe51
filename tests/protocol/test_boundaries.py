"""Every constraint of every operation, at its edges: made from the model's tables.

For each member of each input, nested ones too: too short, too long, wrong pattern, wrong value of
an enumeration, missing, null, wrong JSON type; and the values just inside, which must pass. What
each must be answered is computed by model.Oracle from the specification, and compared whole.
"""
import base64
import functools
import http.client
import json
import unittest

import model
from instances import stretched, valid, valid_text
from poolhouse import CONTENT_TYPE, TARGET, Credentials, PoolhouseTest, sign

# Characters that most patterns refuse in some place.
STRANGERS = ('!', '_', ' ', '\u00a0', '\x01', '\u200b', 'ü', '/', '"', 'g', '\n')
ASTRAL = '\U0001f600'  # two units of UTF-16, in which lengths are counted
WRONG_TYPES = {
    'string': (7, True, False, {}, []), 'blob': (7, True, {}, []),
    'integer': ('7', True, {}, []), 'long': ('7', True, {}, []), 'timestamp': ('7', True, {}, []),
    'boolean': ('true', 1, {}, []), 'structure': ('x', 7, True, []), 'list': ('x', 7, True, {}),
    'map': ('x', 7, True, [])}
MISSING = object()
# What the specification counts (protocol.md, 10) for the 129 older operations.
PAIRS_AT_LEAST = 721


def placed(shape, steps, value):
    """The smallest instance that has `value` at the end of the steps."""
    if not steps:
        return value
    first, rest = steps[0], steps[1:]
    if first == '[]':
        return [placed(shape.element, rest, value)]
    if first == '{}':
        return {valid_text(shape.key): placed(shape.element, rest, value)}
    body = valid(shape)
    inner = placed(shape.members[first][0], rest, value)
    if inner is MISSING:
        body.pop(first, None)
    else:
        body[first] = inner
    return body


def places(shape, steps=()):
    """Every value of an input: (steps, shape, required)."""
    for name, (member, required) in shape.members.items():
        yield from places_of(member, steps + (name,), required)


def places_of(shape, steps, required):
    yield steps, shape, required
    if shape.kind == 'structure':
        yield from places(shape, steps)
    elif shape.kind == 'list':
        yield from places_of(shape.element, steps + ('[]',), False)
    elif shape.kind == 'map':
        yield from places_of(shape.element, steps + ('{}',), False)


def numbered_keys(shape, n):
    keys = shape.key.enum or [f'k{i}' for i in range(n)]
    if shape.key.pattern and shape.key.pattern.startswith('^cognito:'):
        keys = ['cognito:' + name for name in (
            'default', 'dutch', 'english', 'french', 'spanish', 'german', 'bahasa-indonesia', 'italian',
            'japanese', 'korean', 'portuguese-brazil', 'chinese-simplified', 'chinese-traditional')]
        keys += [f'cognito:x{i}' for i in range(n - len(keys))]
    return keys[:n]


def of_size(shape, n):
    """An instance of the size n that is valid in all else if that can be; None if there is none."""
    if shape.kind == 'string':
        if shape.enum:
            return None
        text = stretched(shape, n)
        return text if text is not None else 'a' * n
    if shape.kind == 'blob':
        return base64.b64encode(b'x' * n).decode()
    if shape.kind == 'list':
        return [valid(shape.element) for _ in range(n)]
    if shape.kind == 'map':
        return {key: valid(shape.element) for key in numbered_keys(shape, n)}
    return n


@functools.lru_cache(None)
def edges(shape):
    """Values at both sides of each constraint of the shape itself."""
    return tuple(v for v in edge_values(shape) if v is not None)


def edge_values(shape):
    if shape.min is not None:
        wanted = [shape.min - 1, shape.min] if shape.min > 0 or shape.kind in model.NUMBERS else [0]
        yield from (of_size(shape, n) for n in wanted)
    if shape.max is not None:
        yield from (of_size(shape, n) for n in (shape.max, shape.max + 1))
        if shape.kind == 'string' and shape.max > 1 and shape.pattern is None and not shape.enum:
            half = ASTRAL * (shape.max // 2)
            yield from (half, half + ASTRAL)
    if shape.pattern is not None:
        yield from strangers(shape)
    if shape.enum:
        yield from (shape.enum[0], shape.enum[-1])
        yield from ('NO_SUCH_VALUE', shape.enum[0].swapcase())


def strangers(shape):
    """Texts of a good length that the pattern refuses."""
    good = valid_text(shape)
    for c in STRANGERS:
        for text in (c + good[1:], good[:-1] + c, good + c):
            if not model.matches(shape.pattern, text) and len(text) <= (shape.max or len(text)):
                yield text
                break


def key_edges(shape):
    """Maps whose keys stand at both sides of what keys may be."""
    for key in edges(shape.key):
        if isinstance(key, str):
            yield {key: valid(shape.element)}


def values_for(shape, required, in_list):
    """Every value to send in one place."""
    yield from WRONG_TYPES.get(shape.kind, ())
    yield None
    if not in_list:
        yield MISSING
    yield from edges(shape)
    if shape.kind == 'map':
        yield from key_edges(shape)
    if shape.kind == 'boolean':
        yield from (True, False)
    if shape.kind in model.NUMBERS and shape.max is not None:
        yield shape.max + 0.5  # is cut, as the service cuts


def bodies(operation):
    """Everything to send to one operation."""
    yield from ({}, [], valid(operation.input))
    yield {name: None for name in operation.input.members}
    for steps, shape, required in places(operation.input):
        for value in values_for(shape, required, steps[-1] == '[]'):
            if value is MISSING and len(steps) > 1 and not required:
                continue
            yield placed(operation.input, steps, value)


def spoilt(operation, body):
    """The same body without another required member, so that it is refused whatever it holds."""
    for name, (_, required) in operation.input.members.items():
        rest = {k: v for k, v in body.items() if k != name}
        if required and name in body and len(body) > 1 and body[name] == valid(
                operation.input.members[name][0]):
            return rest
    return None


PUBLIC_BODY_MAX = 256 * 1024  # of what needs no signature
TOO_LARGE = ('RequestEntityTooLargeException', 'The request is too large.')


def encoded(body):
    return json.dumps(body, ensure_ascii=False).encode()


class Line:
    """One connection that stays open."""

    def __init__(self, port):
        self.port = port
        self.connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)

    def ask(self, operation, body):
        """(type, text) of the error, or None."""
        text = encoded(body)
        head = {'Content-Type': CONTENT_TYPE, 'X-Amz-Target': TARGET + operation}
        head.update(sign(Credentials(), 'POST', f'127.0.0.1:{self.port}', '/', head, text))
        self.connection.request('POST', '/', text, head)
        reply = self.connection.getresponse()
        data = reply.read()
        if reply.status == 200:
            return None
        error = json.loads(data)
        return error['__type'], error.get('message', error.get('Message'))


def is_refusal(answer):
    """Of the checks before an operation runs."""
    return answer is not None and (answer[0] == 'SerializationException' or (
        answer[0] == 'InvalidParameterException' and ' detected: Value' in (answer[1] or '')))


def ends(answer):
    """An answer without the middle of a long text."""
    text = str(answer)
    return text if len(text) < 600 else f'{text[:300]}[...]{text[-300:]}'


class Boundaries(PoolhouseTest):
    """One test for each operation; they are added below."""

    server_options = {'env': {'POOLHOUSE_SERVER_MAX_BODY': '4M'}}  # an asset has 1,000,000 bytes

    @classmethod
    def prepare(cls):
        cls.facts = model.Model()
        cls.line = Line(cls.server.port)
        cls.addClassCleanup(cls.line.connection.close)

    def differences(self, facts, name):
        """What the server answers otherwise than `facts` say: (body, expected, got)."""
        operation, oracle = facts.operations[name], model.Oracle(facts)
        for body in bodies(operation):
            expected = oracle.answer(name, body)
            if expected is None:
                # It would run: refuse it for something else, which must be all that is said.
                body = spoilt(operation, body) or body
                expected = oracle.answer(name, body)
            if operation.auth != 'sigv4' and len(encoded(body)) > PUBLIC_BODY_MAX:
                expected = TOO_LARGE
            got = self.line.ask(name, body)
            if expected is None:
                got = got if is_refusal(got) else None
            if got != expected:
                yield body, expected, got

    def check(self, name):
        found = list(self.differences(self.facts, name))
        if found:
            texts = (f'{json.dumps(body):.300}\n  expected {ends(expected)}\n  got      {ends(got)}'
                     for body, expected, got in found[:5])
            self.fail(f'{len(found)} differences:\n' + '\n'.join(texts))

    def test_the_tables_name_as_many_constraints_as_the_specification(self):
        pairs = {(name, steps) for name, o in self.facts.operations.items()
                 for steps, shape, required in places(o.input)
                 if shape.constrained or (shape.kind == 'map' and shape.key.constrained)}
        self.assertGreaterEqual(len(pairs), PAIRS_AT_LEAST)

    def test_a_fact_that_differs_from_the_server_is_noticed(self):
        """What these tests compare would tell a wrong limit, pattern, word, type or star."""
        for name, text, wrong in (
                ('CreateUserPool', 'string UserPoolNameType\n  min 1\n  max 128',
                 'string UserPoolNameType\n  min 1\n  max 129'),
                ('ListUserPools', 'integer PoolQueryLimitType\n  min 1', 'integer PoolQueryLimitType\n  min 2'),
                ('CreateUserPoolClient', '  pattern [\\w\\s+=,.@-]+', '  pattern [\\w\\s+=,.@_!-]+'),
                ('AdminCreateUser', '  enum RESEND SUPPRESS', '  enum RESEND'),
                ('SignUp', '  ClientId ClientIdType *\n  ClientMetadata ClientMetadataType\n  Password',
                 '  ClientId ClientIdType\n  ClientMetadata ClientMetadataType\n  Password'),
                ('AdminGetUser', 'string UsernameType\n  min 1\n  max 128\n  sensitive',
                 'string UsernameType\n  min 1\n  max 128'),
                ('GetGroup', '  GroupName GroupNameType *', '  GroupName PrecedenceType *')):
            with self.subTest(name=name, wrong=wrong):
                with open(model.SOURCE, encoding='utf-8') as f:
                    source = f.read()
                self.assertIn(text, source)
                facts = model.Model(source.replace(text, wrong))
                self.assertTrue(any(self.differences(facts, name)))


def add_tests():
    for name in model.Model().operations:
        def test(self, name=name):
            self.check(name)
        test.__doc__ = f'{name} refuses and accepts what the model says.'
        setattr(Boundaries, f'test_{name}', test)


add_tests()

if __name__ == '__main__':
    unittest.main()
