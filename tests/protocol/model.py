"""The facts of the API and what they say of a request: an oracle that shares no code with the server.

`Model()` reads src/model/cognito-idp.model; `Oracle(model).answer(operation, body)` computes the
error that a body must get before any operation runs, or None.
"""
import base64
import functools
import os
import re
import unicodedata

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'src', 'model',
                      'cognito-idp.model')
SCALARS = frozenset(('string', 'integer', 'long', 'boolean', 'timestamp', 'blob'))
NUMBERS = frozenset(('integer', 'long'))
SHOWN = 1024  # bytes of a wrong value that an answer repeats: ours, the service has no record


class Shape:
    def __init__(self, name, kind, parts):
        self.name, self.kind = name, kind
        self.min = self.max = self.pattern = self.enum = None
        self.sensitive = False
        self.members = {}  # name: (shape, required), alphabetical as answers are
        self.key, self.element = None, None
        self.parts = parts

    @property
    def constrained(self):
        return any(x is not None for x in (self.min, self.max, self.pattern, self.enum))

    @property
    def has_members(self):
        return self.kind in ('structure', 'list', 'map')


class Operation:
    def __init__(self, name, auth):
        self.name, self.auth = name, auth
        self.input = self.output = None
        self.errors = []


class Model:
    def __init__(self, text=None):
        if text is None:
            with open(SOURCE, encoding='utf-8') as f:
                text = f.read()
        self.operations, self.shapes = {}, {}
        for block in re.split(r'\n\n+', text):
            lines = [line for line in block.split('\n') if line and not line.startswith('#')]
            if lines:
                self._block(lines[0].split(' '), lines[1:])
        self._connect()

    def _block(self, head, lines):
        if head[0] == 'operation':
            operation = self.operations[head[1]] = Operation(head[1], head[2])
            for line in lines:
                word, rest = line.strip().split(' ', 1)
                setattr(operation, word, rest.split(' ') if word == 'errors' else rest)
        elif head[0] != 'exception':
            shape = self.shapes[head[1]] = Shape(head[1], head[0], head[2:])
            for line in lines:
                self._detail(shape, line[2:])

    @staticmethod
    def _detail(shape, line):
        word, _, rest = line.partition(' ')
        if word in ('min', 'max'):
            setattr(shape, word, int(rest))
        elif word == 'pattern':
            shape.pattern = rest
        elif word == 'enum':
            shape.enum = rest.split(' ')
        elif word == 'sensitive':
            shape.sensitive = True
        else:
            target, *star = rest.split(' ')
            shape.members[word] = (target, star == ['*'])

    def _connect(self):
        for shape in self.shapes.values():
            shape.members = {name: (self.shapes[target], required)
                             for name, (target, required) in sorted(shape.members.items())}
            parts = [self.shapes[p] for p in shape.parts]
            shape.element = parts[-1] if parts else None
            shape.key = parts[0] if len(parts) == 2 else None
        for operation in self.operations.values():
            operation.input = self.shapes[operation.input]
            operation.output = self.shapes[operation.output] if operation.output else None


# The characters that the tests send: all of Unicode would take seconds to sort.
KNOWN_CODES = (*range(0x3000), *range(0x1f300, 0x1f700))


@functools.lru_cache(None)
def categories():
    """For each letter of a general category the inside of a character class."""
    found = {}
    for code in KNOWN_CODES:
        runs = found.setdefault(unicodedata.category(chr(code))[0], [])
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return {letter: ''.join(f'\\U{a:08x}-\\U{b:08x}' for a, b in runs)
            for letter, runs in found.items()}


@functools.lru_cache(None)
def compiled(pattern):
    """A Java pattern as one of Python's: categories spelled out, \\w and \\s of ASCII."""
    text = re.sub(r'\\p\{(.)\}', lambda m: categories()[m.group(1)], pattern)
    return re.compile(text, re.ASCII)


@functools.lru_cache(4096)
def matches(pattern, text):
    return compiled(pattern).fullmatch(text) is not None


def utf16_length(text):
    return len(text.encode('utf-16-le')) // 2


def lower_camel(name):
    return name[0].lower() + name[1:]


def printed(value):
    """As Java prints it."""
    if value is None:
        return 'null'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, list):
        return '[' + ', '.join(map(printed, value)) + ']'
    if isinstance(value, dict):
        return '{' + ', '.join(f'{k}={printed(v)}' for k, v in value.items()) + '}'
    return str(value)


def shortened(text):
    data = text.encode()
    return text if len(data) <= SHOWN else data[:SHOWN].decode(errors='ignore') + '...'


def size(shape, value):
    if shape.kind in NUMBERS:
        return int(value)
    if shape.kind == 'blob':
        return len(base64.b64decode(value))
    return utf16_length(value) if shape.kind == 'string' else len(value)


def size_text(shape, which):
    what = 'value' if shape.kind in NUMBERS else 'length'
    order = 'greater' if which == 'min' else 'less'
    return f'Member must have {what} {order} than or equal to {getattr(shape, which)}'


def pattern_text(shape):
    return f'Member must satisfy regular expression pattern: {shape.pattern}'


def enum_text(shape):
    return f'Member must satisfy enum value set: [{", ".join(shape.enum)}]'


