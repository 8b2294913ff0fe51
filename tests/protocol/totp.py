"""What an authenticator app shows (RFC 6238), from the formulas."""
import base64
import hashlib
import hmac

PERIOD = 30


def code(secret, at):
    """The six digits for a base32 secret at an epoch time."""
    key = base64.b32decode(secret + '=' * (-len(secret) % 8))
    mac = hmac.new(key, (int(at) // PERIOD).to_bytes(8, 'big'), hashlib.sha1).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start:start + 4], 'big') & 0x7fffffff
    return f'{number % 1000000:06}'


def wrong(secret, at):
    """Six digits that are right at no time near `at`."""
    near = {code(secret, at + PERIOD * i) for i in range(-3, 4)}
    return next(f'{n:06}' for n in range(1000000) if f'{n:06}' not in near)
