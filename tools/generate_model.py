#!/usr/bin/env python3
"""Writes the model as C tables: tools/generate_model.py FACTS OUTDIR

OUTDIR gets model_names.h, exceptions.h, exceptions.c and model_tables.c. The format of FACTS is
described at its top. A mistake in it ends the run with the line number.

    tools/generate_model.py --check FACTS    only reads it and counts the operations by class
"""
import os
import sys

KINDS = ('structure', 'list', 'map', 'string', 'integer', 'long', 'boolean', 'timestamp', 'blob',
         'document')
CLASSES = {'none': 'PH_AUTH_NONE', 'access-token': 'PH_AUTH_ACCESS_TOKEN',
           'sigv4': 'PH_AUTH_SIGV4'}
EXPECTED = {'sigv4': 105, 'access-token': 24, 'none': 11}

# Answers of the protocol itself, which no operation declares.
PROTOCOL = {
    'UnknownOperationException': 400, 'SerializationException': 400,
    'MissingAuthenticationTokenException': 400, 'IncompleteSignatureException': 400,
    'UnrecognizedClientException': 400, 'InvalidSignatureException': 400,
    'ExpiredTokenException': 400, 'AccessDeniedException': 400,
    'RequestEntityTooLargeException': 413,
    'OperationNotBuiltException': 501,  # ours: an operation of the API that is not built yet
}
ELSEWHERE = {'InternalErrorException'}  # util/err.c, because the lowest layers need it
WRITTEN = '/* Written by tools/generate_model.py; do not edit. */\n'


