#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a fuzz target begins with, made of what is in the tree.

usage: seeds.py TARGET DIRECTORY

Writes TARGET's seeds into DIRECTORY/seeds, from the recordings in tests/data,
and the words of its dictionary into DIRECTORY/words, from the sources.
"""

import json
import pathlib
import re
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = TOP / 'tests' / 'data'
SEPARATOR = b'\x1e'


def compact(value):
    return json.dumps(value, separators=(',', ':'),
                      ensure_ascii=False).encode()


def transcripts():
    """Of each recorded session the bytes that were received."""
    for path in sorted(DATA.glob('*.transcript')):
        yield [line[2:] for line in path.read_bytes().splitlines(True)
               if line.startswith(b'< ')]


def replies():
    """Of each session what query-event-loops returned."""
    for lines in transcripts():
        values = [json.loads(line).get('return') for line in lines]
        yield [value for value in values if value and 'loops' in value]
    for name in 'screen', 'odd', 'stuck', 'awaited':
        yield [json.loads(path.read_text())
               for path in sorted(DATA.glob(name + '-*.json'))]


def shorten(reply, loops, sources):
    short = dict(reply, loops=[dict(loop, sources=loop.get('sources', [])
                                    [:sources])
                               for loop in reply['loops'][:loops]])
    if 'stalls' in short:
        short['stalls'] = short['stalls'][-loops:]
    return short


def seeds_message():
    pieces = b'\xff', b'\x00', b'\x02\x40\x00', b'\x0f\x00\x63'
    for lines in transcripts():
        for piece in pieces:
            yield piece + SEPARATOR + b''.join(lines[:3])[:2000]
        yield pieces[0] + SEPARATOR + b''.join(lines)
    yield (b'\x07' + SEPARATOR + b'{"QMP": {"version": {}, "capabilities": '
           b'["oob"]}}\r\n{"return": {}, "id": 1}\r\n{"event": "STOP", '
           b'"timestamp": {"seconds": 1, "microseconds": 2}}\r\n{"error": '
           b'{"class": "GenericError", "desc": "\\u00e4 \\ud83d\\ude00"}, '
           b'"id": 2}\r\n')


def seeds_memory():
    ends = b'{"return":[', b']}'
    for unit in b'{},', b'[],', b'{"":0},', b'0,', b'"",', b'1.5,', b'[0,1],':
        yield SEPARATOR.join([ends[0], unit, b'0' + ends[1]])
    source = (b'{"return":{"time-ns":1,"pid":1,"loops":[{"thread-id":1,'
              b'"name":"a","sources":[')
    yield SEPARATOR.join([source, b'{"id":1,"kind":"bh","name":"n"},',
                          b'{"id":2,"kind":"bh","name":"n"}]}]}}'])
    yield SEPARATOR.join([b'{"return":"', b'\xc3\xa4', b'"}'])
    yield SEPARATOR.join([b'{', b'"a":{"b":[]},', b'"return":{}}'])


def seeds_reply():
    keys = b'\x81\x81\nsD', b'/main\n<>I', b'\tTL\x85', b'Zz \x1b?'
    for session in replies():
        for i in range(len(session)):
            some = session[i:i + 3]
            yield SEPARATOR.join(map(compact, some))
            for loops, sources in (1, 2), (3, 4), (20, 1):
                short = [compact(shorten(reply, loops, sources))
                         for reply in some]
                yield SEPARATOR.join(short[:1] +
                                     [keys[i % len(keys)]] + short[1:])


def seeds_walk():
    # Changes of a stack, four bytes each: a place, and what comes there
    yield b''
    for place in 6, 7, 16, 40, 200:
        for value in 0, 1, 2, 300:
            yield struct.pack('<HH', place, value)
    yield struct.pack('<4H', 7, 96, 64, 4)


def seeds_settings():
    yield b''
    yield (b'# mine\n[screen]\nloop-columns=loop;state;busy\n'
           b'loop-sort=busy\nloop-reverse=true\nsource-columns=calls;avg;p99\n'
           b'source-sort=calls\nsource-reverse=false\ngrouped=true\n'
           b'silent=false\ncumulative=true\ncolor=false\nmouse=true\n'
           b'delay=2.5\nunknown=1\n[other]\na[de]=b\n')
    for delay in '-1', '0.01', '86400', '1e300', 'nan', '0x1p-9':
        yield b'[screen]\ndelay=' + delay.encode() + b'\n'
    words = columns()
    for i in range(0, len(words), 6):
        yield (b'[screen]\nsource-columns=' +
               ';'.join(words[i:i + 6]).encode() + b'\nsource-sort=' +
               words[i].encode() + b'\n')


def seeds_host():
    stat = ('%d (%s) %s 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 555 1 2'
            ' 3 0 0 0 0 0 0 0 0 0 0 0 0 17 3 0 0\n')
    threads = (('IO iothread0', 'D', '257 0xffffff9c 0x2 0x0'),
               ('CPU 0/KVM', 'R', 'running'),
               ('a) b', 'S', '271 0x55d0 0x7 0x0 0x0 0x0 0x0 0x7f 0x7f'),
               ('\u6570', 'Z', '-1 0x0 0x0'),
               ('x' * 63, 'S', '0 0x5'),
               ('worker', 'S', '202 0x7f8012345678 0x80 0x2'))
    lines = (
        ['qemu-system-x86_64', '-name', 'guest=vm1,debug-threads=on',
         '-object', 'event-loop-profiler,id=p,socket.type=unix,'
         'socket.path=/run/a,,b.sock'],
        ['/usr/bin/qemu-system-x86_64', '-chardev',
         'socket,id=c,path=/run/q,server=on,wait=off', '-mon',
         'chardev=c,mode=control', '-qmp', 'unix:/run/x,server,nowait',
         '-qmp', 'tcp:localhost:4444,server'],
        ['qemu-storage-daemon', '--object={"qom-type":"event-loop-profiler",'
         '"id":"p","socket":{"type":"unix","path":"rel.sock"}}',
         '--chardev', 'socket,id=c,host=::1,port=1,server=on', '--monitor',
         'chardev=c'],
    )
    for i, (name, state, call) in enumerate(threads):
        line = lines[i % len(lines)]
        parts = (
            'c' + '\0'.join(line) + '\0', 'p' + stat % (7, 'qemu', 'S'),
            'm' + stat % (7, 'qemu', 'S'), 't' + stat % (8, name, state),
            'uName:\ta\nvoluntary_ctxt_switches:\t5\n'
            'nonvoluntary_ctxt_switches:\t6\n',
            'd1234567 89012 5\n', 'wfolio_wait_bit_common',
            'y' + call + '\n', 'k[<0>] futex_wait+0x5c/0x110\n'
            '[<0>] do_syscall_64+0x3b/0x90\n', 'M/\0/var/lib/disk.img\0',
            'nqemu\n', 'scpu  1 2 3 4 5 6 7 8 0 0\n',
        )
        yield SEPARATOR.join(part.encode() for part in parts)


def seeds_http():
    yield b'GET / HTTP/1.0\r\n\r\n'
    yield b'GET /metrics?a=b&vm=a%20b+c HTTP/1.1\nHost: [::1]:29177\n\nx'
    yield (b'GET /sd HTTP/1.1\r\nHost: h\r\nAccept: application/openmetrics-'
           b'text;version=1.0.0;q=0.75,text/plain;q=0.5,*/*;q=0.1\r\n'
           b'Accept: text/*\r\n\r\n')
    yield b'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx'


def seeds_input():
    yield b'jjk\x1b[A\x1b[B\x1bOA\r\x1b[6~\x1b[5~\x1b[H\x1b[F\x1b'
    yield b'\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;3;3M\x1b[<65;3;3M'
    yield b'\x1b[M !!\x1b[M`!!\x1b[Ma!!\xff\x40\x1b[M'
    yield b'/virtio\r\xff\x01nN\x1b\xff\x40F\x7f\xc3\xa4\xe6\x95\xb0\r'
    yield b'\x1b\xff\x06[A\x1b[\xff\x40A\x1bO\xff\x01P\x1b[15~\x1b[1;5C'
    yield b'dD1.5\r\xff\x00S\x1b?\x1bC \x1b\x1b[17~\r\x09\x09\rs\x1b'
    yield b'\x0c\x1b[200~abc\x1b[201~\x1b[Z<>IRGZ*'


def literals(*names):
    """What stands in quotes in files of C."""
    found = set()
    for name in names:
        for text in re.findall(r'"((?:[^"\\\n]|\\.)+)"',
                               (TOP / name).read_text()):
            if '.h' not in text and '%' not in text:
                found.add(text.encode().decode('unicode_escape'))
    return found


def columns():
    """The names of all columns."""
    return sorted(set(re.findall(r'^ [ *] ([a-z0-9-]+) ',
                                 (DATA / 'columns.text').read_text(), re.M)))


def schema():
    """What stands in quotes in the schema."""
    folder = TOP / 'qemu-patches' / 'common' / 'qapi'
    return {word for path in folder.glob('event-loop*.json')
            for word in re.findall(r"'\*?([a-z][a-z0-9-]+)'",
                                   path.read_text())}


WORDS = {
    'host': lambda: literals('src/host/process.c', 'src/host/procfs.c',
                             'src/host/qemu-command-line.c',
                             'src/model/syscall.c'),
    'http': lambda: literals('src/export/http-request.c'),
    'input': lambda: literals('qemu-aiotop/draw/input.c'),
    'memory': schema,
    'message': lambda: schema() | literals('src/wire/framing.c'),
    'reply': schema,
    # Numbers of registers that lead from frame to frame
    'walk': lambda: {'\x06', '\x07', '\x10'},
    'settings': lambda: (set(columns()) |
                         literals('qemu-aiotop/screen/settings.c')),
}


def quote(word):
    return ''.join(chr(byte) if 0x20 < byte < 0x7f and byte not in b'"\\'
                   else '\\x%02x' % byte for byte in word.encode())


def main():
    target, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    seeds = directory / 'seeds'
    seeds.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(globals()['seeds_' + target]()):
        (seeds / ('seed-%03d' % i)).write_bytes(seed)
    with open(directory / 'words', 'w') as out:
        for word in sorted(WORDS[target]()):
            if len(word) <= 64:
                out.write('"%s"\n' % quote(word))


if __name__ == '__main__':
    main()
