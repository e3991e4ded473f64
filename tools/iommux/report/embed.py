#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""embed.py OUTPUT FILE...: writes a C file in which each file is an array of characters, without
its licence comment, and beside it the hash by which a page's security policy knows it."""
import base64
import hashlib
import re
import sys
from pathlib import Path

COMMENT = re.compile(r"\A(/\*.*?\*/|<!--.*?-->)\s*", re.S)


def array(path):
    text = COMMENT.sub("", path.read_text())
    name = "report_" + re.sub(r"\W", "_", path.name)
    data = text.encode("ascii") + b"\0"
    lines = [", ".join(str(b) for b in data[i:i + 20]) for i in range(0, len(data), 20)]
    sha256 = base64.b64encode(hashlib.sha256(data[:-1]).digest()).decode()
    return (f"const char {name}[] = {{\n\t" + ",\n\t".join(lines) + "\n};\n"
            f'const char {name}_sha256[] = "sha256-{sha256}";\n')


def main():
    output, *files = map(Path, sys.argv[1:])
    output.write_text("".join(array(path) for path in files))


main()
