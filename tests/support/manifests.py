"""Kubernetes objects judged by the types of its own API (Debian's python3-kubernetes): strictly, so that a
misspelt member, a wrong type and a missing member are found. Values that only a cluster can judge are not.
"""
import datetime
import re

from kubernetes import client

KINDS = {
    ('apps/v1', 'Deployment'): 'V1Deployment', ('batch/v1', 'Job'): 'V1Job',
    ('v1', 'Secret'): 'V1Secret', ('v1', 'Service'): 'V1Service',
    ('policy/v1', 'PodDisruptionBudget'): 'V1PodDisruptionBudget',
    ('networking.k8s.io/v1', 'NetworkPolicy'): 'V1NetworkPolicy',
    ('networking.k8s.io/v1', 'Ingress'): 'V1Ingress',
}
PLAIN = {'str': str, 'int': int, 'bool': bool, 'float': float, 'object': object, 'datetime': datetime.datetime}
NAME = re.compile(r'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?')


class Wrong(Exception):
    pass


def check_object(value, kind, path):
    if not isinstance(value, dict):
        raise Wrong(f'{path}: {value!r} is no {kind}')
    model = getattr(client, kind)
    # 'httpGet' -> 'http_get', with its type
    members = {json: (name, model.openapi_types[name]) for name, json in model.attribute_map.items()}
    given = {}
    for json, inner in value.items():
        if json not in members:
            raise Wrong(f'{path}: {kind} has no {json}')
        name, type_ = members[json]
        given[name] = check_value(inner, type_, f'{path}.{json}')
    try:
        return model(**given)  # refuses what lacks a member
    except ValueError as e:
        raise Wrong(f'{path}: {e}') from e


def check_value(value, type_, path):
    if type_.startswith('list['):
        if not isinstance(value, list):
            raise Wrong(f'{path}: {value!r} is no list')
        return [check_value(v, type_[5:-1], f'{path}[{i}]') for i, v in enumerate(value)]
    if type_.startswith('dict('):
        if not isinstance(value, dict):
            raise Wrong(f'{path}: {value!r} is no map')
        return {check_value(k, 'str', path): check_value(v, type_[5:-1].split(', ')[1], f'{path}.{k}')
                for k, v in value.items()}
    if type_ not in PLAIN:
        return check_object(value, type_, path)
    if not isinstance(value, PLAIN[type_]) or (type_ == 'int' and isinstance(value, bool)):
        raise Wrong(f'{path}: {value!r} is no {type_}')
    return value


def check(document):
    """The object as an instance of its type; Wrong when it is none."""
    kind = KINDS.get((document.get('apiVersion'), document.get('kind')))
    if kind is None:
        raise Wrong(f'{document.get("apiVersion")} {document.get("kind")}: not known')
    if not NAME.fullmatch(document.get('metadata', {}).get('name', '')):
        raise Wrong(f'{document["kind"]}: {document.get("metadata")} has no good name')
    return check_object(document, kind, document['kind'])