def broken(shape, value):
    """The texts of a value's own constraints that it breaks: size, pattern, enumeration."""
    if shape.min is not None and size(shape, value) < shape.min:
        yield size_text(shape, 'min')
    elif shape.max is not None and size(shape, value) > shape.max:
        yield size_text(shape, 'max')
    if shape.pattern is not None and not matches(shape.pattern, value):
        yield pattern_text(shape)
    if shape.enum is not None and value not in shape.enum:
        yield enum_text(shape)


def parts_text(who, shape):
    texts = [size_text(shape, which) for which in ('max', 'min') if getattr(shape, which) is not None]
    texts += [pattern_text(shape)] if shape.pattern is not None else []
    texts += [enum_text(shape)] if shape.enum is not None else []
    return f'{who} must satisfy constraint: [{", ".join(texts)}]'


class Oracle:
    """What protocol.md, sections 5 and 6, says of a body."""

    def __init__(self, model):
        self.model = model

    def answer(self, operation, body):
        shape = self.model.operations[operation].input
        mismatch = self._mismatch(shape, body)
        if mismatch is not None:
            return 'SerializationException', mismatch
        items = list(self._violations(shape, body, '', False))
        if not items:
            return None
        plural = '' if len(items) == 1 else 's'
        return ('InvalidParameterException',
                f'{len(items)} validation error{plural} detected: {"; ".join(items)}')

    # Types, in the order of the document.

    def _mismatch(self, shape, value):
        if value is None or shape.kind == 'document':
            return None
        if shape.kind in SCALARS:
            return self._scalar_mismatch(shape, value)
        wanted = list if shape.kind == 'list' else dict
        if not isinstance(value, wanted):
            return self._not_a_container(shape, value)
        if shape.kind == 'list':
            inner = ((shape.element, v) for v in value)
        elif shape.kind == 'map':
            inner = ((shape.element, v) for v in value.values())
        else:
            inner = ((shape.members[k][0], v) for k, v in value.items() if k in shape.members)
        return next((m for m in (self._mismatch(*pair) for pair in inner) if m is not None), None)

    @staticmethod
    def _not_a_container(shape, value):
        if isinstance(value, dict):
            return 'Start of structure or map found where not expected.'
        if isinstance(value, list):
            return 'Start of list found where not expected'
        return {'structure': 'Expected null', 'list': 'Expected list or null',
                'map': 'Expected map or null'}[shape.kind]

    @staticmethod
    def _scalar_mismatch(shape, value):
        if isinstance(value, dict):
            return 'Start of structure or map found where not expected.'
        if isinstance(value, list):
            return 'Start of list found where not expected'
        if isinstance(value, bool):
            found = 'boolean'
        else:
            found = 'string' if isinstance(value, str) else 'number'
        wanted = {'blob': 'string', 'integer': 'number', 'long': 'number', 'timestamp': 'number'}
        if found == wanted.get(shape.kind, shape.kind):
            return None
        token = {'string': 'STRING', 'number': 'NUMBER'}.get(found, str(value).upper()) + '_VALUE'
        article = 'an' if shape.kind == 'integer' else 'a'
        return f'{token} can not be converted to {article} {shape.kind.capitalize()}'

    # Constraints, members in alphabetical order.

    def _violations(self, shape, value, path, hidden):
        for text in broken(shape, value):
            yield self._item(value, path, hidden, text)
        if shape.kind == 'structure':
            for name, (member, required) in shape.members.items():
                there = f'{path}.{lower_camel(name)}' if path else lower_camel(name)
                inner = value.get(name)
                if inner is not None:
                    yield from self._violations(member, inner, there, hidden or member.sensitive)
                elif required:
                    yield self._item(None, there, hidden, 'Member must not be null')
        elif shape.kind == 'list':
            yield from self._in_list(shape, value, path, hidden or shape.element.sensitive)
        elif shape.kind == 'map':
            secret = hidden or shape.key.sensitive or shape.element.sensitive
            yield from self._in_map(shape, value, path, secret)

    def _in_list(self, shape, value, path, hidden):
        if shape.element.has_members:
            for i, element in enumerate(value, 1):
                there = f'{path}.{i}.member'
                if element is None:
                    yield self._item(None, there, hidden, 'Member must not be null')
                else:
                    yield from self._violations(shape.element, element, there, hidden)
            return
        for element in value:
            if element is None:
                text = 'Member must satisfy constraint: [Member must not be null]'
            elif any(broken(shape.element, element)):
                text = parts_text('Member', shape.element)
            else:
                continue
            yield self._item(value, path, hidden, text)
            return

    def _in_map(self, shape, value, path, hidden):
        if any(any(broken(shape.key, key)) for key in value):
            yield self._item(value, path, hidden, parts_text('Map keys', shape.key))
        for key, inner in value.items():
            if inner is None:
                continue  # the same as no entry
            if shape.element.has_members:
                yield from self._violations(shape.element, inner, f'{path}.{key}.member', hidden)
            elif any(broken(shape.element, inner)):
                yield self._item(value, path, hidden, parts_text('Map value', shape.element))
                return

    @staticmethod
    def _item(value, path, hidden, text):
        if value is None:
            shown = ' null'
        elif hidden:
            shown = ''
        else:
            shown = f" '{shortened(printed(value))}'"
        return f"Value{shown} at '{path}' failed to satisfy constraint: {text}"
