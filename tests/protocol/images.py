"""Small images of each type, made here and not by the server."""
import struct
import zlib


def _chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def png(padding=0):
    """One transparent pixel, and a comment that makes it longer."""
    return (b'\x89PNG\r\n\x1a\n' + _chunk(b'IHDR', struct.pack('>IIBBBBB', 1, 1, 8, 6, 0, 0, 0))
            + _chunk(b'IDAT', zlib.compress(bytes(5))) + _chunk(b'tEXt', b'c\0' + b'x' * padding)
            + _chunk(b'IEND', b''))


JPEG = b'\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9'
ICO = b'\0\0\1\0\1\0\1\1\0\0\1\0 \0' + struct.pack('<II', len(png()), 22) + png()
WEBP = b'RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f\0\0\0\0\0'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>'
