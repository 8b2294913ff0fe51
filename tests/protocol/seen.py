"""What a run of the whole suite has seen of the API: errors of operations, members of replies.

`tests/run` gives all suites a folder (POOLHOUSE_TEST_SEEN); each notes there which operation
answered which exception, and which members came back with a value. When all have run, `missing()`
compares that with what the model declares. What no test can provoke stands below with the reason;
a reason for something that was seen is a mistake, too.
"""
import atexit
import json
import os
import re

import model

FOLDER = os.environ.get('POOLHOUSE_TEST_SEEN')
REQUEST = re.compile(r'\brequest\b.*?\boperation["=:]+(\w+).*?\berror["=:]+(\w+)')  # as text or JSON

errors = set()   # (operation, exception)
members = set()  # (operation, path), lists and maps as [] and {}


# ---- noting ----

def log(text):
    """The requests of a server, by whatever client, from its log."""
    if FOLDER:
        errors.update(REQUEST.findall(text))


def note_members(operation, value, path=''):
    if isinstance(value, dict):
        for name, inner in value.items():
            there = f'{path}.{name}'
            members.add((operation, there))
            note_members(operation, inner, there)
    elif isinstance(value, list):
        for inner in value:
            note_members(operation, inner, path + '[]')


def reply(operation, status, body):
    if FOLDER and status == 200 and body:
        try:
            note_members(operation, json.loads(body))
        except ValueError:
            pass  # a test of what a browser is answered


def boto_reply(http_response=None, model=None, **_):
    reply(model.name, http_response.status_code, http_response.content)


def save():
    if FOLDER and (errors or members):
        path = os.path.join(FOLDER, f'{os.getpid()}.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'errors': sorted(errors), 'members': sorted(members)}, f)


atexit.register(save)


def collect(folder):
    """(errors, members) of all that noted something."""
    found = set(), set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            noted = json.load(f)
        found[0].update(map(tuple, noted['errors']))
        found[1].update(map(tuple, noted['members']))
    return found


# ---- what there is ----

def declared_members(operation):
    """The paths of all members of an output; the inside of a document is the caller's."""
    def walk(shape, path):
        if shape.kind == 'structure':
            for name, (member, _) in shape.members.items():
                yield f'{path}.{name}'
                yield from walk(member, f'{path}.{name}')
        elif shape.kind == 'list':
            yield from walk(shape.element, path + '[]')
        elif shape.kind == 'map' and shape.element.has_members:
            yield path + '.*'
    return () if operation.output is None else walk(operation.output, '')


def built_operations():
    """Those that a handler is registered for."""
    source = os.path.join(os.path.dirname(model.SOURCE), '..', 'api', 'handlers.def')
    with open(source, encoding='utf-8') as f:
        return set(re.findall(r'^HANDLER\((\w+),', f.read(), re.M))


def missing(folder):
    """Texts: what was declared, never seen and not explained; and explanations that are wrong."""
    seen_errors, seen_members = collect(folder)
    operations = {name: o for name, o in model.Model().operations.items()
                  if name in built_operations()}
    for name, operation in sorted(operations.items()):
        for error in operation.errors:
            if (name, error) not in seen_errors and not why_no_error(name, error):
                yield f'{name} has never answered {error}'
        for path in declared_members(operation):
            if (name, path) not in seen_members and not why_no_member(name, path):
                yield f'{name} has never returned {path[1:]}'
    for name, error in sorted(NEVER_BY_OPERATION):
        if (name, error) in seen_errors:
            yield f'{name} does answer {error}: take its reason away'


# ---- what is never seen, and why ----

NEVER = {}
NEVER_BY_OPERATION = {}


def why_no_error(operation, error):
    return NEVER.get(error) or NEVER_BY_OPERATION.get((operation, error))


NEVER_RETURNED = {}


def why_no_member(operation, path):
    return next((why for part, why in NEVER_RETURNED.items()
                 if part in (path, f'{operation}{path}')), None)
