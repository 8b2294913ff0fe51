"""Values that the model's shapes permit, the smallest that there are."""
import base64
import functools

import model

# Texts of which one satisfies any pattern of the model, alone or with more characters.
SAMPLES = ('a', '1', 'abc', 'a@b', 'eu-west-1_abcdefghi', 'eu-west-1_0a-f', 'import-abc1234567',
           'arn:aws:iam::123456789012:role/x', 'arn:aws:s3:::a', '{####}',
           '{##x##}', 'terms-of-use', 'cognito:default', '0123456789abcdef',
           '01234567-89ab-4def-89ab-0123456789ab')


@functools.lru_cache(None)
def stretched(shape, n):
    """A text of n units that satisfies the pattern, or None."""
    for sample in SAMPLES:
        for filler in 'a1':
            more = filler * (n - len(sample))
            for text in (sample + more, more + sample):
                if len(text) == n and (shape.pattern is None or model.matches(shape.pattern, text)):
                    return text
    return '' if n == 0 and (shape.pattern is None or model.matches(shape.pattern, '')) else None


@functools.lru_cache(None)
def valid_text(shape):
    if shape.enum:
        return shape.enum[0]
    for n in range(max(shape.min or 0, 1), 300):
        text = stretched(shape, n)
        if text is not None:
            return text
    raise ValueError(f'no sample for {shape.name}: {shape.pattern}')


def valid(shape):
    """The smallest instance: required members only."""
    if shape.kind == 'structure':
        return {name: valid(member) for name, (member, required) in shape.members.items() if required}
    if shape.kind == 'list':
        return [valid(shape.element) for _ in range(shape.min or 0)]
    if shape.kind == 'map':
        return {valid_text(shape.key): valid(shape.element) for _ in range(shape.min or 0)}
    if shape.kind == 'string':
        return valid_text(shape)
    if shape.kind == 'blob':
        return base64.b64encode(b'x' * (shape.min or 0)).decode()
    return {'boolean': True, 'document': {}}.get(shape.kind, shape.min or 0)
