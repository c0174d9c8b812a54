#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The files and functions that pages for contributors send one to are there.

import fnmatch
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
PAGES = "CONTRIBUTING.md", "docs/fuzzing.md"
FOLDERS = ("docs", "include", "qemu-aiotop", "qemu-patches", "scripts", "src",
           "tests")
# In a page they stand for any
PLACEHOLDERS = "NAME.c", "test-NAME.py", "test-X.py"
QUOTED = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w.*/-]+\.(c|h|in|json|py|text)")
FUNCTION = re.compile(r"(\w+)\(\)")


def list_files():
    for folder in FOLDERS:
        for path, _, names in os.walk(os.path.join(TOP, folder)):
            for name in names:
                yield os.path.relpath(os.path.join(path, name), TOP)


def is_file(name, files):
    """By its path, or the end of it, as far as it is told."""
    return any(fnmatch.fnmatch("/" + file, "*/" + name) for file in files)


def missing(page, files, sources):
    with open(os.path.join(TOP, page), encoding="utf-8") as text:
        quoted = QUOTED.findall(text.read())
    for name in dict.fromkeys(quoted):
        function = FUNCTION.fullmatch(name)
        if FILE.fullmatch(name) and not name.endswith(PLACEHOLDERS):
            if not is_file(name, files):
                yield f"no file {name}"
        elif function and not re.search(rf"\b{function[1]}\b", sources):
            yield f"no function {name}"


def main():
    files = list(list_files())
    sources = []
    for name in files:
        if name.endswith((".c", ".h")) or name.startswith("qemu-patches/v"):
            with open(os.path.join(TOP, name), encoding="utf-8",
                      errors="replace") as source:
                sources.append(source.read())
    failed = 0
    print(f"1..{len(PAGES)}")
    for number, page in enumerate(PAGES, 1):
        said = list(missing(page, files, "\n".join(sources)))
        for line in said:
            print(f"# {page}: {line}")
        failed += bool(said)
        print(f"{'not ' if said else ''}ok {number} - what {page} names is"
              " there")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
