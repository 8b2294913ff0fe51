"""The file of `poolhouse export` as docs/decisions says it is, read without sharing code with it."""
import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

RESEALED = {('pools', 'data_key'), ('access_keys', 'secret'), ('access_keys', 'session_token'),
            ('outbox', 'body'), ('outbox', 'code')}


def derive(key, purpose):
    return HKDF(hashes.SHA256(), 32, None, purpose).derive(key)


def unseal(key, purpose, sealed):
    return AESGCM(key).decrypt(sealed[1:13], sealed[13:], purpose)


def root_key(wrapped, passphrase):
    kind, ln, r, p, salt, sealed = wrapped.split(':')
    assert kind == 'scrypt'
    own = hashlib.scrypt(passphrase.encode(), salt=base64.b64decode(salt), n=1 << int(ln), r=int(r),
                         p=int(p), maxmem=1 << 30, dklen=32)
    return unseal(own, b'key under a passphrase 1', base64.b64decode(sealed))


def chain(lines, root):
    """The HMAC of the lines, each with that of those before it."""
    key = derive(root, b'poolhouse export chain 1')
    mac = hmac.new(key, bytes(32) + b'poolhouse export', hashlib.sha256).digest()
    for line in lines:
        mac = hmac.new(key, mac + line, hashlib.sha256).digest()
    return mac.hex()


def row_digest(table, columns, row):
    """Of numbers, text and bytes alike; a number is told from them by its type."""
    parts = []
    for column, value in zip(columns, row):
        if value is None:
            parts.append(bytes(9))
        elif isinstance(value, int):
            parts.append(b'\1' + value.to_bytes(8, 'little', signed=True))
        elif (table, column) in RESEALED:
            parts.append(b'\2' + bytes(8))
        else:
            value = value.encode() if isinstance(value, str) else value
            parts.append(b'\2' + len(value).to_bytes(8, 'little') + value)
    return int.from_bytes(hashlib.sha256(b''.join(parts)).digest(), 'little')


def table_sum(table, columns, rows):
    return (sum(row_digest(table, columns, row) for row in rows) % (1 << 256)).to_bytes(
        32, 'little').hex()


def read(path):
    """Header, tables as (name, columns, rows, end), last line, and the lines as they are."""
    with open(path, 'rb') as f:
        lines = f.read().split(b'\n')
    assert lines.pop() == b''
    header, *rest, last = map(json.loads, lines)
    tables = []
    for line in rest:
        if isinstance(line, list):
            tables[-1][2].append(line)
        elif 'table' in line:
            tables.append([line['table'], line['columns'], [], None])
        else:
            tables[-1][3] = line
    return header, tables, last, lines
