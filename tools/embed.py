#!/usr/bin/python3
"""Writes a header that holds a text file as a C string: embed.py INPUT OUTPUT NAME"""
import json
import sys


def literal(line):
    return json.dumps(line, ensure_ascii=True).replace('?', '\\?')


def main():
    source, target, name = sys.argv[1:]
    with open(source, encoding='ascii') as f:
        lines = f.readlines()
    with open(target, 'w', encoding='ascii') as f:
        f.write(f'static const char {name}[] =\n')
        f.write('\n'.join('    ' + literal(line) for line in lines) + ';\n')


if __name__ == '__main__':
    main()