class Facts:
    def __init__(self, path):
        self.operations, self.shapes, self.exceptions = {}, {}, {}
        with open(path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                line = line.rstrip('\n')
                if line and not line.startswith('#'):
                    try:
                        self.read(line)
                    except (ValueError, KeyError, IndexError, AttributeError) as e:
                        sys.exit(f'{path}:{number}: cannot be read: {line!r} ({e})')
        self.verify(path)

    def read(self, line):
        if line.startswith('  '):
            self.detail(line[2:])
            return
        kind, name, *rest = line.split(' ')
        if kind == 'operation':
            CLASSES[rest[0]]
            self.at = self.operations[name] = {'class': rest[0], 'group': rest[1]}
        elif kind == 'exception':
            self.exceptions[name] = int(rest[0])
        elif kind in KINDS:
            self.at = self.shapes[name] = {'kind': kind, 'of': rest, 'members': {}}
        else:
            raise ValueError('unknown kind')

    def detail(self, line):
        word, _, rest = line.partition(' ')
        if word in ('min', 'max'):
            self.at[word] = int(rest)
        elif word in ('pattern', 'input', 'output'):
            self.at[word] = rest
        elif word in ('enum', 'errors'):
            self.at[word] = rest.split(' ')
        elif word == 'sensitive':
            self.at[word] = True
        else:
            shape, *star = rest.split(' ')
            self.at['members'][word] = (shape, star == ['*'])

    def verify(self, path):
        for name, shape in self.shapes.items():
            for target in shape['of'] + [m[0] for m in shape['members'].values()]:
                if target not in self.shapes:
                    sys.exit(f'{path}: {name} uses {target}, which does not exist')
        for name, op in self.operations.items():
            missing = [e for e in op['errors'] if e not in self.exceptions]
            missing += [s for s in (op['input'], op.get('output')) if s and s not in self.shapes]
            if missing:
                sys.exit(f'{path}: {name} uses {", ".join(missing)}, which does not exist')


def text(value):
    """A C string literal."""
    return '"' + value.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?') + '"'


def all_exceptions(facts):
    return sorted({**PROTOCOL, **facts.exceptions}.items())


def names_h(facts, members, patterns):
    yield WRITTEN + '#ifndef PH_MODEL_NAMES_H\n#define PH_MODEL_NAMES_H\n\nenum ph_op {'
    yield from (f'    OP_{name},' for name in sorted(facts.operations))
    yield '    PH_OP_COUNT\n};\n\nenum ph_member_name {'
    yield from (f'    M_{name},' for name in members)
    yield '    PH_MEMBER_COUNT\n};\n'
    yield (f'enum {{ PH_PATTERN_COUNT = {len(patterns)}, PH_EXCEPTION_COUNT = '
           f'{len(all_exceptions(facts))}, PH_MODEL_SHAPE_COUNT = {len(facts.shapes)} }};')
    yield '\n#endif'


def exceptions_h(facts):
    yield WRITTEN + '#ifndef PH_MODEL_EXCEPTIONS_H\n#define PH_MODEL_EXCEPTIONS_H\n'
    yield '#include "util/err.h"\n'
    yield from (f'extern const struct ph_exception ph_ex_{name};'
                for name, _ in all_exceptions(facts) if name not in ELSEWHERE)
    yield '\n#endif'


def exceptions_c(facts):
    yield WRITTEN + '#include "model/exceptions.h"\n'
    yield from (f'const struct ph_exception ph_ex_{name} = {{ "{name}", {status} }};'
                for name, status in all_exceptions(facts) if name not in ELSEWHERE)


class Tables:
    """Shapes refer to each other by their index in one sorted array."""

    def __init__(self, facts, members, patterns):
        self.facts, self.members, self.patterns = facts, members, patterns
        self.index = {name: i for i, name in enumerate(sorted(facts.shapes))}

    def shape(self, name):
        return f'&ph_shapes[{self.index[name]}]' if name else 'NULL'

    def arrays(self):
        for name, i in self.index.items():
            shape = self.facts.shapes[name]
            if shape['members']:
                yield f'static const struct ph_member members_{i}[] = {{ /* {name} */'
                for member, (target, required) in sorted(shape['members'].items()):
                    yield (f'    {{ M_{member}, {self.shape(target)}, '
                           f'{"true" if required else "false"} }},')
                yield '};'
            if 'enum' in shape:
                values = ', '.join(map(text, shape['enum']))
                yield f'static const char *const enum_{i}[] = {{ {values}, NULL }};'

    def row(self, name, i):
        shape = self.facts.shapes[name]
        pattern = shape.get('pattern')
        last, key = (shape['of'][-1:] or [None])[0], (shape['of'][:-1] or [None])[0]
        return (f"    {{ \"{name}\", PH_SHAPE_{shape['kind'].upper()}, "
                f"{'true' if shape.get('sensitive') else 'false'}, "
                f"{shape.get('min', 'PH_NO_LIMIT')}, {shape.get('max', 'PH_NO_LIMIT')},\n      "
                f"{text(pattern) if pattern else 'NULL'}, "
                f"{self.patterns.index(pattern) if pattern else -1}, "
                f"{f'enum_{i}' if 'enum' in shape else 'NULL'}, "
                f"{f'members_{i}' if shape['members'] else 'NULL'}, {len(shape['members'])}, "
                f"{self.shape(last)}, {self.shape(key)} }},")

    def operation(self, name):
        op = self.facts.operations[name]
        return (f"    {{ \"{name}\", OP_{name}, {CLASSES[op['class']]}, \"{op['group']}\",\n"
                f"      {self.shape(op['input'])}, {self.shape(op.get('output'))}, "
                f'errors_{name} }},')

    def lines(self):
        yield WRITTEN + '#include "model/internal.h"\n'
        yield from self.arrays()
        yield '\nconst struct ph_shape ph_shapes[PH_MODEL_SHAPE_COUNT] = {'
        yield from (self.row(name, i) for name, i in self.index.items())
        yield '};\n'
        for name, op in sorted(self.facts.operations.items()):
            errors = ', '.join(f'&ph_ex_{e}' for e in op['errors'])
            yield f'static const struct ph_exception *const errors_{name}[] = {{ {errors}, NULL }};'
        yield '\nconst struct ph_operation ph_operations[PH_OP_COUNT] = {'
        yield from (self.operation(name) for name in sorted(self.facts.operations))
        yield '};\n\nconst char *const ph_member_names[PH_MEMBER_COUNT] = {'
        yield from (f'    "{name}",' for name in self.members)
        yield '};\n\nconst char *const ph_patterns[] = {'
        yield from (f'    {text(pattern)},' for pattern in self.patterns)
        yield '};'


def write(outdir, name, lines):
    with open(os.path.join(outdir, name), 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')


def check(facts):
    counts = {}
    for op in facts.operations.values():
        counts[op['class']] = counts.get(op['class'], 0) + 1
    print(len(facts.operations), 'operations:', counts)
    return 0 if counts == EXPECTED else 1


def main(path, outdir):
    facts = Facts(path)
    members = sorted({m for shape in facts.shapes.values() for m in shape['members']})
    patterns = sorted({s['pattern'] for s in facts.shapes.values() if 'pattern' in s})
    write(outdir, 'model_names.h', names_h(facts, members, patterns))
    write(outdir, 'exceptions.h', exceptions_h(facts))
    write(outdir, 'exceptions.c', exceptions_c(facts))
    write(outdir, 'model_tables.c', Tables(facts, members, patterns).lines())


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if sys.argv[1] == '--check':
        sys.exit(check(Facts(sys.argv[2])))
    main(sys.argv[1], sys.argv[2])
