# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmark programs, built against a QEMU that was built without them.

A baseline knows nothing of our files, so each program is compiled and linked
with the commands of a benchmark that every QEMU has.
"""

import os
import shlex
import subprocess

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../qemu-patches/common/tests/bench")
MODEL = "atomic64-bench"


def _model_commands(build):
    """What ninja would run for the model: to compile it, and to link it."""
    target = f"tests/bench/{MODEL}"
    commands = subprocess.run(
        ["ninja", "-C", build, "-t", "commands", target], check=True,
        stdout=subprocess.PIPE, text=True).stdout.splitlines()
    compiling = [line for line in commands if f"{MODEL}.c.o " in line + " " and
                 " -c " in line]
    linking = [line for line in commands if f"-o {target} " in line]
    if not compiling or not linking:
        raise RuntimeError(f"{build}: no {MODEL} to build others like it")
    return shlex.split(compiling[0]), shlex.split(linking[0])


def _run(build, command):
    done = subprocess.run(command, cwd=build, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)}: {done.stdout}")


def build_program(name, build, directory):
    """Builds a program with the QEMU in @build; where it is."""
    compiling, linking = _model_commands(build)
    source = os.path.join(SOURCES, f"{name}.c")
    program = os.path.join(directory, name)
    compiled = program + ".o"

    command = []
    skip = False
    for word in compiling:
        if skip:
            skip = False
        elif word in ("-MQ", "-MF", "-o", "-c"):
            skip = True
        elif word != "-MD":
            command.append(word)
    _run(build, command + ["-o", compiled, "-c", source])

    command = [compiled if word.endswith(f"{MODEL}.c.o") else word
               for word in linking]
    command[command.index("-o") + 1] = program
    _run(build, command)
    return program
