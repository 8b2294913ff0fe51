#!/usr/bin/env python3
"""Derives src/model/cognito-idp.model from the published API model.

    tools/import_model.py SERVICE_2_JSON ADDITIONS_JSON OPERATIONS_TSV > src/model/cognito-idp.model

SERVICE_2_JSON is botocore's description of cognito-idp, ADDITIONS_JSON an overlay with what is
newer than it, OPERATIONS_TSV a table with the columns operation, auth and group. Only facts are
taken over: names, types, constraints, classes and errors; no documentation text. Run it when the
API grows, and read the difference before committing it.
"""
import csv
import json
import sys

HEADER = """\
# The facts of the API cognito-idp, version 2016-04-18: the source of the generated tables.
# Written by tools/import_model.py, read by tools/generate_model.py at build time.
#
#   operation NAME CLASS GROUP     CLASS: none, access-token or sigv4
#     input SHAPE | output SHAPE | errors EXCEPTION...
#   exception NAME STATUS
#   structure NAME                 one line for each member: NAME SHAPE, and * when required
#   list NAME ELEMENT | map NAME KEY VALUE | string, integer, long, boolean, timestamp, blob,
#   document NAME
#
# Constraints stand in lines of their own: min, max, enum VALUE..., sensitive, and pattern, which
# takes the rest of the line: a Java regular expression for the whole text.
"""

# Recorded texts of the service differ from its published model.
PASSWORD = {'type': 'string', 'min': 6, 'max': 256, 'pattern': r'^[\S]+.*[\S]+$',
            'sensitive': True}


def merge(model, overlay):
    model['operations'].update(overlay['operations'])
    model['shapes'].update(overlay['shapes'])
    for shape, members in overlay['member_additions'].items():
        model['shapes'][shape]['members'].update(members)
    for operation, change in overlay['error_changes'].items():
        errors = model['operations'][operation]['errors']
        errors += [{'shape': name} for name in change['added']]
        model['operations'][operation]['errors'] = [
            e for e in errors if e['shape'] not in change['removed']]


def correct(shapes, classes):
    """What is known to be otherwise on the service."""
    # The service demands six characters and allows spaces inside (recorded texts).
    shapes['PasswordType'] = PASSWORD
    # A password that exists is compared, not judged: it may be older than today's rules.
    shapes['PreviousPasswordType'] = {'type': 'string', 'max': 256, 'sensitive': True}
    shapes['ChangePasswordRequest']['members']['PreviousPassword'] = {
        'shape': 'PreviousPasswordType'}
    # Recorded texts echo client ids, which are public.
    del shapes['ClientIdType']['sensitive']
    # Custom domains have dots, which the published pattern refuses; what is wrong has a text of its
    # own (recorded).
    del shapes['DomainType']['pattern']
    # The flow of GetClientToken is documented, but missing in the published enumeration.
    shapes['ExplicitAuthFlowsType']['enum'].append('ALLOW_CLIENT_TOKEN_AUTH')
    # Documented limits of numbers that the overlay knows without their constraints.
    for shape, member, least, most in (('UserPoolTokenSessionConfigType', 'MaxPerUser', 1, 100),
                                       ('ClientSSOSessionConfigType', 'MaxValidityMinutes', 0,
                                        129600)):
        shapes[member + 'Type'] = {'type': 'integer', 'min': least, 'max': most}
        shapes[shape]['members'][member]['shape'] = member + 'Type'
    # Names of levels have documented constraints, which the overlay does not know.
    shapes['AcrValueType'] = {'type': 'string', 'min': 1, 'max': 64,
                              'pattern': r'[\x21\x23-\x5B\x5D-\x7E]+'}
    shapes['AcrLevelConfigType']['members']['AcrValue'] = {'shape': 'AcrValueType'}
    # GetClientToken lacks the trait that keeps clients from signing, yet needs no credentials.
    classes['GetClientToken'] = ('none', classes['GetClientToken'][1])
    # AssociateSoftwareToken and VerifySoftwareToken take an access token or a session: neither is
    # required, and the class stays access-token.
    for name in ('AssociateSoftwareToken', 'VerifySoftwareToken'):
        assert classes[name][0] == 'access-token'
        assert not {'AccessToken', 'Session'} & set(shapes[name + 'Request'].get('required', []))


def plain(name):
    """The overlay names anonymous shapes js:string, js:list<X>, js:map<string,string>."""
    if not name.startswith('js:'):
        return name
    name = name[3:]
    if name.startswith('list<'):
        return plain(name[5:-1]) + 'FreeList'
    if name.startswith('map<'):
        return 'Free' + ''.join(part.capitalize() for part in name[4:-1].split(',')) + 'Map'
    return 'Free' + name.capitalize()


def constraints(shape):
    for key in ('min', 'max'):
        if key in shape:
            yield f'  {key} {shape[key]}'
    if 'enum' in shape:
        assert not any(' ' in value for value in shape['enum'])
        yield '  enum ' + ' '.join(shape['enum'])
    if shape.get('sensitive'):
        yield '  sensitive'
    if 'pattern' in shape:
        yield '  pattern ' + shape['pattern']


def shape_lines(name, shape):
    kind = 'document' if shape.get('document') else shape['type']
    head = f'{kind} {plain(name)}'
    if kind == 'list':
        head += ' ' + plain(shape['member']['shape'])
    if kind == 'map':
        head += f" {plain(shape['key']['shape'])} {plain(shape['value']['shape'])}"
    yield head
    yield from constraints(shape)
    if kind == 'structure':
        for member, target in sorted(shape['members'].items()):
            star = ' *' if member in shape.get('required', []) else ''
            yield f"  {member} {plain(target['shape'])}{star}"


def status(name, shape):
    """Client faults were all recorded as 400, but for a request that a firewall blocks."""
    if name == 'ForbiddenException':
        return 403
    return 500 if shape.get('fault') else 400


def operation_lines(name, operation, classes):
    yield f'operation {name} {classes[name][0]} {classes[name][1]}'
    for key in ('input', 'output'):
        if key in operation:
            yield f"  {key} {plain(operation[key]['shape'])}"
    yield '  errors ' + ' '.join(sorted({e['shape'] for e in operation['errors']}))


def main(service, additions, table):
    with open(service, encoding='utf-8') as f:
        model = json.load(f)
    with open(additions, encoding='utf-8') as f:
        merge(model, json.load(f))
    with open(table, encoding='utf-8', newline='') as f:
        classes = {row['operation']: (row['auth'], row['group'])
                   for row in csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE)}
    shapes = model['shapes']
    correct(shapes, classes)

    lines = [HEADER]
    for name, operation in sorted(model['operations'].items()):
        lines += [*operation_lines(name, operation, classes), '']
    for name, shape in sorted(shapes.items()):
        if shape.get('exception'):
            lines.append(f'exception {name} {status(name, shape)}')
    lines.append('')
    for name, shape in sorted(shapes.items(), key=lambda item: plain(item[0])):
        if not shape.get('exception'):
            lines += [*shape_lines(name, shape), '']
    print('\n'.join(lines).rstrip('\n'))


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
