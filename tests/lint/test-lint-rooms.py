#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scripts/lint-rooms, on trees of a few files that break one rule each.

import os
import subprocess
import sys
import tempfile

LINT = os.path.join(os.path.dirname(__file__), "../../scripts/lint-rooms")
TABLE = """
| room | what | may use |
| --- | --- | --- |
| `src/low` | one | json-c |
| `src/high` | two | `src/low` |
| `qemu-aiotop` | all | `src` |
"""
CASES = {
    "what the table allows": ({
        "src/low/a.c": '#include "qemu-aiotop/low/a.h"\n#include <json.h>\n',
        "include/qemu-aiotop/low/a.h": "#include <glib.h>\n",
        "src/high/b.c": '#include "own.h"\n',
        "src/high/own.h": "#include <qemu-aiotop/low/a.h>\n",
        "qemu-aiotop/main.c": '#include "qemu-aiotop/low/a.h"\n',
    }, None),
    "an arrow that runs up": ({
        "src/low/a.c": '#include "qemu-aiotop/high/b.h"\n',
        "include/qemu-aiotop/high/b.h": "",
    }, "src/low/a.c: src/low may not use src/high"),
    "an arrow out of a header": ({
        "include/qemu-aiotop/low/a.h": "#  include <qemu-aiotop/high/b.h>\n",
        "include/qemu-aiotop/high/b.h": "",
    }, "include/qemu-aiotop/low/a.h: src/low may not use src/high"),
    "a room below a room is another": ({
        "src/high/b.c": '#include "low/deep/a.h"\n',
        "src/low/deep/a.h": "",
    }, "src/low/deep/a.h: src/low/deep is no room"),
    "a circle of files through headers": ({
        "src/low/a.c": '#include "b.h"\n',
        "src/low/b.h": '#include "qemu-aiotop/low/c.h"\n',
        "include/qemu-aiotop/low/c.h": "",
        "src/low/c.c": '#include "a.h"\n',
        "src/low/a.h": "",
    }, "a circle of files: src/low/a, src/low/b, src/low/c"),
    "a circle of rooms": ({
        "src/low/a.c": '#include "high/b.h"\n',
        "src/high/b.h": "",
        "src/high/c.c": '#include "low/d.h"\n',
        "src/low/d.h": "",
    }, "a circle of rooms: src/high, src/low"),
    "a folder that is no room": ({
        "src/stray/a.c": "",
    }, "src/stray/a.c: src/stray is no room"),
    "a library that others may use": ({
        "src/high/b.h": "#include <json-c/json.h>\n",
    }, "src/high/b.h: src/high may not use json-c"),
    "curses elsewhere than in the terminal": ({
        "qemu-aiotop/main.c": "#include <curses.h>\n",
    }, "qemu-aiotop/main.c: only qemu-aiotop/draw/term.c may include"),
}


def run(files, table=TABLE):
    with tempfile.TemporaryDirectory() as top:
        for name, text in {"CONTRIBUTING.md": table, **files}.items():
            path = os.path.join(top, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        return subprocess.run([LINT, top], capture_output=True, text=True,
                              check=False)


def main():
    failed = 0
    cases = [(name, run(files), wanted)
             for name, (files, wanted) in CASES.items()]
    cases.append(("no table", run({}, ""), "has no table of rooms"))
    print(f"1..{len(cases)}")
    for i, (name, result, wanted) in enumerate(cases, 1):
        good = (wanted in result.stdout and result.returncode == 1 if wanted
                else result.stdout == "" and result.returncode == 0)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i} - {name}")
        if not good:
            print(f"# {result.stdout}{result.stderr}".replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
