#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual and the completions have what the program has.

usage: test-manual.py PROGRAM MANUAL COMPLETIONS
"""

import os
import re
import subprocess
import sys

PROGRAM, MANUAL, COMPLETIONS = sys.argv[1:4]
results = []


def run(*args):
    """What the program writes, with these arguments."""
    return subprocess.run([PROGRAM, *args], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def read(*path):
    """The text of a file."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def plain(roff):
    """The manual's text, without the font changes and quotes of roff."""
    text = re.sub(r"\\f.", "", roff).replace("\\-", "-")
    text = re.sub(r'^\.(BR?|RB|BI|I|IR) ', "", text, flags=re.M)
    return text.replace('"', "")


def check(name, missing):
    """One test, which fails if something is missing."""
    for thing in missing:
        print(f"# not there: {thing}")
    results.append(not missing)
    print(f"{'not ' if missing else ''}ok {len(results)} - {name}")


def entries(manual):
    """The first line of each entry, with what follows it."""
    return [entry.split("\n", 1) for entry in manual.split("\n.TP\n")[1:]]


def main():
    """All tests."""
    manual = plain(read(MANUAL))
    heads = [head for head, _ in entries(manual)]
    options = [found for words in ([], ["export"]) for found in re.findall(
        r"^  (?:(-\w), )?(--[\w-]+)", run(*words, "--help"), re.M)]
    columns = re.findall(r"^ [ *] ([a-z][\w.-]*) +(\S+)", run("-s", "help"),
                         re.M)
    tables = {part.split("\n", 1)[0]: part
              for part in re.split(r"^\.S[SH] ", manual, flags=re.M)}
    print("1..8")
    check("the program has options and columns",
          [] if len(options) > 15 and len(columns) > 50 else
          [f"{len(options)} options, {len(columns)} columns"])
    check("each option has its entry in the manual",
          [long for short, long in options
           if not any(long in re.split(r"[ ,]+", head) and
                      (not short or short in re.split(r"[ ,]+", head))
                      for head in heads)])
    check("each column has its entry in the manual",
          [name for name, header in columns
           if f"{re.sub(r'^(loop|vm)[.]', '', name)} ({header})\n" not in
           tables[{"loop": "Columns of the loops",
                   "vm": "Columns of QEMUs"}.get(
                       name.partition(".")[0], "Columns of the sources")]])
    check("each table is in its section of the manual",
          [f"{name} in {section}"
           for section, names in {
               "Keys": ["h, ?, F1", "Enter"],
               "Words in the first column": ["STUCK", "WASTE"],
               "Callbacks whose names say little":
                   ["g_main_context_dispatch", "(other)"],
               "Requests in flight": ["DEVICE (device)", "STAGE (stage)",
                                      "POOL-OF (loop)", "TIMER (timer)",
                                      "QMP-COMMAND (command)",
                                      "WRITER (writer)"],
               "Where the CPU time goes": ["CPU% (cpu_percent)"],
               "ALL QEMUS OF A HOST": ["STUCK", "SILENT", "unprofiled"],
               "DIAGNOSIS": ["callback-stuck", "wakes-too-often", "healthy"],
           }.items() for name in names
           if f"\n.TP\n{name}\n" not in tables.get(section, "")])
    check("what is critical has all classes that are stuck",
          [name for name in ["stopped", "pool-starved", "io-stuck",
                             "callback-stuck", "main-loop-blocked"]
           if f"\n{name}," not in tables["MONITORING"].replace(" ,", ",")])
    for file in ("qemu-aiotop.bash", "_qemu-aiotop"):
        text = read(COMPLETIONS, file)
        check(f"{file} completes each option",
              [option for pair in options for option in pair if option and
               not re.search(rf"(?<![\w-]){option}(?![\w-])", text)])
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", MANUAL],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    check("the manual is valid",
          [lint.stdout] if lint.returncode or lint.stdout else [])
    sys.exit(0 if all(results) else 1)


main()
